import { expect, test } from "vitest";
import { medianOf, rowOf, worstOf, type RowPlan, type Samples } from "./figures.ts";

const plan: RowPlan = { work: "a stop", unit: "ms", target: { atMost: 20 } };
const samples = (...values: Samples["values"]): Samples => ({ values, failures: [] });

test("values without and with an end: for ever is the worst", () => {
  expect(worstOf([3, 11, 7])).toBe(11);
  expect(worstOf([3, null, 11])).toBeNull();
  expect(worstOf([])).toBeNull();
});

test("the middle of three, and the higher of two middles: the median", () => {
  expect(medianOf([100, 1, 20])).toBe(20);
  expect(medianOf([4, 1, 3, 2])).toBe(3);
});

test("worst 20 where 20 is allowed, peer at worst 640: met, one thirty-second", () => {
  expect(rowOf("stop", plan, samples(2, 20, 4), samples(640, 610, 600), 0.5)).toMatchObject({
    holdfast: 4,
    peer: 610,
    worst: 20,
    peerWorst: 640,
    ratio: 0.0313,
    runs: 3,
    target: 20,
    met: true,
  });
});

test("worst 21 where 20 is allowed: missed", () => {
  expect(rowOf("stop", plan, samples(1, 21), samples(640, 640), 0.5).met).toBe(false);
});

test("a failed run beside good ones: missed", () => {
  expect(rowOf("stop", plan, { values: [1, 1], failures: ["mastership lost"] }, samples(640), 0.5).met).toBe(false);
});

test("no run that succeeded: missed, without a ratio", () => {
  const nothing = { values: [], failures: ["it did not start"] };
  expect(rowOf("stop", plan, nothing, samples(640), 0.5)).toMatchObject({ worst: null, ratio: null, met: false });
  expect(rowOf("stop", plan, samples(1), nothing, 0.5)).toMatchObject({ peerWorst: null, ratio: null, met: true });
});

test("a peer without an end: ratio 0; one at 0: no ratio", () => {
  expect(rowOf("stop", plan, samples(5), samples(7, null), 0.5).ratio).toBe(0);
  expect(rowOf("stop", plan, samples(5), samples(0), 0.5).ratio).toBeNull();
});

test("no target: neither met nor missed", () => {
  expect(rowOf("stop", { ...plan, target: undefined }, samples(5), samples(7), 0.5).met).toBeNull();
});

test("1.5 times keepalived allowed: 1.54 times is met, 1.56 times is missed, and nothing beside nothing is met", () => {
  const cpu: RowPlan = { work: "CPU", unit: "ms/s", target: { timesPeer: 1.5 } };
  expect(rowOf("cpu", cpu, samples(15.4, 9), samples(10, 8), 0.5)).toMatchObject({ targetRatio: 1.5, met: true });
  expect(rowOf("cpu", cpu, samples(15.6), samples(10), 0.5)).toMatchObject({ target: null, met: false });
  expect(rowOf("cpu", cpu, samples(0), samples(0), 0.5).met).toBe(true);
  expect(rowOf("cpu", cpu, samples(1), samples(), 0.5)).toMatchObject({ ratio: null, met: false });
});

test("a limit and a ratio: both hold", () => {
  const death: RowPlan = { work: "death", unit: "ms", target: { atMost: 10, timesPeer: 1 } };
  expect(rowOf("death", death, samples(4), samples(4.1), 0.5).met).toBe(true);
  expect(rowOf("death", death, samples(4), samples(3), 0.5).met).toBe(false);
  expect(rowOf("death", death, samples(11), samples(20), 0.5).met).toBe(false);
});
