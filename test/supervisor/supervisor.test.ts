import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { StatusDocument } from "../../src/api/contract.ts";
import { millis, seconds } from "../../src/base/time.ts";
import type { Child, Launcher } from "../../src/daemon/supervisor/ports.ts";
import type { Supervisor } from "../../src/daemon/supervisor/supervisor.ts";
import { startSupervisor } from "../../src/daemon/supervisor/supervisor.ts";
import type { LinuxClock } from "../../src/linux/clock.ts";
import { openLinuxClock } from "../../src/linux/clock.ts";
import { createLauncher } from "../../src/main/launch-child.ts";
import { EMPTY_MODEL } from "../fixtures/empty-model.ts";

let running: Watched | undefined;
afterEach(() => {
  running?.cleanUp();
  running = undefined;
});

describe("supervisor and real processes", () => {
  test("a steady one: comes up, answers, stops when asked", async () => {
    const watched = watch("steady");
    const pid = await watched.nextPid();
    expect((await watched.status()).daemon.processes[1]).toMatchObject({ pid, state: "running", restarts: 0 });
    watched.supervisor.stop();
    expect(await watched.exit).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  test("kill -9: a new one comes up", async () => {
    const watched = watch("steady");
    const first = await watched.nextPid();
    process.kill(first, "SIGKILL");
    const second = await watched.nextPid();
    expect(second).not.toBe(first);
    expect(watched.told).toContain(`error VRRP child process(${first}) died: killed by SIGKILL`);
  });

  test("one that crashes at once: tried again, four times without a long rest, and the supervisor stays useful", async () => {
    const watched = watch("crash");
    await watched.line((text) => text.includes("died"), 5);
    const { daemon } = await watched.status();
    expect(daemon.processes[1]).toMatchObject({ state: "restarting", pid: null, restarts: 4 });
    watched.supervisor.stop();
    expect(await watched.exit).toBe(0);
  });

  test("one that lacks permission: its sentence, then the supervisor ends with 4", async () => {
    const watched = watch("refuse");
    expect(await watched.exit).toBe(4);
    expect(watched.told).toContain("error Cannot open a raw socket");
  });

  test.each(["hang", "freeze"])("one that does %s: killed and replaced", async (program) => {
    const watched = watch(program);
    const first = await watched.nextPid();
    const second = await watched.nextPid();
    expect(second).not.toBe(first);
    expect(isAlive(first)).toBe(false);
    expect(watched.told).toContain(`error VRRP child process(${first}) hangs: killing it`);
  });

  test("one that never comes up: killed and replaced", async () => {
    const watched = watch("mute");
    await watched.line((text) => text.includes("does not come up: killing it"), 1);
    await watched.line((text) => text.includes("Starting VRRP child process"), 2);
  });

  test("one that floods: read and thrown away, and it counts as alive", async () => {
    const watched = watch("flood");
    const pid = await watched.nextPid();
    await watched.line((text) => text.includes('message of unknown kind "rubbish"'), 200);
    expect((await watched.status()).daemon.processes[1]).toMatchObject({ pid, restarts: 0 });
  });

  test("one that ignores SIGTERM: killed after the stop limit", async () => {
    const watched = watch("stubborn");
    const pid = await watched.nextPid();
    watched.supervisor.stop();
    expect(await watched.exit).toBe(0);
    expect(isAlive(pid)).toBe(false);
    expect(watched.told).toContain(`error VRRP child process(${pid}) does not stop: killing it`);
  });

  test("the process runs with a debugger that cannot be opened, and a session of its own", async () => {
    const watched = watch("steady");
    const pid = await watched.nextPid();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const session = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
    expect(session).toBe(pid);
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("--inspect-port=192.0.2.1:1900");
  });
});

interface Watched {
  readonly supervisor: Supervisor;
  readonly told: string[];
  readonly exit: Promise<number>;
  /** The pid of the next process that reports. */
  nextPid(): Promise<number>;
  /** Waits until so many lines have been told that fit. */
  line(fits: (text: string) => boolean, count: number): Promise<void>;
  status(): Promise<StatusDocument>;
  cleanUp(): void;
}

function watch(program: string): Watched {
  const clock: LinuxClock = openLinuxClock();
  const told: string[] = [];
  const waiting: { fits: (text: string) => boolean; left: number; done: () => void }[] = [];
  const pids: number[] = [];
  const launched: Child[] = [];
  let pidWanted: ((pid: number) => void) | undefined;
  let ended = (_status: number): void => {};
  const exit = new Promise<number>((resolve) => {
    ended = resolve;
  });
  const inner = createLauncher({
    program: fileURLToPath(new URL(`../fixtures/programs/${program}.mjs`, import.meta.url)),
    environment: process.env,
    early: true,
  });
  const launcher: Launcher = {
    launch: (listener) => {
      const child = inner.launch(listener);
      if (child.ok) launched.push(child.value);
      return child;
    },
  };
  const supervisor = startSupervisor(
    {
      policy: {
        respawn: true,
        heartbeatInterval: millis(20),
        heartbeatLimit: millis(500),
        startLimit: program === "mute" ? millis(300) : seconds(20),
        stopLimit: millis(300),
      },
      settings: {
        runtimeDirectory: "/nowhere",
        stateDirectory: "/nowhere",
        keepAddresses: false,
        reportsAddresses: false,
        detail: 0,
        heartbeatIntervalMs: 20,
        log: { console: false, detail: 0, syslogFacility: null, file: null },
      },
      pid: process.pid,
      release: "test",
      configuration: EMPTY_MODEL,
      children: [{ name: "vrrp", title: "VRRP", launcher, wanted: () => true, vital: true }],
      withoutBfd: false,
    },
    {
      clock,
      mail: { post: () => {}, configure: () => {}, status: () => null, close: (done) => done() },
      log: {
        write: (level, text) => {
          told.push(`${level} ${text}`);
          for (const wait of waiting) if (wait.fits(text) && --wait.left === 0) wait.done();
        },
      },
      source: { file: "/nowhere", load: () => ({ kind: "refused", findings: [] }) },
      manager: {
        ready: () => {},
        reloading: () => {},
        stopping: () => {},
        status: () => {},
        alive: () => {},
        watchdogInterval: undefined,
      },
      dumps: { write: () => {}, save: () => {}, writeParent: () => {} },
      publishPid: (_name, pid) => {
        if (pid === undefined) return;
        if (pidWanted === undefined) pids.push(pid);
        else pidWanted(pid);
        pidWanted = undefined;
      },
      configured: () => {},
      exit: (status) => {
        clock.close();
        ended(status);
      },
    },
  );
  const watched: Watched = {
    supervisor,
    told,
    exit,
    nextPid: async () =>
      pids.shift() ??
      (await new Promise((resolve) => {
        pidWanted = resolve;
      })),
    line: async (fits, count) => {
      const left = count - told.filter((text) => fits(text)).length;
      if (left <= 0) return;
      await new Promise<void>((done) => waiting.push({ fits, left, done }));
    },
    status: async () => await new Promise((resolve) => supervisor.status(resolve)),
    cleanUp: () => {
      supervisor.stop();
      for (const child of launched) child.signal("SIGKILL");
    },
  };
  running = watched;
  return watched;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
