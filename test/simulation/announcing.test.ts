import { beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { instant, micros, millis, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { Client } from "./client.ts";
import { configuration, instance, virtualAddress } from "./settings.ts";

const VIP = ip("10.0.0.100");

let world: World;
let lan: Lan;
let client: Client;
let sent: { readonly from: string; readonly priority: number }[];
let a: SimNode;
let b: SimNode;

beforeEach(() => {
  world = new World();
  const random = seededRandom(1);
  const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
  lan = new Lan(quality, { world, random });
  client = new Client();
  sent = [];
  lan.observe((station, frame) => {
    client.hear(station, frame, world.now());
    if (frame.kind === "vrrp") sent.push({ from: station.name, priority: frame.packet.message[2] ?? 0 });
  });
  const node = (name: string, number: number): SimNode => {
    const origin = instant(seconds(3600) + millis(300 * (number - 1)));
    const options = { name, number, outside: undefined, keepsProtocol: true, origin };
    return new SimNode(options, { world, lan, random, onLog: () => {} });
  };
  [a, b] = [node("a", 1), node("b", 2)];
});

test("two masters that could not hear one another, and the stronger one is heard first: it announces again (ADR 0024)", () => {
  a.start(model(150));
  b.start(model(100));
  world.runFor(seconds(20));
  lan.cut("a", "b");
  lan.cut("b", "a");
  // b adverts 0.3 s before each second, a on it: the cut ends between the two, so that b hears a, and a nothing of b.
  world.runFor(micros(seconds(10) - millis(100)));
  expect([b.status()[0]?.state, client.beliefs().get(VIP)]).toEqual(["MASTER", "b"]);
  lan.mend();
  sent = [];
  world.runFor(seconds(1));
  expect([a.status()[0]?.state, b.status()[0]?.state]).toEqual(["MASTER", "BACKUP"]);
  // Its own advert once more when 200 ms have passed without an announcement, and a's answer.
  expect(sent).toEqual([
    { from: "a", priority: 150 },
    { from: "b", priority: 100 },
    { from: "a", priority: 150 },
  ]);
  expect(client.beliefs().get(VIP)).toBe("a");
});

test("a stronger node comes and announces: nothing is said besides", () => {
  b.start(model(100));
  world.runFor(seconds(20));
  a.start(model(150));
  world.runFor(seconds(3));
  sent = [];
  world.runFor(seconds(3));
  expect(client.beliefs().get(VIP)).toBe("a");
  expect(sent.slice(sent.findIndex(({ from }) => from === "a")).some(({ from }) => from === "b")).toBe(false);
});

function model(priority: number): Configuration {
  return configuration([instance({ priority, virtualAddresses: [virtualAddress(VIP, 24)] })]);
}
