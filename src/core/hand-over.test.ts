import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { instant, micros, millis, seconds } from "../base/time.ts";
import { beginHandOver, handOverDeadline, handOverLimit, stepHandOver } from "./hand-over.ts";
import type { HandOverEvent, HandOverState, ReleaseAddresses } from "./hand-over.ts";

const at = (milliseconds: number) => instant(milliseconds * 1_000);
const first = ip("192.0.2.10");
const second = ip("192.0.2.11");
const deadline: HandOverEvent = { kind: "deadline" };
const advertised: HandOverEvent = { kind: "successor-advertised" };
const resumed: HandOverEvent = { kind: "resumed" };
const announced = (address: typeof first): HandOverEvent => ({ kind: "announced", address });
const released = (reason: ReleaseAddresses["reason"]) => [{ kind: "release-addresses", reason }];

const over: HandOverState = { kind: "over" };
const seeking: HandOverState = { kind: "seeking", unheard: [first, second], until: at(900) };
const following: HandOverState = { kind: "following", unheard: [first, second], until: at(300) };

test("begin with addresses: holds them until the limit", () => {
  expect(beginHandOver([first, second], at(900))).toEqual({ state: seeking, effects: [] });
  expect(handOverDeadline(seeking)).toBe(at(900));
});

test("begin without addresses: released at once", () => {
  expect(beginHandOver([], at(900))).toEqual({ state: over, effects: released("nothing-to-await") });
});

const rows = [
  {
    name: "seeking, announced by one that has not advertised since: it was master before, waits on",
    state: seeking,
    event: announced(first),
    now: 100,
    becomes: seeking,
    effects: [],
  },
  {
    name: "following, an address that is not held: waits on",
    state: following,
    event: announced(ip("192.0.2.99")),
    now: 150,
    becomes: following,
    effects: [],
  },
  {
    name: "seeking, successor advertises: 200 ms more",
    state: seeking,
    event: advertised,
    now: 100,
    becomes: following,
    effects: [],
  },
  {
    name: "seeking, successor advertises just before the limit: the limit holds",
    state: seeking,
    event: advertised,
    now: 800,
    becomes: { kind: "following", unheard: [first, second], until: at(900) },
    effects: [],
  },
  {
    name: "seeking, early wake-up: waits on",
    state: seeking,
    event: deadline,
    now: 899,
    becomes: seeking,
    effects: [],
  },
  {
    name: "seeking, the limit: released without a successor",
    state: seeking,
    event: deadline,
    now: 900,
    becomes: over,
    effects: released("no-successor"),
  },
  {
    name: "following, successor advertises again: no more time for that",
    state: following,
    event: advertised,
    now: 250,
    becomes: following,
    effects: [],
  },
  {
    name: "following, one of two announced: waits for the other",
    state: following,
    event: announced(second),
    now: 150,
    becomes: { kind: "following", unheard: [first], until: at(300) },
    effects: [],
  },
  {
    name: "following, early wake-up: waits on",
    state: following,
    event: deadline,
    now: 299,
    becomes: following,
    effects: [],
  },
  {
    name: "following, its time is over: released although announcements are missing",
    state: following,
    event: deadline,
    now: 300,
    becomes: over,
    effects: released("announcements-missing"),
  },
  {
    name: "seeking, master again: nothing is released",
    state: seeking,
    event: resumed,
    now: 100,
    becomes: over,
    effects: [],
  },
  {
    name: "following, master again: nothing is released",
    state: following,
    event: resumed,
    now: 150,
    becomes: over,
    effects: [],
  },
  {
    name: "over, a late announcement: nothing",
    state: over,
    event: announced(first),
    now: 150,
    becomes: over,
    effects: [],
  },
  { name: "over, a late wake-up: nothing", state: over, event: deadline, now: 5_000, becomes: over, effects: [] },
  { name: "over, successor advertises: nothing", state: over, event: advertised, now: 150, becomes: over, effects: [] },
] as const;
test.each(rows)("$name", ({ state, event, now, becomes, effects }) => {
  expect(stepHandOver(state, event, at(now))).toEqual({ state: becomes, effects });
});

test("following, the last one announced: all are released", () => {
  const almost = stepHandOver(following, announced(first), at(120)).state;
  expect(stepHandOver(almost, announced(second), at(130))).toEqual({ state: over, effects: released("all-announced") });
});

test("over: wants no deadline", () => {
  expect(handOverDeadline(over)).toBeUndefined();
  expect(handOverDeadline(following)).toBe(at(300));
});

describe("the limit", () => {
  test("version 3, 1 s: 255/256 of it, rounded up (RFC 9568 §6.1)", () => {
    expect(handOverLimit(3, seconds(1))).toBe(micros(996_094));
  });

  test("version 3, 100 ms: 255/256 of it (RFC 9568 §6.1)", () => {
    expect(handOverLimit(3, millis(100))).toBe(micros(99_610));
  });

  test("version 3, 40 s: 3 s and no more", () => {
    expect(handOverLimit(3, seconds(40))).toBe(seconds(3));
  });

  test("version 2: 1 s, whatever the interval (RFC 3768 §6.1)", () => {
    expect(handOverLimit(2, seconds(7))).toBe(seconds(1));
  });
});
