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

test("unanswered questions that were settled late: sorted into the outage they belong to", () => {
  // The answers to 20 and 25 came before the asker lost patience with 10 and 15.
  expect(outagesOf([yes(5), yes(20), yes(25), no(10), no(15)])).toEqual([{ fromMs: 10, untilMs: 20 }]);
});

test("two outages, the second still going on: both, the second without an end", () => {
  expect(outagesOf([no(0), yes(5), yes(10), no(15), no(20)])).toEqual([
    { fromMs: 0, untilMs: 5 },
    { fromMs: 15, untilMs: undefined },
  ]);
});

test("always answered: no outage", () => {
  expect(outagesOf([yes(0), yes(5)])).toEqual([]);
});
