import { runOrThrow } from "../src/lab/program.ts";
import { Cluster, type Watched } from "./cluster.ts";
import { evidence, seconds } from "./evidence.ts";
import { notJudged } from "./explain.ts";
import { describeFault, type FaultRecord } from "./fault.ts";
import { covered } from "./history.ts";
import { inflict } from "./inflict.ts";
import {
  boundsWith,
  CALM,
  judgeService,
  patienceOf,
  type Extremes,
  type ServiceReport,
  type SoakRound,
} from "./judge.ts";
import { Planner, planSettings, strongest, type PlannedFault, type Round } from "./plan.ts";
import { prioritiesFor } from "./services.ts";
import type { Settings } from "./settings.ts";

export interface Report {
  readonly settings: Settings;
  /** The boot is the first. */
  readonly rounds: readonly SoakRound[];
  /** From the end of the boot to the end. */
  readonly lengthMs: number;
  readonly services: readonly ServiceReport[];
  /** Broken promises of all services and of the whole, each with its evidence. */
  readonly violations: readonly string[];
  readonly memory: readonly MemoryRow[];
}

/** PSS of all processes of the daemon of a node, in MB of 1,000,000 bytes. */
export interface MemoryRow {
  readonly node: string;
  /** After the first minute, or the first round that ended later. */
  readonly early: number;
  readonly late: number;
}

export type Verdict = "kept" | "broken" | "not-judged";

/**
 * A run in which more than a tenth of the time could not be judged says nothing, unless it found something. With adverts that
 * are faster than once a second more of the time is lost on a busy machine; the report says how much.
 */
export function verdictOf({ violations, services }: Report): Verdict {
  if (violations.length > 0) return "broken";
  const isLost = services.some(
    ({ service, notJudgedShare }) => service.advertIntervalMs >= 1_000 && notJudgedShare > MOST_NOT_JUDGED,
  );
  return isLost ? "not-judged" : "kept";
}

/**
 * Runs three nodes through random faults, and explains each time in which nobody, or more than one, held one of their addresses.
 * Wants root.
 *
 * @param tell Is told what happens, a line at a time.
 */
export async function soak(options: {
  readonly minutes: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}): Promise<Report> {
  const settings = planSettings(options.seed);
  const run = new Run(settings, options.tell);
  return run.run(options.minutes * 60_000);
}

class Run {
  readonly #settings: Settings;
  readonly #tell: (line: string) => void;
  readonly #rounds: SoakRound[] = [];
  readonly #violations: string[] = [];
  readonly #memory = new Map<string, number>();
  #startedMs = 0;

  constructor(settings: Settings, tell: (line: string) => void) {
    this.#settings = settings;
    this.#tell = tell;
  }

