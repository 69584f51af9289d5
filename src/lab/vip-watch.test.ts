import { expect, test } from "vitest";
import { parseMonitorLine, sharedMs, tenuresOf, type AddressChange } from "./vip-watch.ts";

const gained = (atMs: number, address = "10.0.0.9"): AddressChange => ({ kind: "gained", address, atMs });
const lost = (atMs: number, address = "10.0.0.9"): AddressChange => ({ kind: "lost", address, atMs });

test("an address added, as iproute2 6.1 writes it: gained, with its microseconds", () => {
  const line =
    "[2026-11-20T11:07:03.072322] 2: eth0    inet 10.77.0.100/32 scope global eth0\\       valid_lft forever preferred_lft forever";
  const atMs = new Date(2026, 10, 20, 11, 7, 3).getTime() + 72.322;
  expect(parseMonitorLine(line)).toEqual({ kind: "gained", address: "10.77.0.100", atMs });
});

test("an address deleted, IPv6 too: lost", () => {
  const line = "[2026-11-20T11:07:05.334723] Deleted 2: eth0    inet6 fe80::1/64 scope link \\       valid_lft 0sec";
  expect(parseMonitorLine(line)).toMatchObject({ kind: "lost", address: "fe80::1" });
});

test("another line: nothing", () => {
  expect(parseMonitorLine("Dump was interrupted")).toBeUndefined();
});

test("renewals and other addresses: part of the tenure, and not", () => {
  const changes = [gained(10), gained(20), gained(25, "10.0.0.8"), lost(30), lost(35), gained(50)];
  expect(tenuresOf("10.0.0.9", changes)).toEqual([
    { fromMs: 10, untilMs: 30 },
    { fromMs: 50, untilMs: undefined },
  ]);
});

test("two hosts one after the other, also at the same instant: nothing shared", () => {
  expect(sharedMs([[{ fromMs: 0, untilMs: 10 }], [{ fromMs: 10, untilMs: undefined }]], 0, 100)).toBe(0);
});

test("two hosts overlapping by 4 ms, once more for ever: the sum until now", () => {
  const a = [
    { fromMs: 0, untilMs: 10 },
    { fromMs: 90, untilMs: undefined },
  ];
  const b = [{ fromMs: 6, untilMs: undefined }];
  expect(sharedMs([a, b], 0, 100)).toBe(14);
  expect(sharedMs([a, b], 8, 100)).toBe(12);
  expect(sharedMs([a, b], 200, 300)).toBe(100);
});

test("three hosts at once: counted once", () => {
  const tenure = [{ fromMs: 0, untilMs: 10 }];
  expect(sharedMs([tenure, tenure, tenure], 0, 100)).toBe(10);
});
