import { defineConfig } from "vitest/config";

/** Folders of test/ whose tests need no privilege and no quiet machine. */
const UNPRIVILEGED = "test/{property,simulation,scenarios,vectors}/**/*.test.ts";

/**
 * Two sets of tests. `unit` needs no privilege and runs side by side; `machine` makes network namespaces, runs real
 * daemons and measures time, so its files run one after another. Each of its files says by `needs` (test/require.ts)
 * what it cannot do without. A new folder of test/ belongs to `machine` until it is named above: no test is left out.
 *
 * Timeouts only limit how long a hang takes: on a busy machine five seconds, vitest's own, pass before a child has its turn.
 */
export default defineConfig({
  test: {
    allowOnly: false,
    // Vitest leaves one processor to others, which is half of them where there are two.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "soak/**/*.test.ts", "tools/**/*.test.ts", UNPRIVILEGED],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "machine",
          include: ["test/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: [UNPRIVILEGED],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
