import { describe, expect, test } from "vitest";
import { fail, succeed } from "../../base/result.ts";
import { instant, millis, seconds } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { FromChild, ChildFailureCode, VrrpStatus } from "../messages.ts";
import type { SnmpFacts } from "../snmp-facts.ts";
import type { ChildAgent } from "./child-agent.ts";
import { createChildAgent } from "./child-agent.ts";

describe("child agent", () => {
  test("start message: starts the driver, says so, then beats every 250 ms", () => {
    const bench = createBench();
    bench.agent.receive(START);
    expect(bench.sent).toEqual([{ kind: "started" }]);
    bench.run(750_000);
    expect(bench.sent.slice(1)).toEqual([{ kind: "heartbeat" }, { kind: "heartbeat" }, { kind: "heartbeat" }]);
  });

  test.each([
    ["NO_INTERFACE", 2],
    ["NO_PERMISSION", 4],
    ["SYSTEM", 1],
  ] as const)("the driver cannot start (%s): says why and exits with %i", (code, status) => {
    const bench = createBench({ refusal: code });
    bench.agent.receive(START);
    expect(bench.sent).toEqual([{ kind: "failed", code, message: "because" }]);
    expect(bench.exits).toEqual([status]);
  });

  test("a second start message: nothing happens", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.receive(START);
    expect([bench.starts, bench.sent.length]).toEqual([1, 1]);
  });

  test("configure: the driver reloads before the answer goes out", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.receive({ kind: "configure", generation: 4, configuration: MODEL });
    expect(bench.order).toEqual(["reload", "configured"]);
    expect(bench.sent.at(-1)).toEqual({ kind: "configured", generation: 4 });
  });

  test("status request: the parts of the answer carry its number, and each has a turn of its own", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.receive({ kind: "status-request", request: 9 });
    const [part, rest] = [true, false].map((more) => ({ kind: "status", request: 9, more, ...STATUS }));
    expect(bench.sent.slice(1)).toEqual([part]);
    bench.run(millis(0));
    expect(bench.sent.slice(1)).toEqual([part, rest]);
  });

  test("news of a BFD session: the driver hears it, but not while it stops", () => {
    const bench = createBench();
    bench.agent.receive(START);
    const message = { kind: "bfd-news", news: [{ name: "peer", verdict: "down", detail: "Down" }] };
    bench.agent.receive(message);
    bench.agent.stop("SIGTERM");
    bench.agent.receive(message);
    expect(bench.order).toEqual(["peer down"]);
  });

  test("asked for what SNMP shows: the facts of this moment; news of them are heard while it stops, too", () => {
    const bench = createBench();
    bench.agent.receive({ kind: "facts-request" });
    bench.agent.receive(START);
    bench.agent.receive({ kind: "facts-request" });
    expect(bench.sent).toEqual([{ kind: "started" }, { kind: "facts", more: false, facts: FACTS }]);
    bench.agent.stop("SIGTERM");
    bench.agent.receive({ kind: "facts", more: false, facts: FACTS });
    bench.agent.receive({ kind: "happening", happening: { kind: "group-state", name: "VG", state: "STOP" } });
    expect(bench.order).toEqual(["facts", "happening"]);
  });

  test("stop: the driver hands over while the heart beats, then the process exits with 0", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.stop("SIGTERM");
    bench.agent.stop("SIGTERM");
    bench.run(1_000_000);
    expect([bench.stops, bench.exits]).toEqual([1, []]);
    expect(bench.sent.filter(({ kind }) => kind === "heartbeat")).toHaveLength(4);
    bench.released();
    expect(bench.exits).toEqual([0]);
  });

  test("stop that never ends, and no supervisor to kill us: exits with 1 after 5 s", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.stop("the supervisor is gone");
    bench.run(4_990_000);
    expect(bench.exits).toEqual([]);
    bench.run(20_000);
    bench.released();
    expect(bench.exits).toEqual([1]);
  });

  test("stop that never ends, with child_wait_time: exits with 1 when that is over", () => {
    const bench = createBench();
    bench.agent.receive(START);
    const { configuration } = START;
    const daemon = { ...configuration.global.daemon, childWait: seconds(30) };
    const next = { ...configuration, global: { ...configuration.global, daemon } };
    bench.agent.receive({ kind: "configure", generation: 1, configuration: next });
    bench.agent.stop("the supervisor is gone");
    bench.run(29_990_000);
    expect(bench.exits).toEqual([]);
    bench.run(20_000);
    expect(bench.exits).toEqual([1]);
  });

  test("asked for its state before and after a reload: answers in the order of the questions", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.receive({ kind: "save-request", path: "/saved/1.pre" });
    bench.agent.receive({ kind: "configure", generation: 1, configuration: START.configuration });
    bench.agent.receive({ kind: "save-request", path: "/saved/1.post" });
    expect(bench.sent.filter(({ kind }) => kind !== "started")).toEqual([
      { kind: "saved", path: "/saved/1.pre", text: "state after 0 events" },
      { kind: "configured", generation: 1 },
      { kind: "saved", path: "/saved/1.post", text: "state after 2 events" },
    ]);
  });

  test("stop: the driver hears why", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.stop("the supervisor is gone");
    expect(bench.reasons).toEqual(["the supervisor is gone"]);
  });

  test("a process that replaces another: writes down how that one ended", () => {
    const bench = createBench();
    bench.agent.receive({ ...START, predecessor: "hung; killed by SIGKILL" });
    expect(bench.told).toEqual(["restart hung; killed by SIGKILL"]);
  });

  test("stop before the start message: exits with 0 at once, and a start message comes too late", () => {
    const bench = createBench();
    bench.agent.stop("SIGTERM");
    bench.agent.receive(START);
    expect([bench.exits, bench.starts]).toEqual([[0], 0]);
  });

  test("configure while stopping: answered, and the driver is left alone", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.stop("SIGTERM");
    bench.agent.receive({ kind: "configure", generation: 4, configuration: MODEL });
    expect(bench.order).toEqual(["configured"]);
  });

  test("rubbish instead of a start message: says so and exits with 1", () => {
    const bench = createBench();
    bench.agent.receive({ kind: "begin" });
    expect(bench.sent).toEqual([
      { kind: "failed", code: "SYSTEM", message: 'The supervisor sent a message of unknown kind "begin"' },
    ]);
    expect(bench.exits).toEqual([1]);
  });

  test("a signal of keepalived's, by the supervisor or to itself: the driver answers, once it runs", () => {
    const bench = createBench();
    bench.agent.takeSignal("json");
    bench.agent.receive(START);
    bench.agent.receive({ kind: "signal", signal: "data" });
    bench.agent.takeSignal("json");
    expect(bench.order).toEqual(["data", "json"]);
  });

  test("rubbish later: logged, and nothing else", () => {
    const bench = createBench();
    bench.agent.receive(START);
    bench.agent.receive(null);
    expect(bench.told).toEqual(["error The supervisor sent a message that is no object but of type object"]);
    expect(bench.exits).toEqual([]);
  });

  test("SIGHUP: asks the supervisor", () => {
    const bench = createBench();
    bench.agent.requestReload();
    expect(bench.sent).toEqual([{ kind: "reload-requested" }]);
  });
});

