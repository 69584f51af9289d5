import { unreachable } from "../../base/assert.ts";
import { isMulticast, type AddressFamily, type IpAddress } from "../../base/address.ts";
import type { Authentication, ChecksumForm } from "../../base/advertisement.ts";
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
  /** What became of the IP authentication header, or of the signature, where one was looked for. */
  readonly proof: Proof;
  readonly checksum: ChecksumForm;
}

/**
 * Whether a packet proves who sent it. `absent`: it carries nothing that would, or nobody looked.
 *
 * `unknown-key`: signed with a key that we do not have. `late`: signed outside the window, by our clock. `repeated`: its
 * number is not above one that was accepted of this sender.
 */
export type Proof = "absent" | "valid" | "malformed" | "wrong" | "unknown-key" | "late" | "repeated";

/** What one virtual router accepts. */
export interface ReceivePolicy {
  readonly version: 2 | 3;
  readonly family: AddressFamily;
  readonly interval: Micros;
  readonly authentication: AuthenticationPolicy;
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
  /** We own the addresses and heed nobody (`owner_ignore_adverts`). */
  readonly ignoresAll: boolean;
}

export type AuthenticationPolicy =
  | { readonly kind: "none" }
  /** Eight bytes, padded with zeros. Version 2 over IPv4 only. */
  | { readonly kind: "password"; readonly data: Uint8Array }
  /** The IP authentication header. Version 2 over IPv4 only. */
  | { readonly kind: "header" }
  /** A signature behind the message. Not enforced: an advert without one is obeyed, and reported. */
  | { readonly kind: "signature"; readonly enforced: boolean };

/** Why an advert is thrown away. A counter and a label each. */
export type DiscardReason =
  | "AUTHENTICATION_HEADER"
  | "AUTHENTICATION_HEADER_REPEATED"
  | "TTL"
  | "VERSION"
  | "UNSIGNED"
  | "SIGNATURE_MALFORMED"
  | "SIGNATURE_KEY"
  | "SIGNATURE"
  | "SIGNATURE_LATE"
  | "SIGNATURE_REPEATED"
  /** A type that there is none of (RFC 3768 section 5.3.6). */
  | "AUTHENTICATION_UNKNOWN"
  | "AUTHENTICATION_TYPE"
  | "PASSWORD"
  | "INTERVAL"
  | "TYPE"
  | "CHECKSUM"
  | "UNICAST_MULTICAST"
  | "OWNER_IGNORES"
  | "UNKNOWN_SENDER";

/** What is worth telling about an advert that is obeyed nevertheless. */
export type ReceiveNote =
  | "INTERVAL"
  | "OWN_ADDRESS"
  | "ADDRESS_LIST"
  | "UNKNOWN_SENDER"
  | "OLD_UNICAST_CHECKSUM"
  | "UNSIGNED";

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
  const { transport, authentication } = policy;

  if (authentication.kind === "header" && advertisement.proof !== "valid") {
    return discard(advertisement.proof === "repeated" ? "AUTHENTICATION_HEADER_REPEATED" : "AUTHENTICATION_HEADER");
  }
  // RFC 9568 section 5.1.1.3. Unicast crosses routers, so there only the peer's own bounds count.
  if (transport.kind === "multicast" && advertisement.hopLimit !== 255) return discard("TTL");
  if (advertisement.version !== policy.version) return discard("VERSION");
  if (authentication.kind === "signature") {
    const fault = checkSignature(advertisement.proof, authentication.enforced);
    if (fault !== undefined) return discard(fault);
    if (advertisement.proof === "absent") notes.push("UNSIGNED");
  }
  if (policy.version === 2 && policy.family === "ipv4") {
    const mismatch = checkAuthentication(advertisement.authentication, authentication);
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
  if (policy.ignoresAll) return discard("OWNER_IGNORES");
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

function checkSignature(proof: Proof, enforced: boolean): DiscardReason | undefined {
  switch (proof) {
    case "valid":
      return undefined;
    case "absent":
      return enforced ? "UNSIGNED" : undefined;
    case "malformed":
      return "SIGNATURE_MALFORMED";
    case "unknown-key":
      return "SIGNATURE_KEY";
    case "wrong":
      return "SIGNATURE";
    case "late":
      return "SIGNATURE_LATE";
    case "repeated":
      return "SIGNATURE_REPEATED";
    default:
      return unreachable(proof);
  }
}

function checkAuthentication(
  received: Authentication,
  policy: AuthenticationPolicy,
): "AUTHENTICATION_UNKNOWN" | "AUTHENTICATION_TYPE" | "PASSWORD" | undefined {
  if (received.kind === "other") return "AUTHENTICATION_UNKNOWN";
  switch (policy.kind) {
    case "none":
    case "signature":
      return received.kind === "none" ? undefined : "AUTHENTICATION_TYPE";
    case "header":
      return received.kind === "header" ? undefined : "AUTHENTICATION_TYPE";
    case "password":
      if (received.kind !== "password") return "AUTHENTICATION_TYPE";
      return policy.data.every((byte, index) => byte === received.data[index]) ? undefined : "PASSWORD";
    default:
      return unreachable(policy);
  }
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
