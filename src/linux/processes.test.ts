import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ProgramEnd, ProgramRequest, RunningProgram } from "../ports/processes.ts";
import { canResetScheduling, openLinuxProcesses } from "./processes.ts";
import { useOrdinaryScheduling, useRealTimeScheduling } from "./scheduling.ts";

describe("programs", () => {
  const environment = { PATH: process.env["PATH"], LD_PRELOAD: "/nowhere.so", LD_LIBRARY_PATH: "/x", KEPT: "yes" };
  const processes = openLinuxProcesses({ environment, asksNameService: true });
  const isRoot = process.getuid?.() === 0;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (
    request: Partial<ProgramRequest>,
    began?: (program: RunningProgram | undefined) => void,
  ): Promise<ProgramEnd> =>
    new Promise((resolve) => {
      let returned = false;
      const program = processes.start({ argv: [], account: undefined, ...request }, (end) => {
        expect(returned).toBe(true);
        resolve(end);
      });
      returned = true;
      began?.(program);
    });
  const shell = (script: string): string[] => ["sh", "-c", script, "sh", join(folder, "out")];
  const output = (): string => readFileSync(join(folder, "out"), "utf8");

  test("a program that ends: its status", async () => {
    expect(await run({ argv: ["sh", "-c", "exit 7"] })).toEqual({ kind: "exited", status: 7 });
  });

  test("a program that is killed: the signal's name", async () => {
    expect(await run({ argv: ["sh", "-c", "kill -9 $$"] })).toEqual({ kind: "killed", signal: "SIGKILL" });
  });

  test.each([
    { name: "not there", argv: ["/nowhere/program"], errno: "ENOENT" },
    { name: "not executable", argv: ["/etc/passwd"], errno: "EACCES" },
    { name: "no name at all", argv: [], errno: "EINVAL" },
    { name: "an argument with a zero byte", argv: ["true", "a\0b"], errno: "EINVAL" },
    { name: "an argument that is too long", argv: ["true", "a".repeat(200_000)], errno: "E2BIG" },
  ])("a program, $name: not started, said once and in a later turn", async ({ argv, errno }) => {
    const end = await run({ argv }, (program) => expect(program).toBeUndefined());
    expect(end).toMatchObject({ kind: "not-started", failure: { errno, operation: `start ${argv[0] ?? ""}` } });
  });

  test("a program's surroundings: own session and group, /dev/null, no loader variables", async () => {
    await run({ argv: shell('{ readlink /proc/$$/fd/[012]; env | sort; cut -d" " -f1,5,6 /proc/$$/stat; } > "$1"') });
    const lines = output().trim().split("\n");
    expect(lines.slice(0, 3)).toEqual(["/dev/null", expect.stringContaining("out"), "/dev/null"]);
    expect(lines.filter((line) => /^(LD_|KEPT)/.test(line))).toEqual(["KEPT=yes"]);
    const [pid, group, session] = (lines.at(-1) ?? "").split(" ");
    expect([group, session]).toEqual([pid, pid]);
  });

  test.skipIf(!isRoot)("a program under an account: its user and group, and no supplementary ones", async () => {
    const groups = process.getgroups?.() ?? [];
    process.setgroups?.([4, 24]);
    const out = join(folder, "out");
    writeFileSync(out, "");
    chmodSync(folder, 0o755);
    chownSync(out, 12_345, 0);
    const account = { uid: 12_345, gid: 54_321, name: "someone" };
    await run({ argv: shell('grep -E "^(Uid|Gid|Groups)" /proc/self/status > "$1"'), account });
    process.setgroups?.(groups);
    expect(
      output()
        .replaceAll(/[ \t]+/g, " ")
        .replaceAll(/ $/gm, ""),
    ).toBe("Uid: 12345 12345 12345 12345\nGid: 54321 54321 54321 54321\nGroups:\n");
  });

  test.skipIf(!isRoot)(
    "a program under an account with further groups: its user, its group and those, in its own session",
    async () => {
      const out = join(folder, "out");
      writeFileSync(out, "");
      chmodSync(folder, 0o755);
      chownSync(out, 12_345, 0);
      const account = { uid: 12_345, gid: 54_321, name: "someone", groups: [4, 24] };
      expect(useRealTimeScheduling(3, true).ok).toBe(true);
      const script =
        'grep -E "^(Name|Uid|Gid|Groups|CapEff)" /proc/$$/status > "$1"; cut -d" " -f5,6,41 /proc/$$/stat >> "$1"';
      let pid: number | undefined;
      await run({ argv: shell(script), account }, (program) => (pid = program?.pid));
      useOrdinaryScheduling();
      expect(
        output()
          .replaceAll(/[ \t]+/g, " ")
          .trim()
          .split("\n")
          .map((line) => line.trim()),
      ).toEqual([
        "Name: sh",
        "Uid: 12345 12345 12345 12345",
        "Gid: 54321 54321 54321 54321",
        "Groups: 4 24",
        "CapEff: 0000000000000000",
        `${pid} ${pid} 0`,
      ]);
    },
  );

  test.skipIf(!isRoot)("a program of a real-time process: ordinary scheduling, its name and pid as ever", async () => {
    // Else there is nothing to be made ordinary.
    expect(useRealTimeScheduling(3, true).ok).toBe(true);
    let pid: number | undefined;
    // The policy is field 41 of proc_pid_stat(5).
    const script = 'cat /proc/$$/comm > "$1"; cut -d" " -f1,41 /proc/$$/stat >> "$1"';
    const end = await run({ argv: shell(script) }, (program) => (pid = program?.pid));
    useOrdinaryScheduling();
    expect(end).toEqual({ kind: "exited", status: 0 });
    expect(output()).toBe(`sh\n${pid} 0\n`);
  });

  test("whether a program can be made ordinary by chrt(1): where it is in the PATH", () => {
    expect(canResetScheduling({ PATH: folder })).toBe(false);
    writeFileSync(join(folder, "chrt"), "", { mode: 0o755 });
    expect(canResetScheduling({ PATH: `/nowhere:${folder}` })).toBe(true);
    expect(canResetScheduling({})).toBe(true);
  });

  test("a program that leaves a child behind: it has ended; its group can still be signalled", async () => {
    let program: RunningProgram | undefined;
    const end = await run({ argv: shell('sleep 60 & echo $! > "$1"') }, (started) => (program = started));
    expect(end).toEqual({ kind: "exited", status: 0 });
    const child = Number(output());
    expect(process.kill(child, 0)).toBe(true);
    program?.signalGroup("SIGKILL");
    // Whoever reaps the orphan may take its time; a zombie has nothing mapped any more.
    await untilTrue(() => isDead(child));
    program?.signalGroup("SIGKILL");
  });

  test("a program's group, signalled: the program and its children end", async () => {
    const end = await run({ argv: ["sh", "-c", "sleep 60"] }, (program) => program?.signalGroup("SIGTERM"));
    expect(end).toEqual({ kind: "killed", signal: "SIGTERM" });
  });
});

function isDead(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}

async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
