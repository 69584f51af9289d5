import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { instant } from "../base/time.ts";
import { openReloadTimer, whileReading, type ReloadTimer } from "./reload-timer.ts";

let folder: string;
let file: string;
let now: number;
let at: number | undefined;
let wake: () => void;
let told: string[];
let reloads: number;
let timer: ReloadTimer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hf-reload-"));
  file = join(folder, "when");
  now = Date.parse("2026-11-20T15:00:00Z");
  at = undefined;
  told = [];
  reloads = 0;
  const clock = {
    now: () => instant(now * 1_000),
    boottime: () => instant(now * 1_000),
    outside: () => undefined,
    wallClockMs: () => now,
    alarm: (callback: () => void) => {
      wake = callback;
      return { set: (when: number) => (at = when), clear: () => (at = undefined), close: () => (at = undefined) };
    },
  };
  timer = openReloadTimer({ clock, log: { write: (_level, text) => void told.push(text) } }, () => reloads++);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("reload_time_file", () => {
  test("comes, changes and goes: the last word counts", () => {
    timer.configure({ timeFile: file, repeats: false });
    run(2);
    writeFileSync(file, "15:00:10Z\n");
    run(2);
    writeFileSync(file, "15:00:20Z\n");
    run(10);
    expect(reloads).toBe(0);
    rmSync(file);
    run(30);
    expect(reloads).toBe(0);
    expect(told).toEqual([
      `A reload is due at 2026-11-20T15:00:10.000Z, by ${file}`,
      `A reload is due at 2026-11-20T15:00:20.000Z, by ${file}`,
      `No reload is due any more: ${file} has gone`,
    ]);
  });

  test("its time comes: one reload, and the file goes", () => {
    writeFileSync(file, "15:00:10Z\n");
    timer.configure({ timeFile: file, repeats: false });
    run(9);
    expect(reloads).toBe(0);
    run(20);
    expect([reloads, existsSync(file)]).toEqual([1, false]);
  });

  test("reload_repeat: the file stays, and so a reload comes the next day", () => {
    writeFileSync(file, "15:00:10Z\n");
    timer.configure({ timeFile: file, repeats: true });
    run(15);
    expect([reloads, readFileSync(file, "utf8")]).toEqual([1, "15:00:10Z\n"]);
    expect(told.at(-1)).toBe(`A reload is due at 2026-11-21T15:00:10.000Z, by ${file}`);
  });

  test("a configuration without it: nothing is looked at", () => {
    timer.configure({ timeFile: file, repeats: false });
    timer.configure({ timeFile: undefined, repeats: false });
    expect(at).toBeUndefined();
  });
});

describe("reload_file", () => {
  test("is there, and empty, while something is read; then it is gone, whatever happens", () => {
    writeFileSync(file, "the updater was here");
    expect(whileReading(file, () => readFileSync(file, "utf8"))).toBe("");
    expect(existsSync(file)).toBe(false);
    const fails = (): void => {
      throw new RangeError("a bug");
    };
    expect(() => whileReading(file, fails)).toThrow(RangeError);
    expect(existsSync(file)).toBe(false);
  });
});

function run(seconds: number): void {
  for (let passed = 0; passed < seconds; passed++) {
    now += 1_000;
    if (at !== undefined) wake();
  }
}
