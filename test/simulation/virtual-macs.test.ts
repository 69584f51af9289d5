import { beforeEach, expect, test } from "vitest";
import { ip, mac } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { micros, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { configuration, instance, virtualAddress } from "./settings.ts";

const VIP = ip("10.0.0.100");
const VMAC = {
  kind: "macvlan",
  name: "vrrp.51",
  base: "eth0",
  mac: mac("00:00:5e:00:01:33"),
  group: undefined,
  place: undefined,
} as const;

let world: World;
let log: string[];
let a: SimNode;
let b: SimNode;

beforeEach(() => {
  world = new World();
  log = [];
  const random = seededRandom(1);
  const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
  const lan = new Lan(quality, { world, random });
  const node = (name: string, number: number): SimNode =>
    new SimNode(
      { name, number, outside: undefined, keepsProtocol: true },
      { world, lan, random, onLog: (_, __, text) => void log.push(`${name} ${text}`) },
    );
  a = node("a", 1);
  b = node("b", 2);
});

test("the address is held on the virtual interface, adverts pass through it, and a clean stop leaves none", () => {
  a.start(model({ priority: 200 }));
  b.start(model({ priority: 100 }));
  world.runFor(seconds(5));
  expect([stateOf(a), stateOf(b)]).toEqual(["MASTER", "BACKUP"]);
  expect(deviceOf(a)).toBe("vrrp.51");
  a.shutDown();
  world.runFor(seconds(5));
  expect(stateOf(b)).toBe("MASTER");
  expect(a.kernel.interfaceNamed("vrrp.51")).toBeUndefined();
  // The successor has the MAC address that it announces with in common with us, and is heard all the same.
  expect(log).toContain("a (VI_1) removing VIPs: the successor has announced them");
});

test("a crash: the next run takes the interface over; one that does not want it removes it", () => {
  a.start(model({ priority: 200 }));
  world.runFor(seconds(5));
  const { index } = a.kernel.interfaceNamed("vrrp.51") ?? {};
  a.crash();
  world.runFor(seconds(5));
  a.start(model({ priority: 200 }));
  world.runFor(seconds(5));
  expect(a.kernel.interfaceNamed("vrrp.51")?.index).toBe(index);
  expect(deviceOf(a)).toBe("vrrp.51");
  a.crash();
  a.start(configuration([instance({ priority: 200 })]));
  world.runFor(seconds(1));
  expect(a.kernel.interfaceNamed("vrrp.51")).toBeUndefined();
});

test("its base goes and comes back: FAULT, then made again and MASTER", () => {
  a.start(model({ priority: 200 }));
  world.runFor(seconds(5));
  a.removeInterface();
  world.runFor(seconds(1));
  expect(stateOf(a)).toBe("FAULT");
  a.createInterface();
  world.runFor(seconds(6));
  expect(stateOf(a)).toBe("MASTER");
  expect(deviceOf(a)).toBe("vrrp.51");
});

test("an interface of that name with another MAC address: FAULT, and it is left alone", () => {
  a.kernel.setInterface(50, "vrrp.51", { up: true, running: true });
  a.start(model({ priority: 200 }));
  world.runFor(seconds(5));
  expect(stateOf(a)).toBe("FAULT");
  expect(log.filter((line) => line.includes("there is an interface of that name"))).toHaveLength(1);
  a.shutDown();
  world.runFor(seconds(5));
  expect(a.kernel.interfaceNamed("vrrp.51")?.index).toBe(50);
});

function model(settings: Partial<InstanceSettings>): Configuration {
  const address = { ...virtualAddress(VIP, 24), device: "vrrp.51" };
  const vmac = { advertInterface: "vrrp.51", virtualInterfaces: [VMAC], virtualAddresses: [address] };
  return configuration([instance({ ...vmac, ...settings })]);
}

function stateOf(node: SimNode): string | undefined {
  return node.status()[0]?.state;
}

function deviceOf(node: SimNode): string | undefined {
  const record = node.kernel.addresses.records().find(({ address }) => address === VIP);
  return record === undefined ? undefined : node.kernel.interfaceAt(record.interfaceIndex)?.name;
}
