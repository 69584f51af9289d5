import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { openLinuxWakeUps } from "./wake-ups.ts";

// That the kernel cancels the timer was seen in a virtual machine, by `date -s`: the clock of the host stays as it is.
test("nobody sets the clock: silent, and closing it, twice too, gives its one descriptor back", async () => {
  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  const wakeUps = openLinuxWakeUps();
  const called: string[] = [];
  const first = wakeUps.watch(() => called.push("first"));
  const before = descriptors();
  const second = wakeUps.watch(() => called.push("second"));
  expect(descriptors()).toBe(before + 1);
  await new Promise((resolve) => setImmediate(resolve));
  second.close();
  second.close();
  expect(descriptors()).toBe(before);
  first.close();
  expect(called).toEqual([]);
});
