import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fail } from "../base/result.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProcessEvent, ProcessQuery, ProcessWatch } from "../ports/process-table.ts";
import { openLinuxClock, type LinuxClock } from "./clock.ts";
import { parseStat, splitCommandLine } from "./proc-files.ts";
import { subscribeToProcessNotices } from "./process-notices.ts";
import { openLinuxProcessTable, openPidfd } from "./process-table.ts";

const noNotices = (): ReturnType<typeof subscribeToProcessNotices> =>
  fail({ operation: "subscribe", errno: "EOPNOTSUPP", message: "not here" });

/** Everything is looked through every 10 s, so what is found sooner was told, or looked for. */
const SOON = 5_000;

describe.each([
  { where: "where the kernel tells, if it does", subscribe: subscribeToProcessNotices, openPidfd },
  { where: "where the kernel tells of ends alone", subscribe: noNotices, openPidfd },
  { where: "where the kernel tells nothing", subscribe: noNotices, openPidfd: () => undefined },
])("processes, $where", (tellers) => {
  let folder: string;
  let name: string;
  let clock: LinuxClock;
  /** No alarm rings any more, so that nobody looks. */
  let nobodyLooks: boolean;
  const children: ChildProcess[] = [];
  const observers: Observer[] = [];

  class Observer {
    readonly events: ProcessEvent[] = [];
    readonly watch: ProcessWatch;
    #awaited: { readonly isIt: (event: ProcessEvent) => boolean; readonly resolve: (atMs: number) => void }[] = [];

    constructor(query: ProcessQuery) {
      this.watch = openLinuxProcessTable(quietable(clock), tellers).watch(query, (event) => {
        this.events.push(event);
        this.#awaited = this.#awaited.filter(({ isIt, resolve }) => {
          if (isIt(event)) resolve(performance.now());
          return !isIt(event);
        });
      });
      observers.push(this);
    }

    /** When such an event comes, in milliseconds as performance.now() has them; it may have come. */
    until(isIt: (event: ProcessEvent) => boolean): Promise<number> {
      if (this.events.some(isIt)) return Promise.resolve(performance.now());
      return new Promise((resolve) => this.#awaited.push({ isIt, resolve }));
    }
  }

  const quietable = (open: LinuxClock): Clock => ({
    now: () => open.now(),
    boottime: () => open.boottime(),
    outside: () => open.outside(),
    wallClockMs: () => open.wallClockMs(),
    alarm: (callback) => open.alarm(() => nobodyLooks || callback()),
  });
  const byName = (wanted: string): ProcessQuery => ({
    wantsCommandLine: false,
    isWanted: (process) => process.name === wanted,
  });
  const begins = (pid: number | undefined) => (event: ProcessEvent) =>
    event.kind === "began" && event.process.pid === pid;
  const ends = (pid: number | undefined) => (event: ProcessEvent) => event.kind === "ended" && event.pid === pid;
  const listed = (event: ProcessEvent): boolean => event.kind === "listed";

  const start = (program: string, ...parameters: string[]): ChildProcess => {
    const child = spawn(program, parameters, { stdio: ["pipe", "pipe", "ignore"] });
    children.push(child);
    return child;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-"));
    name = `hf${process.pid}x${serial++}`;
    copyFileSync("/bin/sleep", join(folder, name));
    clock = openLinuxClock();
    nobodyLooks = false;
  });
  afterEach(() => {
    for (const { watch } of observers.splice(0)) watch.close();
    for (const child of children.splice(0)) child.kill("SIGKILL");
    clock.close();
    rmSync(folder, { recursive: true });
  });

  test("one that runs already: told before the list is complete", async () => {
    const child = start(join(folder, name), "1000");
    await new Promise((resolve) => child.once("spawn", resolve));
    const observer = new Observer(byName(name));
    await observer.until(listed);
    expect(observer.events).toEqual([
      { kind: "began", by: "other", process: { pid: child.pid, name, commandLine: [] } },
      { kind: "listed" },
    ]);
  });

  test("none that is wanted: the list is complete, and that is all", async () => {
    const observer = new Observer(byName(name));
    await observer.until(listed);
    expect(observer.events).toEqual([{ kind: "listed" }]);
  });

  test("eighty that run already, by their command lines: all are told before the list is complete", async () => {
    // More than are looked at in one go.
    const many = Array.from({ length: 80 }, () => start(join(folder, name), "1000"));
    await Promise.all(many.map((child) => new Promise((resolve) => child.once("spawn", resolve))));
    const isWanted: ProcessQuery["isWanted"] = ({ commandLine }) => commandLine[0] === join(folder, name);
    const observer = new Observer({ wantsCommandLine: true, isWanted });
    await observer.until(listed);
    expect(observer.events.at(-1)).toEqual({ kind: "listed" });
    expect(observer.events).toHaveLength(many.length + 1);
  });

  test("one that begins and is killed: both are told, its end by the kernel, where that can tell, and not by a look", async () => {
    const observer = new Observer(byName(name));
    await observer.until(listed);
    const startedAt = performance.now();
    const child = start(join(folder, name), "1000");
    const beganAt = await observer.until(begins(child.pid));
    // However busy the machine is, what is told now was told by the kernel at once.
    nobodyLooks = tellers.openPidfd === openPidfd;
    const killedAt = performance.now();
    child.kill("SIGKILL");
    const endedAt = await observer.until(ends(child.pid));
    const [began, ended] = [beganAt - startedAt, endedAt - killedAt].map((time) => time.toFixed(1));
    process.stdout.write(
      `${observer.watch.source}: the beginning was told after ${began} ms, the end after ${ended} ms\n`,
    );
    expect(beganAt - startedAt).toBeLessThan(SOON);
    expect(endedAt - killedAt).toBeLessThan(SOON);
  });

  test("one that becomes another program: left, and found under its new name", async () => {
    const shell = start("sh", "-c", 'read line; exec "$0" 1000', join(folder, name));
    const asShell = new Observer({
      wantsCommandLine: true,
      isWanted: ({ commandLine }) => commandLine[3] === join(folder, name),
    });
    const asSleep = new Observer(byName(name));
    await Promise.all([asShell.until(begins(shell.pid)), asSleep.until(listed)]);
    const changedAt = performance.now();
    shell.stdin?.write("go\n");
    const toldAt = await Promise.all([
      asSleep.until(begins(shell.pid)),
      asShell.until((event) => event.kind === "left" && event.pid === shell.pid),
    ]);
    expect(Math.max(...toldAt) - changedAt).toBeLessThan(SOON);
  });

  test("one that takes another name, and is wanted with both: told again, with the new one", async () => {
    const shell = start("bash", "-c", `echo ready; read line; printf %s ${name} > /proc/$$/comm; read line`);
    expect(await readLines(shell)()).toBe("ready");
    const isWanted: ProcessQuery["isWanted"] = ({ pid }) => pid === shell.pid;
    const observer = new Observer({ wantsCommandLine: false, isWanted });
    await observer.until(listed);
    const changedAt = performance.now();
    shell.stdin?.write("go\n");
    const toldAt = await observer.until((event) => event.kind === "began" && event.process.name === name);
    expect(toldAt - changedAt).toBeLessThan(SOON);
    expect(observer.events.map(({ kind }) => kind)).toEqual(["began", "listed", "began"]);
  });

  test("one whose copy goes on: the copy is told as a fork", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const copy = `(read other <> ${pipe})`;
    const script = `printf %s ${name} > /proc/$$/comm; echo ready; read line; ${copy} & echo $!; wait`;
    const shell = start("bash", "-c", script);
    const lines = readLines(shell);
    expect(await lines()).toBe("ready");
    const observer = new Observer(byName(name));
    await observer.until(listed);
    expect(observer.events[0]).toMatchObject({ kind: "began", process: { pid: shell.pid } });
    const forkedAt = performance.now();
    shell.stdin?.write("go\n");
    const pid = Number(await lines());
    expect((await observer.until(begins(pid))) - forkedAt).toBeLessThan(SOON);
    expect(observer.events.find(begins(pid))).toMatchObject({ by: "fork" });
  });

  test("by its command line: words with spaces, and what only looks alike is not wanted", async () => {
    const wanted = ["1000", " 1000"];
    const observer = new Observer({
      wantsCommandLine: true,
      isWanted: ({ commandLine }) => JSON.stringify(commandLine) === JSON.stringify([join(folder, name), ...wanted]),
    });
    await observer.until(listed);
    start(join(folder, name), "1000");
    const child = start(join(folder, name), ...wanted);
    await observer.until(begins(child.pid));
    expect(observer.events).toHaveLength(2);
    child.kill("SIGTERM");
    await observer.until(ends(child.pid));
  });

  test("a zombie has ended, though nobody has asked for it yet", async () => {
    // The shell does not wait for what it leaves behind, and what it becomes never does.
    const parent = start("sh", "-c", '"$0" 1000 & echo $!; exec sleep 1000', join(folder, name));
    const zombie = Number(await readLines(parent)());
    const observer = new Observer(byName(name));
    await observer.until(begins(zombie));
    process.kill(zombie, "SIGKILL");
    await observer.until(ends(zombie));
    expect(readFileSync(`/proc/${zombie}/stat`, "utf8")).toContain(") Z ");
    const later = new Observer(byName(name));
    await later.until(listed);
    expect(later.events).toEqual([{ kind: "listed" }]);
  });

  test("a hundred that begin and end at once: each is told once", async () => {
    const observer = new Observer(byName(name));
    await observer.until(listed);
    const many = Array.from({ length: 100 }, () => start(join(folder, name), "1000"));
    await Promise.all(many.map(({ pid }) => observer.until(begins(pid))));
    // Whoever has found this one has looked at the others once more.
    const one = start(join(folder, name), "1000");
    await observer.until(begins(one.pid));
    expect(observer.events).toHaveLength(1 + many.length + 1);
    for (const child of many) child.kill("SIGKILL");
    await Promise.all(many.map(({ pid }) => observer.until(ends(pid))));
    const other = start(join(folder, name), "1000");
    await observer.until(begins(other.pid));
    expect(observer.events).toHaveLength(1 + 2 * many.length + 2);
  });
});

