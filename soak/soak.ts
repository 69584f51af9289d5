import { runOrThrow } from "../src/lab/program.ts";
import type { Measured } from "../src/lab/prober.ts";
import { boundsOf, type Bounds } from "./bounds.ts";
import { Cluster } from "./cluster.ts";
import { evidence, seconds } from "./evidence.ts";
import { explain, notJudged, type Finding } from "./explain.ts";
import { describeFault, type FaultRecord } from "./fault.ts";
import { covered, lengthOf, overlap, without, type History, type RoundRecord, type Span } from "./history.ts";
import { inflict } from "./inflict.ts";
import { Planner, planSettings, strongest, type PlannedFault, type Round } from "./plan.ts";
import { VIP, type Settings } from "./settings.ts";

export interface Report {
  readonly settings: Settings;
  readonly history: History;
  readonly findings: readonly Finding[];
  /** Broken promises, each with its evidence. */
  readonly violations: readonly string[];
  /** Of the whole time, how much was not judged, since the machine gave no processor: 0 to 1. */
  readonly notJudgedShare: number;
  readonly memory: readonly MemoryRow[];
  readonly client: { readonly asks: number; readonly outageMs: number; readonly longestMs: number };
}

/** PSS of all processes of the daemon of a node, in MB of 1,000,000 bytes. */
export interface MemoryRow {
  readonly node: string;
  /** After the first minute, or the first round that ended later. */
  readonly early: number;
  readonly late: number;
}

export type Verdict = "kept" | "broken" | "not-judged";

/** A run in which more than a tenth of the time could not be judged says nothing, unless it found something. */
export function verdictOf({ violations, notJudgedShare }: Report): Verdict {
  if (violations.length > 0) return "broken";
  return notJudgedShare > MOST_NOT_JUDGED ? "not-judged" : "kept";
}

