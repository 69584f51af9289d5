import type { IpAddress } from "../../base/address.ts";
import { elapsed, toMillis, type Instant } from "../../base/time.ts";
import type { PeerStatus } from "../../api/contract.ts";
import { arrived, type Arrival } from "./arrival.ts";

/** What is new about a sender, worth a line in the log. */
export type PeerNews =
  | "none"
  /** Its first advert ever, or since it was forgotten, and it is obeyed. */
  | "heard"
  /** Its adverts are discarded, for another reason than before or for the first time. */
  | "discarded"
  /** Its adverts are obeyed again after some were not. */
  | "obeyed-again";

/** Who was heard on one virtual router's VRID, how regularly, and what became of it. */
export class PeerTable {
  readonly #peers = new Map<IpAddress, Peer>();

  /** `verdict`: why it is discarded; undefined: it is obeyed. */
  note(advert: Heard, verdict: string | undefined, now: Instant): PeerNews {
    const known = this.#peers.get(advert.source);
    const peer = known ?? this.#add(advert, now);
    peer.priority = advert.priority;
    peer.version = advert.version;
    if (known !== undefined) peer.arrival = arrived(peer.arrival, now);
    const before = peer.verdict;
    peer.verdict = verdict;
    if (verdict === undefined) {
      peer.accepted += 1;
      if (known === undefined) return "heard";
      if (before === undefined) return "none";
      // Whoever alternates is told of once in each direction until the state changes.
      return this.tellOnce(advert.source, OBEYED_AGAIN) ? "obeyed-again" : "none";
    }
    peer.discarded.set(verdict, (peer.discarded.get(verdict) ?? 0) + 1);
    return this.tellOnce(advert.source, verdict) ? "discarded" : "none";
  }

  /** @returns whether this remark on this sender has not been made since `forgetRemarks`. */
  tellOnce(source: IpAddress, remark: string): boolean {
    const told = this.#peers.get(source)?.told;
    if (told === undefined || told.has(remark)) return false;
    told.add(remark);
    return true;
  }

  /** What was said once may be said again: the state has changed. */
  forgetRemarks(): void {
    for (const peer of this.#peers.values()) peer.told.clear();
  }

  status(now: Instant): readonly PeerStatus[] {
    return [...this.#peers.values()].map((peer) => ({
      address: peer.source,
      priority: peer.priority,
      protocolVersion: peer.version,
      lastHeardMsAgo: Math.round(toMillis(elapsed(peer.arrival.lastAt, now))),
      intervalMs: peer.arrival.interval === undefined ? null : toMillis(peer.arrival.interval),
      jitterMs: peer.arrival.jitter === undefined ? null : toMillis(peer.arrival.jitter),
      accepted: peer.accepted,
      discarded: Object.fromEntries(peer.discarded),
      refusedBecause: peer.verdict ?? null,
    }));
  }

  #add({ source, priority, version }: Heard, now: Instant): Peer {
    if (this.#peers.size >= MOST_PEERS) this.#forgetOldest();
    const arrival = arrived(undefined, now);
    const peer: Peer = {
      source,
      priority,
      version,
      arrival,
      verdict: undefined,
      accepted: 0,
      discarded: new Map(),
      told: new Set(),
    };
    this.#peers.set(source, peer);
    return peer;
  }

  #forgetOldest(): void {
    let oldest: Peer | undefined;
    for (const peer of this.#peers.values()) {
      if (oldest === undefined || peer.arrival.lastAt < oldest.arrival.lastAt) oldest = peer;
    }
    if (oldest !== undefined) this.#peers.delete(oldest.source);
  }
}

interface Heard {
  readonly source: IpAddress;
  readonly priority: number;
  readonly version: 2 | 3;
}

interface Peer {
  readonly source: IpAddress;
  priority: number;
  version: 2 | 3;
  arrival: Arrival;
  /** Why its last advert was discarded. */
  verdict: string | undefined;
  accepted: number;
  readonly discarded: Map<string, number>;
  readonly told: Set<string>;
}

const OBEYED_AGAIN = "obeyed again";

/** Senders can be forged, so their number is bounded. */
const MOST_PEERS = 64;
