import { isVirtualRouterMac, type MacAddress } from "../../base/address.ts";
import { after, elapsed, micros, millis, seconds, type Instant, type Micros } from "../../base/time.ts";

/**
 * Somebody else announces an address that this router serves as the active one: a router that was active until a moment ago
 * and is not done with its announcements, or one that has the same address by mistake.
 *
 * @see RFC 5227 section 2.4, whose host defends its address in the same way, and must not do so for ever.
 */
export interface Conflict {
  /** Whom the latest announcement names. */
  readonly owner: MacAddress;
  readonly heardAt: Instant;
  /** When it is to be answered; undefined: there is nothing new to answer. */
  readonly dueAt: Instant | undefined;
  /** When the address was last announced for this reason. */
  readonly answeredAt: Instant | undefined;
  /** How often in a row. */
  readonly answers: number;
  /** Whom the log has named. */
  readonly told: MacAddress | undefined;
}

export type ConflictVerdict =
  /** Announce the address once more. `isNews`: the log does not know of this owner. */
  | { readonly kind: "answer"; readonly owner: MacAddress; readonly isNews: boolean }
  /** It has been in vain. From now on nothing is answered, until nobody has announced the address for `QUIET`. */
  | { readonly kind: "give-up"; readonly owner: MacAddress };

/**
 * Takes in an announcement of somebody else. One with a virtual MAC address is a master's, whose next advert is awaited: FRR's
 * vrrpd announces IPv6 addresses an interval before its first advert, and does it once.
 */
export function hearConflict(
  before: Conflict | undefined,
  owner: MacAddress,
  advertisementInterval: Micros,
  now: Instant,
): Conflict {
  const goesOn = before !== undefined && elapsed(before.heardAt, now) < QUIET;
  const { answers, told } = goesOn ? before : { answers: 0, told: undefined };
  const answeredAt = before?.answeredAt;
  const heard = { owner, heardAt: now, answeredAt, answers, told };
  // One more than the most: giving up has been told.
  if (answers > MOST_ANSWERS) return { ...heard, dueAt: undefined };
  if (before?.dueAt !== undefined) return { ...heard, dueAt: before.dueAt };
  const patient = after(now, isVirtualRouterMac(owner) ? micros(PATIENCE + advertisementInterval) : PATIENCE);
  const free = answeredAt === undefined ? patient : after(answeredAt, PERIOD);
  return { ...heard, dueAt: patient > free ? patient : free };
}

/** What to do at a moment at which the address is still served; no verdict: nothing, as yet. */
export function judgeConflict(
  conflict: Conflict,
  now: Instant,
): { readonly conflict: Conflict; readonly verdict: ConflictVerdict | undefined } {
  const { owner, dueAt, answers, told } = conflict;
  if (dueAt === undefined || now < dueAt) return { conflict, verdict: undefined };
  const answered: Conflict = { ...conflict, dueAt: undefined, answers: answers + 1, told: owner };
  if (answers >= MOST_ANSWERS) return { conflict: answered, verdict: { kind: "give-up", owner } };
  const verdict: ConflictVerdict = { kind: "answer", owner, isNews: owner !== told };
  return { conflict: { ...answered, answeredAt: now }, verdict };
}

/** A stronger router's announcement may come just before the advert that makes us yield; and the last of a burst counts. */
const PATIENCE: Micros = millis(100);
/** No more than one answer for each address in this time. */
const PERIOD: Micros = seconds(1);
/** As many announcements as keepalived sends in a row, should they come one by one (garp_interval). */
const MOST_ANSWERS = 5;
/** RFC 5227 section 1.1, DEFEND_INTERVAL. */
export const QUIET: Micros = seconds(10);
