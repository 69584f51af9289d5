import { defineConfig } from "vitest/config";

/**
 * Two sets of tests. `unit` needs no privilege and runs side by side; `machine` makes network namespaces, runs real
 * daemons and measures time, so its files run one after another. Each of its files says by `needs` (test/require.ts)
 * what it cannot do without.
 */
export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.ts",
            "tools/**/*.test.ts",
            "test/*.test.ts",
            "test/{property,simulation,scenarios,vectors,fixtures}/**/*.test.ts",
          ],
        },
      },
      {
        test: {
          name: "machine",
          include: ["test/{netns,lab,demo,interop,bench}/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