describe("the texts of /proc", () => {
  test("stat: a name with parentheses and spaces (proc_pid_stat(5))", () => {
    const numbers = Array.from({ length: 18 }, (_, index) => String(100 + index)).join(" ");
    expect(parseStat(`77 (a) (b c)) S 12 ${numbers} 4242 0`)).toEqual({
      name: "a) (b c)",
      state: "S",
      parent: 12,
      startTime: "117",
    });
    expect(parseStat("")).toBeUndefined();
  });

  test("stat: the start time is field 22", () => {
    const fields = readFileSync("/proc/self/stat", "utf8").split(" ");
    expect(parseStat(readFileSync("/proc/self/stat", "utf8"))?.startTime).toBe(fields[21]);
  });

  test("cmdline: words end in zeros, empty words count, and none is nobody's", () => {
    expect(splitCommandLine("a\0b c\0\0")).toEqual(["a", "b c", ""]);
    expect(splitCommandLine("title without zero")).toEqual(["title without zero"]);
    expect(splitCommandLine("")).toEqual([]);
  });
});

/** Gives the lines of a program one after another. */
function readLines(child: ChildProcess): () => Promise<string> {
  let text = "";
  let more = (): void => {};
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    more();
  });
  return () =>
    new Promise((resolve) => {
      more = () => {
        const end = text.indexOf("\n");
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        more = () => {};
        resolve(line);
      };
      more();
    });
}

let serial = 0;
