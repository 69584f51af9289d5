import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { isRealTime, setNiceness, useOrdinaryScheduling, useRealTimeScheduling } from "./scheduling.ts";

const isRoot = process.getuid?.() === 0;

describe("the scheduling of this process", () => {
  afterEach(() => {
    useOrdinaryScheduling();
    setNiceness(0);
  });

  /** Nice value, real-time priority and policy: fields 19, 40 and 41 of proc_pid_stat(5). */
  const own = (): string[] => fieldsOf(readFileSync("/proc/thread-self/stat", "utf8"));
  const ofProgram = (): string[] => fieldsOf(spawnSync("cat", ["/proc/self/stat"], { encoding: "utf8" }).stdout);
  const fieldsOf = (stat: string): string[] => {
    // Counted from behind the name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [19, 40, 41].map((number) => fields[number - 3] ?? "");
  };

  test.skipIf(!isRoot)("real-time: SCHED_RR with the priority for this process, and for what it forks", () => {
    expect(useRealTimeScheduling(17, true)).toEqual({ ok: true, value: undefined });
    expect(isRealTime()).toBe(true);
    expect(own()).toEqual(["0", "17", "2"]);
    expect(ofProgram()).toEqual(["0", "17", "2"]);
    expect(useOrdinaryScheduling()).toEqual({ ok: true, value: undefined });
    expect(isRealTime()).toBe(false);
    expect(own()).toEqual(["0", "0", "0"]);
  });

  test.skipIf(!isRoot)("real-time that is not inherited: SCHED_RR for this process, ordinary for what it forks", () => {
    expect(useRealTimeScheduling(17, false)).toEqual({ ok: true, value: undefined });
    expect(own()).toEqual(["0", "17", "2"]);
    expect(ofProgram()).toEqual(["0", "0", "0"]);
  });

  test.skipIf(!isRoot)("a negative nice value: for this process, not for programs", () => {
    expect(setNiceness(-7)).toEqual({ ok: true, value: undefined });
    expect(own()).toEqual(["-7", "0", "0"]);
    expect(ofProgram()).toEqual(["0", "0", "0"]);
  });

  test.skipIf(!isRoot)("a priority out of range: EINVAL", () => {
    expect(useRealTimeScheduling(100, true)).toMatchObject({ ok: false, error: { errno: "EINVAL" } });
  });

  test.skipIf(!isRoot)("real-time, without the capability: EPERM, and the failure says which one", () => {
    process.seteuid?.(65_534);
    const refused = useRealTimeScheduling(1, true);
    process.seteuid?.(0);
    expect(refused).toMatchObject({
      ok: false,
      error: { errno: "EPERM", operation: expect.stringContaining("CAP_SYS_NICE") },
    });
  });
});
