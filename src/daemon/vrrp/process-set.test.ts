import { beforeEach, describe, expect, test } from "vitest";
import { instant, micros, millis, type Instant, type Micros } from "../../base/time.ts";
import type { TrackProcessSettings } from "../../config/model/trackers.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProcessEvent, ProcessQuery } from "../../ports/process-table.ts";
import { ProcessSet } from "./process-set.ts";

describe("tracked processes over reloads", () => {
  let now: Instant;
  let alarms: { at: Instant | undefined; readonly ring: () => void }[];
  let watches: { readonly query: ProcessQuery; readonly tell: (event: ProcessEvent) => void; open: boolean }[];
  let log: string[];
  let changes: number;
  let set: ProcessSet;

  const clock: Clock = {
    now: () => now,
    boottime: () => now,
    outside: () => undefined,
    wallClockMs: () => 0,
    alarm: (ring) => {
      const alarm: (typeof alarms)[number] = { at: undefined, ring };
      alarms.push(alarm);
      const set = (at: Instant | undefined) => (): void => void (alarm.at = at);
      return { set: (at) => set(at)(), clear: set(undefined), close: set(undefined) };
    },
  };

  beforeEach(() => {
    now = instant(1_000_000);
    alarms = [];
    watches = [];
    log = [];
    changes = 0;
    set = new ProcessSet(() => (changes += 1), {
      clock,
      log: { write: (level, text) => level !== "debug" && log.push(text) },
      processTable: {
        watch: (query, tell) => {
          const watch = { query, tell, open: true };
          watches.push(watch);
          return { source: "events", close: () => void (watch.open = false) };
        },
      },
    });
  });

  const passTime = (duration: Micros): void => {
    now = instant(now + duration);
    for (const alarm of alarms) {
      if (alarm.at === undefined || alarm.at > now) continue;
      alarm.at = undefined;
      alarm.ring();
    }
  };
  const began = (pid: number, name: string): ProcessEvent => {
    return { kind: "began", process: { pid, name, commandLine: [] }, by: "other" };
  };
  const tell = (...events: readonly ProcessEvent[]): void => {
    for (const event of events) watches.findLast(({ open }) => open)?.tell(event);
  };
  const configure = (...trackProcesses: readonly TrackProcessSettings[]): void => {
    set.configure({ trackProcesses });
    set.stopOthers({ trackProcesses });
  };
  const verdicts = (): Record<string, string> =>
    Object.fromEntries([...set.trackers].map(([name, { verdict, count }]) => [name, `${verdict} ${count ?? "?"}`]));

  test("until everything has been listed nothing is known, then the count", () => {
    configure(block("web", "nginx"), block("proxy", "haproxy"));
    tell(began(10, "nginx"));
    expect(verdicts()).toEqual({ web: "unknown ?", proxy: "unknown ?" });
    tell({ kind: "listed" });
    expect(verdicts()).toEqual({ web: "up 1", proxy: "down 0" });
    expect(log).toEqual(["Quorum lost for tracked process proxy: 0 run, at least 1 wanted"]);
    expect(changes).toBe(2);
  });

  test("the watch asks for what some block means, and for nothing else", () => {
    configure(block("web", "nginx"), block("proxy", "haproxy"));
    const [watch] = watches;
    const wants = (name: string): boolean | undefined => watch?.query.isWanted({ pid: 1, name, commandLine: [] });
    expect([wants("nginx"), wants("haproxy"), wants("sshd")]).toEqual([true, true, false]);
    expect(watch?.query.wantsCommandLine).toBe(false);
  });

  test("a reload without a change: the watch, the counts and a wait that runs all go on", () => {
    configure(block("web", "nginx", { terminateDelay: millis(500) }));
    tell(began(10, "nginx"), { kind: "listed" }, { kind: "ended", pid: 10 });
    passTime(millis(200));
    configure(block("web", "nginx", { terminateDelay: millis(500) }));
    expect(watches).toHaveLength(1);
    expect(verdicts()).toEqual({ web: "up 0" });
    passTime(millis(299));
    expect(verdicts()).toEqual({ web: "up 0" });
    passTime(millis(1));
    expect(verdicts()).toEqual({ web: "down 0" });
  });

  test("other limits: judged at once by what is known", () => {
    configure(block("web", "nginx"));
    tell(began(10, "nginx"), { kind: "listed" });
    configure(block("web", "nginx", { least: 2 }));
    expect(watches).toHaveLength(1);
    expect(verdicts()).toEqual({ web: "down 1" });
  });

  test("a block is added: the others keep their verdict while all processes are told anew", () => {
    configure(block("web", "nginx"));
    tell(began(10, "nginx"), began(11, "nginx"), { kind: "listed" });
    configure(block("web", "nginx"), block("proxy", "haproxy"));
    expect(watches.map(({ open }) => open)).toEqual([false, true]);
    expect(verdicts()).toEqual({ web: "up 2", proxy: "unknown ?" });
    changes = 0;
    // One of them has ended while nobody watched.
    tell(began(11, "nginx"), began(20, "haproxy"), { kind: "listed" });
    expect(verdicts()).toEqual({ web: "up 1", proxy: "up 1" });
    expect(changes).toBe(1);
  });

  test("another pattern under the same name: counted from the beginning", () => {
    configure(block("web", "nginx"));
    tell(began(10, "nginx"), { kind: "listed" });
    configure(block("web", "apache2"));
    expect(verdicts()).toEqual({ web: "unknown ?" });
  });

  test("no block is left: nobody watches any more", () => {
    configure(block("web", "nginx"));
    configure();
    expect(watches.map(({ open }) => open)).toEqual([false]);
    expect(verdicts()).toEqual({});
  });

  test("one process that two blocks mean counts for both, and leaves both", () => {
    configure(block("web", "nginx"), block("also", "nginx"));
    tell(began(10, "nginx"), { kind: "listed" });
    expect(verdicts()).toEqual({ web: "up 1", also: "up 1" });
    tell({ kind: "left", pid: 10 });
    expect(verdicts()).toEqual({ web: "down 0", also: "down 0" });
  });
});

function block(name: string, command: string, limits: Partial<TrackProcessSettings> = {}): TrackProcessSettings {
  const pattern = { name, command, parameters: [], match: "name" } as const;
  const place = { file: "keepalived.conf", line: 1, column: 1 };
  const policy = { least: 1, most: undefined, forkDelay: micros(0), terminateDelay: micros(0) };
  return { ...pattern, ...policy, place, ...limits };
}
