import { expect, test } from "vitest";
import { rowOf, type Samples } from "./figures.ts";
import { renderFailures, renderTable } from "./table.ts";

const samples = (...values: Samples["values"]): Samples => ({ values, failures: [] });
const stop = { work: "stop", unit: "ms", target: { atMost: 20 } } as const;

test("rows of every kind: ratio first, worst and median, target and verdict", () => {
  const rows = [
    rowOf("stop", stop, samples(2, 20, 4), samples(640, 620, 600), 0.5),
    rowOf("stop", { ...stop, work: "memory", unit: "MB" }, samples(55.25), samples(5), 0.5),
    rowOf("stop", { ...stop, work: "holders" }, samples(0), samples(null), 0.5),
    rowOf("stop", { ...stop, work: "gone" }, samples(1_500), samples(null), 0.5),
    rowOf("stop", { ...stop, work: "shared", target: undefined }, samples(1.5), samples(0), 0.5),
    rowOf("stop", { work: "CPU", unit: "ms/s", target: { timesPeer: 1.5 } }, samples(12), samples(8), 0.5),
    rowOf("stop", { ...stop, work: "death", target: { atMost: 10, timesPeer: 1 } }, samples(4), samples(2), 0.5),
  ];
  expect(renderTable(rows)).toBe(
    `
| ratio | work    | Holdfast     | keepalived      | target      |        | load |
| ----- | ------- | ------------ | --------------- | ----------- | ------ | ---- |
| 1/32  | stop    | 20 ms (4 ms) | 640 ms (620 ms) | 20 ms       | met    | 0.5  |
| 11.1  | memory  | 55.3 MB      | 5 MB            | 20 MB       | missed | 0.5  |
| 0     | holders | 0 ms         | for ever        | 20 ms       | met    | 0.5  |
| 1/∞   | gone    | 1,500 ms     | for ever        | 20 ms       | missed | 0.5  |
| -     | shared  | 1.5 ms       | 0 ms            |             |        | 0.5  |
| 1.5   | CPU     | 12 ms/s      | 8 ms/s          | 1.5x        | met    | 0.5  |
| 2     | death   | 4 ms         | 2 ms            | 10 ms, 1.0x | missed | 0.5  |
`.trim(),
  );
});

test("runs that failed: told with their first line and how often, and in the verdict", () => {
  const failed = { values: [1], failures: ["it died\nat line 5", "it died\nat line 7"] };
  const row = rowOf("stop", stop, failed, { values: [], failures: ["gone"] }, 0.5);
  expect(renderFailures([row])).toEqual(["stop: Holdfast, 2 x: it died", "stop: keepalived, 1 x: gone"]);
  expect(renderTable([row])).toContain("| 1 ms     | no run     | 20 ms  | missed, 2 failed | 0.5  |");
});
