import { beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { micros, millis, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { UdpExchange } from "../../src/sim/sim-udp.ts";
import { World } from "../../src/sim/world.ts";
import { Gateway, GATEWAY_ADDRESS, GATEWAY_NAME, GATEWAY_SESSION, sessionTo } from "./gateway.ts";
import { configuration, instance, virtualAddress } from "./settings.ts";

// The bfd process and the vrrp process of the same hosts: two nodes that track their session to a gateway.

const VIP = ip("10.0.0.100");

let world: World;
let lan: Lan;
let gateway: Gateway;
let a: SimNode;
let b: SimNode;

beforeEach(() => {
  world = new World();
  const random = seededRandom(1);
  const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
  lan = new Lan(quality, { world, random });
  const exchange = new UdpExchange(lan, { world, random });
  const node = (name: string, number: number): SimNode => {
    const options = { name, number, outside: undefined, keepsProtocol: true };
    return new SimNode(options, { world, lan, exchange, random, onLog: () => {} });
  };
  [a, b] = [node("a", 1), node("b", 2)];
  gateway = new Gateway(
    ["a", "b"].map((name, index) => ({ name, number: index + 1 })),
    { world, random, exchange },
  );
  gateway.start();
});

test("the session of the master fails, with weight 0: FAULT, and the backup serves after its skew", () => {
  startBoth(0);
  cutOff(a);
  // Three times 330 ms, then the farewell and (256 - 100) / 256 s of b.
  world.runFor(millis(990 + 610 + 5));
  expect([stateOf(a), stateOf(b)]).toEqual(["FAULT", "MASTER"]);
  expect(a.status()[0]?.cause.text).toContain("BFD session gateway is Down (Control Detection Time Expired)");
  lan.mend();
  // The neighbours speak once a second until they are up, and then b is preempted by a.
  world.runFor(seconds(7));
  expect([stateOf(a), stateOf(b)]).toEqual(["MASTER", "BACKUP"]);
});

test("the session of the master fails, with a weight: its priority is the lower one, and the backup takes over", () => {
  startBoth(-100);
  cutOff(a);
  world.runFor(seconds(7));
  expect(a.status()[0]?.effectivePriority).toBe(50);
  expect([stateOf(a), stateOf(b)]).toEqual(["BACKUP", "MASTER"]);
});

test("the bfd process of the master is killed, or hangs: nothing changes on its node", () => {
  startBoth(0);
  a.bfd?.crash();
  world.runFor(seconds(5));
  expect(stateOf(a)).toBe("MASTER");
  a.bfd?.start(model(0, 150));
  world.runFor(seconds(5));
  a.bfd?.stop();
  world.runFor(seconds(5));
  a.bfd?.resume();
  world.runFor(seconds(5));
  expect([stateOf(a), stateOf(b)]).toEqual(["MASTER", "BACKUP"]);
});

test("the vrrp process starts anew while the session is down: it is told so before it can claim", () => {
  startBoth(0);
  cutOff(b);
  world.runFor(seconds(3));
  expect(stateOf(b)).toBe("FAULT");
  b.crash();
  a.crash();
  b.start(model(0, 100), true);
  world.runFor(seconds(10));
  expect(stateOf(b)).toBe("FAULT");
  expect(b.serves(VIP)).toBe(false);
});

function startBoth(weight: number): void {
  for (const [node, priority] of [
    [a, 150],
    [b, 100],
  ] as const) {
    node.start(model(weight, priority));
    node.bfd?.start(model(weight, priority));
  }
  world.runFor(seconds(10));
  expect([stateOf(a), stateOf(b)]).toEqual(["MASTER", "BACKUP"]);
}

function model(weight: number, priority: number): Configuration {
  const settings = {
    priority,
    virtualAddresses: [virtualAddress(VIP, 24)],
    trackBfd: [{ bfd: GATEWAY_SESSION, weight, reverse: false }],
  };
  return { ...configuration([instance(settings)]), bfd: [sessionTo(GATEWAY_SESSION, GATEWAY_ADDRESS)] };
}

function cutOff(node: SimNode): void {
  lan.cut(node.name, GATEWAY_NAME);
  lan.cut(GATEWAY_NAME, node.name);
}

function stateOf(node: SimNode): string | undefined {
  return node.status()[0]?.state;
}
