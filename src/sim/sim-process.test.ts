import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { after, millis, seconds } from "../base/time.ts";
import { Machine } from "./machine.ts";
import { SimProcess } from "./sim-process.ts";
import { World } from "./world.ts";

function scene(): { readonly world: World; readonly machine: Machine; readonly process: SimProcess } {
  const world = new World();
  const machine = new Machine("a", { world, random: seededRandom(1), outside: { resolutionMicros: 1_000_000 } });
  return { world, machine, process: new SimProcess(machine) };
}

describe("turns", () => {
  test("an alarm never comes early, and comes after it was set in the past", () => {
    const { world, process } = scene();
    const clock = process.clock();
    const rung: number[] = [];
    const start = clock.now();
    clock.alarm(() => rung.push(clock.now() - start)).set(after(start, millis(5)));
    clock.alarm(() => rung.push(clock.now() - start)).set(start);
    expect(rung).toEqual([]);
    world.runFor(seconds(1));
    expect(rung).toEqual([40, 5_040]);
  });

  test("a stopped process: nothing is called until it goes on, and then everything", () => {
    const { world, process } = scene();
    const called: string[] = [];
    process.stop();
    process.post(() => called.push("signal"));
    process
      .clock()
      .alarm(() => called.push("alarm"))
      .set(process.clock().now());
    world.runFor(seconds(10));
    expect(called).toEqual([]);
    process.resume();
    world.runFor(seconds(1));
    expect(called.toSorted()).toEqual(["alarm", "signal"]);
  });

  test("a killed process: nothing is called any more, and the kernel is told once", () => {
    const { world, process } = scene();
    const called: string[] = [];
    process.onEnd(() => called.push("end"));
    process.post(() => called.push("signal"));
    process.kill();
    process.kill();
    world.runFor(seconds(1));
    expect(called).toEqual(["end"]);
  });
});

describe("misfortunes at a system call", () => {
  test("killed before the second call: the first is done, nothing after it", () => {
    const { world, process } = scene();
    const done: string[] = [];
    process.doom(2, { kind: "killed-before" }, () => done.push("struck"));
    process.post(() => {
      for (const name of ["first", "second", "third"]) process.call(() => done.push(name));
    });
    world.runFor(seconds(1));
    expect(done).toEqual(["first", "struck"]);
    expect(process.alive).toBe(false);
  });

  test("killed after a call: the kernel has done it, the process does not know", () => {
    const { world, process } = scene();
    const done: string[] = [];
    process.doom(1, { kind: "killed-after" }, () => undefined);
    process.post(() => {
      process.call(() => done.push("deed"));
      done.push("answer");
    });
    world.runFor(seconds(1));
    expect(done).toEqual(["deed"]);
  });

  test("stalled in a call: the others go on meanwhile", () => {
    const { world, machine, process } = scene();
    const other = new SimProcess(machine);
    const done: string[] = [];
    process.doom(1, { kind: "stalled", length: seconds(5) }, () => undefined);
    process.post(() => process.call(() => done.push(`stalled until ${world.now()}`)));
    world.after(seconds(1), () => other.post(() => done.push(`other at ${world.now()}`)));
    world.runFor(seconds(6));
    expect(done).toEqual(["other at 1000040", "stalled until 5000040"]);
  });
});

describe("standstills of the machine", () => {
  test("frozen: all its clocks stand, the outside clock alone goes on", () => {
    const { world, machine } = scene();
    const [now, boottime, outside] = [machine.monotonic(), machine.boottime(), machine.outside()?.at ?? 0];
    machine.stand("frozen");
    world.runFor(seconds(3));
    expect(machine.monotonic() - now).toBe(0);
    expect(machine.boottime() - boottime).toBe(0);
    machine.wake();
    expect(machine.monotonic() - now).toBe(0);
    expect((machine.outside()?.at ?? 0) - outside).toBe(3_000_000);
  });

  test("suspended: boottime goes on, the monotonic clock does not, and alarms wait", () => {
    const { world, machine, process } = scene();
    const clock = process.clock();
    const [now, boottime] = [clock.now(), clock.boottime()];
    let rung = 0;
    clock.alarm(() => (rung = world.now())).set(after(now, seconds(1)));
    machine.stand("suspended");
    world.runFor(seconds(3));
    machine.wake();
    expect(clock.now() - now).toBe(0);
    expect(clock.boottime() - boottime).toBe(3_000_000);
    world.runFor(seconds(2));
    expect(rung).toBe(4_000_040);
  });
});
