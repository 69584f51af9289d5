import { expect, test } from "vitest";
import { reversePathSysctls, wantedSysctls } from "./wanted-sysctls.ts";

const ALL = "net/ipv4/conf/all/rp_filter";

test("reverse path filter, off for all: stays off, nothing else is touched", () => {
  expect(Object.fromEntries(reversePathSysctls(["lo", "eth0"], new Set(), () => "0"))).toEqual({ [ALL]: "0" });
});

test("reverse path filter, on for all: each interface gets the stricter of both, but for virtual ones", () => {
  const values = new Map([
    [ALL, "1"],
    ["net/ipv4/conf/eth0/rp_filter", "2"],
    ["net/ipv4/conf/eth1/rp_filter", "0"],
    ["net/ipv4/conf/default/rp_filter", "0"],
  ]);
  const wanted = reversePathSysctls(["eth0", "eth1", "vrrp.51"], new Set(["vrrp.51"]), (path) => values.get(path));
  expect(Object.fromEntries(wanted)).toEqual({
    [ALL]: "0",
    "net/ipv4/conf/eth0/rp_filter": "2",
    "net/ipv4/conf/eth1/rp_filter": "1",
    "net/ipv4/conf/default/rp_filter": "1",
  });
});

test("disable_local_igmp: groups of 224.0.0.0/24 are not reported; without it the kernel's setting is left alone", () => {
  const reports = "net/ipv4/igmp_link_local_mcast_reports";
  expect(Object.fromEntries(wantedSysctls([], { withoutLocalIgmp: true }))).toEqual({ [reports]: "0" });
  expect(wantedSysctls([], { withoutLocalIgmp: false }).size).toBe(0);
});
