import { expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import type { AddressRequest } from "../../ports/kernel.ts";
import { beforeFirstLifetime } from "./prefix-route.ts";

const request: AddressRequest = {
  interfaceIndex: 2,
  address: ip("2001:db8::77"),
  prefixLength: 64,
  peer: undefined,
  broadcast: undefined,
  label: undefined,
  scope: 0,
  flags: 0x02,
  validLifetime: 2,
  preferredLifetime: 0,
};

test("a first lifetime for an IPv6 address with a prefix: asked for without its route first (IFA_F_NOPREFIXROUTE)", () => {
  expect(beforeFirstLifetime(request, "forever")).toEqual({ ...request, flags: 0x202 });
});

test.each<[string, Partial<AddressRequest>, number | "forever"]>([
  ["it has a lifetime already", {}, 3],
  ["it is to stay for ever", { validLifetime: "forever" }, "forever"],
  ["it is the whole of its prefix", { prefixLength: 128 }, "forever"],
  ["it is of IPv4", { address: ip("192.0.2.77"), prefixLength: 24 }, "forever"],
])("%s: nothing is asked for first", (_, change, granted) => {
  expect(beforeFirstLifetime({ ...request, ...change }, granted)).toBeUndefined();
});
