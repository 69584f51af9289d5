import { bootCrowd, expenseOf, furnishCrowd, latenessOf, listen, takeOvers, type Crowd } from "./crowd.ts";
import type { RowPlan } from "./figures.ts";
import { giveOwnNode } from "./own-node.ts";
import type { Work } from "./work.ts";

/** Steady state: what many virtual routers that do nothing but advert cost, and how punctual they are. */
export function manyInstances(name: string, crowd: Crowd, latestMs: number, mostMemoryMb?: number): Work {
  const { instances, interfaces } = crowd;
  const work = "the same: memory of the master (PSS)";
  const memory: readonly RowPlan[] =
    mostMemoryMb === undefined ? [] : [{ work, unit: "MB", target: { atMost: mostMemoryMb } }];
  const place = interfaces === 1 ? "one interface" : `${interfaces} interfaces`;
  return {
    name,
    rows: [
      {
        work: `${instances.toLocaleString("en-US")} instances, ${place}, 1 s: CPU of the master`,
        unit: "ms/s",
        target: { timesPeer: 1.5 },
      },
      { work: "the same: CPU of the backup", unit: "ms/s", target: { timesPeer: 1.5 } },
      { work: "the same: how late the latest advert was", unit: "ms", target: { atMost: latestMs } },
      ...memory,
    ],
    partner: "holdfast",
    withService: false,
    watched: false,
    mostRuns: MOST_RUNS,
    width: 1,
    measured: "one-by-one",
    furnish: async (pair) => {
      await furnishCrowd(pair, crowd);
      if (memory.length > 0) await giveOwnNode(pair);
    },
    ready: async () => {},
    // The daemon that is not measured would cost the other's time, so each is started when its turn has come.
    measure: async (pair) => {
      await bootCrowd(pair, crowd);
      const { master, backup } = await expenseOf(pair, WINDOW_MS);
      const lateness = latenessOf(await listen(pair, crowd, WINDOW_MS), crowd);
      const memoryMb = memory.length === 0 ? [] : [await pair.stronger.memoryMb()];
      const lost = takeOvers(pair);
      await pair.reset();
      return {
        values: [master, backup, lateness, ...memoryMb],
        ...(lost > 0 ? { objection: "instances of the backup took over" } : {}),
      };
    },
  };
}

const MOST_RUNS = 5;
const WINDOW_MS = 10_000;
