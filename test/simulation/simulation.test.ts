import { env } from "node:process";
import { expect, test } from "vitest";
import { planOf, type Plan } from "./plan.ts";
import { run } from "./run.ts";
import { withTrackers } from "./tracker-plan.ts";

/** Seeds that once found something, before there was IPv6. They always run. */
const REMEMBERED: readonly number[] = [826, 1388, 1594, 1929, 8924];

const SEEDS = Number(env["HOLDFAST_SEEDS"] ?? "200");

/** A third as many, of numbers that the others do not use. */
const TRACKER_SEEDS = Array.from({ length: Math.ceil(SEEDS / 3) }, (_, index) => 1_000_001 + index);

test.each(TRACKER_SEEDS)(
  "seed %i, with files, processes and links that take their time: no rule is broken either, and all heals",
  (seed) => demandOf(withTrackers(planOf(seed))),
);

test.each(REMEMBERED)("seed %i, IPv4: no rule is ever broken, and one strongest master is left after healing", (seed) =>
  demandOf(planOf(seed, ["ipv4"])),
);

test.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
  "seed %i: no rule is ever broken, and one strongest master is left after healing",
  (seed) => demandOf(planOf(seed)),
);

function demandOf(plan: Plan): void {
  const { complaints, log } = run(plan);
  const report = [`seed ${plan.seed}: ${complaints.join("; ")}`, JSON.stringify(plan, undefined, 1), ...log].join("\n");
  expect(complaints, report).toEqual([]);
}