interface Bench {
  readonly agent: ChildAgent;
  readonly sent: FromChild[];
  readonly exits: number[];
  readonly told: string[];
  /** What the driver and the pipe saw, in order, heartbeats and the start left out. */
  readonly order: string[];
  /** Why the driver was to stop. */
  readonly reasons: readonly string[];
  readonly starts: number;
  readonly stops: number;
  run(duration: number): void;
  /** The driver has released everything. */
  released(): void;
}

function createBench(options: { refusal?: ChildFailureCode } = {}): Bench {
  let now = 0;
  const alarms = new Set<{ at: number | undefined; callback: () => void }>();
  const sent: FromChild[] = [];
  const order: string[] = [];
  const reasons: string[] = [];
  const told: string[] = [];
  const exits: number[] = [];
  let done = (): void => {};
  const counts = { starts: 0, stops: 0 };
  const agent = createChildAgent({
    clock: {
      now: () => instant(now),
      boottime: () => instant(now),
      outside: () => undefined,
      wallClockMs: () => 0,
      alarm: (callback) => {
        const alarm: { at: number | undefined; callback: () => void } = { at: undefined, callback };
        alarms.add(alarm);
        return {
          set: (at) => (alarm.at = at),
          clear: () => (alarm.at = undefined),
          close: () => alarms.delete(alarm),
        };
      },
    },
    send: (message) => {
      sent.push(message);
      if (message.kind === "configured") order.push(message.kind);
    },
    start: () => {
      counts.starts += 1;
      if (options.refusal !== undefined) return fail({ code: options.refusal, message: "because" });
      return succeed({
        log: { write: (level, text) => void (level === "error" && told.push(`${level} ${text}`)) },
        note: (cause) => void told.push(`note ${cause.code}`),
        noteRestart: (predecessor) => void told.push(`restart ${predecessor}`),
        reload: () => void order.push("reload"),
        status: (request) => [
          { kind: "status", request, more: true, ...STATUS },
          { kind: "status", request, more: false, ...STATUS },
        ],
        stop: (reason, callback) => {
          reasons.push(reason);
          counts.stops += 1;
          done = callback;
        },
        signal: (signal) => void order.push(signal),
        data: () => `state after ${order.length} events`,
        snmpFacts: () => [{ kind: "facts", more: false, facts: FACTS }],
        hearSnmp: ({ kind }) => void order.push(kind),
        learn: (news) => void order.push(...news.map(({ name, verdict }) => `${name} ${verdict}`)),
      });
    },
    exit: (status) => void exits.push(status),
  });
  return {
    agent,
    sent,
    exits,
    told,
    order,
    reasons,
    get starts() {
      return counts.starts;
    },
    get stops() {
      return counts.stops;
    },
    released: () => done(),
    run: (duration) => {
      const end = now + duration;
      for (;;) {
        const due = [...alarms]
          .filter(({ at }) => at !== undefined && at <= end)
          .sort((left, right) => (left.at ?? 0) - (right.at ?? 0))[0];
        if (due?.at === undefined) break;
        now = Math.max(now, due.at);
        due.at = undefined;
        due.callback();
      }
      now = end;
    },
  };
}

const MODEL: Configuration = JSON.parse(
  '{"global":{"processes":{},"dumps":{},"daemon":{},"snmp":{}},"shown":{},"scripts":[],"trackFiles":[],"trackProcesses":[],"links":[],"instances":[{"name":"VI_1","vrid":1,"notify":{}}],"groups":[],"bfd":[]}',
);
const START = {
  kind: "start",
  settings: {
    runtimeDirectory: "/run/x",
    stateDirectory: "/var/x",
    keepAddresses: false,
    reportsAddresses: false,
    detail: 0,
    heartbeatIntervalMs: 250,
    log: { console: false, detail: 0, syslogFacility: null, file: null },
  },
  configuration: MODEL,
  predecessor: null,
};
const STATUS: VrrpStatus = { instances: [], groups: [], strangers: [] };

const FACTS: SnmpFacts = {
  atMs: 1,
  instances: [],
  groups: [],
  scripts: [],
  files: [],
  processes: [],
  bfd: [],
  interfaces: [],
  strangers: 0,
};
