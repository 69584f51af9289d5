import { unreachable } from "../../base/assert.ts";
import { isMulticast, type AddressFamily, type IpAddress } from "../../base/address.ts";
import type { Micros } from "../../base/time.ts";

/** What a VRRP packet said, together with what its IP header said. Form was checked; nothing else was. */
export interface ReceivedAdvertisement {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit. */
  readonly hopLimit: number;
  readonly version: 2 | 3;
  /** 1 is ADVERTISEMENT, the only one there is. */
  readonly type: number;
  readonly priority: number;
  readonly addresses: readonly IpAddress[];
  readonly interval: Micros;
  readonly authentication: Authentication;
  readonly checksum: ChecksumForm;
}

/** The Auth Type of version 2 with its eight bytes of data; version 3 has none. */
export type Authentication =
  | { readonly kind: "none" }
  | { readonly kind: "password"; readonly data: Uint8Array }
  | { readonly kind: "header" }
  | { readonly kind: "other"; readonly type: number };

/** What the received checksum covers. */
export type ChecksumForm =
  | "plain"
  | "pseudo-header"
  /** A pseudo-header that names the multicast group although the packet was unicast: old keepalived. */
  | "multicast-pseudo-header"
  | "wrong";

/** What one virtual router accepts. */
export interface ReceivePolicy {
  readonly version: 2 | 3;
  readonly family: AddressFamily;
  readonly interval: Micros;
  /** Eight bytes, padded with zeros; undefined: no authentication. */
  readonly password: Uint8Array | undefined;
  readonly transport:
    | { readonly kind: "multicast"; readonly group: IpAddress }
    | {
        readonly kind: "unicast";
        readonly peers: readonly { readonly address: IpAddress; readonly minTtl: number; readonly maxTtl: number }[];
        readonly checkSource: boolean;
        readonly oldChecksum: "detect" | "always" | "never";
      };
  readonly addresses: readonly IpAddress[];
  readonly checkAddresses: boolean;
  /** `v3_checksum_as_v2`: no checksum is refused. */
  readonly toleratesChecksum: boolean;
  /** Our own source address: an advert from it is an echo, or of a node that was given the same one. */
  readonly source: IpAddress;
}

/** Why an advert is thrown away. A counter and a label each. */
export type DiscardReason =
  | "TTL"
  | "VERSION"
  | "AUTHENTICATION_TYPE"
  | "PASSWORD"
  | "INTERVAL"
  | "TYPE"
  | "CHECKSUM"
  | "UNICAST_MULTICAST"
  | "UNKNOWN_SENDER";

/** What is worth telling about an advert that is obeyed nevertheless. */
export type ReceiveNote = "INTERVAL" | "OWN_ADDRESS" | "ADDRESS_LIST" | "UNKNOWN_SENDER" | "OLD_UNICAST_CHECKSUM";

export type ReceiveVerdict =
  | { readonly kind: "accept"; readonly notes: readonly ReceiveNote[] }
  | { readonly kind: "discard"; readonly reason: DiscardReason };

/**
 * Decides whether a virtual router obeys an advert. The checks come in keepalived's order, because the first that fails
 * names the counter and the log line.
 *
 * @see RFC 9568 section 7.1; RFC 3768 section 7.1. The source check comes last and is off by default, as keepalived has it.
 */
export function checkReceived(advertisement: ReceivedAdvertisement, policy: ReceivePolicy): ReceiveVerdict {
  const notes: ReceiveNote[] = [];
  const { transport } = policy;

  // RFC 9568 section 5.1.1.3. Unicast crosses routers, so there only the peer's own bounds count.
  if (transport.kind === "multicast" && advertisement.hopLimit !== 255) return discard("TTL");
  if (advertisement.version !== policy.version) return discard("VERSION");
  if (policy.version === 2 && policy.family === "ipv4") {
    const mismatch = checkAuthentication(advertisement.authentication, policy.password);
    if (mismatch !== undefined) return discard(mismatch);
  }
  if (advertisement.interval !== policy.interval) {
    // RFC 3768 section 7.1: in version 2 the interval must agree. Version 3 backups follow the master's.
    if (policy.version === 2) return discard("INTERVAL");
    notes.push("INTERVAL");
  }
  if (advertisement.type !== 1) return discard("TYPE");
  if (!checksumHolds(advertisement, policy, notes)) return discard("CHECKSUM");
  const multicast = transport.kind === "multicast";
  if (multicast !== isMulticast(advertisement.destination)) return discard("UNICAST_MULTICAST");
  // Nodes may share a configured mcast_src_ip. They elect by priority; of equal ones the machine obeys none.
  if (advertisement.source === policy.source) notes.push("OWN_ADDRESS");
  if (policy.checkAddresses && !sameSet(advertisement.addresses, policy.addresses)) notes.push("ADDRESS_LIST");
  if (transport.kind === "unicast") {
    const peer = transport.peers.find((candidate) => candidate.address === advertisement.source);
    if (peer === undefined) {
      if (transport.checkSource) return discard("UNKNOWN_SENDER");
      notes.push("UNKNOWN_SENDER");
    } else if (advertisement.hopLimit < peer.minTtl || advertisement.hopLimit > peer.maxTtl) {
      return discard("TTL");
    }
  }
  return { kind: "accept", notes };
}

function checkAuthentication(
  authentication: Authentication,
  password: Uint8Array | undefined,
): "AUTHENTICATION_TYPE" | "PASSWORD" | undefined {
  if (password === undefined) return authentication.kind === "none" ? undefined : "AUTHENTICATION_TYPE";
  if (authentication.kind !== "password") return "AUTHENTICATION_TYPE";
  return password.every((byte, index) => byte === authentication.data[index]) ? undefined : "PASSWORD";
}

function checksumHolds(advertisement: ReceivedAdvertisement, policy: ReceivePolicy, notes: ReceiveNote[]): boolean {
  switch (advertisement.checksum) {
    case "plain":
      return (policy.version === 2 && policy.family === "ipv4") || (policy.version === 3 && policy.toleratesChecksum);
    case "pseudo-header":
      return policy.version === 3 || policy.family === "ipv6";
    case "multicast-pseudo-header":
      if (policy.version !== 3) return false;
      if (policy.transport.kind !== "unicast" || policy.transport.oldChecksum === "never")
        return policy.toleratesChecksum;
      notes.push("OLD_UNICAST_CHECKSUM");
      return true;
    case "wrong":
      return policy.version === 3 && policy.toleratesChecksum;
    default:
      return unreachable(advertisement.checksum);
  }
}

function sameSet(left: readonly IpAddress[], right: readonly IpAddress[]): boolean {
  const set = new Set(right);
  return left.length === right.length && new Set(left).size === set.size && left.every((address) => set.has(address));
}

function discard(reason: DiscardReason): ReceiveVerdict {
  return { kind: "discard", reason };
}
