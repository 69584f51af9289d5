import { env } from "node:process";
import { expect, test } from "vitest";
import { withFirewalls } from "./firewalls.ts";
import { planOf, type Plan } from "./plan.ts";
import { run } from "./run.ts";
import { withTrackers } from "./tracker-plan.ts";
import { withTraits } from "./traits.ts";

/** Test files over which the seeds are spread, so that they run side by side. */
const SHARDS = 4;

/** The first so many; `npm test` takes more of them than `npm run ok`. */
const SEEDS = Number(env["HOLDFAST_SEEDS"] ?? "150");

/** This one and no other. */
const SEED = env["HOLDFAST_SEED"];

/** Seeds that once found something, before there was IPv6. They always run, without what came later. */
const REMEMBERED: readonly number[] = [826, 1388, 1594, 1929, 8924];

/** The tests of one of the files, 1 to `SHARDS`. */
export function testSeeds(shard: number): void {
  if (SEED !== undefined) {
    test(`seed ${SEED}: ${TITLE}`, () => demandOf(wholePlanOf(Number(SEED)), shard), PATIENCE);
    return;
  }
  if (shard === 1)
    test.each(REMEMBERED)(`seed %i, plain: ${TITLE}`, (seed) => demandOf(planOf(seed, ["ipv4"]), shard), PATIENCE);
  const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1).filter((seed) => seed % SHARDS === shard - 1);
  test.each(seeds)(`seed %i: ${TITLE}`, (seed) => demandOf(wholePlanOf(seed), shard), PATIENCE);
}

/** A third of the seeds track files and processes, too. */
function wholePlanOf(seed: number): Plan {
  const plan = planOf(seed);
  return withFirewalls(withTraits(seed % 3 === 0 ? withTrackers(plan) : plan));
}

function demandOf(plan: Plan, shard: number): void {
  const { complaints, log } = run(plan);
  if (complaints.length === 0) return;
  const again = `HOLDFAST_SEED=${plan.seed} npx vitest run test/simulation/seeds-${shard}.test.ts`;
  const head = `seed ${plan.seed}: ${complaints.join("; ")}\nAgain: ${again}`;
  expect.fail([head, JSON.stringify(plan, undefined, 1), ...log].join("\n"));
}

/** A seed takes some tens of milliseconds, and a hundred times that on a machine with much else to do. */
const PATIENCE = 60_000;

const TITLE = "no rule is ever broken, and one strongest master is left after healing";
