import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant, seconds } from "../base/time.ts";
import { emptyNotifyQueue, isQuiet, notifyDeadline, stepNotify } from "./notify-queue.ts";
import type { NotifyChange, NotifyEffect, NotifyEvent, NotifyPolicy, NotifyState } from "./notify-queue.ts";

const at = (milliseconds: number) => instant(milliseconds * 1_000);
const serial: NotifyPolicy = { timeout: seconds(10), concurrent: false };
const concurrent: NotifyPolicy = { timeout: seconds(10), concurrent: true };
const deadline: NotifyEvent<string> = { kind: "deadline" };
const ended = (id: number): NotifyEvent<string> => ({ kind: "ended", id });

/** A change told by commands that are named after it. */
function change(name: string, ...commands: readonly string[]): NotifyEvent<string> {
  return { kind: "changed", change: { name, commands, skippable: name !== "STOP" } };
}

/** Effects in one word each, so that rows can be read. */
function words(effects: readonly NotifyEffect<string>[]): string {
  return effects
    .map((effect) => {
      switch (effect.kind) {
        case "start-command":
          return `start#${effect.id}(${effect.change}/${effect.command})`;
        case "signal-group":
          return `${effect.signal}#${effect.id}`;
        case "report-skipped":
          return `skip(${effect.change}<${effect.overtakenBy})`;
        case "report-unkillable":
          return `unkillable#${effect.id}(${effect.command})`;
      }
    })
    .join(" ");
}

/** Feeds events at the given milliseconds and tells what each of them brought about. */
function run(policy: NotifyPolicy, history: readonly (readonly [number, NotifyEvent<string>])[]) {
  let state: NotifyState<string> = emptyNotifyQueue();
  const answers = history.map(([now, event]) => {
    const step = stepNotify(policy, state, event, at(now));
    state = step.state;
    return words(step.effects);
  });
  return { state, answers };
}

describe("one at a time", () => {
  test("a single change: starts at once, and the queue is quiet when it has ended", () => {
    const { state, answers } = run(serial, [
      [0, change("MASTER", "m")],
      [30, ended(1)],
    ]);
    expect(answers).toEqual(["start#1(MASTER/m)", ""]);
    expect(isQuiet(state)).toBe(true);
  });

  test("two commands of a change: the second starts when the first has ended", () => {
    const { answers } = run(serial, [
      [0, change("MASTER", "specific", "generic")],
      [30, ended(1)],
      [60, ended(2)],
    ]);
    expect(answers).toEqual(["start#1(MASTER/specific)", "start#2(MASTER/generic)", ""]);
  });

  test("a change that comes meanwhile waits for its turn", () => {
    const { answers } = run(serial, [
      [0, change("BACKUP", "b")],
      [10, change("MASTER", "m")],
      [30, ended(1)],
    ]);
    expect(answers).toEqual(["start#1(BACKUP/b)", "", "start#2(MASTER/m)"]);
  });

  test("a change without commands: nothing runs", () => {
    const { state, answers } = run(serial, [[0, change("FAULT")]]);
    expect(answers).toEqual([""]);
    expect(isQuiet(state)).toBe(true);
  });

  test("an end of something that does not run: nothing", () => {
    const { state, answers } = run(serial, [
      [0, change("BACKUP", "b", "c")],
      [10, ended(7)],
    ]);
    expect(answers).toEqual(["start#1(BACKUP/b)", ""]);
    expect(isQuiet(state)).toBe(false);
  });
});

