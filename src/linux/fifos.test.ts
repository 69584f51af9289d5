import { spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fifo } from "../ports/fifos.ts";
import { openLinuxFifos } from "./fifos.ts";

let folder = "";
let path = "";
const open: Fifo[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-fifo-"));
  path = join(folder, "fifo");
});

afterEach(() => {
  for (const fifo of open.splice(0)) fifo.close();
  rmSync(folder, { recursive: true });
});

function openFifo(owner?: { uid: number; gid: number; name: string }): Fifo {
  const opened = openLinuxFifos().open({ path, owner });
  if (!opened.ok) throw new Error(opened.error.message);
  open.push(opened.value);
  return opened.value;
}

/** What another program reads until it sees the end. */
async function readToEnd(): Promise<string> {
  const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "inherit"] });
  const pieces: string[] = [];
  reader.stdout.on("data", (piece) => pieces.push(String(piece)));
  // It has opened its end when the first piece is there.
  await new Promise((resolve) => reader.stdout.once("data", resolve));
  for (const fifo of open) fifo.close();
  await new Promise((resolve) => reader.once("close", resolve));
  return pieces.join("");
}

describe("FIFO", () => {
  test("created: a FIFO of mode 0600, whatever the umask", () => {
    const before = process.umask(0o277);
    try {
      openFifo();
    } finally {
      process.umask(before);
    }
    const stats = statSync(path);
    expect([stats.isFIFO(), stats.mode & 0o7777]).toEqual([true, 0o600]);
  });

  test("nobody reads yet: lines wait for a reader who comes late, and who then sees the end", async () => {
    const fifo = openFifo();
    expect(fifo.write('INSTANCE "a" BACKUP 100\n')).toEqual({ ok: true, value: "written" });
    expect(fifo.write('INSTANCE "ä" MASTER 100\n')).toEqual({ ok: true, value: "written" });
    expect(await readToEnd()).toBe('INSTANCE "a" BACKUP 100\nINSTANCE "ä" MASTER 100\n');
  });

  test("nobody ever reads: full at last, without waiting, and nothing is cut in half", async () => {
    const fifo = openFifo();
    const line = `INSTANCE "${"x".repeat(986)}" M 1\n`;
    let written = 0;
    for (; written < 1_000; written += 1) {
      const outcome = fifo.write(line);
      if (outcome.ok && outcome.value === "full") break;
      expect(outcome).toEqual({ ok: true, value: "written" });
    }
    // 64 KiB, see pipe(7), less what does not fit into its pages.
    expect(written).toBeGreaterThan(50);
    expect(written).toBeLessThan(67);
    expect(await readToEnd()).toBe(line.repeat(written));
  });

  test("closed: removed where we made it", () => {
    openFifo().close();
    expect(existsSync(path)).toBe(false);
  });

  test("there before us: used, its mode kept, and left where it is", () => {
    spawnSync("mkfifo", ["-m", "622", path]);
    const fifo = openFifo();
    expect(fifo.write("x 1\n")).toEqual({ ok: true, value: "written" });
    fifo.close();
    expect(statSync(path).mode & 0o7777).toBe(0o622);
  });

  test("another has taken its name: told so, and not removed", () => {
    const fifo = openFifo();
    rmSync(path);
    expect(fifo.write("x 1\n")).toEqual({ ok: true, value: "gone" });
    writeFileSync(path, "mine");
    expect(fifo.write("x 1\n")).toEqual({ ok: true, value: "gone" });
    fifo.close();
    expect(lstatSync(path).isFile()).toBe(true);
  });

  test("a file, or a link to a FIFO, in its place: refused, and not touched", () => {
    writeFileSync(path, "text");
    expect(openLinuxFifos().open({ path, owner: undefined })).toMatchObject({ ok: false, error: { errno: "ENOTSUP" } });
    const other = join(folder, "other");
    spawnSync("mkfifo", [other]);
    rmSync(path);
    symlinkSync(other, path);
    expect(openLinuxFifos().open({ path, owner: undefined })).toMatchObject({ ok: false, error: { errno: "ELOOP" } });
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  test.each([
    ["no folder", "no/such/fifo", "ENOENT"],
    ["a zero byte", "a\0b", "EINVAL"],
  ])("a path with %s: refused", (_words, name, errno) => {
    const request = { path: `${folder}/${name}`, owner: undefined };
    expect(openLinuxFifos().open(request)).toMatchObject({ ok: false, error: { errno } });
  });

  test.runIf(process.geteuid?.() === 0)("an owner: it belongs to that account", () => {
    openFifo({ uid: 1234, gid: 4321, name: "somebody" });
    expect([statSync(path).uid, statSync(path).gid]).toEqual([1234, 4321]);
  });
});
