import { expect, test } from "vitest";
import { nodeOf } from "./fault.ts";
import { Planner, planSettings, strongest, type Round } from "./plan.ts";

const PRIORITIES = new Map([
  ["a", 200],
  ["b", 150],
  ["c", 100],
]);

test("the same seed: the same settings and the same rounds", () => {
  expect(planSettings(7)).toEqual(planSettings(7));
  expect(roundsOf(7, 50)).toEqual(roundsOf(7, 50));
  expect(roundsOf(7, 50)).not.toEqual(roundsOf(8, 50));
});

test("thirty rounds of any seed: every kind of fault but those that the circumstances rule out", () => {
  for (let seed = 0; seed < 50; seed++) {
    const kinds = new Set(roundsOf(seed, 30).flatMap(({ faults }) => faults.map(({ fault }) => fault.kind)));
    expect(kinds.size, `seed ${seed}`).toBeGreaterThanOrEqual(15);
  }
});

test("any round: faults on different nodes, and none that makes no sense there", () => {
  const rounds = Array.from({ length: 50 }, (_, seed) => roundsOf(seed, 20).map((round) => ({ seed, round }))).flat();
  for (const { seed, round } of rounds) {
    const nodes = round.faults.flatMap(({ fault }) => nodeOf(fault) ?? []);
    expect(new Set(nodes).size).toBe(nodes.length);
    expect(round.faults.length).toBeGreaterThan(0);
    for (const { fault } of round.faults) {
      // c runs keepalived, which takes a misspelt priority for none.
      if (fault.kind === "bad-reload") expect(fault.node).not.toBe("c");
      if (fault.kind === "vip-deleted") expect(fault.node).toBe(holderOf(seed, fault.service));
      if (fault.kind === "foreign-vip") expect(fault.node).not.toBe(holderOf(seed, fault.service));
      if (fault.kind === "reload") expect([...PRIORITIES.values()]).not.toContain(fault.priority);
    }
  }
});

test("settings of many seeds: each node is the strongest now and then, and all variants are there", () => {
  const all = Array.from({ length: 60 }, (_, seed) => planSettings(seed));
  const strongestOf = all.map(({ nodes }) => strongest(new Map(nodes.map(({ name, priority }) => [name, priority]))));
  expect(new Set(strongestOf)).toEqual(new Set(["a", "b", "c"]));
  const variants = all.map(({ version, transport, preemptDelay }) => `${version} ${transport} ${preemptDelay}`);
  expect(new Set(variants).size).toBe(8);
  expect(new Set(all.map(({ mirrored }) => mirrored)).size).toBe(2);
});

/** a holds the address; where priorities are the other way round, c does. */
function holderOf(seed: number, service: string): string {
  const { mirrored } = planSettings(seed);
  return service === "fast" && mirrored ? "c" : "a";
}

function roundsOf(seed: number, count: number): Round[] {
  const planner = new Planner(planSettings(seed));
  return Array.from({ length: count }, () => planner.next(PRIORITIES));
}
