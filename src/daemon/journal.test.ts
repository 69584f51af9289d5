import { describe, expect, test } from "vitest";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import { instant } from "../base/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Files } from "../ports/files.ts";
import type { Journal, JournalEvent } from "./journal.ts";
import { openJournal } from "./journal.ts";

describe("openJournal", () => {
  test("an entry on an empty directory: one JSON line with number 1 and the time of day", () => {
    const disk = memoryDisk();
    open(disk).append(event("A"));
    expect(disk.text("/state/journal.jsonl")).toBe(
      '{"version":1,"at":"2026-11-20T10:00:00.000Z","sequence":1,"instance":"A","group":null,"from":"BACKUP","to":"MASTER",' +
        '"cause":{"code":"MASTER_SILENT","text":"nobody was heard","evidence":{}}}\n',
    );
  });

  test("opened again: goes on with the next number", () => {
    const disk = memoryDisk();
    const first = open(disk);
    first.append(event("A"));
    first.append(event("B"));
    open(disk).append(event("C"));
    expect(sequences(disk, "/state/journal.jsonl")).toEqual([1, 2, 3]);
  });

  test("only the older file is left: its numbers go on", () => {
    const disk = memoryDisk({ "/state/journal.1.jsonl": '{"sequence":41}\n' });
    open(disk).append(event("A"));
    expect(sequences(disk, "/state/journal.jsonl")).toEqual([42]);
  });

  test("torn last line: it stays, the next entry gets a line of its own and the number after the last whole one", () => {
    const disk = memoryDisk({ "/state/journal.jsonl": '{"sequence":7}\n{"sequ' });
    open(disk).append(event("A"));
    const lines = disk.text("/state/journal.jsonl").split("\n");
    expect(lines.slice(0, 2)).toEqual(['{"sequence":7}', '{"sequ']);
    expect(JSON.parse(lines[2] ?? "")).toMatchObject({ sequence: 8, instance: "A" });
  });

  test.each(["\n", "\n\n", "garbage\n", "[1]\n", "null\n", '{"sequence":"9"}\n'])(
    "nothing readable in the file (%j): numbers begin at 1",
    (content) => {
      const disk = memoryDisk({ "/state/journal.jsonl": content });
      open(disk).append(event("A"));
      expect(disk.text("/state/journal.jsonl")).toContain('"sequence":1,');
    },
  );

  test("file above 1 MiB: becomes the older one, the one before is dropped, numbers go on", () => {
    const line = `{"sequence":5,"pad":"${"x".repeat(1_048_576)}"}\n`;
    const disk = memoryDisk({ "/state/journal.jsonl": line, "/state/journal.1.jsonl": '{"sequence":4}\n' });
    open(disk).append(event("A"));
    expect(disk.text("/state/journal.1.jsonl")).toBe(line);
    expect(sequences(disk, "/state/journal.jsonl")).toEqual([6]);
  });

  test("many entries: no file grows beyond 1 MiB and one entry", () => {
    const disk = memoryDisk();
    const journal = open(disk);
    const long = "y".repeat(100_000);
    for (let count = 0; count < 40; count += 1) journal.append(event(long));
    expect(disk.text("/state/journal.jsonl").length).toBeLessThan(1_048_576 + 110_000);
    expect(disk.text("/state/journal.1.jsonl").length).toBeLessThan(1_048_576 + 110_000);
    expect(sequences(disk, "/state/journal.jsonl").at(-1)).toBe(40);
  });

  test("older file cannot be written: said, and the bound on the size holds", () => {
    const disk = memoryDisk({ "/state/journal.jsonl": `{"sequence":5,"pad":"${"x".repeat(1_048_576)}"}\n` });
    disk.refuse("/state/journal.1.jsonl", "EISDIR");
    open(disk).append(event("A"));
    expect(sequences(disk, "/state/journal.jsonl")).toEqual([6]);
    expect(disk.logged).toEqual([
      "error Cannot append to /state/journal.1.jsonl: refused (EISDIR); the older half of the journal is lost",
    ]);
  });

  test("full disk: says so once, and writes what it kept when there is room again", () => {
    const disk = memoryDisk();
    const journal = open(disk);
    disk.refuse("/state/journal.jsonl", "ENOSPC");
    journal.append(event("A"));
    journal.append(event("B"));
    disk.allow("/state/journal.jsonl");
    journal.append(event("C"));
    expect(sequences(disk, "/state/journal.jsonl")).toEqual([1, 2, 3]);
    expect(disk.logged).toEqual([
      "error Cannot append to /state/journal.jsonl: refused (ENOSPC); the journal misses what happens until this is mended",
      "info The journal is written again",
    ]);
  });

  test("disk full for longer than 200 entries: the oldest are lost, counted, and their numbers are missing", () => {
    const disk = memoryDisk();
    const journal = open(disk);
    disk.refuse("/state/journal.jsonl", "ENOSPC");
    for (let count = 0; count < 205; count += 1) journal.append(event("A"));
    disk.allow("/state/journal.jsonl");
    journal.append(event("B"));
    const numbers = sequences(disk, "/state/journal.jsonl");
    expect([numbers[0], numbers.at(-1), numbers.length]).toEqual([7, 206, 200]);
    expect(disk.logged.at(-1)).toBe("info The journal is written again; 6 entries were lost");
  });

  test("state directory cannot be read: opens all the same", () => {
    const disk = memoryDisk();
    disk.refuse("/state/journal.jsonl", "EACCES");
    expect(() => open(disk).append(event("A"))).not.toThrow();
    expect(disk.logged).toHaveLength(1);
  });
});

