import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant, millis, seconds } from "../base/time.ts";
import { childDeadline, startChild, stepChild } from "./restart-policy.ts";
import type { ChildEffect, ChildEnd, ChildEvent, ChildState, ChildStep, RestartPolicy } from "./restart-policy.ts";

const at = (milliseconds: number) => instant(milliseconds * 1_000);
const policy: RestartPolicy = {
  respawn: true,
  heartbeatInterval: millis(500),
  heartbeatLimit: seconds(3),
  startLimit: seconds(20),
  stopLimit: seconds(5),
};
const once: RestartPolicy = { ...policy, respawn: false };

const started: ChildEvent = { kind: "started" };
const heartbeat: ChildEvent = { kind: "heartbeat" };
const deadline: ChildEvent = { kind: "deadline" };
const stopRequested: ChildEvent = { kind: "stop-requested" };
const ended = (end: ChildEnd): ChildEvent => ({ kind: "ended", end });
const exited = (status: number): ChildEvent => ended({ kind: "exited", status });
const killed = (signal: string): ChildEvent => ended({ kind: "killed", signal });

const start: ChildEffect = { kind: "start-child" };
const signal = (name: "SIGTERM" | "SIGKILL", reason: string) => ({ kind: "signal-child", signal: name, reason });

const backoff = seconds(0);
const starting: ChildState = { kind: "starting", startedAt: at(0), silentUntil: at(20_000), lookAt: at(500), backoff };
const running: ChildState = { kind: "running", startedAt: at(0), silentUntil: at(4_000), lookAt: at(1_500), backoff };
const killing: ChildState = { kind: "killing", startedAt: at(0), backoff };
const resting: ChildState = { kind: "resting", startAt: at(9_000), backoff: seconds(4) };
const stopping: ChildState = { kind: "stopping", killAt: at(6_000) };
const stoppingHard: ChildState = { kind: "stopping-hard" };
const stopped: ChildState = { kind: "stopped" };
const givenUp: ChildState = { kind: "given-up", exitStatus: 2 };

test("the first start: at once, with time to report", () => {
  expect(startChild(policy, at(0))).toEqual({ state: starting, effects: [start] });
});

describe("life", () => {
  test("starting, it reports: runs, and a heartbeat is due", () => {
    expect(stepChild(policy, starting, started, at(1_000))).toEqual({
      state: { kind: "running", startedAt: at(0), silentUntil: at(4_000), lookAt: at(1_500), backoff },
      effects: [],
    });
  });

  test("starting, it does not report in time: SIGKILL", () => {
    const late: ChildState = { ...starting, lookAt: at(20_200) };
    expect(stepChild(policy, late, deadline, at(19_999))).toEqual({ state: late, effects: [] });
    expect(stepChild(policy, late, deadline, at(20_000))).toEqual({
      state: killing,
      effects: [signal("SIGKILL", "start-overdue")],
    });
  });

  test("running, a heartbeat: the limit starts again", () => {
    expect(stepChild(policy, running, heartbeat, at(1_400))).toEqual({
      state: { kind: "running", startedAt: at(0), silentUntil: at(4_400), lookAt: at(1_900), backoff },
      effects: [],
    });
  });

  test("running, a look in time: the next look, and no patience gained", () => {
    expect(stepChild(policy, running, deadline, at(1_499))).toEqual({ state: running, effects: [] });
    expect(stepChild(policy, running, deadline, at(2_000))).toEqual({
      state: { ...running, lookAt: at(2_500) },
      effects: [],
    });
  });

  test("running, silent for its limit: SIGKILL, and no other child beside it", () => {
    const silent: ChildState = { ...running, lookAt: at(4_100) };
    expect(stepChild(policy, silent, deadline, at(4_000))).toEqual({
      state: killing,
      effects: [signal("SIGKILL", "heartbeat-lost")],
    });
    expect(childDeadline(killing)).toBeUndefined();
    expect(stepChild(policy, killing, deadline, at(9_000))).toEqual({ state: killing, effects: [] });
  });

  test("killed for its silence and gone: the next one starts", () => {
    const { state, effects } = stepChild(policy, killing, killed("SIGKILL"), at(4_050));
    expect(effects).toEqual([start]);
    expect(state).toMatchObject({ kind: "starting", startedAt: at(4_050), backoff: millis(100) });
  });
});

