import { expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { after, instant, millis, type Instant } from "../../base/time.ts";
import { Farewell } from "./farewell.ts";

const VIP = ip("10.0.0.100");
const START = instant(1_000_000_000);

test("an announcement that was heard before its sender's advert was read: the successor is there", () => {
  const { farewell, released, at } = begun();
  farewell.noticeAnnouncement(VIP);
  at(after(START, millis(1)));
  farewell.begin(new Set([VIP]), after(START, millis(200)));
  farewell.noticeSuccessor();
  expect(released).toEqual(["all-announced"]);
});

test("the successor advertises, then announces: it is there", () => {
  const { farewell, released } = begun();
  farewell.begin(new Set([VIP]), after(START, millis(200)));
  farewell.noticeSuccessor();
  expect(released).toEqual([]);
  farewell.noticeAnnouncement(VIP);
  expect(released).toEqual(["all-announced"]);
});

test("the second burst of an earlier master, before the farewell and after: the successor is awaited", () => {
  const { farewell, released, at } = begun();
  farewell.noticeAnnouncement(VIP);
  at(after(START, millis(300)));
  farewell.begin(new Set([VIP]), after(START, millis(1_300)));
  farewell.noticeAnnouncement(VIP);
  at(after(START, millis(700)));
  farewell.noticeSuccessor();
  expect(released).toEqual([]);
  farewell.noticeAnnouncement(VIP);
  expect(released).toEqual(["all-announced"]);
});

test("an announcement, and then the addresses were ours again: a new successor is awaited", () => {
  const { farewell, released, at } = begun();
  farewell.noticeAnnouncement(VIP);
  farewell.callOff();
  at(after(START, millis(50)));
  farewell.begin(new Set([VIP]), after(START, millis(1_050)));
  farewell.noticeSuccessor();
  expect(released).toEqual([]);
  expect(farewell.underWay).toBe(true);
});

function begun(): { readonly farewell: Farewell; readonly released: string[]; readonly at: (now: Instant) => void } {
  let now = START;
  const released: string[] = [];
  const clock = {
    now: () => now,
    boottime: () => now,
    outside: () => undefined,
    wallClockMs: () => 0,
    alarm: () => ({ set: () => {}, clear: () => {}, close: () => {} }),
  };
  const farewell = new Farewell(clock, (reason) => released.push(reason));
  return { farewell, released, at: (later) => void (now = later) };
}
