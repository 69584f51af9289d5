import { afterEach, beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { RTPROT_KEEPALIVED, type Route, type Rule } from "../../src/base/route.ts";
import { openLinuxRouting, type LinuxRouting } from "../../src/linux/routing.ts";
import { describeFailure } from "../../src/ports/failure.ts";
import type { RoutingEvent, RoutingItem } from "../../src/ports/routing.ts";
import { needs } from "../require.ts";
import { command, makeNamespaces, within } from "./namespace.ts";
import type { Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip"] })("routes and rules of a real kernel", () => {
  let namespaces: Namespaces;
  let host: string;
  let routing: LinuxRouting;
  let device: number;

  beforeEach(() => {
    namespaces = makeNamespaces();
    host = namespaces.create("host");
    namespaces.join(host, "eth0", namespaces.create("peer"), "eth0");
    command("ip", "-n", host, "addr", "add", "192.0.2.2/24", "dev", "eth0");
    const opened = within(host, openLinuxRouting);
    if (!opened.ok) throw new Error(describeFailure(opened.error));
    routing = opened.value;
    device = JSON.parse(command("ip", "-n", host, "-j", "link", "show", "dev", "eth0"))[0].ifindex;
  });

  afterEach(() => {
    routing.close();
    namespaces.remove();
  });

  const shown = (): readonly Record<string, unknown>[] =>
    JSON.parse(command("ip", "-n", host, "-d", "-j", "route", "show", "table", "all", "proto", "keepalived"));
  const rules = (): readonly Record<string, unknown>[] =>
    JSON.parse(command("ip", "-n", host, "-d", "-j", "rule", "show")).filter(
      (rule: Record<string, unknown>) => rule["protocol"] === "keepalived",
    );
  const route = (changes: Partial<Route<number>> = {}): RoutingItem => ({
    kind: "route",
    route: {
      ...ROUTE,
      hops: [{ ...HOP, gateway: ip("192.0.2.254"), device }],
      ...changes,
    },
  });

  test("add, a route with metric, table, source and MTU: as ip shows it; remove: gone", () => {
    const item = route({
      table: 6909,
      metric: 12,
      preferredSource: ip("192.0.2.2"),
      metrics: { mtu: { value: 1400, locked: true } },
    });
    expect(routing.add([item])).toEqual([{ ok: true, value: undefined }]);
    expect(shown()).toMatchObject([
      {
        dst: "198.51.100.0/24",
        gateway: "192.0.2.254",
        dev: "eth0",
        table: "6909",
        scope: "global",
        prefsrc: "192.0.2.2",
        metric: 12,
        metrics: [{ mtu: 1400 }],
      },
    ]);
    expect(routing.remove([item])).toEqual([{ ok: true, value: undefined }]);
    expect(shown()).toEqual([]);
  });

  test("add, once more: EEXIST, which tells that it is there; remove, once more: ESRCH", () => {
    const both = [route(), route({ destination: { address: ip("203.0.113.0"), length: 24 } })];
    expect(routing.add(both).map(({ ok }) => ok)).toEqual([true, true]);
    expect(routing.add(both)).toMatchObject([{ error: { errno: "EEXIST" } }, { error: { errno: "EEXIST" } }]);
    expect(routing.remove(both).map(({ ok }) => ok)).toEqual([true, true]);
    expect(routing.remove(both)).toMatchObject([{ error: { errno: "ESRCH" } }, { error: { errno: "ESRCH" } }]);
  });

  test("remove, a route of somebody else to the same destination: stays", () => {
    command("ip", "-n", host, "route", "add", "198.51.100.0/24", "via", "192.0.2.254", "dev", "eth0");
    expect(routing.remove([route()])).toMatchObject([{ error: { errno: "ESRCH" } }]);
    expect(routing.add([route()])).toMatchObject([{ ok: true }]);
    expect(routing.remove([route()])).toMatchObject([{ ok: true }]);
    expect(command("ip", "-n", host, "route", "show", "198.51.100.0/24")).toContain("via 192.0.2.254");
  });

  test("add, alone beside another: EEXIST; prepended: before it; appended: behind it", () => {
    command("ip", "-n", host, "route", "add", "198.51.100.0/24", "via", "192.0.2.200", "dev", "eth0");
    const ways = (): readonly string[] =>
      command("ip", "-n", host, "route", "show", "198.51.100.0/24").match(/192\.0\.2\.\d+/g) ?? [];
    expect(routing.add([route({ insertion: "alone" })])).toMatchObject([{ error: { errno: "EEXIST" } }]);
    routing.add([route()]);
    expect(ways()).toEqual(["192.0.2.254", "192.0.2.200"]);
    routing.remove([route()]);
    routing.add([route({ insertion: "append" })]);
    expect(ways()).toEqual(["192.0.2.200", "192.0.2.254"]);
  });

  test("add, a gateway that cannot be reached: refused with the kernel's reason, and the others are added", () => {
    const far = route({ hops: [{ ...HOP, gateway: ip("203.0.113.9"), device }] });
    expect(routing.add([far, route()])).toMatchObject([
      { ok: false, error: { errno: "ENETUNREACH", operation: "add route to 198.51.100.0/24" } },
      { ok: true },
    ]);
  });

  test("a route from an address goes with the address, and adding it again tells", () => {
    command("ip", "-n", host, "addr", "add", "192.0.2.77/24", "dev", "eth0");
    const item = route({ preferredSource: ip("192.0.2.77") });
    expect(routing.add([item])).toMatchObject([{ ok: true }]);
    command("ip", "-n", host, "addr", "del", "192.0.2.77/24", "dev", "eth0");
    expect(shown()).toEqual([]);
    expect(routing.add([item])).toMatchObject([{ ok: false, error: { errno: "EINVAL" } }]);
  });

  test("add, rules: as ip shows them; once more: EEXIST; remove: gone; once more: ENOENT", () => {
    const items: RoutingItem[] = [
      { kind: "rule", rule: { ...RULE, preference: 1000, from: { address: ip("10.0.0.0"), length: 8 } } },
      { kind: "rule", rule: { ...RULE, preference: 999, from: { address: ip("10.1.0.0"), length: 16 } } },
    ];
    expect(routing.add(items).map(({ ok }) => ok)).toEqual([true, true]);
    expect(rules()).toMatchObject([
      { priority: 999, src: "10.1.0.0", srclen: 16, table: "100" },
      { priority: 1000, src: "10.0.0.0", srclen: 8, table: "100" },
    ]);
    expect(routing.add(items)).toMatchObject([{ error: { errno: "EEXIST" } }, { error: { errno: "EEXIST" } }]);
    expect(routing.remove(items).map(({ ok }) => ok)).toEqual([true, true]);
    expect(rules()).toEqual([]);
    expect(routing.remove(items)).toMatchObject([{ error: { errno: "ENOENT" } }, { error: { errno: "ENOENT" } }]);
  });

  test("monitor, a route and a rule deleted by ip: told", async () => {
    routing.add([route(), { kind: "rule", rule: { ...RULE, preference: 1000 } }]);
    const events: RoutingEvent[] = [];
    await new Promise<void>((resolve, reject) => {
      const opened = within(host, () =>
        routing.openMonitor(() => {
          events.push(...monitor.receive());
          if (events.length < 2) return;
          monitor.close();
          resolve();
        }),
      );
      if (!opened.ok) return reject(new Error(describeFailure(opened.error)));
      const monitor = opened.value;
      command("ip", "-n", host, "route", "del", "198.51.100.0/24");
      command("ip", "-n", host, "rule", "del", "preference", "1000");
    });
    expect(events).toEqual([
      {
        kind: "route-removed",
        family: "ipv4",
        destination: { address: "198.51.100.0", length: 24 },
        table: 254,
        protocol: 18,
      },
      { kind: "rule-removed", family: "ipv4", preference: 1000, protocol: 18 },
    ]);
  });
});

const HOP = { gateway: undefined, weight: 1, onlink: false, realms: undefined, encapsulation: undefined } as const;

const ROUTE: Route<number> = {
  family: "ipv4",
  type: "unicast",
  destination: { address: ip("198.51.100.0"), length: 24 },
  from: undefined,
  tos: 0,
  table: 254,
  vrf: undefined,
  protocol: RTPROT_KEEPALIVED,
  scope: 0,
  metric: undefined,
  preferredSource: undefined,
  hops: [],
  metrics: {},
  congestionControl: undefined,
  expires: undefined,
  preference: undefined,
  propagatesTtl: undefined,
  insertion: "prepend",
};

const RULE: Rule = {
  family: "ipv4",
  action: { kind: "lookup", table: 100 },
  inverted: false,
  from: undefined,
  to: undefined,
  preference: undefined,
  tos: 0,
  mark: undefined,
  realms: undefined,
  suppressPrefixLength: undefined,
  suppressGroup: undefined,
  incoming: undefined,
  outgoing: undefined,
  tunnel: undefined,
  users: undefined,
  protocol: RTPROT_KEEPALIVED,
  ipProtocol: undefined,
  sourcePorts: undefined,
  destinationPorts: undefined,
};
