import { expect, test } from "vitest";
import type { JournalEntry } from "../api/contract.ts";
import { readJournal } from "./read-journal.ts";
import { renderEvents } from "./render-events.ts";
import { describeTime } from "./times.ts";

test("readJournal, two files, in whatever order: oldest entry first, by number", () => {
  expect(numbers([file(1, 2), file(3, 4)])).toEqual([1, 2, 3, 4]);
  expect(numbers([file(3, 4), file(1, 2)])).toEqual([1, 2, 3, 4]);
});

test("readJournal, a crash left entries in both files: each is given once", () => {
  expect(numbers([file(1, 2, 3), file(2, 3, 4)])).toEqual([1, 2, 3, 4]);
});

test("readJournal, torn, empty and foreign lines: left out", () => {
  const text = `${file(1)}{"version":1,"sequ\n\n[]\n{"version":2,"sequence":9}\n{"version":1,"sequence":5}\n${file(2)}`;
  expect(numbers([text])).toEqual([1, 2]);
});

test("renderEvents: when with milliseconds, who, from where to where, why", () => {
  const entries: JournalEntry[] = [
    { ...entry(1), from: null, to: "BACKUP", cause: { code: "STARTED", text: "started", evidence: {} } },
    entry(2),
    { ...entry(3), instance: null, from: null, to: null, cause: { code: "X", text: "pause of\n2 s", evidence: {} } },
  ];
  const at = `${describeTime("2026-11-20T10:42:05.123Z")}.123`;
  expect(renderEvents(entries)).toBe(
    `${at}  VI_1  BACKUP            started\n` +
      `${at}  VI_1  BACKUP -> MASTER  nobody was heard\n` +
      `${at}                          pause of?2 s\n`,
  );
});

test("renderEvents, a sync group: it is called one", () => {
  expect(renderEvents([{ ...entry(1), instance: null, group: "VG_1" }])).toContain(
    "  VG_1 (group)  BACKUP -> MASTER  ",
  );
});

test("readJournal, an entry of a version that knew no groups: it is about none", () => {
  const { group: _, ...old } = entry(1);
  expect(readJournal([`${JSON.stringify(old)}\n`])).toEqual([entry(1)]);
});

test("renderEvents, a name of 100 characters: the other names are padded to 24", () => {
  const lines = renderEvents([{ ...entry(1), instance: "n".repeat(100) }, entry(2)]).split("\n");
  expect(lines[0]).toContain(`${"n".repeat(100)}  BACKUP -> MASTER`);
  expect(lines[1]).toContain(`  VI_1${" ".repeat(20)}  BACKUP -> MASTER`);
});

function numbers(texts: readonly string[]): number[] {
  return readJournal(texts).map(({ sequence }) => sequence);
}

function file(...sequences: readonly number[]): string {
  return sequences.map((sequence) => `${JSON.stringify(entry(sequence))}\n`).join("");
}

function entry(sequence: number): JournalEntry {
  return {
    version: 1,
    at: "2026-11-20T10:42:05.123Z",
    sequence,
    instance: "VI_1",
    group: null,
    from: "BACKUP",
    to: "MASTER",
    cause: { code: "MASTER_SILENT", text: "nobody was heard", evidence: {} },
  };
}
