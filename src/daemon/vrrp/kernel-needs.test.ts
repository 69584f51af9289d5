import { beforeEach, describe, expect, test } from "vitest";
import { EMPTY_MODEL } from "../../../test/fixtures/empty-model.ts";
import { ip } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import type { Route } from "../../base/route.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { DeviceKind } from "../../ports/devices.ts";
import { KernelNeeds, type Experiences } from "./kernel-needs.ts";

const NOTHING_TRIED: Experiences = { filter: { kind: "unused" }, processes: undefined };

let said: string[];
let asked: DeviceKind[];

beforeEach(() => {
  said = [];
  asked = [];
});

describe("KernelNeeds", () => {
  test("nothing is needed: nothing is asked and nothing is said", () => {
    needs([]).tell(EMPTY_MODEL, NOTHING_TRIED);
    expect([asked, said]).toEqual([[], []]);
  });

  test("nf_tables and the proc connector are missing: one line names both, with what to do", () => {
    const failure = { operation: "open netfilter", errno: "EPROTONOSUPPORT", message: "Protocol not supported" };
    needs([]).tell(EMPTY_MODEL, { filter: { kind: "missing", failure }, processes: "looking" });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/nf_tables.*modprobe nf_tables.*proc connector.*CONFIG_PROC_EVENTS/);
  });

  test("nf_tables may not be used: that is not the kernel's lack", () => {
    const failure = { operation: "open netfilter", errno: "EPERM", message: "Operation not permitted" };
    needs([]).tell(EMPTY_MODEL, { filter: { kind: "missing", failure }, processes: "events" });
    expect(said).toEqual([]);
  });

  test("the same lack again, then none, then again: said, not repeated, said anew", () => {
    const subject = needs([]);
    const lack: Experiences = { ...NOTHING_TRIED, processes: "looking" };
    for (const experience of [lack, lack, NOTHING_TRIED, lack]) subject.tell(EMPTY_MODEL, experience);
    expect(said).toHaveLength(2);
  });

  test("a route into a VRF that is not there, on a kernel without VRFs: said", () => {
    needs(["vrf"]).tell(ROUTE_IN_VRF, NOTHING_TRIED);
    expect(said[0]).toContain("CONFIG_NET_VRF");
  });

  test("a route into a VRF that is there: nobody asks", () => {
    needs(["vrf"], "red").tell(ROUTE_IN_VRF, NOTHING_TRIED);
    expect([asked, said]).toEqual([[], []]);
  });

  test("the kernel does not say: nothing is guessed", () => {
    const failure = { operation: "ask", errno: "EPERM", message: "Operation not permitted" };
    const subject = new KernelNeeds({ ...needsOf(undefined), devices: { has: () => fail(failure) } });
    subject.tell(ROUTE_IN_VRF, NOTHING_TRIED);
    expect(said).toEqual([]);
  });
});

function needs(lacks: readonly DeviceKind[], vrf?: string): KernelNeeds {
  const has = (kind: DeviceKind): ReturnType<typeof succeed<boolean>> => {
    asked.push(kind);
    return succeed(!lacks.includes(kind));
  };
  return new KernelNeeds({ ...needsOf(vrf), devices: { has } });
}

function needsOf(vrf: string | undefined): Pick<ConstructorParameters<typeof KernelNeeds>[0], "interfaces" | "log"> {
  const device = { up: true, running: true, multicast: false, loopback: false, noArp: true, mtu: 65575 };
  const facts = { index: 7, mac: undefined, forwardsIpv6: false, vrfTable: 100 };
  return {
    interfaces: { byName: (name) => (name === vrf ? { name, ...device, ...facts } : undefined) },
    log: { write: (_, text) => void said.push(text) },
  };
}

const ROUTE: Route<string> = {
  family: "ipv4",
  type: "unicast",
  destination: { address: ip("10.9.0.0"), length: 16 },
  from: undefined,
  tos: 0,
  table: 254,
  vrf: "red",
  protocol: 18,
  scope: 0,
  metric: undefined,
  preferredSource: undefined,
  hops: [],
  metrics: {},
  congestionControl: undefined,
  expires: undefined,
  preference: undefined,
  propagatesTtl: undefined,
  insertion: "alone",
};
const PLACE = { file: "f", line: 1, column: 1 };
const ROUTE_IN_VRF: Configuration = {
  ...EMPTY_MODEL,
  statics: {
    addresses: [],
    groups: {},
    routing: [{ kind: "route", route: ROUTE, tracked: true, group: undefined, place: PLACE }],
  },
};
