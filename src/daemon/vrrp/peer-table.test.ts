import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { instant } from "../../base/time.ts";
import { PeerTable } from "./peer-table.ts";

const PEER = { source: ip("10.0.0.2"), priority: 90, version: 2 } as const;
const at = (milliseconds: number): ReturnType<typeof instant> => instant(milliseconds * 1_000);

describe("who is heard", () => {
  test("first obeyed, then not, then again: each is news once, until the state changes", () => {
    const table = new PeerTable();
    const note = (verdict: string | undefined, time: number): string => table.note(PEER, verdict, at(time));
    expect([note(undefined, 0), note(undefined, 1_000)]).toEqual(["heard", "none"]);
    expect([note("PASSWORD", 2_000), note("PASSWORD", 3_000)]).toEqual(["discarded", "none"]);
    expect([note(undefined, 4_000), note("PASSWORD", 5_000), note(undefined, 6_000)]).toEqual([
      "obeyed-again",
      "none",
      "none",
    ]);
    table.forgetRemarks();
    expect(note("PASSWORD", 7_000)).toBe("discarded");
  });

  test("the rhythm and what became of its last advert are shown", () => {
    const table = new PeerTable();
    table.note(PEER, undefined, at(0));
    table.note(PEER, "TTL", at(1_000));
    expect(table.status(at(1_250))).toEqual([
      {
        address: "10.0.0.2",
        priority: 90,
        protocolVersion: 2,
        lastHeardMsAgo: 250,
        intervalMs: 1_000,
        jitterMs: 0,
        accepted: 1,
        discarded: { TTL: 1 },
        refusedBecause: "TTL",
      },
    ]);
  });

  test("thousands of forged senders: 64 are kept, the latest ones", () => {
    const table = new PeerTable();
    for (let count = 0; count < 1_000; count++) {
      table.note({ ...PEER, source: ip(`10.1.${count >> 8}.${count & 255}`) }, "TTL", at(count));
    }
    const shown = table.status(at(1_000)).map(({ address }) => address);
    expect(shown).toHaveLength(64);
    expect([shown[0], shown.at(-1)]).toEqual(["10.1.3.168", "10.1.3.231"]);
  });
});
