import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLinuxFiles } from "./files.ts";

describe("files", () => {
  const files = openLinuxFiles({ searchPath: "/nowhere:/usr/bin:/bin" });
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("read, any bytes: the bytes", () => {
    writeFileSync(join(folder, "a"), Uint8Array.of(0, 255, 10));
    expect(files.read(join(folder, "a"))).toEqual({ ok: true, value: Uint8Array.of(0, 255, 10) });
  });

  test.each([
    { name: "nothing there", path: "missing", errno: "ENOENT", message: "No such file or directory" },
    { name: "a folder", path: ".", errno: "EISDIR", message: "Is a directory" },
    { name: "a name with a zero byte", path: "a\0b", errno: "EINVAL", message: "Invalid argument" },
  ])("read, $name: $errno", ({ path, errno, message }) => {
    const operation = `read ${folder}/${path}`;
    expect(files.read(`${folder}/${path}`)).toEqual({ ok: false, error: { operation, errno, message } });
  });

  test("append, in a folder that is not there: makes both, the file for its owner alone", () => {
    const path = join(folder, "x/y/journal");
    expect(files.append(path, "one\n")).toEqual({ ok: true, value: undefined });
    files.append(path, "zwei Ä\n");
    expect(readFileSync(path, "utf8")).toBe("one\nzwei Ä\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "x/y")).mode & 0o777).toBe(0o755);
  });

  test("append, a full disk: ENOSPC", () => {
    expect(files.append("/dev/full", "line\n")).toMatchObject({ ok: false, error: { errno: "ENOSPC" } });
  });

  test("replace, over a file with another mode: the new content, for its owner alone, nothing left behind", () => {
    const path = join(folder, "state");
    writeFileSync(path, "old and longer", { mode: 0o644 });
    writeFileSync(`${path}.${process.pid}.new`, "of a crashed run", { mode: 0o666 });
    expect(files.replace(path, "new")).toEqual({ ok: true, value: undefined });
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["state"]);
  });

  test("replace, something that cannot be replaced: refused, nothing left behind", () => {
    mkdirSync(join(folder, "state"));
    expect(files.replace(join(folder, "state"), "new")).toMatchObject({ ok: false, error: { errno: "EISDIR" } });
    expect(readdirSync(folder)).toEqual(["state"]);
  });

  test("remove: gone; once more: nothing happens", () => {
    const path = join(folder, "a");
    writeFileSync(path, "");
    expect(files.remove(path)).toEqual({ ok: true, value: undefined });
    expect(files.remove(path)).toEqual({ ok: true, value: undefined });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("facts and resolve, a symbolic link: those of the file behind it", () => {
    const path = join(folder, "script");
    writeFileSync(path, "");
    chmodSync(path, 0o4751);
    symlinkSync(path, join(folder, "link"));
    const owner = { uid: process.getuid?.(), gid: process.getgid?.() };
    expect(files.facts(join(folder, "link"))).toEqual({ ok: true, value: { kind: "file", ...owner, mode: 0o4751 } });
    expect(files.resolve(join(folder, "link"))).toEqual({ ok: true, value: path });
    expect(files.facts(folder)).toMatchObject({ value: { kind: "directory" } });
    expect(files.facts("/dev/null")).toMatchObject({ value: { kind: "other" } });
  });

  test("a program, by name: the first in PATH that may be executed (execvp(3))", () => {
    mkdirSync(join(folder, "first/tool"), { recursive: true });
    mkdirSync(join(folder, "second"));
    writeFileSync(join(folder, "second/tool"), "");
    writeFileSync(join(folder, "second/text"), "", { mode: 0o644 });
    mkdirSync(join(folder, "third"));
    writeFileSync(join(folder, "third/tool"), "", { mode: 0o755 });
    const searchPath = ["first", "second", "third"].map((name) => join(folder, name)).join(":");
    const searching = openLinuxFiles({ searchPath });
    expect(searching.findProgram("tool")).toEqual({ ok: true, value: join(folder, "third/tool") });
    expect(searching.findProgram("text")).toMatchObject({ ok: false, error: { errno: "EACCES" } });
    expect(searching.findProgram("other")).toMatchObject({ ok: false, error: { errno: "ENOENT" } });
    expect(searching.findProgram("./other")).toEqual({ ok: true, value: "./other" });
  });
});
