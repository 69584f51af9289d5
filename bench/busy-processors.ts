import { cpus } from "node:os";
import type { Host } from "../src/lab/host.ts";
import { bootCrowd, furnishCrowd, takeOvers, type Crowd } from "./crowd.ts";
import { pass } from "./pair.ts";
import type { Work } from "./work.ts";

/** A hundred virtual routers that advert a hundred times a second, while programs keep every processor busy. */
export const BUSY_PROCESSORS: Work = {
  name: "busy-processors",
  rows: [
    {
      work: "100 instances at advert_int 0.01, all processors busy, 10 minutes: false take-overs",
      unit: "times",
      target: { atMost: 0 },
    },
  ],
  partner: "holdfast",
  withService: false,
  watched: false,
  mostRuns: 1,
  width: 1,
  measured: "one-by-one",
  furnish: (pair) => furnishCrowd(pair, CROWD),
  ready: async () => {},
  // Each is started when its turn has come: the other would keep the processors busy, too.
  measure: async (pair, { quick }) => {
    await bootCrowd(pair, CROWD);
    // Whoever has just been started is slow, and may take over for a moment.
    const before = takeOvers(pair);
    const end = await beBusy(pair.client);
    await pass(quick ? 30_000 : 600_000);
    await end();
    const value = takeOvers(pair) - before;
    await pair.reset();
    return { values: [value] };
  },
};

/** Keeps every processor of the machine busy until the function it gives is called. */
async function beBusy(host: Host): Promise<() => Promise<void>> {
  const loops = await Promise.all(cpus().map(() => host.start(["sh", "-c", "while :; do :; done"])));
  return async () => void (await Promise.all(loops.map((loop) => loop.stop())));
}

const CROWD: Crowd = { instances: 100, interfaces: 1, interval: 0.01 };
