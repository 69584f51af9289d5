import type { Tenure } from "../src/lab/vip-watch.ts";
import type { Daemon, FaultRecord } from "./fault.ts";
import type { ServiceName } from "./services.ts";

/** What was done to a cluster, and who held the address of one of its services. All times are ms since 1970. */
export interface History {
  readonly service: ServiceName;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly nodes: readonly { readonly name: string; readonly daemon: Daemon }[];
  /** In their order. Between them nothing was wrong. */
  readonly rounds: readonly RoundRecord[];
  /** By node: when the address was on it, as its kernel told. */
  readonly seats: Holders;
  /** By node: when it answered for the address on the wire. */
  readonly answers: Holders;
  /** When this machine gave no processor to those who wanted it. */
  readonly delays: readonly Span[];
}

export type Holders = ReadonlyMap<string, readonly Tenure[]>;

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The boot is a round without faults. */
export interface RoundRecord {
  readonly fromMs: number;
  readonly faults: readonly FaultRecord[];
  /** When the strongest nodes had come to hold the addresses again, alone. */
  readonly settledMs: number;
}

/** A time in which nobody held the address, or more than one did. */
export interface Interval extends Span {
  readonly kind: "nobody" | "several";
  /** Empty for nobody. */
  readonly hosts: readonly string[];
}

/** Lists the times with other than one holder, in order; one with several is divided where they change. */
export function intervalsOf(holders: Holders, { fromMs, untilMs }: Span): Interval[] {
  const instants = new Set([fromMs, untilMs]);
  for (const tenure of [...holders.values()].flat()) {
    for (const atMs of [tenure.fromMs, tenure.untilMs ?? untilMs]) {
      if (atMs > fromMs && atMs < untilMs) instants.add(atMs);
    }
  }
  const edges = [...instants].toSorted((left, right) => left - right);
  const intervals: Interval[] = [];
  for (const [index, start] of edges.entries()) {
    const end = edges[index + 1];
    if (end === undefined) break;
    const middle = (start + end) / 2;
    const hosts = holdersWithin(holders, { fromMs: middle, untilMs: middle });
    if (hosts.length === 1) continue;
    const last = intervals.at(-1);
    const goesOn = last !== undefined && last.untilMs === start && last.hosts.join() === hosts.join();
    if (goesOn) intervals.pop();
    const kind = hosts.length === 0 ? "nobody" : "several";
    intervals.push({ kind, hosts, fromMs: goesOn ? last.fromMs : start, untilMs: end });
  }
  return intervals;
}

/** Names who held the address at some time of a span. */
export function holdersWithin(holders: Holders, { fromMs, untilMs }: Span): string[] {
  return [...holders]
    .filter(([, tenures]) =>
      tenures.some((tenure) => tenure.fromMs <= untilMs && (tenure.untilMs ?? Infinity) >= fromMs),
    )
    .map(([name]) => name)
    .toSorted();
}

/** What is left of a span when others are taken out of it. */
export function without(span: Span, others: readonly Span[]): Span[] {
  let rest: Span[] = [{ fromMs: span.fromMs, untilMs: span.untilMs }];
  for (const other of others) {
    rest = rest.flatMap(({ fromMs, untilMs }) =>
      [
        { fromMs, untilMs: Math.min(untilMs, other.fromMs) },
        { fromMs: Math.max(fromMs, other.untilMs), untilMs },
      ].filter((piece) => piece.untilMs > piece.fromMs),
    );
  }
  return rest;
}

/** Adds up the time that spans cover, where they overlap once. */
export function covered(spans: readonly Span[], within: Span): number {
  const left = without(within, spans);
  return lengthOf(within) - left.reduce((sum, span) => sum + lengthOf(span), 0);
}

export function lengthOf({ fromMs, untilMs }: Span): number {
  return untilMs - fromMs;
}

export function overlap(left: Span, right: Span): boolean {
  return left.fromMs < right.untilMs && right.fromMs < left.untilMs;
}
