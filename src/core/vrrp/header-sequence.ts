import type { IpAddress } from "../../base/address.ts";

/**
 * The sequence numbers of IP authentication headers: the highest one accepted of each sender, and the one sent last. All of
 * a virtual router's nodes go on from the highest number that any of them has used, as keepalived's do, since its nodes
 * compare with that.
 */
export interface HeaderSequences {
  readonly accepted: ReadonlyMap<IpAddress, number>;
  /** The highest of all, sent or accepted. */
  readonly highest: number;
}

/**
 * Before anything was sent or heard. The seconds of the day give a node that has restarted numbers above its former ones, for
 * it sends hardly more than one a second.
 */
export function firstSequences(nowMs: number): HeaderSequences {
  return { accepted: new Map(), highest: Math.min(Math.floor(nowMs / 1000), LATEST_START) };
}

/** The number for the next header. It goes round when 32 bits are used up. */
export function takeSequence(sequences: HeaderSequences): {
  readonly sequence: number;
  readonly sequences: HeaderSequences;
} {
  const sequence = sequences.highest >= HIGHEST ? 1 : sequences.highest + 1;
  return { sequence, sequences: { ...sequences, highest: sequence } };
}

/** Takes note of the number of a header whose proof holds. Undefined: it is not above the one before. */
export function acceptHeader(
  sequences: HeaderSequences,
  source: IpAddress,
  sequence: number,
): HeaderSequences | undefined {
  const before = sequences.accepted.get(source);
  if (before !== undefined && sequence <= before && before < HIGHEST) return undefined;
  const accepted = new Map(sequences.accepted);
  accepted.delete(source);
  accepted.set(source, sequence);
  for (const oldest of accepted.keys()) {
    if (accepted.size <= MOST_SENDERS) break;
    accepted.delete(oldest);
  }
  return { accepted, highest: Math.max(sequences.highest, sequence) };
}

const HIGHEST = 0xffff_ffff;
/** A clock that is far off must leave numbers for the years to come. */
const LATEST_START = 0xf000_0000;
const MOST_SENDERS = 64;
