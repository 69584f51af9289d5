import type { IpAddress } from "../../base/address.ts";
import { elapsed, toMillis, type Instant } from "../../base/time.ts";
import type { PeerStatus } from "../../api/contract.ts";

/** Who was heard on one virtual router's VRID, and what became of it. */
export class PeerTable {
  readonly #peers = new Map<IpAddress, Peer>();

  /** @returns whether this verdict on this sender is a new one, worth a line in the log. */
  note(advert: Heard, verdict: string | undefined, now: Instant): boolean {
    let peer = this.#peers.get(advert.source);
    if (peer === undefined) {
      if (this.#peers.size >= MOST_PEERS) this.#forgetOldest();
      peer = { ...advert, heardAt: now, accepted: 0, discarded: new Map(), told: new Set() };
      this.#peers.set(advert.source, peer);
    }
    peer.priority = advert.priority;
    peer.version = advert.version;
    peer.heardAt = now;
    if (verdict === undefined) {
      peer.accepted += 1;
      return false;
    }
    peer.discarded.set(verdict, (peer.discarded.get(verdict) ?? 0) + 1);
    return this.tellOnce(advert.source, verdict);
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
      lastHeardMsAgo: Math.round(toMillis(elapsed(peer.heardAt, now))),
      accepted: peer.accepted,
      discarded: Object.fromEntries(peer.discarded),
    }));
  }

  #forgetOldest(): void {
    let oldest: Peer | undefined;
    for (const peer of this.#peers.values()) if (oldest === undefined || peer.heardAt < oldest.heardAt) oldest = peer;
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
  heardAt: Instant;
  accepted: number;
  readonly discarded: Map<string, number>;
  readonly told: Set<string>;
}

/** Senders can be forged, so their number is bounded. */
const MOST_PEERS = 64;
