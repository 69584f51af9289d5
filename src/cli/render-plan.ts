import type { PlanDocument, PlannedChangeDocument } from "../api/contract.ts";
import type { Color, Paint } from "./paint.ts";

/** A plan for somebody who is about to reload: what forbids it first, then every change. Ends in a newline. */
export function renderPlan(document: PlanDocument, paint: Paint): string {
  const { changes, refusedBy, file, from } = document;
  const refusal = [
    paint("red", "A reload would be refused, unless what runs has the same errors already:"),
    ...refusedBy.map((reason) => paint("red", `  ${reason}`)),
  ];
  const compared = from === null ? "what runs" : from;
  const lines = [
    ...(refusedBy.length === 0 ? [] : [...refusal, ""]),
    changes.length === 0 ? `${file} changes nothing of ${compared}.` : `From ${compared} to ${file}:`,
    ...changes.flatMap((change) => changeLines(change, paint)),
    ...(changes.length === 0 ? [] : ["", summary(changes)]),
  ];
  return `${lines.map(printable).join("\n")}\n`;
}

function changeLines(change: PlannedChangeDocument, paint: Paint): readonly string[] {
  const { label, color } = EFFECTS[change.effect];
  const mark = label === "" ? "" : `  ${paint(color, label)}`;
  return [`${SIGNS.get(change.kind) ?? "~"} ${headline(change)}${mark}`, `    ${change.consequence}`];
}

function headline({ kind, subject, keyword, from, to }: PlannedChangeDocument): string {
  switch (kind) {
    case "instance-added":
      return `instance ${subject} (${to})`;
    case "instance-removed":
      return `instance ${subject} (${from})`;
    case "instance-renamed":
      return `instance ${from} is called ${to}`;
    case "address-added":
      return `${subject}: address ${to}`;
    case "address-removed":
      return `${subject}: address ${from}`;
    case "address-moved":
      return `address ${keyword} moves from ${from} to ${to}`;
    case "setting-changed":
      return `${subject === null ? "" : `${subject}: `}${keyword}: ${from ?? "(nothing)"} -> ${to ?? "(nothing)"}`;
    default:
      return `${kind.split("-")[0]} ${subject}`;
  }
}

function summary(changes: readonly PlannedChangeDocument[]): string {
  const count = (effect: PlannedChangeDocument["effect"]): number =>
    changes.filter((change) => change.effect === effect).length;
  const parts = [
    { number: count("interrupts"), text: "can interrupt the service" },
    { number: count("peers"), text: "needed on all nodes" },
    { number: count("restart"), text: "only after a restart" },
  ];
  const told = parts.filter(({ number }) => number > 0).map(({ number, text }) => `${number} ${text}`);
  const total = changes.length === 1 ? "1 change" : `${changes.length} changes`;
  return told.length === 0 ? `${total}; none of them interrupts the service.` : `${total}: ${told.join(", ")}.`;
}

/** Names come from the configuration; the escape character is only ours. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[\d+m)/g, "?");
}

const SIGNS: ReadonlyMap<string, string> = new Map([
  ["instance-added", "+"],
  ["instance-removed", "-"],
  ["address-added", "+"],
  ["address-removed", "-"],
  ["group-added", "+"],
  ["group-removed", "-"],
  ["script-added", "+"],
  ["script-removed", "-"],
  ["tracker-added", "+"],
  ["tracker-removed", "-"],
]);

const EFFECTS: Readonly<Record<PlannedChangeDocument["effect"], { readonly label: string; readonly color: Color }>> = {
  none: { label: "", color: "dim" },
  peers: { label: "ALL NODES", color: "yellow" },
  interrupts: { label: "INTERRUPTS", color: "red" },
  restart: { label: "AFTER A RESTART", color: "yellow" },
};
