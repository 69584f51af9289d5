import { expect, test } from "vitest";
import { createPaint } from "../cli/paint.ts";
import { renderHappening, renderOutcome, renderSummary } from "./render.ts";
import type { Played, Step } from "./story.ts";

const PLAIN = createPaint(false);
const STEP: Step = {
  name: "crash",
  title: "Holdfast on lb1 is killed (kill -9)",
  why: "",
  outageLimitMs: 4000,
  twoHoldersLimitMs: 0,
};
const played = (outcome: Played["outcome"]): Played => ({ step: STEP, outcome, fromMs: 0, untilMs: 1 });

test("one thing that happened: its time since the start, who, and what", () => {
  const happening = { atMs: 61_234, who: "lb1", text: "has 192.168.5.18", tone: "good" } as const;
  expect(renderHappening(happening, 1_000, PLAIN)).toBe("   60.23 s  lb1     has 192.168.5.18\n");
});

test("a step within its limits and one beyond: said as such", () => {
  const good = played({ kind: "measured", ok: true, outageMs: 1103, twoHoldersMs: 0 });
  expect(renderOutcome(good, PLAIN)).toBe(
    "   as expected: no answer for 1103 ms (at most 4000), both had the address for 0 ms (at most 0)\n",
  );
  const bad = played({ kind: "measured", ok: false, outageMs: 1103, twoHoldersMs: 7 });
  expect(renderOutcome(bad, PLAIN)).toMatch(/^ {3}NOT AS EXPECTED: .*both had the address for 7 ms \(at most 0\)\n$/);
});

test("the table: a row per step under its headings, failed and skipped ones without figures", () => {
  const text = renderSummary(
    [
      played({ kind: "measured", ok: true, outageMs: 1103, twoHoldersMs: 0 }),
      played({ kind: "failed", problem: "Waited in vain" }),
      played({ kind: "not-run" }),
    ],
    61.6,
    PLAIN,
  );
  expect(text.split("\n").slice(1, 6)).toEqual([
    "                                                       no answer     both have it",
    "                                                     ms  at most      ms  at most",
    " 1  Holdfast on lb1 is killed (kill -9)            1103     4000       0        0  ok",
    " 2  Holdfast on lb1 is killed (kill -9)               -     4000       -        0  FAILED",
    " 3  Holdfast on lb1 is killed (kill -9)               -     4000       -        0  not run",
  ]);
  expect(text).toContain("\n1 of 3 steps went as expected, in 62 s.\n");
});
