import type { Measured } from "../src/lab/prober.ts";
import { boundsOf, type Bounds } from "./bounds.ts";
import type { Cluster, Watched } from "./cluster.ts";
import { evidence, seconds } from "./evidence.ts";
import { explain, notJudged, type Finding, type Patience } from "./explain.ts";
import type { FaultRecord } from "./fault.ts";
import { covered, lengthOf, overlap, without, type History, type Span } from "./history.ts";
import { priorityFor, type Service } from "./services.ts";
import type { Settings } from "./settings.ts";

/** A round as all services have in common. */
export interface SoakRound {
  readonly fromMs: number;
  readonly faults: readonly FaultRecord[];
  /** When the strongest nodes had come to hold the addresses again, alone. */
  readonly settledMs: number;
  readonly extremes: Extremes;
}

/** The lowest and the highest priority that a node had, as configured, and what a tracked file took from one at most. */
export interface Extremes {
  readonly lowest: number;
  readonly highest: number;
  readonly taken: number;
}

/** What became of one service. */
export interface ServiceReport {
  readonly service: Service;
  readonly findings: readonly Finding[];
  /** Broken promises, each with its evidence. */
  readonly violations: readonly string[];
  /** Of the whole time, how much was not judged, since the machine gave no processor: 0 to 1. */
  readonly notJudgedShare: number;
  readonly client: { readonly asks: number; readonly outageMs: number; readonly longestMs: number };
}

export interface Course {
  readonly settings: Settings;
  readonly cluster: Cluster;
  /** The boot is the first. */
  readonly rounds: readonly SoakRound[];
  /** What is told is dated from here. */
  readonly startedMs: number;
  readonly untilMs: number;
}

/** Gives what is promised of a service while priorities have these extremes. */
export function boundsWith(service: Service, settings: Settings, extremes: Extremes): Bounds {
  const { lowest, highest, taken } = extremes;
  const weakest = priorityFor(service, service.mirrored ? highest : lowest);
  return boundsOf(service, { ...settings, weakestPriority: Math.max(1, weakest - taken) });
}

/** How long a service stands a machine that gives no processor. */
export function patienceOf(service: Service, settings: Settings): Patience {
  return boundsOf(service, { ...settings, weakestPriority: 1 });
}

/** Says of one service which times with other than one holder nothing explains, and when its client was left alone. */
export function judgeService(watched: Watched, measured: Measured, course: Course): ServiceReport {
  const { service } = watched;
  const { settings, cluster, startedMs } = course;
  const history = historyOf(watched, course);
  const patience = patienceOf(service, settings);
  const extremes = new Map(history.rounds.map((round, index) => [round, course.rounds[index]?.extremes]));
  const bounds = (round: History["rounds"][number]): Bounds =>
    boundsWith(service, settings, extremes.get(round) ?? WIDEST);
  const findings = explain(history, { boundsOf: bounds, patience }).toSorted(
    (left, right) => left.interval.fromMs - right.interval.fromMs,
  );
  const violations: string[] = [];
  let shown: Span = { fromMs: 0, untilMs: 0 };
  for (const finding of findings) {
    for (const span of finding.unexplained) {
      const words = `${service.name} ${describeFinding(finding, span, startedMs)}`;
      violations.push(overlap(span, shown) ? words : `${words}\n${evidence(cluster, [watched], span)}`);
      shown = span;
    }
  }
  const outages = measured.outages.map(({ fromMs, untilMs = history.untilMs, unwatchedMs }) => ({
    fromMs,
    untilMs,
    unwatchedMs,
  }));
  for (const span of aloneBetweenRounds(outages, history, patience)) {
    const words = `${seconds(span.fromMs - startedMs)}: nobody answered the client for ${seconds(lengthOf(span))}`;
    violations.push(`${service.name} ${words}\n${evidence(cluster, [watched], span)}`);
  }
  const lengths = outages.map((outage) => lengthOf(outage) - outage.unwatchedMs);
  const outageMs = lengths.reduce((sum, ms) => sum + ms, 0);
  return {
    service,
    findings,
    violations,
    notJudgedShare: covered(notJudged(history.delays, patience), history) / lengthOf(history),
    client: { asks: measured.asks.length, outageMs, longestMs: measured.longestOutageMs },
  };
}

function historyOf({ service, wire }: Watched, { settings, cluster, rounds, untilMs }: Course): History {
  return {
    service: service.name,
    fromMs: rounds[0]?.settledMs ?? untilMs,
    untilMs,
    nodes: settings.nodes,
    rounds: rounds.map(({ fromMs, faults, settledMs }) => ({ fromMs, faults, settledMs })),
    seats: new Map(cluster.nodes.map(({ name, host }) => [name, host.vips.tenures(service.vip)])),
    answers: new Map(cluster.nodes.map(({ name }) => [name, wire.tenures(name)])),
    delays: cluster.delays,
  };
}

/** Whom a client reaches depends on neighbor tables, too; between the rounds somebody has to answer it always. */
function aloneBetweenRounds(
  outages: readonly (Span & { readonly unwatchedMs: number })[],
  history: History,
  patience: Patience,
): Span[] {
  const rounds = history.rounds.map(({ fromMs, settledMs }) => ({ fromMs, untilMs: settledMs + CALM }));
  const excused = [...rounds, ...notJudged(history.delays, patience)];
  return outages.flatMap((outage) =>
    without(outage, excused).filter((span) => lengthOf(span) > CLIENT_RESOLUTION + outage.unwatchedMs),
  );
}

function describeFinding({ record, interval, reasons }: Finding, span: Span, startedMs: number): string {
  const who = interval.kind === "nobody" ? "nobody" : interval.hosts.join(" and ");
  const what = record === "seats" ? "held the address" : "answered for the address";
  const whole = `${seconds(lengthOf(span))} of ${seconds(lengthOf(interval))}`;
  const excused = reasons.map(({ why }) => why).join("; ");
  const part = excused === "" ? "" : ` The rest: ${excused}.`;
  return `${seconds(span.fromMs - startedMs)}: ${who} ${what}, and nothing explains ${whole}.${part}`;
}

/** Whoever was dead, deaf or asleep may still have to catch up with the client's questions. */
export const CALM = 500;
/** An ask waits for 250 ms, and a busy client may need that much again. */
const CLIENT_RESOLUTION = 500;
const WIDEST: Extremes = { lowest: 1, highest: 254, taken: 0 };
