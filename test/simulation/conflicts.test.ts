import { beforeEach, describe, expect, test } from "vitest";
import { ip, mac, type IpAddress, type MacAddress } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { micros, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import { readAnnouncement } from "../../src/daemon/vrrp/announcement.ts";
import { Lan, type LinkFrame } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { gratuitousArp, serializeArp } from "../../src/wire/arp.ts";
import { serializeNeighborFrame, unsolicitedAdvertisement } from "../../src/wire/neighbor-frame.ts";
import { configuration, instance, virtualAddress, VRRP_GROUP_IPV6 } from "./settings.ts";

const VIP = ip("10.0.0.100");
const VIP6 = ip("fe80::100");
const OTHER = mac("02:00:00:00:00:99");

let world: World;
let lan: Lan;
let log: string[];
/** When which node has announced which address. */
let announced: { readonly node: string; readonly address: IpAddress; readonly at: number }[];
let a: SimNode;
let b: SimNode;

beforeEach(() => {
  world = new World();
  log = [];
  announced = [];
  const random = seededRandom(1);
  lan = new Lan({ delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 }, { world, random });
  lan.observe(({ name }, frame) => {
    if (frame.kind === "vrrp") return;
    const heard = readAnnouncement(frame.kind === "arp" ? "ipv4" : "ipv6", frame.bytes);
    if (heard !== undefined) announced.push({ node: name, address: heard.address, at: world.now() });
  });
  const node = (name: string, number: number): SimNode =>
    new SimNode(
      { name, number, outside: undefined, keepsProtocol: true, hasIpv6: true },
      { world, lan, random, onLog: (_, level, text) => void log.push(`${name} ${level} ${text}`) },
    );
  a = node("a", 1);
  b = node("b", 2);
});

describe("somebody else announces an address of the master", () => {
  test.each([
    { family: "IPv4", vip: VIP, frame: (owner: MacAddress) => arp(VIP, owner), model: () => model({}) },
    { family: "IPv6", vip: VIP6, frame: (owner: MacAddress) => neighbor(VIP6, owner), model: model6 },
  ])("$family: announced again once, 100 ms later, and named in the log", ({ vip, frame, model: modelOf }) => {
    a.start(modelOf());
    settle();
    hear(frame(OTHER), frame(OTHER), frame(OTHER), frame(OTHER), frame(OTHER));
    world.runFor(micros(100_100));
    expect(announced).toEqual([]);
    world.runFor(micros(20_000));
    expect(announced).toHaveLength(5);
    world.runFor(seconds(20));
    expect(announced.map(({ node, address }) => ({ node, address }))).toEqual(
      Array.from({ length: 5 }, () => ({ node: "a", address: vip })),
    );
    expect(warnings()).toEqual([
      `a warn (VI_1) ${vip} is announced by ${OTHER}, which is not this host: announcing it again`,
    ]);
    expect(a.status()[0]?.counters).toMatchObject({ announcedByOthers: 5, becameMaster: 1 });
  });

  test("a frame of its own that the network brings back: nothing", () => {
    a.start(model({}));
    settle();
    const own = a.kernel.interfaceNamed("eth0")?.mac;
    if (own === undefined) throw new Error("eth0 has no MAC address");
    hear(arp(VIP, own));
    world.runFor(seconds(20));
    expect([announced, warnings()]).toEqual([[], []]);
  });

  test("another router has the virtual MAC address in common with us: nothing", () => {
    const vmac = mac("00:00:5e:00:01:33");
    const device = {
      kind: "macvlan",
      name: "vrrp.51",
      base: "eth0",
      mac: vmac,
      group: undefined,
      place: undefined,
    } as const;
    const virtualAddresses = [{ ...virtualAddress(VIP, 24), device: device.name }];
    a.start(model({ advertInterface: device.name, virtualInterfaces: [device], virtualAddresses }));
    settle();
    hear(arp(VIP, vmac));
    world.runFor(seconds(20));
    expect([announced, warnings()]).toEqual([[], []]);
    hear(arp(VIP, OTHER));
    world.runFor(seconds(1));
    expect(announced).toHaveLength(5);
  });

  test("an address that a reload has added: announced again, too", () => {
    const second = ip("10.0.0.101");
    a.start(model({}));
    settle();
    a.reload(model({ virtualAddresses: [virtualAddress(VIP, 24), virtualAddress(second, 24)] }));
    settle();
    hear(arp(second, OTHER));
    world.runFor(seconds(20));
    expect(new Set(announced.map(({ address }) => address))).toEqual(new Set([second]));
  });

  test("another address, or a backup: nothing", () => {
    a.start(model({ priority: 200 }));
    b.start(model({ priority: 100 }));
    settle();
    hear(arp(ip("10.0.0.77"), OTHER));
    world.runFor(seconds(20));
    expect([announced, warnings()]).toEqual([[], []]);
    hear(arp(VIP, OTHER));
    world.runFor(seconds(20));
    expect(new Set(announced.map(({ node }) => node))).toEqual(new Set(["a"]));
  });

  test("a stronger router takes over: what it announces is not answered", () => {
    a.start(model({ priority: 100 }));
    settle();
    b.start(model({ priority: 200 }));
    world.runFor(seconds(20));
    expect(b.status()[0]?.state).toBe("MASTER");
    expect(new Set(announced.map(({ node }) => node))).toEqual(new Set(["b"]));
    expect(warnings()).toEqual([]);
  });

  test("mastership goes within the 100 ms: not answered", () => {
    a.start(model({ priority: 100 }));
    settle();
    hear(arp(VIP, OTHER));
    world.runFor(micros(50_000));
    a.shutDown();
    world.runFor(seconds(5));
    expect([announced, warnings()]).toEqual([[], []]);
  });

  test("the same address in two virtual routers: each announces it five times more, then neither", () => {
    a.start(model({ vrid: 51 }));
    b.start(model({ vrid: 52 }));
    world.runFor(seconds(60));
    expect([a, b].map((node) => node.status()[0]?.state)).toEqual(["MASTER", "MASTER"]);
    const since = announced.at(-1)?.at ?? 0;
    for (const name of ["a", "b"]) {
      const bursts = new Set(announced.filter(({ node }) => node === name).map(({ at }) => at));
      // Its claim, the second burst after garp_master_delay, and five answers at most to each of the other's two.
      expect(bursts.size).toBeLessThanOrEqual(2 + 10);
    }
    expect(since).toBeLessThan(world.now() - seconds(30));
    expect(warnings().filter((line) => line.includes("again and again")).length).toBeGreaterThan(0);
    const told = warnings().length;
    announced = [];
    world.runFor(seconds(600));
    expect([announced, warnings().length]).toEqual([[], told]);
  });
});

describe("a master that may have been doubted announces again", () => {
  test("an address that somebody removed is put back: announced", () => {
    a.start(model({}));
    settle();
    a.removeByHand(VIP);
    world.runFor(seconds(1));
    expect(announced.map(({ address }) => address)).toEqual(Array.from({ length: 5 }, () => VIP));
    expect(a.status()[0]?.counters).toMatchObject({ becameMaster: 1, addressesLost: 1 });
  });

  // Adverts of 3 s: the leases of 7 s outlive two that were not sent (6 s). With adverts of 1 s both are 2 s.
  test("its process stands still for two adverts: announced when it goes on, and 5 s later, and it stays master", () => {
    a.start(model({ priority: 200, version: 3, advertisementInterval: seconds(3) }));
    b.start(model({ priority: 100, version: 3, advertisementInterval: seconds(3) }));
    world.runFor(seconds(30));
    awaitAdvert();
    announced = [];
    a.stop();
    world.runFor(seconds(6.1));
    expect(announced).toEqual([]);
    a.resume();
    world.runFor(seconds(20));
    expect(announced.map(({ node }) => node)).toEqual(Array.from({ length: 10 }, () => "a"));
    expect(a.status()[0]).toMatchObject({ state: "MASTER", counters: { becameMaster: 1 } });
  });

  test("it stands still until its leases have ended: it lets go, and announces when it takes over again", () => {
    a.start(model({ priority: 200 }));
    settle();
    a.stop();
    world.runFor(seconds(2.5));
    a.resume();
    world.runFor(seconds(2));
    expect([announced, a.status()[0]?.state]).toEqual([[], "BACKUP"]);
    world.runFor(seconds(20));
    expect(announced.map(({ node }) => node)).toEqual(Array.from({ length: 10 }, () => "a"));
  });

  test("it hears a weaker one that heard nobody: announced at once, and 5 s later", () => {
    a.start(model({ priority: 200 }));
    b.start(model({ priority: 100 }));
    settle();
    lan.cut("a", "b");
    world.runFor(seconds(3.7));
    expect(b.status()[0]?.state).toBe("MASTER");
    lan.mend();
    world.runFor(seconds(20));
    const own = announced.filter(({ node }) => node === "a").map(({ at }) => at);
    expect(b.status()[0]?.state).toBe("BACKUP");
    const first = own[0] ?? 0;
    expect(own.filter((at) => at === first)).toHaveLength(5);
    expect(own.filter((at) => at - first >= seconds(5))).toHaveLength(5);
  });
});

/** Lets the master claim and announce for the second time, and forgets it. */
function settle(): void {
  world.runFor(seconds(12));
  announced = [];
}

/** Lets time pass until an advert leaves. */
function awaitAdvert(): void {
  let seen = false;
  lan.observe((_, frame) => {
    if (frame.kind === "vrrp") seen = true;
  });
  while (!seen) world.runFor(micros(10_000));
}

/** A station without Holdfast sends these. */
function hear(...frames: readonly LinkFrame[]): void {
  const station = { name: "x", linked: () => true, owns: () => false, arrive: () => {} };
  for (const frame of frames) lan.send(station, frame);
  announced = announced.filter(({ node }) => node !== "x");
}

function arp(address: IpAddress, owner: MacAddress): LinkFrame {
  return { kind: "arp", bytes: serializeArp(gratuitousArp(address, owner)) };
}

function neighbor(address: IpAddress, owner: MacAddress): LinkFrame {
  return { kind: "neighbor", bytes: serializeNeighborFrame(unsolicitedAdvertisement(address, owner, false)) };
}

function warnings(): readonly string[] {
  return log.filter((line) => line.includes("is announced by"));
}

function model(settings: Partial<InstanceSettings>): Configuration {
  return configuration([instance({ virtualAddresses: [virtualAddress(VIP, 24)], ...settings })]);
}

function model6(): Configuration {
  return model({
    family: "ipv6",
    version: 3,
    transport: { kind: "multicast", group: VRRP_GROUP_IPV6, source: undefined },
    virtualAddresses: [virtualAddress(VIP6, 64)],
  });
}
