import { beforeEach, describe, expect, test } from "vitest";
import { IDLE_KERNEL } from "../../../test/fixtures/idle-kernel.ts";
import type { IpAddress } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import { after, instant, millis, seconds, type Instant, type Micros } from "../../base/time.ts";
import type { Lease } from "../../core/lease.ts";
import type { AddressRequest, Kernel } from "../../ports/kernel.ts";
import type { HeldTerms } from "./held-lease.ts";
import { LeaseKeeper } from "./lease-keeper.ts";

const START = instant(1_000_000_000);
const owner = { advertisedAt: START, handingOver: false };

let now: Instant;
let refused: boolean;
let renewals: AddressRequest[];
let keeper: LeaseKeeper;
/** How long a renewal takes. */
let stall: Micros;
let removals: string[];

beforeEach(() => {
  now = START;
  refused = false;
  renewals = [];
  stall = seconds(0);
  removals = [];
  keeper = new LeaseKeeper({ kernel: kernel(), clock: clock(), log: { write: () => {} } });
});

describe("change", () => {
  test.each([
    ["29 s to 2 s, as from advert_int 10 to 1: told at once", timed(29), timed(2), [2]],
    ["2 s to off: told at once, else the kernel would remove what nobody renews", timed(2), permanent, ["forever"]],
    ["off to 2 s: told at once", permanent, timed(2), [2]],
    ["2 s to 29 s: left to the renewal after the next advert", timed(2), timed(29), []],
    ["2 s to 2 s: nothing to tell", timed(2), timed(2), []],
  ] as const)("%s", (_what, before, next, told) => {
    keeper.hold({ owner, renewedAt: START, ...terms(before) });
    keeper.change(terms(next).request, owner, terms(next));
    expect(renewals.map((request) => request.validLifetime)).toEqual(told);
  });

  test("from 2 s to 29 s: until it is renewed the old lease counts, since the kernel knows no other", () => {
    keeper.hold({ owner, renewedAt: START, ...terms(timed(2)) });
    keeper.change(terms(timed(29)).request, owner, terms(timed(29)));
    expect(keeper.expiredAge(owner, after(START, seconds(2)))).toBe(seconds(2));
  });
});

test("renewalDueAt, a renewal that was refused: not at once again", () => {
  keeper.hold({ owner, renewedAt: START, ...terms(timed(2)) });
  refused = true;
  now = after(START, millis(400));
  keeper.renew();
  expect(renewals).toHaveLength(1);
  now = after(START, millis(401));
  expect(keeper.renewalDueAt() ?? after(now, seconds(1))).toBeGreaterThan(now);
});

test("renewalDueAt, beside an address of another interval: with the next advert; when that has gone: once more before it", () => {
  const slow = terms(timed(2));
  keeper.hold({ owner, renewedAt: START, ...slow });
  expect(keeper.renewalDueAt()).toBe(after(START, millis(300)));
  const other = { advertisedAt: START, handingOver: false };
  const request = { ...slow.request, address: "10.9.0.101" as IpAddress };
  const fast: HeldTerms = {
    ...slow,
    request,
    lease: { kind: "timed", seconds: 2, coversProtocol: false },
    advertisementInterval: millis(100),
  };
  keeper.hold({ owner: other, renewedAt: after(START, millis(200)), ...fast });
  keeper.noticeOwner(owner);
  // That of the fast one.
  expect(keeper.renewalDueAt()).toBe(after(START, millis(450)));
  keeper.drop(request, other);
  keeper.noticeOwner(owner);
  expect(keeper.renewalDueAt()).toBe(after(START, millis(300)));
});

test("renew, stalled until the lease was over, and the address cannot be removed: no removal is expected", () => {
  keeper.hold({ owner, renewedAt: START, ...terms(timed(2)) });
  now = after(START, millis(300));
  stall = seconds(5);
  keeper.renew();
  expect(removals).toEqual(["10.9.0.100"]);
  // Else the next removal by somebody else would pass for ours.
  expect(keeper.wasExpected(terms(timed(2)).request)).toBe(false);
});

test("renewalDueAt, a renewal was stalled until the lease was over: not due, since nothing is left to renew", () => {
  // An advert 2.8 s after the last renewal, and a stall of 2.3 s: two adverts of 3 s would still leave 3 s for a lease.
  const adverting = { advertisedAt: after(START, millis(2_800)), handingOver: false };
  const slow = { downTimerAdverts: 2, advertisementInterval: seconds(3) };
  keeper.hold({ ...terms(timed(5)), ...slow, owner: adverting, renewedAt: START });
  now = adverting.advertisedAt;
  expect(keeper.renewalDueAt()).toBe(now);
  stall = millis(2_300);
  keeper.renew();
  expect(renewals).toHaveLength(1);
  expect(keeper.renewalDueAt()).toBeUndefined();
  expect(keeper.expiredAge(adverting, now)).toBe(millis(5_100));
});

function timed(valid: number): Lease {
  return { kind: "timed", seconds: valid, coversProtocol: true };
}

const permanent: Lease = { kind: "permanent" };

function terms(lease: Lease): HeldTerms {
  const lifetime = lease.kind === "timed" ? lease.seconds : "forever";
  return {
    lease,
    downTimerAdverts: 3,
    advertisementInterval: lease.kind === "timed" && lease.seconds === 29 ? seconds(10) : seconds(1),
    request: {
      interfaceIndex: 2,
      address: "10.9.0.100" as IpAddress,
      prefixLength: 24,
      peer: undefined,
      broadcast: undefined,
      label: undefined,
      scope: 0,
      flags: 0,
      validLifetime: lifetime,
      preferredLifetime: lifetime,
    },
  };
}

function clock(): ConstructorParameters<typeof LeaseKeeper>[0]["clock"] {
  return {
    now: () => now,
    boottime: () => now,
    outside: () => undefined,
    wallClockMs: () => 0,
    alarm: () => ({ set: () => {}, clear: () => {}, close: () => {} }),
  };
}

function kernel(): Kernel {
  const failure = { operation: "renew", errno: "EPERM", message: "Operation not permitted" };
  return {
    ...IDLE_KERNEL,
    renewAddresses: (requests) => {
      renewals.push(...requests);
      now = after(now, stall);
      return requests.map(() => (refused ? fail(failure) : succeed(undefined)));
    },
    removeAddress: ({ address }) => {
      removals.push(address);
      return fail({ operation: "remove", errno: "ENODEV", message: "No such device" });
    },
  };
}