describe("overtaken", () => {
  test("of changes that wait only the newest is told, the others are reported", () => {
    const { answers } = run(serial, [
      [0, change("BACKUP", "b")],
      [10, change("MASTER", "m")],
      [20, change("FAULT", "f")],
      [30, change("BACKUP", "b")],
      [40, ended(1)],
    ]);
    expect(answers).toEqual(["start#1(BACKUP/b)", "", "skip(MASTER<FAULT)", "skip(FAULT<BACKUP)", "start#2(BACKUP/b)"]);
  });

  test("a change whose first command has started is told to its end", () => {
    const { answers } = run(serial, [
      [0, change("MASTER", "m", "generic")],
      [10, change("BACKUP", "b")],
      [20, ended(1)],
      [30, ended(2)],
    ]);
    expect(answers).toEqual(["start#1(MASTER/m)", "", "start#2(MASTER/generic)", "start#3(BACKUP/b)"]);
  });

  test("a change without commands overtakes too", () => {
    const { state, answers } = run(serial, [
      [0, change("BACKUP", "b")],
      [10, change("MASTER", "m")],
      [20, change("FAULT")],
      [30, ended(1)],
    ]);
    expect(answers).toEqual(["start#1(BACKUP/b)", "", "skip(MASTER<FAULT)", ""]);
    expect(isQuiet(state)).toBe(true);
  });

  test("a stop overtakes what waits, and nothing overtakes a stop", () => {
    const { answers } = run(serial, [
      [0, change("BACKUP", "b")],
      [10, change("MASTER", "m")],
      [20, change("STOP", "s")],
      [30, change("BACKUP", "b")],
      [40, ended(1)],
      [50, ended(2)],
    ]);
    expect(answers).toEqual(["start#1(BACKUP/b)", "", "skip(MASTER<STOP)", "", "start#2(STOP/s)", "start#3(BACKUP/b)"]);
  });
});

describe("too long", () => {
  const running: readonly (readonly [number, NotifyEvent<string>])[] = [
    [0, change("MASTER", "m", "generic")],
    [10, change("BACKUP", "b")],
  ];

  test("SIGTERM at the timeout, SIGKILL 2 s later, given up 2 s after that, and the queue goes on", () => {
    const { answers } = run(serial, [
      ...running,
      [9_999, deadline],
      [10_000, deadline],
      [11_999, deadline],
      [12_000, deadline],
      [13_999, deadline],
      [14_000, deadline],
    ]);
    expect(answers.slice(2)).toEqual(["", "SIGTERM#1", "", "SIGKILL#1", "", "unkillable#1(m) start#2(MASTER/generic)"]);
  });

  test("deadlines are wanted for each of these", () => {
    expect(notifyDeadline(emptyNotifyQueue())).toBeUndefined();
    expect(notifyDeadline(run(serial, running).state)).toBe(at(10_000));
    expect(notifyDeadline(run(serial, [...running, [10_005, deadline]]).state)).toBe(at(12_005));
    expect(notifyDeadline(run(serial, [...running, [10_005, deadline], [12_006, deadline]]).state)).toBe(at(14_006));
  });

  test("killed and ended: the next command has its own full time", () => {
    const { state, answers } = run(serial, [...running, [10_000, deadline], [10_050, ended(1)]]);
    expect(answers.at(-1)).toBe("start#2(MASTER/generic)");
    expect(notifyDeadline(state)).toBe(at(20_050));
  });
});

describe("concurrent", () => {
  test("everything starts at once, and nothing is skipped (as keepalived does)", () => {
    const { state, answers } = run(concurrent, [
      [0, change("MASTER", "m", "generic")],
      [10, change("BACKUP", "b", "generic")],
    ]);
    expect(answers).toEqual(["start#1(MASTER/m) start#2(MASTER/generic)", "start#3(BACKUP/b) start#4(BACKUP/generic)"]);
    expect(notifyDeadline(state)).toBe(at(10_000));
  });

  test("each has its own timeout", () => {
    const { answers } = run(concurrent, [
      [0, change("MASTER", "m")],
      [10, change("BACKUP", "b")],
      [10_005, deadline],
      [10_010, deadline],
    ]);
    expect(answers.slice(2)).toEqual(["SIGTERM#1", "SIGTERM#2"]);
  });

  test("turned serial: waits until all have ended", () => {
    const { state } = run(concurrent, [[0, change("MASTER", "m", "generic")]]);
    const waiting = stepNotify(serial, state, change("BACKUP", "b"), at(10));
    expect(waiting.effects).toEqual([]);
    const one = stepNotify(serial, waiting.state, ended(2), at(20));
    expect(one.effects).toEqual([]);
    expect(words(stepNotify(serial, one.state, ended(1), at(30)).effects)).toBe("start#3(BACKUP/b)");
  });
});

