import type { JournalEntry } from "../api/contract.ts";

/**
 * Reads the entries out of the texts of journal files, and gives the oldest first. Lines that are torn, or not ours, are left
 * out; an entry that stands in both files, as it does when a crash came between copying and removing, is given once.
 */
export function readJournal(texts: readonly string[]): readonly JournalEntry[] {
  const bySequence = new Map<number, JournalEntry>();
  for (const text of texts) {
    for (const line of text.split("\n")) {
      const entry = parseEntry(line);
      if (entry !== undefined) bySequence.set(entry.sequence, entry);
    }
  }
  return [...bySequence.values()].sort((left, right) => left.sequence - right.sequence);
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isEntry(value)) return undefined;
    // Journals from before there were groups have none.
    return typeof value.group === "string" ? value : { ...value, group: null };
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is JournalEntry {
  if (!isRecord(value) || value["version"] !== 1 || !Number.isSafeInteger(value["sequence"])) return false;
  const { at, instance, from, to, cause } = value;
  if (typeof at !== "string" || !isRecord(cause)) return false;
  return [instance, from, to].every(isTextOrNull) && typeof cause["text"] === "string";
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
