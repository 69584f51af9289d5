import { expect, test } from "vitest";
import type { Ask } from "../lab/prober.ts";
import { NOTHING_SEEN, see, type ClientView } from "./client-view.ts";

const yes = (atMs: number, by: string): Ask => ({ kind: "answered", atMs, by });
const no = (atMs: number): Ask => ({ kind: "unanswered", atMs, error: "TIMEOUT" });

/** What is told of a row of questions, each answered 3 ms after it was asked. */
function told(asks: readonly Ask[]): string[] {
  let view: ClientView = NOTHING_SEEN;
  return asks.flatMap((ask) => {
    const seen = see(view, ask, ask.atMs + 3);
    view = seen.view;
    return seen.happening === undefined ? [] : [`${seen.happening.atMs} ${seen.happening.text}`];
  });
}

test("the first answer: told when it came", () => {
  expect(told([yes(10, "a"), yes(15, "a")])).toEqual(["13 is answered a"]);
});

test("another node without a gap: told as such", () => {
  expect(told([yes(10, "a"), yes(15, "b")])).toEqual([
    "13 is answered a",
    "18 is answered b; no question went unanswered",
  ]);
});

test("a short silence: told by its end alone, from the first question in vain to the first answered one", () => {
  expect(told([yes(10, "a"), no(15), no(20), yes(25, "a")])).toEqual([
    "13 is answered a",
    "28 is answered a after 10 ms without an answer",
  ]);
});

test("a long silence: its beginning told once, dated back to the first question in vain", () => {
  expect(told([yes(10, "a"), no(15), no(264), no(265), no(270), yes(400, "b")])).toEqual([
    "13 is answered a",
    "15 gets no answer any more",
    "403 is answered b after 385 ms without an answer",
  ]);
});

test("silence before the first answer: no outage, since nothing was there yet", () => {
  expect(told([no(0), no(5), yes(10, "a")])).toEqual(["13 is answered a"]);
});
