import type { JournalEvent } from "../journal.ts";

/** Takes what is worth remembering over restarts. Never fails its caller: a full disk costs entries and one log line. */
export interface JournalSink {
  append(event: JournalEvent): void;
}
