import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { seededRandom } from "../base/random.ts";
import { millis, seconds, toSeconds, type Micros } from "../base/time.ts";
import type { AddressRequest, Lifetime } from "../ports/kernel.ts";
import { AddressBook, type AddressChange } from "./address-book.ts";
import { Machine } from "./machine.ts";
import { World } from "./world.ts";

function request(address: string, prefixLength: number, validLifetime: Lifetime): AddressRequest {
  const nothing = { peer: undefined, broadcast: undefined, label: undefined, scope: 0, flags: 0 };
  const preferredLifetime = validLifetime;
  return { interfaceIndex: 2, address: ip(address), prefixLength, validLifetime, preferredLifetime, ...nothing };
}

function bookOn(
  world: World,
  seed: number,
): { readonly book: AddressBook; readonly removals: () => readonly string[] } {
  const machine = new Machine("a", { world, random: seededRandom(seed), outside: undefined });
  const changes: { readonly at: number; readonly change: AddressChange }[] = [];
  const book = new AddressBook({ machine, keepsProtocol: true }, (change) => changes.push({ at: world.now(), change }));
  const removals = (): readonly string[] =>
    changes.flatMap(({ change }) => (change.kind === "removed" ? [`${change.record.address} by ${change.by}`] : []));
  return { book, removals };
}

/** How long the addresses are there that are renewed together, the last time at `renewed`. */
function lifeAfterRenewal(seed: number, lifetime: number, renewed: Micros): number {
  const world = new World();
  const { book } = bookOn(world, seed);
  const requests = [request("10.0.0.100", 24, lifetime), request("10.0.0.101", 24, lifetime)];
  for (const each of requests) book.add(each, "holdfast");
  world.runFor(renewed);
  book.renew(requests, "holdfast");
  const start = world.now();
  while (book.has(ip("10.0.0.100")) && world.now() < start + seconds(60)) world.runFor(millis(5));
  return toSeconds((world.now() - start) as Micros);
}

describe("IPv6 (net/ipv6/addrconf.c)", () => {
  const NODAD = 0x02;

  test("an address without IFA_F_NODAD: tentative for a second or two", () => {
    const world = new World();
    const { book } = bookOn(world, 1);
    book.add(request("fe80::1", 64, "forever"), "host");
    book.add({ ...request("fe80::2", 64, "forever"), flags: NODAD }, "holdfast");
    expect(book.records().map(({ tentative }) => tentative)).toEqual([true, false]);
    expect([book.isUsable(ip("fe80::1")), book.isUsable(ip("fe80::2"))]).toEqual([false, true]);
    world.runFor(seconds(2));
    expect(book.isUsable(ip("fe80::1"))).toBe(true);
  });

  test("the same address with another mask: refused, renewed with its own mask, removed by its own mask alone", () => {
    const { book } = bookOn(new World(), 1);
    expect(book.add(request("2001:db8::1", 64, "forever"), "host")).toBe(true);
    expect(book.add(request("2001:db8::1", 128, 2), "holdfast")).toBe(false);
    book.renew([request("2001:db8::1", 128, 2)], "holdfast");
    expect(book.records()).toMatchObject([{ prefixLength: 64, validLifetime: 2 }]);
    expect(book.remove(request("2001:db8::1", 128, 2), "holdfast")).toBe(false);
    expect(book.remove(request("2001:db8::1", 64, 2), "holdfast")).toBe(true);
  });

  test("two addresses of a subnet: neither is a secondary, each goes alone", () => {
    const { book } = bookOn(new World(), 1);
    book.add(request("2001:db8::1", 64, "forever"), "host");
    book.add(request("2001:db8::100", 64, 2), "holdfast");
    book.remove(request("2001:db8::1", 64, "forever"), "host");
    expect(book.records()).toMatchObject([{ address: "2001:db8::100", secondary: false }]);
  });
});

describe("lifetimes (measured: 665 expiries of addresses renewed in one batch)", () => {
  test.each([1, 2, 5, 8])(
    "a lifetime of %i s ends no earlier than 20 ms before and no later than 0.6 s, or 0.25 s and an eighth of it, after",
    (lifetime) => {
      for (let seed = 0; seed < 50; seed++) {
        const lived = lifeAfterRenewal(seed, lifetime, millis(137 * (1 + (seed % 7))));
        expect(lived).toBeGreaterThanOrEqual(lifetime - 0.02);
        expect(lived).toBeLessThanOrEqual(lifetime + Math.max(0.605, 0.255 + lifetime / 8));
      }
    },
  );

  test("addresses renewed at different phases may live longer than 0.6 s too long", () => {
    const world = new World();
    const { book } = bookOn(world, 3);
    book.add(request("10.0.0.100", 24, 2), "holdfast");
    world.runFor(millis(1_990));
    // The kernel looks now, finds 10 ms left, and comes back in a second at the earliest.
    book.add(request("10.0.0.101", 24, 2), "holdfast");
    world.runFor(millis(900));
    expect(book.has(ip("10.0.0.100"))).toBe(false);
    const other = new World();
    const late = bookOn(other, 3).book;
    late.add(request("10.0.0.100", 24, 2), "holdfast");
    other.runFor(millis(1_900));
    late.add(request("10.0.0.101", 24, 2), "holdfast");
    other.runFor(millis(900));
    expect(late.has(ip("10.0.0.100"))).toBe(true);
  });

  test("what remains is told in whole seconds that have begun", () => {
    const world = new World();
    const { book } = bookOn(world, 1);
    book.add(request("10.0.0.100", 24, 3), "holdfast");
    world.runFor(millis(1_200));
    expect(book.records()[0]?.validLifetime).toBe(2);
  });
});

describe("adding and removing (net/ipv4/devinet.c)", () => {
  test("an address that is there already, NLM_F_EXCL: it is not added", () => {
    const { book } = bookOn(new World(), 1);
    expect(book.add(request("10.0.0.100", 24, 2), "host")).toBe(true);
    expect(book.add(request("10.0.0.100", 24, 2), "holdfast")).toBe(false);
    expect(book.ownerOf(ip("10.0.0.100"))).toBe("host");
  });

  test("an address that is missing, renewal: it is created", () => {
    const { book } = bookOn(new World(), 1);
    book.renew([request("10.0.0.100", 24, 2)], "holdfast");
    expect(book.has(ip("10.0.0.100"))).toBe(true);
  });

  test("a second address of a subnet is a secondary and goes with the primary", () => {
    const { book, removals } = bookOn(new World(), 1);
    book.add(request("10.0.0.1", 24, "forever"), "host");
    book.add(request("10.0.0.100", 24, 2), "holdfast");
    book.add(request("10.0.0.101", 32, 2), "holdfast");
    expect(book.records().map(({ secondary }) => secondary)).toEqual([false, true, false]);
    book.remove(request("10.0.0.1", 24, "forever"), "host");
    expect(removals()).toEqual(["10.0.0.100 by host", "10.0.0.1 by host"]);
    expect(book.has(ip("10.0.0.101"))).toBe(true);
  });

  test("an address that is not there is not removed", () => {
    const { book } = bookOn(new World(), 1);
    expect(book.remove(request("10.0.0.100", 24, 2), "holdfast")).toBe(false);
  });
});
