import type { JournalEntry } from "../../api/contract.ts";

/** Takes what is worth remembering over restarts. Never fails its caller: a full disk costs entries and one log line. */
export interface JournalSink {
  append(entry: Omit<JournalEntry, "version" | "at" | "sequence">): void;
}
