import { describe, expect, test } from "vitest";
import { instant, millis, seconds, type Instant } from "../../base/time.ts";
import { stepQuorum, UNCOUNTED, type ChangeReason, type QuorumPolicy, type QuorumState } from "./process-quorum.ts";

const T0 = instant(1_000_000);
const later = (ms: number): Instant => instant(T0 + millis(ms));
const ONE: QuorumPolicy = { least: 1, most: undefined, forkDelay: seconds(0), terminateDelay: seconds(0) };
const PATIENT: QuorumPolicy = { ...ONE, forkDelay: millis(300), terminateDelay: millis(500) };

function counted(count: number, policy = ONE): QuorumState {
  return stepQuorum(policy, UNCOUNTED, { kind: "counted", count }, T0);
}

function changed(state: QuorumState, count: number, reason: ChangeReason, policy = ONE, now = T0): QuorumState {
  return stepQuorum(policy, state, { kind: "changed", count, reason }, now);
}

describe("how many run", () => {
  const rows: readonly [number, number | undefined, number, "up" | "down"][] = [
    [1, undefined, 0, "down"],
    [1, undefined, 1, "up"],
    [1, undefined, 9, "up"],
    [2, undefined, 1, "down"],
    [2, 3, 2, "up"],
    [2, 3, 3, "up"],
    [2, 3, 4, "down"],
    [0, 0, 0, "up"],
    [0, 0, 1, "down"],
  ];
  test.each(rows)("quorum %s, quorum_max %s, %i run: %s (keepalived.conf(5))", (least, most, count, verdict) => {
    expect(counted(count, { ...ONE, least, most }).verdict).toBe(verdict);
  });

  test("before all are counted nothing is known, however many have been seen", () => {
    expect(changed(UNCOUNTED, 3, "began")).toEqual({ count: 3, verdict: "unknown", followsAt: undefined });
  });
});

describe("changes", () => {
  test.each(["fork", "began", "ended", "left"] as const)("no patience, by %s: at once", (reason) => {
    expect(changed(counted(1), 0, reason).verdict).toBe("down");
    expect(changed(counted(0), 1, reason).verdict).toBe("up");
  });

  test("terminate_delay, an end: down when it has passed and not before", () => {
    const waiting = changed(counted(1, PATIENT), 0, "ended", PATIENT);
    expect(waiting).toEqual({ count: 0, verdict: "up", followsAt: later(500) });
    expect(stepQuorum(PATIENT, waiting, { kind: "deadline" }, later(499)).verdict).toBe("up");
    expect(stepQuorum(PATIENT, waiting, { kind: "deadline" }, later(500))).toEqual({
      count: 0,
      verdict: "down",
      followsAt: undefined,
    });
  });

  test("terminate_delay, back within it: as if nothing had been", () => {
    const waiting = changed(counted(1, PATIENT), 0, "ended", PATIENT);
    const back = changed(waiting, 1, "began", PATIENT, later(400));
    expect(back).toEqual({ count: 1, verdict: "up", followsAt: undefined });
  });

  test("terminate_delay, a process that takes another name: at once, since nothing has ended", () => {
    expect(changed(counted(1, PATIENT), 0, "left", PATIENT).verdict).toBe("down");
  });

  test("fork_delay, quorum by a fork: up when it has passed; by anything else at once", () => {
    expect(changed(counted(0, PATIENT), 1, "fork", PATIENT)).toMatchObject({ verdict: "down", followsAt: later(300) });
    expect(changed(counted(0, PATIENT), 1, "began", PATIENT)).toMatchObject({ verdict: "up", followsAt: undefined });
  });

  test("fork_delay, quorum_max exceeded by a fork that becomes another program: never down", () => {
    const policy = { ...PATIENT, most: 1 };
    const waiting = changed(counted(1, policy), 2, "fork", policy);
    expect(waiting.verdict).toBe("up");
    expect(changed(waiting, 1, "left", policy, later(1))).toEqual({ count: 1, verdict: "up", followsAt: undefined });
  });

  test("more changes of the same kind while it waits: the wait goes on as it was", () => {
    const policy = { ...PATIENT, least: 2 };
    const waiting = changed(counted(3, policy), 1, "ended", policy);
    const fewer = changed(waiting, 0, "ended", policy, later(400));
    expect(fewer).toEqual({ count: 0, verdict: "up", followsAt: later(500) });
  });

  test("counted anew, after events were lost: at once", () => {
    expect(stepQuorum(PATIENT, counted(1, PATIENT), { kind: "counted", count: 0 }, later(1)).verdict).toBe("down");
  });

  test("the same limits by a reload, in the middle of a wait: the wait goes on", () => {
    const waiting = changed(counted(1, PATIENT), 0, "ended", PATIENT);
    expect(stepQuorum(PATIENT, waiting, { kind: "reconfigured", count: 0 }, later(100))).toEqual(waiting);
    const lenient = { ...PATIENT, least: 0, most: 0 };
    const settled = { count: 0, verdict: "up", followsAt: undefined };
    expect(stepQuorum(lenient, waiting, { kind: "reconfigured", count: 0 }, later(100))).toEqual(settled);
  });

  test("other limits by a reload: at once, and still unknown where nobody has counted", () => {
    const stricter = { ...ONE, least: 3 };
    expect(stepQuorum(stricter, counted(2), { kind: "reconfigured", count: 2 }, T0).verdict).toBe("down");
    expect(stepQuorum(stricter, UNCOUNTED, { kind: "reconfigured", count: 0 }, T0).verdict).toBe("unknown");
  });
});
