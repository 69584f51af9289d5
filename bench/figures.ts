/** One measured value in the unit of its row; null: it did not end while it was watched. */
export type Value = number | null;

/** Both hold where both are given. */
export type Target =
  | {
      /** In the unit of the row. */
      readonly atMost: number;
      readonly timesPeer?: number;
    }
  | {
      readonly atMost?: number;
      /** Times keepalived's worst, in the same run; compared with one decimal. */
      readonly timesPeer: number;
    };

/** `ms/s`: milliseconds of processor time in a second. */
export type Unit = "ms" | "MB" | "ms/s" | "times";

/** What one row is about. Smaller is better in every row. */
export interface RowPlan {
  readonly work: string;
  readonly unit: Unit;
  /** Undefined: shown for completeness, nothing was promised. */
  readonly target: Target | undefined;
}

/** What the runs of one row gave, in their order. */
export interface Samples {
  readonly values: readonly Value[];
  /** Runs that gave no value, or whose circumstances were not as the row says; each with its reason. */
  readonly failures: readonly string[];
}

/** One row of the document that `--json` prints. */
export interface Row {
  /** The name that `--only` takes. Several rows may come from one work. */
  readonly name: string;
  readonly work: string;
  readonly unit: Unit;
  /** Medians. Null: for ever, or no run succeeded; `runs` and `failures` tell which. */
  readonly holdfast: Value;
  readonly peer: Value;
  /** Holdfast's worst run; it is what the target is held against. */
  readonly worst: Value;
  readonly peerWorst: Value;
  /** `worst` divided by `peerWorst`, 0 where only the latter has no end; null where there is no such number. */
  readonly ratio: number | null;
  /** Of Holdfast. keepalived had as many. */
  readonly runs: number;
  /** The machine's load average of the last minute when the last run had ended. The bench itself adds less than 1. */
  readonly load: number;
  readonly target: number | null;
  /** What `ratio` may be at most. */
  readonly targetRatio: number | null;
  /** Null where there is neither. */
  readonly met: boolean | null;
  readonly values: { readonly holdfast: readonly Value[]; readonly peer: readonly Value[] };
  readonly failures: { readonly holdfast: readonly string[]; readonly peer: readonly string[] };
}

/** Condenses the runs of both daemons. A row with a failed run of Holdfast has not met its target. */
export function rowOf(name: string, plan: RowPlan, holdfast: Samples, peer: Samples, load: number): Row {
  const worst = worstOf(holdfast.values);
  const peerWorst = worstOf(peer.values);
  const target = plan.target?.atMost ?? null;
  const targetRatio = plan.target?.timesPeer ?? null;
  const ratio = worst === null || peer.values.length === 0 ? null : ratioOf(worst, peerWorst);
  const held = worst !== null && holdfast.failures.length === 0;
  // Of nothing, nothing is as much.
  const compares = targetRatio === null || (ratio === null ? worst === 0 : rounded(ratio, 1) <= targetRatio);
  return {
    name,
    work: plan.work,
    unit: plan.unit,
    holdfast: medianOf(holdfast.values),
    peer: medianOf(peer.values),
    worst,
    peerWorst,
    ratio,
    runs: holdfast.values.length,
    load: rounded(load, 1),
    target,
    targetRatio,
    met: plan.target === undefined ? null : held && (target === null || worst <= target) && compares,
    values: { holdfast: holdfast.values, peer: peer.values },
    failures: { holdfast: holdfast.failures, peer: peer.failures },
  };
}

/** Null, which is for ever, is worse than any number; of no values at all there is no worst either. */
export function worstOf(values: readonly Value[]): Value {
  return sorted(values).at(-1) ?? null;
}

/** The middle value, or the higher of the two in the middle. */
export function medianOf(values: readonly Value[]): Value {
  return sorted(values)[Math.floor(values.length / 2)] ?? null;
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function ratioOf(worst: number, peerWorst: Value): number | null {
  if (peerWorst === null) return 0;
  return peerWorst === 0 ? null : rounded(worst / peerWorst, 4);
}

function sorted(values: readonly Value[]): Value[] {
  return values.toSorted((a, b) => (a ?? Infinity) - (b ?? Infinity));
}
