import { expect, test } from "vitest";
import { outagesOf, parseAsk, type Ask } from "./prober.ts";

const yes = (atMs: number): Ask => ({ kind: "answered", atMs, by: "a" });
const no = (atMs: number): Ask => ({ kind: "unanswered", atMs, error: "TIMEOUT" });

test("lines of the prober program: read; others: not", () => {
  expect(parseAsk('{"at":1789000000000.5,"by":"a \\"b\\""}')).toEqual({
    kind: "answered",
    atMs: 1789000000000.5,
    by: 'a "b"',
  });
  expect(parseAsk('{"at":5,"error":"ECONNREFUSED"}')).toEqual({ kind: "unanswered", atMs: 5, error: "ECONNREFUSED" });
  expect(parseAsk("Warning: something")).toBeUndefined();
});

const WATCHED = 20;

test("unanswered questions that were settled late: sorted into the outage they belong to", () => {
  // The answers to 20 and 25 came before the asker lost patience with 10 and 15.
  expect(outagesOf([yes(5), yes(20), yes(25), no(10), no(15)], WATCHED, 30)).toEqual([
    { fromMs: 10, untilMs: 20, unwatchedMs: 0 },
  ]);
});

test("two outages, the second still going on: both, the second without an end", () => {
  expect(outagesOf([no(0), yes(5), yes(10), no(15), no(20)], WATCHED, 40)).toEqual([
    { fromMs: 0, untilMs: 5, unwatchedMs: 0 },
    { fromMs: 15, untilMs: undefined, unwatchedMs: 0 },
  ]);
});

test("an asker that does not get its turn: what it did not see of the outage is told apart", () => {
  expect(outagesOf([yes(0), no(5), no(505), yes(905), yes(910)], WATCHED, 1_000)).toEqual([
    { fromMs: 5, untilMs: 905, unwatchedMs: 480 + 380 },
  ]);
  expect(outagesOf([no(100)], WATCHED, 500)).toEqual([{ fromMs: 100, untilMs: undefined, unwatchedMs: 380 }]);
});

test("always answered: no outage", () => {
  expect(outagesOf([yes(0), yes(5), yes(900)], WATCHED, 2_000)).toEqual([]);
});
