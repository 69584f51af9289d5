import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { micros, millis, seconds } from "../../src/base/time.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { configuration, instance, virtualAddress } from "./settings.ts";

// Before Linux 5.18 the kernel does not tell who added an address.

const VIP = ip("192.0.2.7");
const held = configuration([instance({ virtualAddresses: [virtualAddress(VIP, 24)] })]);
const empty = configuration([instance({ virtualAddresses: [virtualAddress(ip("192.0.2.9"), 32)] })]);

test("a crash in the instant after an address was added: the next run knows it for ours, and does not wait for it", () => {
  const { world, node } = stage(1);
  node.kernel.observe(({ kind, record }) => {
    if (kind === "added" && record.address === VIP) node.crash();
  });
  node.start(held);
  world.runFor(seconds(4));
  expect([node.running, node.kernel.addresses.has(VIP)]).toEqual([false, true]);
  node.start(empty);
  world.runFor(millis(100));
  expect(node.kernel.addresses.has(VIP)).toBe(false);
});

test("the disk is full when an address comes, and then has room: what is ours is on it within a second", () => {
  const { world, node } = stage(1);
  node.files.full = true;
  node.start(held);
  world.runFor(seconds(8));
  node.files.full = false;
  world.runFor(seconds(1));
  node.crash();
  // Started with other addresses before the lease is over.
  node.start(empty);
  world.runFor(millis(100));
  expect(node.kernel.addresses.has(VIP)).toBe(false);
});

// Whether the process reads the kernel's telling first, or the reload, is a matter of chance.
test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "removed by us in the instant after its renewal: it does not look like the host's own, and can come back (chance %i)",
  (seed) => {
    const { world, node } = stage(seed);
    node.start(held);
    world.runFor(seconds(8));
    let armed = true;
    node.kernel.observe(({ kind }) => {
      if (kind === "renewed" && armed) node.reload(empty);
      if (kind === "renewed") armed = false;
    });
    world.runFor(seconds(2));
    expect(node.serves(VIP)).toBe(false);
    node.reload(held);
    world.runFor(seconds(2));
    expect(node.serves(VIP)).toBe(true);
  },
);

function stage(seed: number): { readonly world: World; readonly node: SimNode } {
  const world = new World();
  const random = seededRandom(seed);
  const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
  const lan = new Lan(quality, { world, random });
  const options = { name: "a", number: 1, outside: undefined, keepsProtocol: false };
  return { world, node: new SimNode(options, { world, lan, random, onLog: () => {} }) };
}