describe("a supervisor that slept", () => {
  test("running, the look is late by more than a heartbeat interval: a full limit anew", () => {
    expect(stepChild(policy, running, deadline, at(2_001))).toEqual({
      state: { ...running, silentUntil: at(5_001), lookAt: at(2_501) },
      effects: [],
    });
  });

  test("running, it slept far past the limit: no SIGKILL, a full limit anew", () => {
    expect(stepChild(policy, running, deadline, at(600_000))).toEqual({
      state: { ...running, silentUntil: at(603_000), lookAt: at(600_500) },
      effects: [],
    });
  });

  test("running, it slept, and the child stays silent for a full limit: SIGKILL", () => {
    let state = stepChild(policy, running, deadline, at(600_000)).state;
    const effects: ChildEffect[] = [];
    for (let now = 600_500; now <= 603_000; now += 500) {
      const step = stepChild(policy, state, deadline, at(now));
      state = step.state;
      effects.push(...step.effects);
    }
    expect(effects).toEqual([signal("SIGKILL", "heartbeat-lost")]);
  });

  test("starting, it slept: the whole time for a start anew", () => {
    expect(stepChild(policy, starting, deadline, at(100_000))).toEqual({
      state: { ...starting, silentUntil: at(120_000), lookAt: at(100_500) },
      effects: [],
    });
  });
});

describe("how it ended", () => {
  const rows = [
    { name: "status 1, fatal: gives up", event: exited(1), effects: [{ kind: "give-up", exitStatus: 1 }] },
    { name: "status 2, configuration: gives up", event: exited(2), effects: [{ kind: "give-up", exitStatus: 2 }] },
    { name: "status 4, no permission: gives up", event: exited(4), effects: [{ kind: "give-up", exitStatus: 4 }] },
    { name: "status 0: starts again", event: exited(0), effects: [start] },
    { name: "status 3: starts again", event: exited(3), effects: [start] },
    { name: "status 6: starts again", event: exited(6), effects: [start] },
    { name: "status 70, a program error: starts again", event: exited(70), effects: [start] },
    { name: "status 204, no memory: starts again", event: exited(204), effects: [start] },
    { name: "killed by SIGSEGV: starts again", event: killed("SIGSEGV"), effects: [start] },
    { name: "never started: tries again", event: ended({ kind: "not-started" }), effects: [start] },
  ];
  test.each(rows)("running, $name (keepalived's exit codes)", ({ event, effects }) => {
    expect(stepChild(policy, running, event, at(2_000)).effects).toEqual(effects);
  });

  test.each([starting, killing])("$kind, status 2: gives up too", (state) => {
    expect(stepChild(policy, state, exited(2), at(2_000))).toEqual({
      state: givenUp,
      effects: [{ kind: "give-up", exitStatus: 2 }],
    });
  });

  const onceRows = [
    { name: "status 70: gives up with 70", event: exited(70), exitStatus: 70 },
    { name: "status 2: gives up with 2", event: exited(2), exitStatus: 2 },
    { name: "status 0: gives up with 1, since nobody asked it to end", event: exited(0), exitStatus: 1 },
    { name: "killed by SIGKILL: gives up with 1", event: killed("SIGKILL"), exitStatus: 1 },
    { name: "never started: gives up with 1", event: ended({ kind: "not-started" }), exitStatus: 1 },
  ];
  test.each(onceRows)("--dont-respawn, $name", ({ event, exitStatus }) => {
    expect(stepChild(once, running, event, at(99_000))).toEqual({
      state: { kind: "given-up", exitStatus },
      effects: [{ kind: "give-up", exitStatus }],
    });
  });
});

describe("back-off", () => {
  test("a child that dies young again and again: within a lease at first, then 1, 2, 4, 8, 16, 32, 60, 60 s (keepalived)", () => {
    let now = 0;
    let step: ChildStep = startChild(policy, at(now));
    const waits: number[] = [];
    for (let death = 0; death < 12; death++) {
      now += 100;
      step = stepChild(policy, step.state, exited(70), at(now));
      if (step.state.kind === "resting") {
        const { startAt } = step.state;
        expect(step.effects).toEqual([]);
        expect(childDeadline(step.state)).toBe(startAt);
        expect(stepChild(policy, step.state, deadline, instant(startAt - 1))).toEqual(step);
        waits.push((startAt - at(now)) / 1_000_000);
        now = startAt / 1_000;
        step = stepChild(policy, step.state, deadline, at(now));
      } else {
        waits.push(0);
      }
      expect(step.effects).toEqual([start]);
    }
    expect(waits).toEqual([0, 0.1, 0.2, 0.4, 1, 2, 4, 8, 16, 32, 60, 60]);
  });

  const old: ChildState = { ...running, backoff: seconds(8) };

  test("a child that ran for 60 s: the next starts at once, and the back-off starts again (keepalived)", () => {
    const { state, effects } = stepChild(policy, old, killed("SIGKILL"), at(60_000));
    expect(effects).toEqual([start]);
    expect(state).toMatchObject({ kind: "starting", startedAt: at(60_000), backoff: seconds(0) });
  });

  test("a child that ran for a moment less: waits", () => {
    expect(stepChild(policy, old, killed("SIGKILL"), at(59_999))).toEqual({
      state: { kind: "resting", startAt: at(67_999), backoff: seconds(16) },
      effects: [],
    });
  });
});