test("any history: never two run, changes keep their order, each is told or skipped, and a stop is told", () => {
  const names = fc.constantFrom("MASTER", "BACKUP", "FAULT", "STOP");
  const happening = fc.oneof(
    fc.record({ kind: fc.constant("change" as const), name: names, commands: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ kind: fc.constant("end" as const) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
      let state: NotifyState<number> = emptyNotifyQueue();
      let now = 0;
      const told: number[] = [];
      const made: NotifyChange<number>[] = [];
      const alive = new Set<number>();
      const feed = (event: NotifyEvent<number>): void => {
        const step = stepNotify(serial, state, event, at(now));
        state = step.state;
        for (const effect of step.effects) {
          if (effect.kind === "start-command") {
            expect(alive.size).toBe(0);
            alive.add(effect.id);
            told.push(effect.command);
          } else if (effect.kind === "report-unkillable") {
            alive.delete(effect.id);
          }
        }
      };
      const endOne = (): void => {
        for (const id of alive) {
          alive.delete(id);
          feed({ kind: "ended", id });
          return;
        }
      };
      for (const one of happenings) {
        if (one.kind === "change") {
          // Command 20 is the first command of the third change, and so on: their order is the order of changes.
          const commands = Array.from({ length: one.commands }, (_, index) => made.length * 10 + index);
          const made1: NotifyChange<number> = { name: one.name, commands, skippable: one.name !== "STOP" };
          made.push(made1);
          feed({ kind: "changed", change: made1 });
        } else if (one.kind === "end") {
          endOne();
        } else {
          now += one.ms;
          feed({ kind: "deadline" });
        }
      }
      while (!isQuiet(state)) endOne();
      expect(told).toEqual(told.toSorted((left, right) => left - right));
      for (const stop of made.filter(({ skippable }) => !skippable)) {
        expect(told).toEqual(expect.arrayContaining([...stop.commands]));
      }
      expect(told).toEqual(expect.arrayContaining([...(made.at(-1)?.commands ?? [])]));
    }),
  );
});

describe("something minor within a state", () => {
  const minor: NotifyChange<string> = { name: "LOWER", commands: ["lower"], skippable: true, minor: true };
  const changed = (change: NotifyChange<string>): NotifyEvent<string> => ({ kind: "changed", change });

  test("it comes while a state waits: both are told, in their order", () => {
    const states = ["BACKUP", "MASTER"].map((name) => changed({ name, commands: [name], skippable: true }));
    let state = emptyNotifyQueue<string>();
    const effects: NotifyEffect<string>[] = [];
    for (const event of [...states, changed(minor)]) {
      const next = stepNotify(serial, state, event, at(0));
      state = next.state;
      effects.push(...next.effects);
    }
    expect(effects.map(({ kind }) => kind)).toEqual(["start-command"]);
    expect(state.waiting.map(({ name }) => name)).toEqual(["MASTER", "LOWER"]);
  });

  test("it comes again: told once; a new state overtakes it", () => {
    let state = emptyNotifyQueue<string>();
    for (const event of [
      changed({ name: "MASTER", commands: ["m"], skippable: true }),
      changed(minor),
      changed(minor),
    ]) {
      state = stepNotify(serial, state, event, at(0)).state;
    }
    expect(state.waiting.map(({ name }) => name)).toEqual(["LOWER"]);
    const backup = changed({ name: "BACKUP", commands: ["b"], skippable: true });
    const overtaken = stepNotify(serial, state, backup, at(0));
    expect(overtaken.state.waiting.map(({ name }) => name)).toEqual(["BACKUP"]);
    expect(overtaken.effects).toEqual([{ kind: "report-skipped", change: "LOWER", overtakenBy: "BACKUP" }]);
  });
});