/**
 * Runs three nodes through random faults, and explains each time in which nobody, or more than one, held their address.
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
  readonly #rounds: RoundRecord[] = [];
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
      const measured = await cluster.prober.measure(this.#rounds[0]?.settledMs);
      const report = this.#judge(cluster, untilMs, memory, measured);
      await Promise.all([cluster.wire.stop(), cluster.prober.stop(), ...cluster.nodes.map((node) => node.stop())]);
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
    const { nodes, seed, version, transport, preemptDelay } = this.#settings;
    const who = nodes.map(({ name, daemon, priority }) => `${name} ${daemon} ${priority}`).join(", ");
    this.#tell(`seed ${seed}: version ${version}, ${transport}, preempt_delay ${preemptDelay}, ${who}`);
    await Promise.all(cluster.nodes.map((node) => node.start()));
    const priorities = cluster.priorities();
    const bounds = boundsOf(this.#settings, Math.min(...priorities.values()));
    await cluster.waitForOnly(strongest(priorities), bounds.settling);
    await pass(bounds.down);
    this.#rounds.push({ fromMs, faults: [], settledMs: Date.now(), weakestPriority: Math.min(...priorities.values()) });
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
        throw new Error(`Round ${number}, ${words}: ${String(error)}\n${evidence(cluster, span)}`, { cause: error });
      },
    );
    const faults = done.filter((record) => record !== undefined);
    const lowered = round.faults.map(({ fault }) => (fault.kind === "number-written" ? fault.value : 0));
    const priorities = cluster.priorities();
    const weakestPriority = Math.max(1, Math.min(...before, ...priorities.values()) + Math.min(0, ...lowered));
    const bounds = boundsOf(this.#settings, weakestPriority);
    const wanted = strongest(priorities);
    const mendedMs = Date.now();
    const failure = await this.#settle(cluster, { wanted, bounds, mends: faults.map(({ mendMs }) => mendMs) });
    this.#rounds.push({ fromMs, faults, settledMs: Date.now(), weakestPriority });
    const at = seconds(fromMs - this.#startedMs);
    this.#tell(
      `${at.padStart(8)}  round ${number}: ${words}; ${wanted} serves ${seconds(Date.now() - mendedMs)} after it`,
    );
    if (failure === undefined) return true;
    const span = { fromMs, untilMs: Date.now() };
    this.#violations.push(`Round ${number}, ${words}: ${failure}\n${evidence(cluster, span)}`);
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

  async #settle(
    cluster: Cluster,
    { wanted, bounds, mends }: { readonly wanted: string; readonly bounds: Bounds; readonly mends: readonly number[] },
  ): Promise<string | undefined> {
    const sinceMs = Date.now();
    try {
      // Who was dead, deaf or asleep still counts from then; only after that is it over.
      const rest = (): number => Math.max(...mends, sinceMs) + bounds.down + CALM - Date.now();
      await pass(rest());
      await cluster.waitForOnly(wanted, bounds.settling - bounds.down + this.#starvedSince(cluster, sinceMs));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #starvedSince(cluster: Cluster, sinceMs: number): number {
    return covered(notJudged(cluster.delays), { fromMs: sinceMs, untilMs: Date.now() });
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

  #judge(cluster: Cluster, untilMs: number, memory: readonly MemoryRow[], measured: Measured): Report {
    const names = cluster.nodes.map(({ name }) => name);
    const { fromMs } = this.#rounds[0] ?? { fromMs: untilMs };
    const history: History = {
      fromMs: this.#rounds[0]?.settledMs ?? fromMs,
      untilMs,
      nodes: this.#settings.nodes,
      rounds: this.#rounds,
      seats: new Map(cluster.nodes.map(({ name, host }) => [name, host.vips.tenures(VIP)])),
      answers: new Map(names.map((name) => [name, cluster.wire.tenures(name)])),
      delays: cluster.delays,
    };
    const bounds = (round: RoundRecord): Bounds => boundsOf(this.#settings, round.weakestPriority);
    const findings = explain(history, bounds).toSorted((left, right) => left.interval.fromMs - right.interval.fromMs);
    let shown: Span = { fromMs: 0, untilMs: 0 };
    for (const finding of findings) {
      for (const span of finding.unexplained) {
        const words = describeFinding(finding, span, this.#startedMs);
        this.#violations.push(overlap(span, shown) ? words : `${words}\n${evidence(cluster, span)}`);
        shown = span;
      }
    }
    const client = this.#judgeClient(cluster, history, measured);
    const notJudgedShare = covered(notJudged(history.delays), history) / lengthOf(history);
    return {
      settings: this.#settings,
      history,
      findings,
      violations: this.#violations,
      notJudgedShare,
      memory,
      client,
    };
  }

  /** Whom a client reaches depends on neighbor tables, too; between the rounds somebody has to answer it always. */
  #judgeClient(cluster: Cluster, history: History, measured: Measured): Report["client"] {
    const outages = measured.outages.map(({ fromMs, untilMs = history.untilMs, unwatchedMs }) => ({
      fromMs,
      untilMs,
      unwatchedMs,
    }));
    const rounds = history.rounds.map(({ fromMs, settledMs }) => ({ fromMs, untilMs: settledMs + CALM }));
    const excused = [...rounds, ...notJudged(history.delays)];
    for (const outage of outages) {
      const rest = without(outage, excused).filter((span) => lengthOf(span) > CLIENT_RESOLUTION + outage.unwatchedMs);
      for (const span of rest) {
        const at = seconds(span.fromMs - this.#startedMs);
        this.#violations.push(
          `${at}: nobody answered the client for ${seconds(lengthOf(span))}\n${evidence(cluster, span)}`,
        );
      }
    }
    const lengths = outages.map((outage) => lengthOf(outage) - outage.unwatchedMs);
    const outageMs = lengths.reduce((sum, ms) => sum + ms, 0);
    return { asks: measured.asks.length, outageMs, longestMs: measured.longestOutageMs };
  }
}

function describeFinding({ record, interval, reasons }: Finding, span: Span, startedMs: number): string {
  const who = interval.kind === "nobody" ? "nobody" : interval.hosts.join(" and ");
  const what = record === "seats" ? "held the address" : "answered for the address";
  const whole = `${seconds(lengthOf(span))} of ${seconds(lengthOf(interval))}`;
  const excused = reasons.map(({ why }) => why).join("; ");
  const part = excused === "" ? "" : ` The rest: ${excused}.`;
  return `${seconds(span.fromMs - startedMs)}: ${who} ${what}, and nothing explains ${whole}.${part}`;
}

/** Lets time pass that is itself the circumstance. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, Math.max(0, ms)));
}

const MOST_NOT_JUDGED = 0.1;
const FIRST_MINUTE = 60_000;
/** A heap breathes; what leaks grows on. */
const GROWTH_MB = 20;
const CALM = 500;
/** An ask waits for 250 ms, and a busy client may need that much again. */
const CLIENT_RESOLUTION = 500;
