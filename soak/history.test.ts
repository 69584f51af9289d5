import { expect, test } from "vitest";
import type { Tenure } from "../src/lab/vip-watch.ts";
import { covered, intervalsOf, without } from "./history.ts";

const ALL = { fromMs: 0, untilMs: 100 };

test("one holder after the other without a gap: no interval", () => {
  expect(intervalsOf(holders({ a: [[0, 50]], b: [[50]] }), ALL)).toEqual([]);
});

test("gaps at the ends and between: each with nobody", () => {
  expect(
    intervalsOf(
      holders({
        a: [
          [10, 40],
          [60, 90],
        ],
      }),
      ALL,
    ),
  ).toEqual([
    { kind: "nobody", hosts: [], fromMs: 0, untilMs: 10 },
    { kind: "nobody", hosts: [], fromMs: 40, untilMs: 60 },
    { kind: "nobody", hosts: [], fromMs: 90, untilMs: 100 },
  ]);
});

test("two holders, then three, then two others: divided where they change", () => {
  expect(intervalsOf(holders({ a: [[0, 60]], b: [[20]], c: [[40]] }), ALL)).toEqual([
    { kind: "several", hosts: ["a", "b"], fromMs: 20, untilMs: 40 },
    { kind: "several", hosts: ["a", "b", "c"], fromMs: 40, untilMs: 60 },
    { kind: "several", hosts: ["b", "c"], fromMs: 60, untilMs: 100 },
  ]);
});

test("an edge at which nothing changes: one interval", () => {
  expect(intervalsOf(holders({ a: [[0, 50], [50]], b: [[20]] }), ALL)).toEqual([
    { kind: "several", hosts: ["a", "b"], fromMs: 20, untilMs: 100 },
  ]);
});

test("spans taken out of a span: what is left", () => {
  const others = [
    { fromMs: -10, untilMs: 10 },
    { fromMs: 30, untilMs: 40 },
    { fromMs: 35, untilMs: 50 },
    { fromMs: 200, untilMs: 300 },
  ];
  expect(without(ALL, others)).toEqual([
    { fromMs: 10, untilMs: 30 },
    { fromMs: 50, untilMs: 100 },
  ]);
  expect(without(ALL, [{ fromMs: -1, untilMs: 101 }])).toEqual([]);
  expect(covered(others, ALL)).toBe(30);
});

function holders(times: Readonly<Record<string, readonly (readonly [number, number?])[]>>): Map<string, Tenure[]> {
  return new Map(
    Object.entries(times).map(([name, list]) => [name, list.map(([fromMs, untilMs]) => ({ fromMs, untilMs }))]),
  );
}
