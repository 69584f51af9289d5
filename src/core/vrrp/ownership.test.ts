import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { instant, micros } from "../../base/time.ts";
import { ownershipDeadline, stepOwnership } from "./ownership.ts";
import type { Ownership, OwnershipEffect, OwnershipEvent } from "./ownership.ts";

const at = (microseconds: number) => instant(microseconds);
const NOW = at(100_000_000);
const RIVAL = ip("192.0.2.5");
/** Our interval is 2 s, the rival's 1 s; the patience is 1.2 times the longer one, so 2.4 s. */
const own = { source: ip("192.0.2.10"), interval: micros(2_000_000), active: true };
const adv = (priority: number, source = RIVAL, interval = 1_000_000): OwnershipEvent => ({
  kind: "advertisement",
  priority,
  source,
  interval: micros(interval),
});
const undisputed: Ownership = { kind: "undisputed" };
const disputed: Ownership = {
  kind: "disputed",
  rival: RIVAL,
  since: NOW,
  heardAt: NOW,
  judgeAt: at(102_400_000),
};
const conceded: Ownership = { kind: "conceded", rival: RIVAL };

interface Row {
  readonly name: string;
  readonly state: Ownership;
  readonly event: OwnershipEvent;
  readonly now?: number;
  readonly given?: Partial<typeof own>;
  readonly becomes?: Ownership;
  readonly effects?: readonly OwnershipEffect[];
}

describe("two owners (keepalived)", () => {
  const rows: readonly Row[] = [
    {
      name: "undisputed, another owner with a lower address: reports it, asserts itself and waits",
      state: undisputed,
      event: adv(255),
      becomes: disputed,
      effects: ["report", "assert"],
    },
    {
      name: "undisputed, another owner whose interval is longer: waits by that one",
      state: undisputed,
      event: adv(255, RIVAL, 10_000_000),
      becomes: { ...disputed, judgeAt: at(112_000_000) },
      effects: ["report", "assert"],
    },
    {
      name: "undisputed, another owner with a higher address: reports it, and the election decides",
      state: undisputed,
      event: adv(255, ip("192.0.2.20")),
      effects: ["report"],
    },
    {
      name: "undisputed, not active: reports it",
      given: { active: false },
      state: undisputed,
      event: adv(255),
      effects: ["report"],
    },
    { name: "undisputed, somebody with 254: nothing", state: undisputed, event: adv(254) },
    { name: "undisputed, an echo from our own address: nothing", state: undisputed, event: adv(255, own.source) },
    {
      name: "disputed, the rival again: notes when",
      state: disputed,
      event: adv(255),
      now: 101_000_000,
      becomes: { ...disputed, heardAt: at(101_000_000) },
    },
    {
      name: "disputed, a third owner: plays no part",
      state: disputed,
      event: adv(255, ip("192.0.2.6")),
      now: 101_000_000,
    },
    {
      name: "disputed, the rival has lowered itself: undisputed",
      state: disputed,
      event: adv(254),
      becomes: undisputed,
    },
    { name: "disputed, a microsecond early: waits", state: disputed, event: { kind: "deadline" }, now: 102_399_999 },
    {
      name: "disputed, nothing more was heard: undisputed",
      state: disputed,
      event: { kind: "deadline" },
      now: 102_400_000,
      becomes: undisputed,
    },
    {
      name: "disputed, heard once more right after our assertion, which it may not have seen: undisputed",
      state: { ...disputed, heardAt: at(101_199_999) },
      event: { kind: "deadline" },
      now: 102_400_000,
      becomes: undisputed,
    },
    {
      name: "disputed, the rival goes on: concedes",
      state: { ...disputed, heardAt: at(101_200_000) },
      event: { kind: "deadline" },
      now: 102_400_000,
      becomes: conceded,
      effects: ["concede"],
    },
    {
      name: "disputed, active no more: undisputed",
      state: disputed,
      event: { kind: "left-active" },
      becomes: undisputed,
    },
    { name: "conceded, the rival goes on: stays so", state: conceded, event: adv(255) },
    { name: "conceded, somebody else: stays so", state: conceded, event: adv(100, ip("192.0.2.6")) },
    {
      name: "conceded, the rival has lowered itself: reclaims",
      state: conceded,
      event: adv(254),
      becomes: undisputed,
      effects: ["reclaim"],
    },
    {
      name: "conceded, the rival says farewell: reclaims",
      state: conceded,
      event: adv(0),
      becomes: undisputed,
      effects: ["reclaim"],
    },
    {
      name: "conceded, active again since nobody is heard: reclaims",
      state: conceded,
      event: { kind: "became-active" },
      becomes: undisputed,
      effects: ["reclaim"],
    },
    { name: "conceded, active no more: stays so", state: conceded, event: { kind: "left-active" } },
  ];
  test.each(rows)("$name", ({ state, event, now, given, becomes, effects }) => {
    const step = stepOwnership(state, event, { ...own, ...given }, now === undefined ? NOW : at(now));
    expect(step).toEqual({ state: becomes ?? state, effects: effects ?? [] });
  });

  test("the deadline: only a dispute has one", () => {
    expect(ownershipDeadline(disputed)).toBe(102_400_000);
    expect(ownershipDeadline(undisputed)).toBeUndefined();
    expect(ownershipDeadline(conceded)).toBeUndefined();
  });
});
