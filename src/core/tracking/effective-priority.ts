/** Something an instance tracks, with what is known of it. */
export interface TrackedItem {
  readonly kind: "script" | "interface";
  readonly name: string;
  /** -253..253. With 0, failure is FAULT; otherwise it moves the priority. */
  readonly weight: number;
  /** Swaps success and failure. */
  readonly reverse: boolean;
  readonly verdict: "unknown" | "up" | "down";
}

/** At least one. */
export type TrackedItems = readonly [TrackedItem, ...TrackedItem[]];

export interface Contribution {
  readonly item: TrackedItem;
  /** What it adds to the base priority at present; 0 where it neither adds nor takes away. */
  readonly amount: number;
}

export type PriorityVerdict =
  /** Items of weight 0 have no result yet, and the others of weight 0 are well. */
  | { readonly kind: "unknown"; readonly waitingFor: TrackedItems }
  /** Items of weight 0 have failed. */
  | { readonly kind: "fault"; readonly causes: TrackedItems }
  | { readonly kind: "priority"; readonly effective: number; readonly contributions: readonly Contribution[] };

/**
 * Decides what the tracked items make of a base priority (1-255), by keepalived's rules.
 *
 * An item of weight 0 that failed means FAULT, whatever is still unknown; one that is unknown holds the instance back. A
 * positive weight is added while its item is well, a negative one while it has failed; an unknown one counts for nothing.
 * The sum is kept within 1-254. An address owner (255) stays 255: its weighted items have no effect and do not appear
 * among the contributions, those of weight 0 have theirs. Equal order in, equal order out.
 */
export function effectivePriority(base: number, items: readonly TrackedItem[]): PriorityVerdict {
  const decisive = items.filter((item) => item.weight === 0);
  const [cause, ...otherCauses] = decisive.filter((item) => health(item) === "failed");
  if (cause !== undefined) return { kind: "fault", causes: [cause, ...otherCauses] };
  const [awaited, ...othersAwaited] = decisive.filter((item) => health(item) === "unknown");
  if (awaited !== undefined) return { kind: "unknown", waitingFor: [awaited, ...othersAwaited] };

  if (base === OWNER_PRIORITY) return { kind: "priority", effective: OWNER_PRIORITY, contributions: [] };
  const contributions = items
    .filter((item) => item.weight !== 0)
    .map((item): Contribution => ({ item, amount: amountOf(item) }));
  const total = contributions.reduce((sum, contribution) => sum + contribution.amount, base);
  const effective = Math.min(HIGHEST_PRIORITY, Math.max(LOWEST_PRIORITY, total));
  return { kind: "priority", effective, contributions };
}

function health(item: TrackedItem): "well" | "failed" | "unknown" {
  if (item.verdict === "unknown") return "unknown";
  return (item.verdict === "up") !== item.reverse ? "well" : "failed";
}

function amountOf(item: TrackedItem): number {
  return health(item) === (item.weight > 0 ? "well" : "failed") ? item.weight : 0;
}

const OWNER_PRIORITY = 255;
/** What trackers can make of a priority: 0 says farewell on the wire, 255 is the owner's. */
const LOWEST_PRIORITY = 1;
const HIGHEST_PRIORITY = 254;
