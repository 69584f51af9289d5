import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant, micros, millis, seconds } from "../../base/time.ts";
import { initialScript, scriptDeadline, stepScript } from "./script.ts";
import type { ScriptEnd, ScriptEvent, ScriptPolicy, ScriptState, ScriptStep, ScriptVerdict } from "./script.ts";

const at = (milliseconds: number) => instant(milliseconds * 1_000);
const good: ScriptEnd = { kind: "exited", status: 0 };
const bad: ScriptEnd = { kind: "exited", status: 3 };
const ended = (end: ScriptEnd): ScriptEvent => ({ kind: "ended", end });
const deadline: ScriptEvent = { kind: "deadline" };

/** Every 10 s, at most 4 s long, three successes to come up, two failures to go down. */
const policy: ScriptPolicy = { interval: seconds(10), timeout: seconds(4), rise: 3, fall: 2, initFail: false };

/** Runs a script through results, one run per interval, and tells the verdict after each. */
function verdicts(given: ScriptPolicy, results: readonly ScriptEnd[]): readonly ScriptVerdict[] {
  let state = initialScript(given, at(0));
  return results.map((result, index) => {
    const start = index * 10_000;
    state = stepScript(given, state, deadline, at(start)).state;
    state = stepScript(given, state, ended(result), at(start + 500)).state;
    return state.verdict;
  });
}

function kinds(given: ScriptPolicy, results: string): string {
  const ends = Array.from(results, (letter) => (letter === "+" ? good : bad));
  const letters = { unknown: "?", up: "U", down: "D" };
  return verdicts(given, ends)
    .map((verdict) => letters[verdict.kind])
    .join("");
}

