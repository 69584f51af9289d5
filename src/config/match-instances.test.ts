import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { fail, succeed } from "../base/result.ts";
import { loadConfiguration } from "./load.ts";
import { matchInstances } from "./match-instances.ts";
import type { InstanceSettings } from "./model/instance.ts";

describe("which instance goes on as which", () => {
  test("another name, all else the same: it goes on (keepalived)", () => {
    expect(match(instance("A", 5, "eth0"), instance("B", 5, "eth0"))).toEqual({ next: ["B<-A"], removed: [] });
  });

  test("names swapped between two VRIDs: the VRID decides", () => {
    const before = instance("A", 5, "eth0") + instance("B", 6, "eth0");
    const after = instance("A", 6, "eth0") + instance("B", 5, "eth0");
    expect(match(before, after)).toEqual({ next: ["A<-B", "B<-A"], removed: [] });
  });

  test.each([
    ["VRID", instance("A", 6, "eth0")],
    ["interface", instance("A", 5, "eth1")],
    ["transport", instance("A", 5, "eth0", "unicast_peer {\n10.0.0.2\n}")],
  ])("the same name, another %s: a new one, and the old one goes", (_what, after) => {
    expect(match(instance("A", 5, "eth0"), after)).toEqual({ next: ["A"], removed: ["A"] });
  });

  test("two unicast instances with one VRID on one interface: each keeps its own life, by name or else by peers", () => {
    const twin = (name: string, peer: string): string => instance(name, 5, "eth0", `unicast_peer {\n10.0.0.${peer}\n}`);
    const before = twin("A", "2") + twin("B", "3");
    expect(match(before, twin("B", "3") + twin("A", "2"))).toEqual({ next: ["B<-B", "A<-A"], removed: [] });
    expect(match(before, twin("C", "3") + twin("D", "2"))).toEqual({ next: ["C<-B", "D<-A"], removed: [] });
    expect(match(before, twin("A", "3"))).toEqual({ next: ["A<-A"], removed: ["B"] });
    expect(match(before, twin("C", "3"))).toEqual({ next: ["C<-B"], removed: ["A"] });
  });
});

function match(
  before: string,
  after: string,
): { readonly next: readonly string[]; readonly removed: readonly string[] } {
  const { next, removed } = matchInstances(read(before), (settings) => settings, read(after));
  return {
    next: next.map(({ settings, running }) =>
      running === undefined ? settings.name : `${settings.name}<-${running.name}`,
    ),
    removed: removed.map(({ name }) => name),
  };
}

function instance(name: string, vrid: number, device: string, more = ""): string {
  const addresses = `virtual_ipaddress {\n10.0.${vrid}.${name.charCodeAt(0)}\n}`;
  return `vrrp_instance ${name} {\ninterface ${device}\nvirtual_router_id ${vrid}\n${addresses}\n${more}\n}\n`;
}

function read(text: string): readonly InstanceSettings[] {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  return loadConfiguration(
    "/etc/a.conf",
    { read: () => succeed(new TextEncoder().encode(text)), list: () => missing, facts: () => missing },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  ).configuration.instances;
}
