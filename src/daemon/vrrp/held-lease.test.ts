import { expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { after, instant, millis, seconds } from "../../base/time.ts";
import type { Lease } from "../../core/lease.ts";
import type { AddressRequest, Lifetime } from "../../ports/kernel.ts";
import { HeldLease, type HeldAddress } from "./held-lease.ts";
import { LeaseCompany } from "./lease-company.ts";

const START = instant(1_000_000_000);

test("2 s: may be gone 100 ms before the kernel's time; a renewal counts from when it was sent", () => {
  const held = leaseOf({ kind: "timed", seconds: 2, coversProtocol: true }, 2);
  expect(held.end).toBe(after(START, millis(1_900)));
  held.renewed(held.request, after(START, millis(300)));
  expect(held.end).toBe(after(START, millis(2_200)));
});

test("permanent: is never gone, and not to be renewed", () => {
  const held = leaseOf({ kind: "permanent" }, "forever");
  expect(held.end).toBeUndefined();
  expect(held.renewalDueAt(START)).toBeUndefined();
  expect(held.renewalNow(after(START, seconds(1)))).toBeUndefined();
});

test("an advert of its owner: the renewal is due at once, with the same request as long as the lifetime stays", () => {
  const held = leaseOf({ kind: "timed", seconds: 2, coversProtocol: true }, 2);
  owner.advertisedAt = after(START, seconds(1));
  expect(held.renewalDueAt(after(START, seconds(1)))).toBe(after(START, seconds(1)));
  expect(held.renewalNow(after(START, seconds(1)))).toBe(held.request);
});

test("its owner hands over: not to be renewed", () => {
  const held = leaseOf({ kind: "timed", seconds: 2, coversProtocol: true }, 2);
  owner.handingOver = true;
  expect(held.renewalDueAt(START)).toBeUndefined();
  expect(held.renewalNow(START)).toBeUndefined();
});

test("another lease of its family, of another interval: renewed with the advert and not once more, until that is gone", () => {
  const held = leaseOf({ kind: "timed", seconds: 2, coversProtocol: true }, 2);
  expect(held.renewalDueAt(START)).toBe(after(START, millis(300)));
  const other = { ...termsOf(held), advertisementInterval: millis(100) };
  company.count(other);
  expect(held.renewalDueAt(START)).toBeUndefined();
  company.count(held);
  company.forget(other);
  expect(held.renewalDueAt(START)).toBe(after(START, millis(300)));
});

test("another lease of its family, of the same interval and length, or of the other family: once more in the interval", () => {
  const held = leaseOf({ kind: "timed", seconds: 2, coversProtocol: true }, 2);
  company.count(termsOf(held));
  const { request } = held;
  company.count({
    ...termsOf(held),
    request: { ...request, address: ip("fe80::1") },
    advertisementInterval: millis(100),
  });
  company.count({ ...termsOf(held), lease: { kind: "permanent" }, advertisementInterval: millis(100) });
  expect(held.renewalDueAt(START)).toBe(after(START, millis(300)));
});

let company: LeaseCompany;
let owner: { advertisedAt: typeof START; handingOver: boolean };

function leaseOf(lease: Lease, validLifetime: Lifetime): HeldLease {
  owner = { advertisedAt: START, handingOver: false };
  const request: AddressRequest = {
    interfaceIndex: 2,
    address: ip("10.9.0.100"),
    prefixLength: 24,
    peer: undefined,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    flags: 0,
    validLifetime,
    preferredLifetime: validLifetime,
  };
  const terms = { lease, downTimerAdverts: 3, advertisementInterval: seconds(1) };
  company = new LeaseCompany();
  const held = new HeldLease({ owner, request, renewedAt: START, ...terms }, company);
  company.count(held);
  return held;
}

function termsOf({ request, lease, downTimerAdverts, advertisementInterval, renewedAt }: HeldLease): HeldAddress {
  return { owner, request, lease, downTimerAdverts, advertisementInterval, renewedAt };
}
