import { beforeEach, expect, test } from "vitest";
import { succeed } from "../../base/result.ts";
import { instant, seconds, after } from "../../base/time.ts";
import { FloodGate } from "./flood-gate.ts";

const START = instant(1_000_000_000);
let told: (readonly number[] | "everything")[];
let lines: string[];
let gate: FloodGate;

beforeEach(() => {
  told = [];
  lines = [];
  const socket = {
    hearOnly: (wanted: { readonly vrids: ReadonlySet<number> } | undefined) => {
      told.push(wanted === undefined ? "everything" : [...wanted.vrids]);
      return succeed(undefined);
    },
  };
  gate = new FloodGate(socket, "eth0", { write: (level, text) => void lines.push(`${level}: ${text}`) }, START);
  gate.join(51);
  gate.join(52);
});

test("strangers as on any network: nothing is done", () => {
  gate.watch(100, START);
  expect([gate.knows(51), gate.knows(53), gate.knows(undefined)]).toEqual([true, false, false]);
  expect([told, lines]).toEqual([[], []]);
});

test("a flood: the kernel lets through our own, said once; who joins later is heard, too", () => {
  gate.watch(5_000, START);
  gate.watch(5_000, START);
  gate.join(53);
  gate.leave(51);
  expect(told).toEqual([
    [51, 52],
    [51, 52, 53],
    [52, 53],
  ]);
  expect(lines).toEqual([
    "warn: adverts of unknown VRIDs come to eth0 by the thousand: one in 64 is looked at until they stop",
  ]);
});

test("the flood is over: everything is heard again", () => {
  gate.watch(5_000, START);
  gate.watch(0, after(START, seconds(6)));
  expect(told.at(-1)).toBe("everything");
  expect(lines.at(-1)).toBe("info: the adverts of unknown VRIDs on eth0 have stopped");
});

test("two who need the same virtual router, one leaves: it is still heard", () => {
  gate.join(51);
  gate.leave(51);
  expect(gate.knows(51)).toBe(true);
});