describe("results", () => {
  const rows = [
    { name: "first run good: up at once, whatever rise is", results: "+", becomes: "U" },
    { name: "first run bad: down at once, whatever fall is", results: "-", becomes: "D" },
    { name: "up, one failure of two: stays up", results: "+-", becomes: "UU" },
    { name: "up, two failures in a row: down", results: "+--", becomes: "UUD" },
    { name: "up, a success between two failures: the count starts again", results: "+-+-+--", becomes: "UUUUUUD" },
    { name: "down, two successes of three: stays down", results: "-++", becomes: "DDD" },
    { name: "down, three successes in a row: up", results: "-+++", becomes: "DDDU" },
    { name: "down, a failure while climbing: the count starts again", results: "-++-+++", becomes: "DDDDDDU" },
    { name: "back up after a fall: two failures are needed again", results: "+--+++--", becomes: "UUDDDUUD" },
  ];
  test.each(rows)("$name (keepalived's script counter)", ({ results, becomes }) => {
    expect(kinds(policy, results)).toBe(becomes);
  });

  test("init_fail: down before the first run, and the first success is one of three", () => {
    const initFail = { ...policy, initFail: true };
    expect(initialScript(initFail, at(7)).verdict).toEqual({
      kind: "down",
      since: at(7),
      successes: 0,
      cause: { kind: "init-fail" },
    });
    expect(kinds(initFail, "+++")).toBe("DDU");
    expect(kinds(initFail, "-+++")).toBe("DDDU");
  });

  test("without init_fail nothing is known before the first result", () => {
    expect(initialScript(policy, at(7)).verdict).toEqual({ kind: "unknown" });
  });

  test("going down carries the failure that did it, and staying down the latest one", () => {
    const killed: ScriptEnd = { kind: "killed", signal: "SIGSEGV" };
    expect(verdicts(policy, [good, good, bad, killed, bad])).toEqual([
      { kind: "up", since: at(500), failures: 0 },
      { kind: "up", since: at(500), failures: 0 },
      { kind: "up", since: at(500), failures: 1 },
      { kind: "down", since: at(30_500), successes: 0, cause: killed },
      { kind: "down", since: at(30_500), successes: 0, cause: bad },
    ]);
  });

  test("a script that cannot be started has failed", () => {
    const failure = { operation: "run /opt/check", errno: "ENOENT", message: "No such file or directory" };
    const end: ScriptEnd = { kind: "not-started", failure };
    expect(verdicts(policy, [end])).toEqual([{ kind: "down", since: at(500), successes: 0, cause: end }]);
  });

  test("any results: the counts stay within rise and fall", () => {
    const counts = fc.record({ rise: fc.integer({ min: 1, max: 5 }), fall: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(counts, fc.boolean(), fc.array(fc.boolean()), ({ rise, fall }, initFail, results) => {
        const given = { ...policy, rise, fall, initFail };
        const ends = results.map((result) => (result ? good : bad));
        const outside = verdicts(given, ends).filter(
          (verdict) =>
            (verdict.kind === "up" && verdict.failures >= fall) ||
            (verdict.kind === "down" && verdict.successes >= rise),
        );
        expect(outside).toEqual([]);
      }),
    );
  });
});

describe("runs", () => {
  const first = initialScript(policy, at(1_000));
  const running = stepScript(policy, first, deadline, at(1_000)).state;

  test("the first run starts at once", () => {
    expect(scriptDeadline(first)).toBe(at(1_000));
    expect(stepScript(policy, first, deadline, at(1_000))).toEqual({
      state: {
        verdict: { kind: "unknown" },
        run: { kind: "running", startedAt: at(1_000), timeoutAt: at(5_000), dueAt: at(11_000) },
      },
      effects: [{ kind: "start-script" }],
    });
  });

  test("an early wake-up while waiting: nothing", () => {
    expect(stepScript(policy, first, deadline, at(999))).toEqual({ state: first, effects: [] });
  });

  test("an early wake-up while running: nothing", () => {
    expect(scriptDeadline(running)).toBe(at(5_000));
    expect(stepScript(policy, running, deadline, at(4_999))).toEqual({ state: running, effects: [] });
  });

  test("a run that has ended: the next starts one interval after its start", () => {
    const { state, effects } = stepScript(policy, running, ended(good), at(3_000));
    expect(state.run).toEqual({ kind: "waiting", dueAt: at(11_000) });
    expect(effects).toEqual([]);
    expect(scriptDeadline(state)).toBe(at(11_000));
  });

  test("an end that nobody waits for: nothing", () => {
    expect(stepScript(policy, first, ended(bad), at(1_000))).toEqual({ state: first, effects: [] });
  });

  test("a run that takes too long: failed at its timeout, SIGTERM, after 2 s SIGKILL, after 2 s more a report", () => {
    const cause = { kind: "timed-out", timeout: seconds(4) };
    const verdict = { kind: "down", since: at(5_000), successes: 0, cause };
    const terminating = stepScript(policy, running, deadline, at(5_000));
    expect(terminating).toEqual({
      state: { verdict, run: { kind: "terminating", startedAt: at(1_000), killAt: at(7_000), dueAt: at(11_000) } },
      effects: [{ kind: "signal-group", signal: "SIGTERM" }],
    });
    expect(scriptDeadline(terminating.state)).toBe(at(7_000));
    expect(stepScript(policy, terminating.state, deadline, at(6_999)).effects).toEqual([]);
    const killing = stepScript(policy, terminating.state, deadline, at(7_000));
    expect(killing).toEqual({
      state: { verdict, run: { kind: "killing", startedAt: at(1_000), reportAt: at(9_000), dueAt: at(11_000) } },
      effects: [{ kind: "signal-group", signal: "SIGKILL" }],
    });
    expect(scriptDeadline(killing.state)).toBe(at(9_000));
    expect(stepScript(policy, killing.state, deadline, at(8_999)).effects).toEqual([]);
    expect(stepScript(policy, killing.state, deadline, at(9_000))).toEqual({
      state: { verdict, run: { kind: "unkillable", startedAt: at(1_000), dueAt: at(11_000) } },
      effects: [{ kind: "report-unkillable", runningFor: seconds(8) }],
    });
  });

  test("a run that timed out and then exits with 0: still one failure, and no success", () => {
    const up: ScriptState = { ...running, verdict: { kind: "up", since: at(0), failures: 0 } };
    const terminating = stepScript(policy, up, deadline, at(5_000)).state;
    expect(stepScript(policy, terminating, ended(good), at(5_100))).toEqual({
      state: { verdict: { kind: "up", since: at(0), failures: 1 }, run: { kind: "waiting", dueAt: at(11_000) } },
      effects: [],
    });
  });

  test("an end told after the timeout has passed, before the deadline: counts as it is", () => {
    const { state } = stepScript(policy, running, ended(good), at(5_001));
    expect(state.verdict).toEqual({ kind: "up", since: at(5_001), failures: 0 });
  });

  test("a deadline more than 100 ms late: the run gets its timeout once more, and only once", () => {
    expect(stepScript(policy, running, deadline, at(5_100)).effects).toHaveLength(1);
    const excused = stepScript(policy, running, deadline, at(5_101));
    expect(excused).toEqual({
      state: {
        verdict: { kind: "unknown" },
        run: { kind: "excused", startedAt: at(1_000), timeoutAt: at(9_101), dueAt: at(11_000) },
      },
      effects: [],
    });
    expect(scriptDeadline(excused.state)).toBe(at(9_101));
    expect(stepScript(policy, excused.state, ended(good), at(5_102)).state.verdict.kind).toBe("up");
    const { state, effects } = stepScript(policy, excused.state, deadline, at(9_900));
    expect(state.run.kind).toBe("terminating");
    expect(effects).toEqual([{ kind: "signal-group", signal: "SIGTERM" }]);
  });

  test("still running when the next run is due: that interval is skipped and reported", () => {
    const patient = { ...policy, timeout: seconds(25) };
    const long = stepScript(patient, first, deadline, at(1_000)).state;
    expect(scriptDeadline(long)).toBe(at(11_000));
    const skipped = stepScript(patient, long, deadline, at(11_005));
    expect(skipped).toEqual({
      state: {
        verdict: { kind: "unknown" },
        run: { kind: "running", startedAt: at(1_000), timeoutAt: at(26_000), dueAt: at(21_000) },
      },
      effects: [{ kind: "report-skipped", runningFor: millis(10_005) }],
    });
    expect(stepScript(patient, skipped.state, ended(good), at(12_000)).state.run).toEqual({
      kind: "waiting",
      dueAt: at(21_000),
    });
  });

  test("intervals missed in a long pause of this process: not made up for", () => {
    const patient = { ...policy, timeout: seconds(90) };
    const long = stepScript(patient, first, deadline, at(1_000)).state;
    const { state, effects } = stepScript(patient, long, deadline, at(43_000));
    expect(state.run.dueAt).toBe(at(53_000));
    expect(effects).toHaveLength(1);
    expect(stepScript(patient, long, deadline, at(21_000)).state.run.dueAt).toBe(at(31_000));
  });

  test("timeout equal to the interval: SIGTERM and the skipped interval in one step", () => {
    const tight = { ...policy, timeout: seconds(10) };
    const long = stepScript(tight, first, deadline, at(1_000)).state;
    const { state, effects } = stepScript(tight, long, deadline, at(11_000));
    expect(effects).toEqual([
      { kind: "signal-group", signal: "SIGTERM" },
      { kind: "report-skipped", runningFor: seconds(10) },
    ]);
    expect(state.run).toEqual({
      kind: "terminating",
      startedAt: at(1_000),
      killAt: at(13_000),
      dueAt: at(21_000),
    });
  });

  test("a run that cannot be killed: one more failure per interval, so that fall is reached", () => {
    const stuck: ScriptState = {
      verdict: { kind: "up", since: at(0), failures: 1 },
      run: { kind: "unkillable", startedAt: at(1_000), dueAt: at(11_000) },
    };
    expect(scriptDeadline(stuck)).toBe(at(11_000));
    expect(stepScript(policy, stuck, deadline, at(11_000))).toEqual({
      state: {
        verdict: { kind: "down", since: at(11_000), successes: 0, cause: { kind: "timed-out", timeout: seconds(4) } },
        run: { kind: "unkillable", startedAt: at(1_000), dueAt: at(21_000) },
      },
      effects: [{ kind: "report-skipped", runningFor: seconds(10) }],
    });
  });

  test("a run that was killed but has not ended: a skipped interval is no further failure", () => {
    const killing: ScriptState = {
      verdict: { kind: "up", since: at(0), failures: 1 },
      run: { kind: "killing", startedAt: at(1_000), reportAt: at(12_000), dueAt: at(11_000) },
    };
    expect(scriptDeadline(killing)).toBe(at(11_000));
    expect(stepScript(policy, killing, deadline, at(11_000)).state.verdict).toEqual({
      kind: "up",
      since: at(0),
      failures: 1,
    });
  });

  test.each(["killing", "unkillable"] as const)(
    "%s, the run ends after all: the next one waits for its time",
    (kind) => {
      const run = { kind, startedAt: at(1_000), dueAt: at(11_000), reportAt: at(9_000) };
      const { state } = stepScript(policy, { ...running, run }, ended(good), at(10_000));
      expect(state).toEqual({ verdict: { kind: "unknown" }, run: { kind: "waiting", dueAt: at(11_000) } });
    },
  );
});

describe("reconfigured", () => {
  const reconfigured: ScriptEvent = { kind: "reconfigured" };

  test("waiting, a shorter interval: the next run comes sooner; a longer one: it stays", () => {
    const waiting: ScriptState = { verdict: { kind: "unknown" }, run: { kind: "waiting", dueAt: at(60_000) } };
    const sooner = stepScript(policy, waiting, reconfigured, at(20_000));
    expect(sooner).toEqual({ state: { ...waiting, run: { kind: "waiting", dueAt: at(30_000) } }, effects: [] });
    const later = stepScript({ ...policy, interval: seconds(99) }, waiting, reconfigured, at(20_000));
    expect(later.state).toEqual(waiting);
  });

  test("running: the new timeout counts from the start of the run", () => {
    const running = stepScript(policy, initialScript(policy, at(0)), deadline, at(0)).state;
    const { state } = stepScript({ ...policy, timeout: seconds(6) }, running, reconfigured, at(1_000));
    expect(state.run).toEqual({ kind: "running", startedAt: at(0), timeoutAt: at(6_000), dueAt: at(10_000) });
  });

  test("smaller rise and fall: the counts are kept below them", () => {
    const run = { kind: "waiting", dueAt: at(1_000) } as const;
    const up: ScriptState = { verdict: { kind: "up", since: at(0), failures: 4 }, run };
    const down: ScriptState = { verdict: { kind: "down", since: at(0), successes: 4, cause: bad }, run };
    expect(stepScript(policy, up, reconfigured, at(0)).state.verdict).toMatchObject({ failures: 1 });
    expect(stepScript(policy, down, reconfigured, at(0)).state.verdict).toMatchObject({ successes: 2 });
  });
});

test("any events in any order: never two runs, never a second start before one interval, deadlines are met", () => {
  const happening = fc.oneof(
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 15_000 }) }),
    fc.record({ kind: fc.constant("end" as const), status: fc.integer({ min: 0, max: 1 }) }),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      let now = 0;
      let state = initialScript(policy, at(0));
      let alive = false;
      let lastStart = -10_000;
      const obey = (step: ScriptStep): void => {
        state = step.state;
        for (const effect of step.effects) {
          if (effect.kind === "start-script") {
            expect(alive).toBe(false);
            expect(now - lastStart).toBeGreaterThanOrEqual(10_000);
            alive = true;
            lastStart = now;
          } else {
            expect(alive).toBe(true);
          }
        }
      };
      for (const one of happenings) {
        if (one.kind === "end") {
          if (alive) obey(stepScript(policy, state, ended({ kind: "exited", status: one.status }), at(now)));
          alive = false;
        } else {
          now += one.ms;
          obey(stepScript(policy, state, deadline, at(now)));
          expect(scriptDeadline(state)).toBeGreaterThan(micros(now * 1_000));
        }
      }
    }),
  );
});