  async run(lengthMs: number): Promise<Report> {
    this.#startedMs = Date.now();
    const cluster = await Cluster.open(this.#settings);
    try {
      await this.#boot(cluster);
      await this.#goRound(cluster, this.#startedMs + lengthMs).catch((error: unknown) => {
        this.#violations.push(`The soak itself failed: ${String(error)}`);
      });
      const memory = await this.#weigh(cluster);
      const untilMs = Date.now();
      const report = await this.#judge(cluster, untilMs, memory);
      const watchers = cluster.watched.flatMap(({ wire, prober }) => [wire.stop(), prober.stop()]);
      await Promise.all([...watchers, ...cluster.nodes.map((node) => node.stop())]);
      for (const line of await cluster.leftBehind()) this.#violations.push(`Left behind: ${line}`);
      return report;
    } finally {
      await cluster.close();
      const left = (await runOrThrow(["ip", "netns", "list"]))
        .split("\n")
        .filter((name) => name.startsWith(`hf${process.pid}x`));
      for (const name of left) this.#violations.push(`Left behind: the namespace ${name}`);
    }
  }

  async #boot(cluster: Cluster): Promise<void> {
    const fromMs = this.#startedMs;
    const { nodes, seed, version, transport, preemptDelay, mirrored } = this.#settings;
    const who = nodes.map(({ name, daemon, priority }) => `${name} ${daemon} ${priority}`).join(", ");
    const fast = mirrored ? ", fast the other way round" : "";
    this.#tell(`seed ${seed}: version ${version}, ${transport}, preempt_delay ${preemptDelay}, ${who}${fast}`);
    await Promise.all(cluster.nodes.map((node) => node.start()));
    const all = [...cluster.priorities().values()];
    const extremes = { lowest: Math.min(...all), highest: Math.max(...all), taken: 0 };
    for (const watched of cluster.watched) {
      const { settling } = boundsWith(watched.service, this.#settings, extremes);
      await cluster.waitForOnly(strongestOf(cluster, watched), watched, settling);
    }
    await pass(this.#longestDown(cluster, extremes));
    this.#rounds.push({ fromMs, faults: [], settledMs: Date.now(), extremes });
  }

  async #goRound(cluster: Cluster, untilMs: number): Promise<void> {
    const planner = new Planner(this.#settings);
    while (Date.now() < untilMs) {
      const round = planner.next(cluster.priorities());
      if (!(await this.#carryOut(round, cluster))) return;
      await pass(round.quietMs);
      if (this.#memory.size === 0 && Date.now() > this.#startedMs + FIRST_MINUTE) {
        for (const node of cluster.nodes) this.#memory.set(node.name, await node.memoryMb());
      }
    }
  }

  /** False: the cluster did not come to itself again, and what follows would say nothing. */
  async #carryOut(round: Round, cluster: Cluster): Promise<boolean> {
    const fromMs = Date.now();
    const number = this.#rounds.length;
    const before = [...cluster.priorities().values()];
    const words = round.faults
      .map(({ fault, lengthMs }) => `${describeFault(fault)} (${seconds(lengthMs)})`)
      .join(" and ");
    const done = await Promise.all(round.faults.map((planned) => this.#inflict(planned, cluster))).catch(
      (error: unknown) => {
        const span = { fromMs, untilMs: Date.now() };
        const shown = evidence(cluster, cluster.watched, span);
        throw new Error(`Round ${number}, ${words}: ${String(error)}\n${shown}`, { cause: error });
      },
    );
    const faults = done.filter((record) => record !== undefined);
    const lowered = round.faults.map(({ fault }) => (fault.kind === "number-written" ? fault.value : 0));
    const all = [...before, ...cluster.priorities().values()];
    const taken = -Math.min(0, ...lowered);
    const extremes = { lowest: Math.min(...all), highest: Math.max(...all), taken };
    const mendedMs = Date.now();
    const failure = await this.#settle(
      cluster,
      extremes,
      faults.map(({ mendMs }) => mendMs),
    );
    this.#rounds.push({ fromMs, faults, settledMs: Date.now(), extremes });
    const at = seconds(fromMs - this.#startedMs);
    const serving = [...new Set(cluster.watched.map((watched) => strongestOf(cluster, watched)))];
    const serve = `${serving.join(" and ")} serve${serving.length === 1 ? "s" : ""}`;
    this.#tell(`${at.padStart(8)}  round ${number}: ${words}; ${serve} ${seconds(Date.now() - mendedMs)} after it`);
    if (failure === undefined) return true;
    const span = { fromMs, untilMs: Date.now() };
    this.#violations.push(`Round ${number}, ${words}: ${failure}\n${evidence(cluster, cluster.watched, span)}`);
    return false;
  }

  async #inflict(planned: PlannedFault, cluster: Cluster): Promise<FaultRecord | undefined> {
    const { fault, afterMs, lengthMs } = planned;
    await pass(afterMs);
    const beginMs = Date.now();
    const mend = await inflict(fault, cluster, this.#settings);
    if (mend === undefined) return undefined;
    const doneMs = Date.now();
    await pass(lengthMs);
    const mendMs = Date.now();
    await mend();
    return { fault, beginMs, doneMs, mendMs, mendedMs: Date.now() };
  }

  async #settle(cluster: Cluster, extremes: Extremes, mends: readonly number[]): Promise<string | undefined> {
    const sinceMs = Date.now();
    try {
      // Who was dead, deaf or asleep still counts from then; only after that is it over.
      const rest = Math.max(...mends, sinceMs) + this.#longestDown(cluster, extremes) + CALM - Date.now();
      await pass(rest);
      for (const watched of cluster.watched) {
        const { service } = watched;
        const { settling, down } = boundsWith(service, this.#settings, extremes);
        const starved = notJudged(cluster.delays, patienceOf(service, this.#settings));
        const extra = covered(starved, { fromMs: sinceMs, untilMs: Date.now() });
        await cluster.waitForOnly(strongestOf(cluster, watched), watched, settling - down + extra);
      }
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Nobody waits longer for a silent master. */
  #longestDown({ watched }: Cluster, extremes: Extremes): number {
    return Math.max(...watched.map(({ service }) => boundsWith(service, this.#settings, extremes).down));
  }

  async #weigh(cluster: Cluster): Promise<MemoryRow[]> {
    const rows: MemoryRow[] = [];
    for (const node of cluster.nodes) {
      const late = await node.memoryMb();
      const early = this.#memory.get(node.name) ?? late;
      rows.push({ node: node.name, early, late });
      if (node.daemon === "holdfast" && late > early + GROWTH_MB) {
        this.#violations.push(`${node.name} grew from ${early.toFixed(1)} MB to ${late.toFixed(1)} MB`);
      }
    }
    return rows;
  }

  async #judge(cluster: Cluster, untilMs: number, memory: readonly MemoryRow[]): Promise<Report> {
    const settledMs = this.#rounds[0]?.settledMs ?? untilMs;
    const [settings, rounds, startedMs] = [this.#settings, this.#rounds, this.#startedMs];
    const services: ServiceReport[] = [];
    for (const watched of cluster.watched) {
      const measured = await watched.prober.measure(settledMs);
      services.push(judgeService(watched, measured, { settings, cluster, rounds, startedMs, untilMs }));
    }
    this.#violations.push(...services.flatMap(({ violations }) => violations));
    return { settings, rounds, lengthMs: untilMs - settledMs, services, violations: this.#violations, memory };
  }
}

/** Who holds the address of a service when nothing is wrong. */
function strongestOf(cluster: Cluster, { service }: Watched): string {
  return strongest(prioritiesFor(service, cluster.priorities()));
}

/** Lets time pass that is itself the circumstance. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, Math.max(0, ms)));
}

const MOST_NOT_JUDGED = 0.1;
const FIRST_MINUTE = 60_000;
/** A heap breathes; what leaks grows on. */
const GROWTH_MB = 20;
