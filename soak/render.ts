import { lengthOf } from "./history.ts";
import type { ServiceReport } from "./judge.ts";
import { verdictOf, type Report } from "./soak.ts";

/** Writes what a soak found, for people. */
export function renderReport(report: Report): string {
  const { settings, rounds, lengthMs, services, violations, memory } = report;
  const faults = rounds.flatMap((round) => round.faults);
  const minutes = (lengthMs / 60_000).toFixed(1);
  return [
    "",
    `${rounds.length - 1} rounds with ${faults.length} faults in ${minutes} minutes, seed ${settings.seed}`,
    ...services.flatMap(renderService),
    "",
    ...memory.map(({ node, early, late }) => `Memory of ${node}: ${early.toFixed(1)} MB, then ${late.toFixed(1)} MB`),
    ...violations.map((violation) => `\nNOT EXPLAINED ${violation}`),
    "",
    {
      kept: "All explained.",
      broken: `${violations.length} not explained.`,
      "not-judged": "NOT JUDGED: the machine was too busy.",
    }[verdictOf(report)],
  ].join("\n");
}

function renderService(report: ServiceReport): string[] {
  const { service, notJudgedShare, client } = report;
  const { name, vip, version, advertIntervalMs } = service;
  const outages = `unanswered for ${ms(client.outageMs)} in all, ${ms(client.longestMs)} at most`;
  return [
    "",
    `${name}: ${vip}, version ${version}, adverts every ${advertIntervalMs / 1000} s`,
    `Not judged, since the machine gave no processor: ${(100 * notJudgedShare).toFixed(1)} %`,
    ...explained(report),
    `The client asked ${client.asks} times; ${outages}`,
  ];
}

/** One line for each reason: how often, and for how long. */
function explained({ findings }: ServiceReport): string[] {
  const rows = new Map<string, { count: number; longest: number; isPeers: boolean }>();
  for (const { record, interval, reasons } of findings) {
    for (const { why, isPeers } of reasons) {
      const who = interval.kind === "nobody" ? "nobody" : "several";
      const what = record === "seats" ? "held it" : "answered";
      const key = `${who} ${what}: ${why}`;
      const row = rows.get(key) ?? { count: 0, longest: 0, isPeers };
      rows.set(key, row);
      row.count += 1;
      row.longest = Math.max(row.longest, lengthOf(interval));
    }
  }
  return [...rows].map(([key, { count, longest, isPeers }]) => {
    const owner = isPeers ? " (keepalived's)" : "";
    return `  ${String(count).padStart(3)} x, at most ${ms(longest).padStart(9)}  ${key}${owner}`;
  });
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
