import { beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { EVERY_INTERFACE } from "../../src/base/every-interface.ts";
import { seededRandom } from "../../src/base/random.ts";
import { micros, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { configuration, instance, virtualAddress } from "./settings.ts";

const VIP = ip("10.0.0.100");

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

test("instances that name no interface: the stronger one holds the address, the other hears it and follows", () => {
  a.start(model(1, 200));
  b.start(model(2, 100));
  world.runFor(seconds(6));
  expect([stateOf(a), stateOf(b)]).toEqual(["MASTER", "BACKUP"]);
  expect(holders()).toEqual([a]);
  a.shutDown();
  world.runFor(seconds(5));
  expect(holders()).toEqual([b]);
  expect(log).toContain("a (VI_1) removing VIPs: the successor has announced them");
});

test("the link of the address goes down: no fault, as there is no interface of its own; back up, one holds it", () => {
  a.start(model(1, 200));
  b.start(model(2, 100));
  world.runFor(seconds(6));
  a.plug(false);
  world.runFor(seconds(6));
  expect(stateOf(a)).not.toBe("FAULT");
  expect(stateOf(b)).toBe("MASTER");
  a.plug(true);
  world.runFor(seconds(6));
  expect(holders()).toEqual([a]);
});

test("without an address to send from: FAULT, with the reason", () => {
  a.start(model(undefined, 200));
  world.runFor(seconds(5));
  expect(a.status()[0]).toMatchObject({
    state: "FAULT",
    cause: { text: "no address to send from is named, and no interface that has one" },
  });
});

function model(number: number | undefined, priority: number): Configuration {
  const source = number === undefined ? undefined : ip(`10.0.0.${number}`);
  const peer = ip(number === 2 ? "10.0.0.1" : "10.0.0.2");
  return configuration([
    instance({
      interface: EVERY_INTERFACE,
      priority,
      virtualAddresses: [virtualAddress(VIP, 24)],
      transport: {
        kind: "unicast",
        source,
        peers: [{ address: peer, minTtl: 0, maxTtl: 255 }],
        ttl: 255,
        checkSource: false,
        oldChecksum: "detect",
      },
    }),
  ]);
}

function stateOf(node: SimNode): string | undefined {
  return node.status()[0]?.state;
}

function holders(): readonly SimNode[] {
  return [a, b].filter((node) => node.kernel.addresses.has(VIP));
}