interface MemoryDisk extends Files {
  readonly logged: string[];
  text(path: string): string;
  refuse(path: string, errno: string): void;
  allow(path: string): void;
}

function memoryDisk(content: Readonly<Record<string, string>> = {}): MemoryDisk {
  const texts = new Map(Object.entries(content));
  const refused = new Map<string, string>();
  const attempt = <Value>(verb: string, path: string, value: () => Value): Result<Value, SystemFailure> => {
    const errno = refused.get(path);
    return errno === undefined ? succeed(value()) : fail({ operation: `${verb} ${path}`, errno, message: "refused" });
  };
  const absent = fail<SystemFailure>({ operation: "open", errno: "ENOENT", message: "No such file or directory" });
  return {
    logged: [],
    text: (path) => texts.get(path) ?? "",
    refuse: (path, errno) => void refused.set(path, errno),
    allow: (path) => void refused.delete(path),
    read: (path) => {
      const text = texts.get(path);
      return text === undefined ? absent : attempt("read", path, () => new TextEncoder().encode(text));
    },
    append: (path, text) => attempt("append to", path, () => void texts.set(path, (texts.get(path) ?? "") + text)),
    replace: (path, text) => attempt("replace", path, () => void texts.set(path, text)),
    remove: (path) => attempt("remove", path, () => void texts.delete(path)),
    facts: () => absent,
    resolve: () => absent,
    findProgram: () => absent,
  };
}

function open(disk: MemoryDisk): Journal {
  const clock: Clock = {
    now: () => instant(0),
    boottime: () => instant(0),
    outside: () => undefined,
    wallClockMs: () => Date.UTC(2026, 10, 20, 10),
    alarm: () => ({ set: () => {}, clear: () => {}, close: () => {} }),
  };
  const log = { write: (level: string, text: string) => void disk.logged.push(`${level} ${text}`) };
  return openJournal({ directory: "/state" }, { files: disk, clock, log });
}

function event(instance: string): JournalEvent {
  const cause = { code: "MASTER_SILENT", text: "nobody was heard", evidence: {} };
  return { instance, from: "BACKUP", to: "MASTER", cause };
}

function sequences(disk: MemoryDisk, path: string): number[] {
  return disk
    .text(path)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(JSON.parse(line).sequence));
}
