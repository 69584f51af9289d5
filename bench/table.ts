import { rounded, type Row, type Value } from "./figures.ts";

/** Renders rows as a table for a terminal or a document, the ratio first. */
export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    ratioText(row),
    row.work,
    valueText(row.worst, row.holdfast, row.unit, row.values.holdfast.length),
    valueText(row.peerWorst, row.peer, row.unit, row.values.peer.length),
    targetText(row),
    verdict(row),
    row.load.toFixed(1),
  ]);
  const table = [HEAD, HEAD.map(() => "---"), ...lines];
  const widths = HEAD.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]): string =>
    `| ${widths.map((width, column) => (line[column] ?? "").padEnd(width)).join(" | ")} |`;
  return table
    .map((line, index) => (index === 1 ? `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |` : text(line)))
    .join("\n");
}

/** One line for each distinct thing that went wrong, with how often. */
export function renderFailures(rows: readonly Row[]): string[] {
  return rows.flatMap((row) =>
    [...count("Holdfast", row.failures.holdfast), ...count("keepalived", row.failures.peer)].map(
      (line) => `${row.name}: ${line}`,
    ),
  );
}

function ratioText({ ratio, worst, peerWorst }: Row): string {
  if (worst !== null && worst === peerWorst) return "1";
  if (ratio === null || worst === null) return "-";
  if (worst === 0) return "0";
  if (peerWorst === null) return "1/∞";
  return ratio >= 1 || ratio <= 0 ? number(ratio) : `1/${number(peerWorst / worst)}`;
}

function targetText({ target, targetRatio, unit }: Row): string {
  const limits = [
    ...(target === null ? [] : [`${number(target)} ${unit}`]),
    ...(targetRatio === null ? [] : [`${targetRatio.toFixed(1)}x`]),
  ];
  return limits.join(", ");
}

function valueText(worst: Value, median: Value, unit: string, runs: number): string {
  if (runs === 0) return "no run";
  const text = (value: Value): string => (value === null ? "for ever" : `${number(value)} ${unit}`);
  return worst === median ? text(worst) : `${text(worst)} (${text(median)})`;
}

function verdict({ met, failures }: Row): string {
  if (met === null) return "";
  if (met) return "met";
  return failures.holdfast.length > 0 ? `missed, ${failures.holdfast.length} failed` : "missed";
}

function count(who: string, failures: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const failure of failures) {
    const [first = ""] = failure.split("\n");
    times.set(first, (times.get(first) ?? 0) + 1);
  }
  return [...times].map(([failure, often]) => `${who}, ${often} x: ${failure}`);
}

function number(value: number): string {
  return rounded(value, Math.abs(value) < 100 ? 1 : 0).toLocaleString("en-US");
}

const HEAD = ["ratio", "work", "Holdfast", "keepalived", "target", "", "load"] as const;
