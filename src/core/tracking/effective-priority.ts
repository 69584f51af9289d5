/** Something an instance tracks, with what is known of it. */
export type TrackedItem = TrackedState | TrackedNumber;

/** What works or does not. */
export interface TrackedState {
  readonly kind: "script" | "interface" | "process" | "bfd";
  readonly name: string;
  /** -254..254. With 0, failure is FAULT; otherwise it moves the priority. */
  readonly weight: number;
  /** With weight 0 it swaps success and failure, with any other weight adding and taking away. */
  readonly reverse: boolean;
  readonly verdict: "unknown" | "up" | "down";
}

/** A file with a number in it. */
export interface TrackedNumber {
  readonly kind: "file";
  readonly name: string;
  /** Of 32 bits. With 0, any number but 0 is FAULT; otherwise the number times the weight moves the priority. */
  readonly weight: number;
  /** With weight 0 it is the number 0 that means FAULT; with any other weight the product changes its sign. */
  readonly reverse: boolean;
  readonly value: number;
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
  /** Items of weight 0 have failed, or the number of a file is so low that it means the same. */
  | { readonly kind: "fault"; readonly causes: TrackedItems }
  | { readonly kind: "priority"; readonly effective: number; readonly contributions: readonly Contribution[] };

/** What one item makes of the instance by itself. */
export type Standing =
  | { readonly kind: "unknown" }
  | { readonly kind: "fault" }
  /** -254..254; 0 where it changes nothing at present. */
  | { readonly kind: "amount"; readonly amount: number };

/**
 * Decides what the tracked items make of a base priority (1-255), by keepalived's rules.
 *
 * An item of weight 0 that failed means FAULT, whatever is still unknown; one that is unknown holds the instance back. A
 * positive weight is added while its item is up, a negative one while it is down, with the other sign where it is reversed;
 * an unknown one counts for nothing. The number of a file counts times its weight: -254 and below is FAULT. The sum is kept
 * within 1-254. An address owner (255) stays 255: its weighted items have no effect and do not appear among the
 * contributions, those of weight 0 have theirs. Equal order in, equal order out.
 */
export function effectivePriority(base: number, items: readonly TrackedItem[]): PriorityVerdict {
  const relevant = base === OWNER_PRIORITY ? items.filter((item) => item.weight === 0) : items;
  const [cause, ...otherCauses] = relevant.filter((item) => standingOf(item).kind === "fault");
  if (cause !== undefined) return { kind: "fault", causes: [cause, ...otherCauses] };
  const [awaited, ...othersAwaited] = relevant.filter((item) => standingOf(item).kind === "unknown");
  if (awaited !== undefined) return { kind: "unknown", waitingFor: [awaited, ...othersAwaited] };

  if (base === OWNER_PRIORITY) return { kind: "priority", effective: OWNER_PRIORITY, contributions: [] };
  const contributions = relevant
    .filter((item) => item.weight !== 0)
    .map((item): Contribution => {
      const standing = standingOf(item);
      return { item, amount: standing.kind === "amount" ? standing.amount : 0 };
    });
  const total = contributions.reduce((sum, contribution) => sum + contribution.amount, base);
  const effective = Math.min(HIGHEST_PRIORITY, Math.max(LOWEST_PRIORITY, total));
  return { kind: "priority", effective, contributions };
}

/** Judges one item as if nothing else were tracked. For an instance that is no address owner. */
export function standingOf(item: TrackedItem): Standing {
  if (item.kind === "file") return standingOfNumber(item);
  const { weight, reverse, verdict } = item;
  if (weight === 0) {
    if (verdict === "unknown") return { kind: "unknown" };
    return (verdict === "up") === reverse ? { kind: "fault" } : NOTHING;
  }
  const counts = verdict === (weight > 0 ? "up" : "down");
  return counts ? { kind: "amount", amount: reverse ? -weight : weight } : NOTHING;
}

function standingOfNumber({ weight, reverse, value }: TrackedNumber): Standing {
  if (weight === 0) return (value !== 0) === reverse ? NOTHING : { kind: "fault" };
  const product = value * weight * (reverse ? -1 : 1);
  if (product <= FAULT_AMOUNT) return { kind: "fault" };
  // Not `product` itself where it is 0: it may be -0.
  return product === 0 ? NOTHING : { kind: "amount", amount: Math.min(product, LARGEST_AMOUNT) };
}

const OWNER_PRIORITY = 255;
/** What trackers can make of a priority: 0 says farewell on the wire, 255 is the owner's. */
const LOWEST_PRIORITY = 1;
const HIGHEST_PRIORITY = 254;

/** A file that takes away so much, or more, means FAULT. */
const FAULT_AMOUNT = -254;
const LARGEST_AMOUNT = 253;

const NOTHING: Standing = { kind: "amount", amount: 0 };
