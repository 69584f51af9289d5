/*
 * Runs a three-node cluster (two Holdfast, one keepalived) through random faults, and explains each time in which nobody,
 * or more than one, held one of its addresses. Wants root, since it makes network namespaces. Exit status 0: all was explained; 1: it
 * was not, or something could not be done; 2: the machine was too busy to judge.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { renderReport } from "./render.ts";
import { soak, verdictOf } from "./soak.ts";
import { raiseUrgency } from "./urgency.ts";

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly help: boolean;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (typeof options === "string") return refuse(options, 64);
  if (options.help) return void process.stdout.write(`${USAGE}\n`);
  if (process.geteuid?.() !== 0)
    return refuse("The soak makes network namespaces and wants root: sudo npm run soak", 1);
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  await raiseUrgency();
  const report = await soak({ ...options, tell });
  tell(renderReport(report));
  process.exitCode = { kept: 0, broken: 1, "not-judged": 2 }[verdictOf(report)];
}

function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "30" },
        seed: { type: "string", default: String(Date.now() % 1_000_000) },
        help: { type: "boolean", default: false },
      },
    });
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    if (!(minutes > 0)) return `--minutes takes a number above 0, not "${values.minutes}"`;
    if (!Number.isInteger(seed) || seed < 0) return `--seed takes a whole number from 0 on, not "${values.seed}"`;
    return { minutes, seed, help: values.help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function refuse(message: string, status: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = status;
}

const USAGE = "npm run soak -- [--minutes N] [--seed N]";

await main();
