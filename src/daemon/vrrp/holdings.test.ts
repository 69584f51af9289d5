import { beforeEach, expect, test } from "vitest";
import { virtualAddress } from "../../../test/simulation/settings.ts";
import { ip } from "../../base/address.ts";
import { instant } from "../../base/time.ts";
import { Holdings } from "./holdings.ts";
import { addressKey, type AddressKey } from "./interface-table.ts";

const FIRST = virtualAddress(ip("10.0.0.100"), 24);
const SECOND = virtualAddress(ip("10.0.0.101"), 24);
const BOTH = [FIRST, SECOND];
const keyOf = ({ address, prefixLength }: typeof FIRST): AddressKey => ({ interfaceIndex: 2, address, prefixLength });
const held = (vip: typeof FIRST) => ({ kind: "held", key: keyOf(vip) }) as const;

/** As the lease keeper is seen: a lease is there or not, and each change is counted. */
let leases: {
  changes: number;
  changesOf: () => number;
  readonly there: Set<string>;
  find: (key: AddressKey) => object | undefined;
};
let holdings: Holdings;

beforeEach(() => {
  const there = new Set<string>();
  leases = {
    changes: 0,
    changesOf: () => leases.changes,
    there,
    find: (key) => (there.has(addressKey(key)) ? {} : undefined),
  };
  holdings = new Holdings({ advertisedAt: instant(0), handingOver: false }, leases);
});

test("what nobody has asked for is absent, and misses nothing", () => {
  expect(holdings.of(FIRST)).toEqual({ kind: "absent" });
  expect(holdings.isIncomplete(BOTH)).toBe(false);
});

test("what is missing is due when its time has come, and not before", () => {
  holdings.miss(FIRST, "no interface", instant(2_000_000));
  holdings.miss(SECOND, "no interface", instant(3_000_000));
  expect(holdings.isIncomplete(BOTH)).toBe(true);
  expect(holdings.deadline).toBe(2_000_000);
  expect(holdings.due(BOTH, instant(1_999_999))).toEqual([]);
  expect(holdings.due(BOTH, instant(2_000_000))).toEqual([FIRST]);
});

test("hastened: all is due now, and what was due before stays due since then", () => {
  holdings.miss(FIRST, "no interface", instant(2_000_000));
  holdings.miss(SECOND, "no interface", instant(500_000));
  holdings.hasten(instant(1_000_000));
  expect(holdings.of(FIRST)).toEqual({ kind: "missing", reason: "no interface", retryAt: 1_000_000 });
  expect(holdings.of(SECOND)).toEqual({ kind: "missing", reason: "no interface", retryAt: 500_000 });
});

test("held, and its lease is gone with another holder: due at once", () => {
  take(FIRST);
  expect(holdings.isIncomplete(BOTH)).toBe(false);
  lose(FIRST);
  expect(holdings.isIncomplete(BOTH)).toBe(true);
  expect(holdings.due(BOTH, instant(0))).toEqual([FIRST]);
});

test("looked at once, and missed since: seen although no lease has changed", () => {
  take(FIRST);
  expect(holdings.isIncomplete(BOTH)).toBe(false);
  holdings.miss(SECOND, "no interface", instant(2_000_000));
  expect(holdings.isIncomplete(BOTH)).toBe(true);
});

test("taken: where it stood, and then it is absent", () => {
  take(FIRST);
  expect(holdings.take(FIRST)).toEqual(held(FIRST));
  expect(holdings.of(FIRST)).toEqual({ kind: "absent" });
  expect(holdings.entries()).toEqual([]);
});

test("another configuration: the same address elsewhere in the file stands where it stood, others are new or gone", () => {
  const third = virtualAddress(ip("10.0.0.102"), 24);
  const moved = { ...SECOND, place: { ...SECOND.place } };
  take(FIRST);
  take(SECOND);
  const { added, gone } = holdings.follow([third, moved]);
  expect(added).toEqual([third]);
  expect(gone).toEqual([{ address: FIRST, holding: held(FIRST) }]);
  expect(holdings.entries()).toEqual([[moved, held(SECOND)]]);
});

test("another configuration with another label for an address: new and gone at once", () => {
  take(FIRST);
  const labelled = { ...FIRST, label: "eth0:1" };
  expect(holdings.follow([labelled])).toEqual({ added: [labelled], gone: [{ address: FIRST, holding: held(FIRST) }] });
  expect(holdings.of(labelled)).toEqual({ kind: "absent" });
});

function take(vip: typeof FIRST): void {
  leases.there.add(addressKey(keyOf(vip)));
  leases.changes += 1;
  holdings.set(vip, held(vip));
}

function lose(vip: typeof FIRST): void {
  leases.there.delete(addressKey(keyOf(vip)));
  leases.changes += 1;
}
