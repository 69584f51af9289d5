import type { IpAddress } from "../../base/address.ts";

/** What of a session decides which packets are its own. */
export interface BfdEndpoint {
  readonly localDiscriminator: number;
  readonly neighbor: IpAddress;
  /** Undefined: any address of this host. */
  readonly source: IpAddress | undefined;
  readonly multihop: boolean;
  /** The least TTL or hop limit that its packets may arrive with. 0: any. */
  readonly leastHopLimit: number;
}

/** Where a packet came from, and for whom it is. */
export interface BfdAddressing {
  readonly yourDiscriminator: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** It came to the port of multihop sessions. */
  readonly multihop: boolean;
  readonly hopLimit: number;
}

export type BfdStray =
  /** Your Discriminator names no session of ours. */
  | "UNKNOWN_DISCRIMINATOR"
  /** It names one, and somebody else sent it, or to another address. */
  | "WRONG_ENDPOINT"
  /** It names none, and no session has this neighbour. */
  | "NO_SESSION"
  /** It has crossed more routers than the session allows. */
  | "HOP_LIMIT_TOO_LOW";

export type BfdRecipient<Endpoint> =
  | { readonly kind: "session"; readonly session: Endpoint }
  | { readonly kind: "stray"; readonly reason: BfdStray };

/**
 * Finds the session that a packet is for: by Your Discriminator, and where that is 0 by the addresses, the session with
 * a source address of its own first.
 *
 * @see RFC 5880 section 6.8.6; RFC 5881 sections 3 and 5; RFC 5883 section 4.
 */
export function findRecipient<Endpoint extends BfdEndpoint>(
  sessions: readonly Endpoint[],
  packet: BfdAddressing,
): BfdRecipient<Endpoint> {
  const { yourDiscriminator } = packet;
  const named = sessions.filter(
    (session) => yourDiscriminator === 0 || session.localDiscriminator === yourDiscriminator,
  );
  const matching = named.filter((session) => isBetween(session, packet));
  const session = matching.find(({ source }) => source !== undefined) ?? matching[0];
  if (session === undefined) {
    if (yourDiscriminator === 0) return stray("NO_SESSION");
    return stray(named.length === 0 ? "UNKNOWN_DISCRIMINATOR" : "WRONG_ENDPOINT");
  }
  if (packet.hopLimit < session.leastHopLimit) return stray("HOP_LIMIT_TOO_LOW");
  return { kind: "session", session };
}

function isBetween(session: BfdEndpoint, packet: BfdAddressing): boolean {
  return (
    session.neighbor === packet.source &&
    session.multihop === packet.multihop &&
    (session.source === undefined || session.source === packet.destination)
  );
}

function stray(reason: BfdStray): { readonly kind: "stray"; readonly reason: BfdStray } {
  return { kind: "stray", reason };
}
