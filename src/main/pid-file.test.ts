import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { claimPidFile, writePidFile } from "./pid-file.ts";

let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hf-pid-"));
  path = join(directory, "run", "holdfast.pid");
});
afterEach(() => rmSync(directory, { recursive: true }));

const own = `${process.pid}\n`;

describe("claimPidFile", () => {
  test("no file, no directory: writes the pid, readable by all, and leaves nothing else there", () => {
    expect(claimPidFile(path).ok).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(own);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(directory, "run"))).toEqual(["holdfast.pid"]);
  });

  test("the named process is alive and older than the file: refused with its pid", () => {
    path = join(directory, "holdfast.pid");
    writeFileSync(path, `${process.ppid}\n`);
    expect(claimPidFile(path)).toEqual({ ok: false, error: { kind: "running", pid: process.ppid } });
    expect(readFileSync(path, "utf8")).toBe(`${process.ppid}\n`);
    expect(readdirSync(directory)).toEqual(["holdfast.pid"]);
  });

  test("the named process is dead: replaced", () => {
    path = join(directory, "holdfast.pid");
    writeFileSync(path, `${spawnSync("/bin/true").pid}\n`);
    expect(claimPidFile(path).ok).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(own);
    expect(readdirSync(directory)).toEqual(["holdfast.pid"]);
  });

  test("the pid belongs to a process that started after the file was written: replaced", () => {
    path = join(directory, "holdfast.pid");
    writeFileSync(path, `${process.ppid}\n`);
    utimesSync(path, 1_000_000_000, 1_000_000_000);
    expect(claimPidFile(path).ok).toBe(true);
  });

  test.each(["", "rubbish", "-1\n", "0\n", own])("left-over text %j: replaced", (text) => {
    path = join(directory, "holdfast.pid");
    writeFileSync(path, text);
    expect(claimPidFile(path).ok).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(own);
  });

  test("directory that cannot be made: says what failed", () => {
    writeFileSync(join(directory, "file"), "");
    const claimed = claimPidFile(join(directory, "file", "run", "holdfast.pid"));
    expect(claimed).toMatchObject({ ok: false, error: { kind: "failed", failure: { errno: "ENOTDIR" } } });
  });

  test("removed by somebody: nobody else has taken it, and releasing it does nothing", () => {
    const claimed = claimPidFile(path);
    rmSync(path);
    expect(claimed.ok && claimed.value.isOurs()).toBe(true);
    if (claimed.ok) claimed.value.release();
    expect(readdirSync(join(directory, "run"))).toEqual([]);
  });

  test("released: the file is gone; released when another's pid is in it: it stays", () => {
    const first = claimPidFile(path);
    if (first.ok) first.value.release();
    expect(readdirSync(join(directory, "run"))).toEqual([]);
    const second = claimPidFile(path);
    writeFileSync(path, "1\n");
    expect(second.ok && second.value.isOurs()).toBe(false);
    if (second.ok) second.value.release();
    expect(readFileSync(path, "utf8")).toBe("1\n");
  });
});

test("writePidFile: replaces whatever is there", () => {
  path = join(directory, "vrrp.pid");
  writeFileSync(path, "1\n");
  expect(writePidFile(path, 4711).ok).toBe(true);
  expect(readFileSync(path, "utf8")).toBe("4711\n");
  expect(readdirSync(directory)).toEqual(["vrrp.pid"]);
});
