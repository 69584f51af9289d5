import { allowancesOf, type Allowance, type RecordName } from "./allowances.ts";
import type { Bounds } from "./bounds.ts";
import {
  covered,
  intervalsOf,
  lengthOf,
  overlap,
  without,
  type History,
  type Interval,
  type RoundRecord,
  type Span,
} from "./history.ts";

/** What was found of an interval with nobody, or several. */
export interface Finding {
  readonly record: RecordName;
  readonly interval: Interval;
  /** What excuses it, or parts of it. */
  readonly reasons: readonly Allowance[];
  /** What nothing excuses; empty: all is explained. */
  readonly unexplained: readonly Span[];
  /** How much of it was not judged, since the machine stood still. In ms. */
  readonly notJudgedMs: number;
}

/** What the protocol and Holdfast promise. */
export interface Promises {
  readonly boundsOf: (round: RoundRecord) => Bounds;
  readonly patience: Patience;
}

/**
 * Explains every interval in which nobody, or more than one, held the address, by what was done to the cluster. What was
 * done to it must be the nearer past: between the rounds nothing is excused.
 */
export function explain(history: History, { boundsOf, patience }: Promises): Finding[] {
  const starved = notJudged(history.delays, patience);
  const allowances = history.rounds.flatMap((round) => allowancesOf(round, history, boundsOf(round)));
  return RECORDS.flatMap((record) => {
    const budgets = new Map<Allowance, number>();
    return intervalsOf(history[record], history).map((interval) =>
      judge(record, interval, { allowances, budgets, starved, delays: history.delays }),
    );
  });
}

/** Lists the times that are not judged: the machine gave no processor for long, or had just done so. */
export function notJudged(delays: readonly Span[], { starved, longStarved }: Patience): Span[] {
  return delays
    .filter((delay) => lengthOf(delay) >= starved)
    .map((delay) => {
      // After so long the leases are gone and the others claim; all that needs its time.
      const aftermath = lengthOf(delay) >= longStarved ? LONG_AFTERMATH : AFTERMATH;
      return { fromMs: delay.fromMs, untilMs: delay.untilMs + aftermath };
    });
}

/** How long a service stands a machine that gives no processor. */
export type Patience = Pick<Bounds, "starved" | "longStarved">;

interface Means {
  readonly allowances: readonly Allowance[];
  /** What is left of the allowances that are limited. */
  readonly budgets: Map<Allowance, number>;
  readonly starved: readonly Span[];
  readonly delays: readonly Span[];
}

function judge(record: RecordName, interval: Interval, { allowances, budgets, starved, delays }: Means): Finding {
  const near = { fromMs: interval.fromMs - NEAR, untilMs: interval.untilMs + NEAR };
  const slack = SLACK + delays.filter((delay) => overlap(delay, near)).reduce((sum, delay) => sum + lengthOf(delay), 0);
  const fitting = allowances
    .filter((allowance) => {
      const isRight = allowance.kind === interval.kind && allowance.records.includes(record);
      return isRight && (allowance.node === undefined || interval.hosts.includes(allowance.node));
    })
    .map((allowance) => ({
      allowance,
      span: { fromMs: allowance.fromMs - slack, untilMs: allowance.untilMs + slack },
    }))
    .filter(({ span }) => overlap(span, interval));
  const whole = fitting.filter(({ allowance }) => allowance.atMostMs === undefined);
  const reasons = whole.map(({ allowance }) => allowance);
  const judged = without(interval, starved);
  const rest = judged.flatMap((piece) =>
    without(
      piece,
      whole.map(({ span }) => span),
    ),
  );
  const unexplained = rest.filter((piece) => {
    // Shorter than what the watchers can tell apart.
    const resolution = record === "answers" ? slack : interval.kind === "nobody" ? SEAT_RESOLUTION : 0;
    if (lengthOf(piece) <= resolution) return false;
    const reason = fitting.find(({ allowance, span }) => {
      const left = (budgets.get(allowance) ?? allowance.atMostMs ?? 0) + slack;
      return allowance.atMostMs !== undefined && within(piece, span) && lengthOf(piece) <= left;
    });
    if (reason === undefined) return true;
    const { allowance } = reason;
    budgets.set(allowance, Math.max(0, (budgets.get(allowance) ?? allowance.atMostMs ?? 0) - lengthOf(piece)));
    reasons.push(allowance);
    return false;
  });
  return { record, interval, reasons, unexplained, notJudgedMs: covered(starved, interval) };
}

function within(inner: Span, outer: Span): boolean {
  return inner.fromMs >= outer.fromMs && inner.untilMs <= outer.untilMs;
}

const RECORDS = ["seats", "answers"] as const;
/** What programs need to see and to be told, on a machine with work to do. */
const SLACK = 100;
/** Delays that are so near to an interval may have made it longer. */
const NEAR = 1_000;
/** What passes on one host while the watcher of another is not given the processor. */
const SEAT_RESOLUTION = 20;
const AFTERMATH = 1_000;
const LONG_AFTERMATH = 8_000;
