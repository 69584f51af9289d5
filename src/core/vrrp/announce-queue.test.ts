import { describe, expect, test } from "vitest";
import { instant, micros } from "../../base/time.ts";
import { emptyQueue, enqueue, queueDeadline, takeDue, withdraw, type AnnounceQueue } from "./announce-queue.ts";

const at = (microseconds: number) => instant(microseconds);
const INTERVAL = micros(1_000);

/** What leaves when, waking at each deadline. */
function drain(start: AnnounceQueue, from: number): readonly (readonly [number, string])[] {
  const sent: [number, string][] = [];
  let queue = start;
  let now = at(from);
  for (;;) {
    const due = takeDue(queue, INTERVAL, now);
    queue = due.queue;
    for (const key of due.keys) sent.push([now, key]);
    const next = queueDeadline(queue);
    if (next === undefined) return sent;
    now = next > now ? next : now;
  }
}

describe("announcements that wait", () => {
  test("two rounds of two: the first at once, the others an interval apart, round by round (keepalived)", () => {
    const queue = enqueue(emptyQueue(at(5_000)), ["a", "b"], 2, at(5_000));
    expect(drain(queue, 5_000)).toEqual([
      [5_000, "a"],
      [6_000, "b"],
      [7_000, "a"],
      [8_000, "b"],
    ]);
  });
  test("a burst right after another: keeps the distance from the last one", () => {
    const first = takeDue(enqueue(emptyQueue(at(0)), ["a"], 1, at(0)), INTERVAL, at(0)).queue;
    expect(queueDeadline(first)).toBeUndefined();
    expect(drain(enqueue(first, ["b"], 1, at(400)), 400)).toEqual([[1_000, "b"]]);
  });
  test("a burst of what waits already: the greater count, not the sum", () => {
    const queue = enqueue(enqueue(emptyQueue(at(0)), ["a"], 3, at(0)), ["a"], 2, at(0));
    expect(drain(queue, 0)).toEqual([
      [0, "a"],
      [1_000, "a"],
      [2_000, "a"],
    ]);
  });
  test("a timer late by 2.5 intervals: what it held up leaves together", () => {
    const queue = enqueue(emptyQueue(at(0)), ["a", "b", "c", "d"], 1, at(0));
    const late = takeDue(queue, INTERVAL, at(2_500));
    expect(late.keys).toEqual(["a", "b", "c"]);
    expect(queueDeadline(late.queue)).toBe(3_000);
  });
  test("a quiet hour: gives no right to more than one at once", () => {
    const queue = enqueue(emptyQueue(at(0)), ["a", "b"], 1, at(3_600_000_000));
    expect(takeDue(queue, INTERVAL, at(3_600_000_000)).keys).toEqual(["a"]);
  });
  test("a very late timer: never more than 64 at once", () => {
    const keys = Array.from({ length: 100 }, (_, index) => String(index));
    const due = takeDue(enqueue(emptyQueue(at(0)), keys, 1, at(0)), INTERVAL, at(90_000_000));
    expect(due.keys).toHaveLength(64);
    expect(takeDue(due.queue, INTERVAL, at(90_000_000)).keys).toHaveLength(36);
  });
  test("an address that was given up: is not announced any more", () => {
    const queue = withdraw(enqueue(emptyQueue(at(0)), ["a", "b"], 2, at(0)), (key) => key === "a");
    expect(drain(queue, 0)).toEqual([
      [0, "b"],
      [1_000, "b"],
    ]);
  });
  test("before its time: nothing", () => {
    const queue = { ...enqueue(emptyQueue(at(0)), ["a"], 1, at(0)), freeAt: at(1_000) };
    expect(takeDue(queue, INTERVAL, at(999))).toEqual({ keys: [], queue });
  });
});