describe("stop", () => {
  test.each([starting, running])("$kind: SIGTERM, and 5 s to end", (state) => {
    expect(stepChild(policy, state, stopRequested, at(1_000))).toEqual({
      state: stopping,
      effects: [signal("SIGTERM", "stop")],
    });
  });

  test("stopping, its time is over: SIGKILL", () => {
    expect(childDeadline(stopping)).toBe(at(6_000));
    expect(stepChild(policy, stopping, deadline, at(5_999))).toEqual({ state: stopping, effects: [] });
    expect(stepChild(policy, stopping, deadline, at(6_000))).toEqual({
      state: stoppingHard,
      effects: [signal("SIGKILL", "stop-overdue")],
    });
  });

  const rows = [
    { name: "stopping, status 0: stopped", state: stopping, event: exited(0), becomes: stopped },
    { name: "stopping, status 1: stopped all the same", state: stopping, event: exited(1), becomes: stopped },
    { name: "stopping hard, killed: stopped", state: stoppingHard, event: killed("SIGKILL"), becomes: stopped },
    {
      name: "stopping, asked again: no second SIGTERM, no more time",
      state: stopping,
      event: stopRequested,
      becomes: stopping,
    },
    { name: "resting: stopped, nothing is started", state: resting, event: stopRequested, becomes: stopped },
    {
      name: "killing: it has its SIGKILL, and no other is started",
      state: killing,
      event: stopRequested,
      becomes: stoppingHard,
    },
    { name: "stopping hard, asked again: waits", state: stoppingHard, event: stopRequested, becomes: stoppingHard },
    { name: "stopped, asked again: nothing", state: stopped, event: stopRequested, becomes: stopped },
    { name: "given up, asked: nothing", state: givenUp, event: stopRequested, becomes: givenUp },
  ];
  test.each(rows)("$name", ({ state, event, becomes }) => {
    expect(stepChild(policy, state, event, at(2_000))).toEqual({ state: becomes, effects: [] });
  });
});

test("words that come too late or too early change nothing", () => {
  for (const state of [resting, killing, stopping, stoppingHard, stopped, givenUp]) {
    for (const event of [started, heartbeat]) {
      expect(stepChild(policy, state, event, at(2_000))).toEqual({ state, effects: [] });
    }
  }
  expect(stepChild(policy, starting, heartbeat, at(2_000))).toEqual({ state: starting, effects: [] });
  expect(stepChild(policy, running, started, at(2_000))).toEqual({ state: running, effects: [] });
  for (const state of [resting, stopped, givenUp]) {
    expect(stepChild(policy, state, exited(70), at(2_000))).toEqual({ state, effects: [] });
  }
  for (const state of [stoppingHard, stopped, givenUp]) {
    expect(childDeadline(state)).toBeUndefined();
    expect(stepChild(policy, state, deadline, at(90_000))).toEqual({ state, effects: [] });
  }
});

test("what it wants to be woken for", () => {
  expect(childDeadline(starting)).toBe(at(500));
  expect(childDeadline(running)).toBe(at(1_500));
  expect(childDeadline({ ...running, lookAt: at(4_100) })).toBe(at(4_000));
  expect(childDeadline(resting)).toBe(at(9_000));
});

test("any history: never two children, none after a stop, and only a living one is signalled", () => {
  const happening = fc.oneof(
    fc.record({ event: fc.constant<ChildEvent>(started), wait: fc.integer({ min: 0, max: 2_000 }) }),
    fc.record({ event: fc.constant<ChildEvent>(heartbeat), wait: fc.integer({ min: 0, max: 2_000 }) }),
    fc.record({ event: fc.constant<ChildEvent>(deadline), wait: fc.integer({ min: 0, max: 90_000 }) }),
    fc.record({ event: fc.constantFrom(exited(0), exited(2), exited(70)), wait: fc.integer({ min: 0, max: 90_000 }) }),
    fc.record({ event: fc.constant(stopRequested), wait: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      let now = 0;
      let alive = false;
      let asked = false;
      let state: ChildState = stopped;
      const obey = (step: ChildStep): void => {
        state = step.state;
        for (const effect of step.effects) {
          if (effect.kind === "start-child") {
            expect(alive || asked).toBe(false);
            alive = true;
          } else if (effect.kind === "signal-child") {
            expect(alive).toBe(true);
          } else {
            expect(alive).toBe(false);
          }
        }
      };
      obey(startChild(policy, at(0)));
      for (const { event, wait } of happenings) {
        if (event.kind === "ended" && !alive) continue;
        now += wait;
        if (event.kind === "ended") alive = false;
        if (event.kind === "stop-requested") asked = true;
        obey(stepChild(policy, state, event, at(now)));
      }
      if (asked && !alive) expect(["stopped", "given-up"]).toContain(state.kind);
    }),
  );
});
