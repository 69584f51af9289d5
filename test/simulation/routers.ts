import { addressLength, familyOf, ip, type AddressFamily, type IpAddress } from "../../src/base/address.ts";
import type { LanName, Plan } from "./plan.ts";

/** A virtual router of a plan, which every node takes part in. */
export interface PlannedRouter {
  /** Of the instance. */
  readonly name: string;
  readonly vrid: number;
  readonly lan: LanName;
  readonly family: AddressFamily;
  readonly advertised: readonly IpAddress[];
  readonly excluded: readonly IpAddress[];
}

/**
 * In a sync group there is one on each LAN, perhaps of different families. Two that are a pair are of one family and differ in
 * their VRID. Otherwise all are on the first LAN, one of each family, and have the same VRID.
 *
 * @param moved The first of a pair has given an address to the second.
 */
export function routersOf({ grouped, families, mixed, traits }: Plan, moved = false): readonly PlannedRouter[] {
  const router = (name: string, vrid: number, lan: LanName, family: AddressFamily): PlannedRouter => ({
    name,
    vrid,
    lan,
    family,
    advertised: VIPS[lan][family],
    excluded: mixed ? EXCLUDED[lan][family] : [],
  });
  if (traits !== undefined && traits.paired !== false) {
    const [family = "ipv4"] = families;
    const [lower, upper] = [router("VI_1", 51, "first", family), router("VI_3", 53, "first", family)];
    const [kept, movable] = VIPS.first[family];
    const own = movable === undefined ? [] : [movable];
    const others = PAIRED[family];
    return [
      { ...lower, advertised: moved && kept !== undefined ? [kept] : lower.advertised },
      { ...upper, advertised: moved ? [...others, ...own] : others, excluded: [] },
    ];
  }
  if (!grouped) {
    return families.map((family) => router(family === "ipv4" ? "VI_1" : "VI_6", 51, "first", family));
  }
  const [first = "ipv4", second = first] = families;
  return [router("VI_1", 51, "first", first), router("VI_2", 52, "second", second)];
}

/** All that a virtual router holds. */
export function addressesOf({ advertised, excluded }: PlannedRouter): readonly IpAddress[] {
  return [...advertised, ...excluded];
}

/** Whether a pair of virtual routers has it in turns. */
export function isMovable({ traits, families }: Plan, vip: IpAddress): boolean {
  const [family = "ipv4"] = families;
  return traits !== undefined && traits.paired !== false && vip === VIPS.first[family][1];
}

/** The prefix length of a virtual address. */
export function lengthOf(vip: IpAddress): number {
  if (vip.startsWith("10.0.")) return 24;
  return vip.startsWith("fe80::") ? 64 : addressLength(familyOf(vip));
}

type ByFamily = Readonly<Record<AddressFamily, readonly IpAddress[]>>;

/** On each LAN one in its subnet, one that is not. */
const VIPS: Readonly<Record<LanName, ByFamily>> = {
  first: { ipv4: [ip("10.0.0.100"), ip("192.0.2.7")], ipv6: [ip("fe80::1:100"), ip("2001:db8::7")] },
  second: { ipv4: [ip("10.0.1.100"), ip("192.0.2.8")], ipv6: [ip("fe80::2:100"), ip("2001:db8::8")] },
};

/** Those of the second one of a pair. */
const PAIRED: ByFamily = { ipv4: [ip("10.0.0.101")], ipv6: [ip("fe80::1:101")] };

/** By the family of the virtual router: these are of the other one. */
const EXCLUDED: Readonly<Record<LanName, ByFamily>> = {
  first: { ipv4: [ip("2001:db8::17")], ipv6: [ip("192.0.2.17")] },
  second: { ipv4: [ip("2001:db8::18")], ipv6: [ip("192.0.2.18")] },
};
