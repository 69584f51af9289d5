import { describe, expect, test } from "vitest";
import { EMPTY_QUEUE, stepMail, type MailEffect, type MailEvent, type MailQueue } from "./queue.ts";

function run(queue: MailQueue, ...events: readonly MailEvent[]): { queue: MailQueue; effects: readonly MailEffect[] } {
  let step: { queue: MailQueue; effects: readonly MailEffect[] } = { queue, effects: [] };
  for (const event of events) step = stepMail(step.queue, event);
  return step;
}

const posted = (id: string): MailEvent => ({
  kind: "posted",
  mail: { id, subject: `subject of ${id}`, body: "b", atMs: 1_000 },
});
const failed = (id: string): MailEvent => ({ kind: "failed", id, reason: "it does not answer" });
const TRY: MailEvent = { kind: "try" };

function ids(queue: MailQueue): readonly string[] {
  return queue.mails.map(({ id }) => id);
}

function summary(effects: readonly MailEffect[]): readonly string[] {
  return effects.map((effect) => {
    if (effect.kind === "send") return `send ${effect.mail.id}`;
    if (effect.kind === "pause") return `pause ${effect.length / 1_000_000} s`;
    return `drop ${effect.mail.id}: ${effect.because.kind}`;
  });
}

describe("mail queue", () => {
  test("posted: waits until it may be tried", () => {
    const { effects, queue } = run(EMPTY_QUEUE, posted("a"));
    expect([ids(queue), effects]).toEqual([["a"], []]);
  });

  test("two wait: the first is sent alone, the second when that is done", () => {
    const first = run(EMPTY_QUEUE, posted("a"), posted("b"), TRY);
    expect(summary(first.effects)).toEqual(["send a"]);
    expect(summary(run(first.queue, TRY).effects)).toEqual([]);
    const second = run(first.queue, { kind: "sent", id: "a" });
    expect([ids(second.queue), summary(second.effects)]).toEqual([["b"], ["send b"]]);
    expect(run(second.queue, { kind: "sent", id: "b" }).queue).toEqual(EMPTY_QUEUE);
  });

  test("posted twice, as after a crash of whoever took it: kept once", () => {
    expect(ids(run(EMPTY_QUEUE, posted("a"), posted("a")).queue)).toEqual(["a"]);
  });

  test("refused for good: left out and reported, the next one is sent", () => {
    const step = run(EMPTY_QUEUE, posted("a"), posted("b"), TRY, { kind: "refused", id: "a", reason: "no such user" });
    expect(summary(step.effects)).toEqual(["drop a: refused", "send b"]);
    expect(ids(step.queue)).toEqual(["b"]);
  });

  test("the server fails: all wait, for 15 s, 30 s, 60 s and so on, 900 s at most", () => {
    let { queue } = run(EMPTY_QUEUE, posted("a"), posted("b"));
    const pauses: string[] = [];
    for (let round = 0; round < 9; round += 1) {
      const step = run(queue, TRY, failed("a"));
      pauses.push(...summary(step.effects));
      queue = step.queue;
    }
    const expected = [15, 30, 60, 120, 240, 480, 900, 900, 900].map((length) => `pause ${length} s`);
    expect(pauses).toEqual(expected);
    expect(ids(queue)).toEqual(["a", "b"]);
  });

  test("the hundredth failure: given up, also those that were never tried themselves; a younger one stays", () => {
    let { queue } = run(EMPTY_QUEUE, posted("a"), posted("b"));
    for (let round = 0; round < 99; round += 1) queue = run(queue, TRY, failed("a")).queue;
    queue = run(queue, posted("c")).queue;
    expect(ids(queue)).toEqual(["a", "b", "c"]);
    const step = run(queue, TRY, failed("a"));
    expect(summary(step.effects)).toEqual(["drop a: given-up", "drop b: given-up", "pause 15 s"]);
    expect(ids(step.queue)).toEqual(["c"]);
  });

  test("more than 500 wait: the oldest goes, but not the one that is being sent", () => {
    let { queue } = run(EMPTY_QUEUE, posted("0"), TRY);
    for (let number = 1; number < 500; number += 1) queue = run(queue, posted(`${number}`)).queue;
    expect(queue.mails).toHaveLength(500);
    const step = run(queue, posted("500"));
    expect(summary(step.effects)).toEqual(["drop 1: too-many"]);
    expect(step.queue.mails).toHaveLength(500);
    expect([step.queue.mails[0]?.id, step.queue.mails.at(-1)?.id]).toEqual(["0", "500"]);
  });
});
