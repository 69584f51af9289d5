import { nameOf, SCENARIOS, whyLeftOut, type Cell, type Scenario } from "./cells.ts";
import { expectationOf } from "./expectations.ts";
import type { Played } from "./play.ts";

/**
 * Draws what came of all scenarios: who held the address, and after how many seconds. `*`: not as two keepaliveds, on purpose;
 * `!`: not as it should be; `-`: cannot be done.
 */
export function drawTable(
  played: ReadonlyMap<Cell, Played>,
  isAsItShouldBe: (cell: Cell, scenario: Scenario) => boolean,
): string {
  const rows = [...played].map(([cell, { outcomes }]) => [
    nameOf(cell),
    ...SCENARIOS.map((scenario) => {
      if (whyLeftOut(cell, scenario) !== undefined) return "-";
      const outcome = outcomes.get(scenario);
      if (outcome === undefined) return "?!";
      const { holders, change } = outcome;
      const seconds = change === undefined ? "" : ` ${(change.afterMs / 1000).toFixed(1)}`;
      const mark = expectationOf(cell, scenario).because === undefined ? "" : "*";
      return `${holders.replace(" and ", "+")}${seconds}${mark}${isAsItShouldBe(cell, scenario) ? "" : "!"}`;
    }),
  ]);
  const table = [["", ...SCENARIOS], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  ")).join("\n");
}
