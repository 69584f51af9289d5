import type { JournalEntry } from "../api/contract.ts";
import type { Clock } from "../ports/clock.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { describeFailure } from "../ports/failure.ts";
import type { Files } from "../ports/files.ts";
import type { Log } from "../ports/log.ts";
import { timeOfDay } from "./time-of-day.ts";

export interface JournalPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the caller says; version, number and time of day are the journal's. Without a group it is about none. */
export type JournalEvent = Omit<JournalEntry, "version" | "sequence" | "at" | "group"> &
  Partial<Pick<JournalEntry, "group">>;

/** The lasting record of what happened and why, one JSON document per line, bounded to two files. */
export interface Journal {
  /**
   * Writes one entry, at once and without fsync: it survives the end of the process, not a power cut.
   *
   * Never throws. On a full or read-only disk it says so once, keeps the latest entries in memory (`BACKLOG_ENTRIES`)
   * and writes them with the first entry that goes through again. Entries beyond that are lost and counted in the log;
   * their numbers are missing in the file.
   */
  append(event: JournalEvent): void;
}

/**
 * Opens the journal of a state directory and goes on with the numbers found there. Nothing is written until the first
 * entry. A last line that a crash tore apart stays as it is, and the next entry begins on a line of its own.
 */
export function openJournal(options: { readonly directory: string }, ports: JournalPorts): Journal {
  const path = `${options.directory}/${JOURNAL_FILE}`;
  const olderPath = `${options.directory}/${JOURNAL_OLDER_FILE}`;
  const found = readText(ports.files, path);
  let size = found?.length ?? 0;
  let torn = found !== undefined && found !== "" && !found.endsWith("\n");
  let next = 1 + Math.max(lastSequence(found ?? ""), lastSequence(readText(ports.files, olderPath) ?? ""));
  let backlog: string[] = [];
  let lost = 0;
  let failing = false;

  const complain = (failure: SystemFailure): void => {
    // A torn line may have been left behind by the write that failed half way.
    torn = true;
    if (failing) return;
    failing = true;
    ports.log.write("error", `${describeFailure(failure)}; the journal misses what happens until this is mended`);
  };

  const rotate = (): void => {
    // Not `replace`: the room that the older file leaves is all there is on a full disk. A crash in between leaves entries
    // in both files, and readers know an entry by its number.
    const text = readText(ports.files, path);
    if (text === undefined || text === "") return;
    ports.files.remove(olderPath);
    const moved = ports.files.append(olderPath, text.endsWith("\n") ? text : `${text}\n`);
    if (!moved.ok) ports.log.write("error", `${describeFailure(moved.error)}; the older half of the journal is lost`);
    // The bound on its size holds even then.
    const removed = ports.files.remove(path);
    if (!removed.ok) return complain(removed.error);
    size = 0;
    torn = false;
  };

  const write = (): void => {
    if (size > JOURNAL_FILE_BYTES) rotate();
    const text = (torn ? "\n" : "") + backlog.join("");
    const written = ports.files.append(path, text);
    if (!written.ok) return complain(written.error);
    size += text.length;
    torn = false;
    backlog = [];
    if (!failing) return;
    failing = false;
    ports.log.write("info", `The journal is written again${lost === 0 ? "" : `; ${lost} entries were lost`}`);
    lost = 0;
  };

  return {
    append(event) {
      const entry: JournalEntry = {
        version: 1,
        at: timeOfDay(ports.clock.wallClockMs()),
        sequence: next,
        instance: event.instance,
        group: event.group ?? null,
        from: event.from,
        to: event.to,
        cause: event.cause,
      };
      next += 1;
      backlog.push(`${JSON.stringify(entry)}\n`);
      if (backlog.length > BACKLOG_ENTRIES) {
        backlog.shift();
        lost += 1;
      }
      write();
    },
  };
}

/** Undefined when there is no such file, or it cannot be read: the write that follows says why. */
function readText(files: Files, path: string): string | undefined {
  const read = files.read(path);
  return read.ok ? new TextDecoder().decode(read.value) : undefined;
}

/** The number of the last line that can be read, 0 without one. */
function lastSequence(text: string): number {
  for (const line of text.split("\n").reverse()) {
    const sequence = sequenceOf(line);
    if (sequence !== undefined) return sequence;
  }
  return 0;
}

function sequenceOf(line: string): number | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("sequence" in entry)) return undefined;
    return Number.isSafeInteger(entry.sequence) ? Number(entry.sequence) : undefined;
  } catch {
    // A torn line, or one that is not ours.
    return undefined;
  }
}

const BACKLOG_ENTRIES = 200;

/** Names of the two files in the state directory: the one that is written, and the one before. */
const JOURNAL_FILE = "journal.jsonl";
const JOURNAL_OLDER_FILE = "journal.1.jsonl";

/** A journal file larger than this becomes the older one. */
const JOURNAL_FILE_BYTES = 1_048_576;
