import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { instant } from "../base/time.ts";
import { EventQueue } from "./event-queue.ts";

function drain(queue: EventQueue): void {
  for (let action = queue.take(); action !== undefined; action = queue.take()) action();
}

test("things happen in the order of time, and at the same instant in the order they were added", () => {
  const queue = new EventQueue();
  const done: string[] = [];
  for (const [at, name] of [
    [30, "c"],
    [10, "a1"],
    [20, "b"],
    [10, "a2"],
    [10, "a3"],
  ] as const) {
    queue.add(instant(at), () => done.push(name));
  }
  drain(queue);
  expect(done).toEqual(["a1", "a2", "a3", "b", "c"]);
});

test("what is cancelled does not happen and is not waited for", () => {
  const queue = new EventQueue();
  const done: string[] = [];
  queue.add(instant(10), () => done.push("first")).cancel();
  queue.add(instant(20), () => done.push("second"));
  expect(queue.next()).toBe(20);
  drain(queue);
  expect(done).toEqual(["second"]);
  expect(queue.next()).toBeUndefined();
});

test("a thousand instants in any order come out sorted", () => {
  const random = seededRandom(7);
  const queue = new EventQueue();
  const done: number[] = [];
  for (let count = 0; count < 1000; count++) {
    const at = random.below(500);
    queue.add(instant(at), () => done.push(at));
  }
  drain(queue);
  expect(done).toEqual(done.toSorted((left, right) => left - right));
  expect(done).toHaveLength(1000);
});
