import { describe, expect, test } from "vitest";
import type { InstanceStatus } from "../../src/api/contract.ts";
import { ip, type IpAddress } from "../../src/base/address.ts";
import { seededRandom, type Random } from "../../src/base/random.ts";
import { instant, micros, millis, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import { planReload } from "../../src/config/plan.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { configuration, instance, virtualAddress } from "./settings.ts";

// A node that is master of all it has is given one model after another. What a model leaves as it was must not notice.
describe("reloads between models by chance", () => {
  test.each(Array.from({ length: 40 }, (_, seed) => seed))("seed %i", (seed) => {
    const random = seededRandom(seed);
    const { world, node } = stage(seed);
    let model = modelBy(random);
    node.start(model);
    world.runFor(seconds(8));
    for (let round = 0; round < 4; round++) {
      const next = modelBy(random, model);
      const before = node.status();
      const staying = addressesOf(model).filter((address) => isServedByKept(address, model, next));
      node.reload(next);
      for (let passed = 0; passed < 200; passed++) {
        world.runFor(millis(1));
        for (const address of staying) expect(node.serves(address), `${address} in round ${round}`).toBe(true);
      }
      world.runFor(seconds(8));
      const after = node.status();
      for (const name of unchanged(model, next)) expectUntouched(find(before, name), find(after, name));
      expect(after.map(({ name, state }) => `${name} ${state}`)).toEqual(
        next.instances.map(({ name }) => `${name} MASTER`),
      );
      const wanted = new Set(addressesOf(next));
      for (const address of POOL) expect(node.serves(address), `${address} at the end`).toBe(wanted.has(address));
      expect(planReload(next, next)).toEqual([]);
      model = next;
    }
  });
});

test("removed by a reload: it hears its successor, and lets go as soon as that one has announced the address", () => {
  const { world, node, lan } = stage(1);
  const web = (priority: number): InstanceSettings =>
    instance({ vrid: 1, name: "web", priority, virtualAddresses: [virtualAddress(VIP, 24)] });
  const other = instance({ vrid: 2, name: "other", virtualAddresses: [] });
  const backup = join("b", 2, { world, lan });
  node.start(configuration([web(200), other]));
  backup.start(configuration([web(100)]));
  world.runFor(seconds(10));
  expect([node.serves(VIP), backup.serves(VIP)]).toEqual([true, false]);
  node.reload(configuration([other]));
  let both = 0;
  let nobody = 0;
  for (let passed = 0; passed < 5_000; passed++) {
    world.runFor(millis(1));
    if (node.serves(VIP) && backup.serves(VIP)) both += 1;
    if (!node.serves(VIP) && !backup.serves(VIP)) nobody += 1;
  }
  // One that does not listen serves on for as long as it would wait for a successor: 3 s.
  expect([node.serves(VIP), backup.serves(VIP), nobody]).toEqual([false, true, 0]);
  expect(both).toBeLessThan(20);
});

function stage(seed: number): { readonly world: World; readonly node: SimNode; readonly lan: Lan } {
  const world = new World();
  const random = seededRandom(seed);
  const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
  const lan = new Lan(quality, { world, random });
  return { world, node: join("a", 1, { world, lan }), lan };
}

function join(name: string, number: number, { world, lan }: { readonly world: World; readonly lan: Lan }): SimNode {
  const options = { name, number, outside: undefined, keepsProtocol: true, origin: instant(seconds(3600)) };
  return new SimNode(options, { world, lan, random: seededRandom(number), onLog: () => {} });
}

/** Instances of some VRIDs, each address in one of them at most. Based on another model, most of it stays as it is. */
function modelBy(random: Random, base?: Configuration): Configuration {
  const known = new Map(base?.instances.map((settings) => [settings.vrid, settings]));
  const vrids = VRIDS.filter((vrid) => random.below(10) < (known.has(vrid) ? 8 : 4));
  const chosen: readonly number[] = vrids.length === 0 ? VRIDS.slice(0, 1) : vrids;
  const homes = new Map(POOL.map((address) => [address, homeOf(address, known, chosen, random)]));
  return configuration(
    chosen.map((vrid) => {
      const before = known.get(vrid);
      const addresses = POOL.filter((address) => homes.get(address) === vrid);
      const isRenamed = random.below(5) === 0;
      return instance({
        ...before,
        vrid,
        name: before === undefined || isRenamed ? `VI_${vrid}_${random.below(1_000_000)}` : before.name,
        priority: before === undefined || random.below(5) === 0 ? 100 + random.below(100) : before.priority,
        virtualAddresses: addresses.map((address) => virtualAddress(address, 24)),
      });
    }),
  );
}

function homeOf(
  address: IpAddress,
  known: ReadonlyMap<number, InstanceSettings>,
  chosen: readonly number[],
  random: Random,
): number | undefined {
  const before = [...known.values()].find((settings) => has(settings, address));
  if (before !== undefined && chosen.includes(before.vrid) && random.below(4) > 0) return before.vrid;
  return random.below(4) === 0 ? undefined : chosen[random.below(chosen.length)];
}

/** The names of those that are the same in both, down to the last field. */
function unchanged(model: Configuration, next: Configuration): readonly string[] {
  const before = new Set(model.instances.map((settings) => JSON.stringify(settings)));
  return next.instances.filter((settings) => before.has(JSON.stringify(settings))).map(({ name }) => name);
}

/** Whether the instance that has it, and the one that gets it, both go on. */
function isServedByKept(address: IpAddress, model: Configuration, next: Configuration): boolean {
  const homes = [model, next].map(({ instances }) => instances.find((settings) => has(settings, address))?.vrid);
  return homes.every((home) => [model, next].every(({ instances }) => instances.some(({ vrid }) => vrid === home)));
}

function expectUntouched(before: InstanceStatus, after: InstanceStatus): void {
  expect(after.since).toBe(before.since);
  for (const counter of ["becameMaster", "releasedMaster", "priorityZeroSent", "addressesLost"]) {
    expect(after.counters[counter]).toBe(before.counters[counter]);
  }
  // One advert a second, over 8.2 s: none besides them, and none left out.
  const sent = (after.counters["advertisementsSent"] ?? 0) - (before.counters["advertisementsSent"] ?? 0);
  expect([8, 9]).toContain(sent);
}

function find(instances: readonly InstanceStatus[], name: string): InstanceStatus {
  const found = instances.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

function has({ virtualAddresses }: InstanceSettings, address: IpAddress): boolean {
  return virtualAddresses.some((own) => own.address === address);
}

function addressesOf({ instances }: Configuration): readonly IpAddress[] {
  return instances.flatMap(({ virtualAddresses }) => virtualAddresses.map(({ address }) => address));
}

const VRIDS = [51, 52, 53, 54, 55] as const;
const VIP = ip("10.0.0.100");
const POOL = [101, 102, 103, 104, 105, 106, 107, 108].map((last) => ip(`10.0.0.${last}`));
