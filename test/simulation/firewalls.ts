import { seededRandom, type Random } from "../../src/base/random.ts";
import { micros } from "../../src/base/time.ts";
import type { LanName, Plan, PlannedFault } from "./plan.ts";

/** The same plan with firewalls that refuse adverts for a while. By a random stream of its own: the plan stays as it was. */
export function withFirewalls(plan: Plan): Plan {
  const random = seededRandom(plan.seed ^ 0x0f17e);
  random.next();
  if (random.chance(1, 2)) return plan;
  const refusals = Array.from({ length: 1 + random.below(3) }, () => drawRefusal(random, plan));
  const faults = [...plan.faults, ...refusals].toSorted((left, right) => left.at - right.at);
  const healedAt = micros(Math.max(...faults.map(({ at, length }) => at + length)));
  return { ...plan, faults, healedAt };
}

function drawRefusal(random: Random, plan: Plan): PlannedFault {
  const node = pick(random, plan.nodes).name;
  const at = micros(random.below(plan.healedAt));
  // A single advert, some, so many that a backup takes over, and time enough to return.
  const length = micros(
    1 + random.below(pick(random, [plan.interval, 4 * plan.interval, 10 * plan.interval, 15_000_000])),
  );
  const lans: readonly LanName[] = plan.grouped
    ? pick<readonly LanName[]>(random, [["first"], ["second"], ["first", "second"]])
    : ["first"];
  return { at, length, lans, fault: { kind: "forbid-adverts", node } };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("Cannot pick from nothing");
  return item;
}
