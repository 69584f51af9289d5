import { beforeEach, expect, test } from "vitest";
import { ip, mac } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { micros, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { IpvlanInterface, VirtualInterface } from "../../src/config/model/virtual-interfaces.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode, type NodeOptions } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { configuration, instance, virtualAddress, VRRP_GROUP } from "./settings.ts";

const VIP = ip("10.0.0.100");

let world: World;
let lan: Lan;
let log: string[];

beforeEach(() => {
  world = new World();
  log = [];
  const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
  lan = new Lan(quality, { world, random: seededRandom(1) });
});

test("ipvlan: adverts come from its own address, the VIP stays on the interface, a clean stop leaves neither", () => {
  const [a, b] = [node("a", 1), node("b", 2)];
  a.start(ipvlanModel(200, "10.0.0.5"));
  b.start(ipvlanModel(100, "10.0.0.6"));
  world.runFor(seconds(5));
  expect([stateOf(a), stateOf(b)]).toEqual(["MASTER", "BACKUP"]);
  expect([deviceOf(a, "10.0.0.100"), deviceOf(a, "10.0.0.5")]).toEqual(["eth0", "vrrp.51"]);
  expect(b.status()[0]?.peers.map(({ address }) => address)).toEqual(["10.0.0.5"]);
  expect(a.kernel.interfaceNamed("vrrp.51")).toMatchObject({ up: true, ipvlan: { mode: 0, flags: 1 } });
  a.shutDown();
  world.runFor(seconds(5));
  expect(stateOf(b)).toBe("MASTER");
  expect(a.kernel.interfaceNamed("vrrp.51")).toBeUndefined();
  expect(deviceOf(a, "10.0.0.100")).toBeUndefined();
});

test("ipvlan, a crash: the next run takes the interface over, and makes it anew with another mode", () => {
  const a = node("a", 1);
  a.start(ipvlanModel(200, "10.0.0.5"));
  world.runFor(seconds(5));
  const { index } = a.kernel.interfaceNamed("vrrp.51") ?? {};
  a.crash();
  a.start(ipvlanModel(200, "10.0.0.5"));
  world.runFor(seconds(5));
  expect(a.kernel.interfaceNamed("vrrp.51")?.index).toBe(index);
  a.crash();
  a.start(ipvlanModel(200, "10.0.0.5", { mode: "vepa" }));
  world.runFor(seconds(5));
  expect(a.kernel.interfaceNamed("vrrp.51")).toMatchObject({ ipvlan: { flags: 2 } });
  expect(stateOf(a)).toBe("MASTER");
});

test("ipvlan, a reload with another address: it moves, and the old one is gone", () => {
  const a = node("a", 1);
  a.start(ipvlanModel(200, "10.0.0.5"));
  world.runFor(seconds(5));
  a.reload(ipvlanModel(200, "10.0.0.6"));
  world.runFor(seconds(2));
  expect([deviceOf(a, "10.0.0.5"), deviceOf(a, "10.0.0.6")]).toEqual([undefined, "vrrp.51"]);
  expect(stateOf(a)).toBe("MASTER");
});

test("ipvlan, its address deleted by somebody else: put back", () => {
  const a = node("a", 1);
  a.start(ipvlanModel(200, "10.0.0.5"));
  world.runFor(seconds(5));
  a.removeByHand(ip("10.0.0.5"));
  world.runFor(seconds(1));
  expect(deviceOf(a, "10.0.0.5")).toBe("vrrp.51");
  expect(stateOf(a)).toBe("MASTER");
});

test("ipvlan over IPv4 without an address: FAULT, as with keepalived, even with another source", () => {
  const a = node("a", 1);
  const model = ipvlanModel(200, "10.0.0.1", { address: undefined });
  a.start(model);
  world.runFor(seconds(5));
  expect(a.status()[0]).toMatchObject({ state: "FAULT", cause: { text: /vrrp\.51 has no address to send from/ } });
});

test("an ipvlan of somebody else: used and left; an interface of another kind: FAULT, and left", () => {
  const a = node("a", 1);
  const base = a.kernel.interfaceNamed("eth0");
  a.kernel.createAbove("vrrp.51", 2, { mac: base?.mac, ipvlan: { baseIndex: 2, mode: 0, flags: 1 } });
  a.start(ipvlanModel(200, "10.0.0.5"));
  world.runFor(seconds(5));
  expect(stateOf(a)).toBe("MASTER");
  a.shutDown();
  world.runFor(seconds(5));
  expect(a.kernel.interfaceNamed("vrrp.51")).toBeDefined();
  expect(deviceOf(a, "10.0.0.5")).toBeUndefined();

  const b = node("b", 2);
  b.kernel.setInterface(50, "vrrp.51", { up: true, running: true });
  b.start(ipvlanModel(100, "10.0.0.6"));
  world.runFor(seconds(5));
  expect(stateOf(b)).toBe("FAULT");
  expect(b.kernel.interfaceNamed("vrrp.51")?.index).toBe(50);
});

test.each(["macvlan", "ipvlan"] as const)(
  "a kernel without %s: FAULT, one line at the start says what to do, and nothing else happens",
  (kind) => {
    const a = node("a", 1, { lacks: [kind] });
    a.start(kind === "ipvlan" ? ipvlanModel(200, "10.0.0.5") : macvlanModel());
    world.runFor(seconds(5));
    expect(stateOf(a)).toBe("FAULT");
    const said = log.filter((line) => line.includes("lacks"));
    expect(said).toEqual([expect.stringContaining(`modprobe ${kind}`)]);
    a.shutDown();
    world.runFor(seconds(5));
    expect(a.running).toBe(false);
  },
);

test("a kernel that has all that is needed: no line", () => {
  const a = node("a", 1, { lacks: ["vrf", "macvlan"] });
  a.start(ipvlanModel(200, "10.0.0.5"));
  world.runFor(seconds(5));
  expect(log.filter((line) => line.includes("lacks"))).toEqual([]);
});

test("the base in a VRF: what is made on it is there, too, and follows it", () => {
  const a = node("a", 1);
  a.kernel.createVrf(40, "red", 100);
  a.kernel.createVrf(41, "blue", 101);
  a.kernel.setMaster(2, 40);
  a.start(macvlanModel());
  world.runFor(seconds(5));
  expect(a.kernel.interfaceNamed("vrrp.51")?.master).toBe(40);
  a.kernel.setMaster(2, 41);
  world.runFor(seconds(1));
  expect(a.kernel.interfaceNamed("vrrp.51")?.master).toBe(41);
  a.kernel.setMaster(2, undefined);
  world.runFor(seconds(1));
  expect(a.kernel.interfaceNamed("vrrp.51")?.master).toBeUndefined();
});

test("the base in a bridge: what is made on it is not", () => {
  const a = node("a", 1);
  a.kernel.setInterface(40, "br0", { up: true, running: true });
  a.kernel.setMaster(2, 40);
  a.start(macvlanModel());
  world.runFor(seconds(5));
  expect(a.kernel.interfaceNamed("vrrp.51")?.master).toBeUndefined();
});

function node(name: string, number: number, options: Partial<NodeOptions> = {}): SimNode {
  return new SimNode(
    { name, number, outside: undefined, keepsProtocol: true, ...options },
    { world, lan, random: seededRandom(number), onLog: (_, __, text) => void log.push(`${name} ${text}`) },
  );
}

function ipvlanModel(priority: number, source: string, settings: Partial<IpvlanInterface> = {}): Configuration {
  const address = { address: ip(source), prefixLength: 24 };
  const made = { kind: "ipvlan", name: "vrrp.51", base: "eth0", mode: "private", address } as const;
  const ipvlan: VirtualInterface = { ...made, family: "ipv4", group: undefined, place: undefined, ...settings };
  return configuration([
    instance({
      priority,
      advertInterface: "vrrp.51",
      virtualInterfaces: [ipvlan],
      virtualAddresses: [virtualAddress(VIP, 24)],
      transport: { kind: "multicast", group: VRRP_GROUP, source: ip(source) },
    }),
  ]);
}

function macvlanModel(): Configuration {
  const name = "vrrp.51";
  const made = { kind: "macvlan", name, base: "eth0", group: undefined, place: undefined } as const;
  const virtualInterfaces = [{ ...made, mac: mac("00:00:5e:00:01:33") }];
  const virtualAddresses = [{ ...virtualAddress(VIP, 24), device: name }];
  return configuration([instance({ priority: 200, advertInterface: name, virtualInterfaces, virtualAddresses })]);
}

function stateOf(a: SimNode): string | undefined {
  return a.status()[0]?.state;
}

function deviceOf(a: SimNode, address: string): string | undefined {
  const record = a.kernel.addresses.records().find((candidate) => candidate.address === address);
  return record === undefined ? undefined : a.kernel.interfaceAt(record.interfaceIndex)?.name;
}
