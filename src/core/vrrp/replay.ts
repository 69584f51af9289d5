import type { IpAddress } from "../../base/address.ts";

/**
 * The number of a signed advert: the time of day at which it was signed, made unique. Both parts have 32 bits; `fraction`
 * holds the fraction of the second in units of 2^-16 above, a counter of 16 bits below.
 */
export interface SequenceNumber {
  readonly seconds: number;
  readonly fraction: number;
}

/** What counts as a repetition (`anti_replay`). */
export interface ReplayRule {
  /**
   * `time`: what was signed longer ago, or later, than the window by our own clock is refused, and of each sender each number
   * must be above the one before. `monotonic`: only the latter.
   */
  readonly kind: "time" | "monotonic";
  /** In seconds. */
  readonly window: number;
}

/** The highest number accepted of each sender, the one heard longest ago first. */
export type ReplayMarks = ReadonlyMap<IpAddress, SequenceNumber>;

/** How far a sender's clock is behind ours, in seconds; negative: ahead. */
export function clockSkew(sequence: SequenceNumber, nowMs: number): number {
  return (Math.floor(nowMs / 1000) - sequence.seconds) | 0;
}

/** Whether a number was made within the window. It is looked at before the signature, which costs more. */
export function isTimely(rule: ReplayRule, sequence: SequenceNumber, nowMs: number): boolean {
  return rule.kind === "monotonic" || Math.abs(clockSkew(sequence, nowMs)) <= rule.window;
}

/**
 * Takes note of a number whose signature holds. Undefined: it is a repetition.
 *
 * A mark that is out of the window has no use, and would shut out a sender whose clock was set right.
 */
export function acceptSequence(
  marks: ReplayMarks,
  source: IpAddress,
  sequence: SequenceNumber,
  rule: ReplayRule,
  nowMs: number,
): ReplayMarks | undefined {
  const mark = marks.get(source);
  if (mark !== undefined && isTimely(rule, mark, nowMs) && compareSequences(sequence, mark) <= 0) return undefined;
  const next = new Map(marks);
  next.delete(source);
  next.set(source, sequence);
  // Only holders of a key get here, so the bound is for address changes over years.
  for (const oldest of next.keys()) {
    if (next.size <= MOST_SENDERS) break;
    next.delete(oldest);
  }
  return next;
}

/**
 * The number for the next advert: the time of day, or one more than the last where that is not later. A number that is ahead
 * by more than the window is given up for the time of day, since no receiver would accept what follows it.
 */
export function nextSequence(last: SequenceNumber | undefined, rule: ReplayRule, nowMs: number): SequenceNumber {
  const subsecond = Math.floor(((nowMs % 1000) * 0x1_0000) / 1000);
  const clock = { seconds: Math.floor(nowMs / 1000) >>> 0, fraction: (subsecond << 16) >>> 0 };
  if (last === undefined || compareSequences(clock, last) > 0) return clock;
  if (rule.kind === "time" && clockSkew(last, nowMs) < -rule.window) return clock;
  if (last.fraction < 0xffff_ffff) return { seconds: last.seconds, fraction: last.fraction + 1 };
  return { seconds: (last.seconds + 1) >>> 0, fraction: 0 };
}

/** Serial numbers go round (RFC 1982): the later of two is the one less than half a round ahead. */
function compareSequences(left: SequenceNumber, right: SequenceNumber): number {
  const seconds = (left.seconds - right.seconds) | 0;
  return seconds === 0 ? left.fraction - right.fraction : seconds;
}

const MOST_SENDERS = 64;
