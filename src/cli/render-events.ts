import type { JournalEntry } from "../api/contract.ts";
import { describeTime } from "./times.ts";

/** One line per entry, oldest first, each with its newline: when, who, from which state to which, and why. */
export function renderEvents(entries: readonly JournalEntry[]): string {
  const width = Math.min(
    WIDEST_NAME,
    entries.reduce((widest, entry) => Math.max(widest, nameOf(entry).length), 0),
  );
  return entries.map((entry) => `${eventLine(entry, width)}\n`).join("");
}

function eventLine(entry: JournalEntry, width: number): string {
  const at = describeTime(entry.at) + (/\.\d{3}/.exec(entry.at)?.[0] ?? "");
  const parts = [at, nameOf(entry).padEnd(width), transition(entry).padEnd(TRANSITION_WIDTH), entry.cause.text];
  return parts.join("  ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

function nameOf({ instance, group }: JournalEntry): string {
  return group === null ? (instance ?? "") : `${group} (group)`;
}

function transition(entry: JournalEntry): string {
  if (entry.to === null) return "";
  return entry.from === null ? entry.to : `${entry.from} -> ${entry.to}`;
}

/** One long name does not push the others' states off the screen. */
const WIDEST_NAME = 24;
const TRANSITION_WIDTH = "BACKUP -> MASTER".length;
