import { toSeconds, type Micros } from "../../base/time.ts";
import type { DiscardReason, ReceivedAdvertisement, ReceiveNote, ReceivePolicy } from "../../core/vrrp/receive.ts";

/** Why an advert is discarded, for the log: keepalived's words where tools look for them, and what was seen. */
export function discardWords(reason: DiscardReason, received: ReceivedAdvertisement, policy: ReceivePolicy): string {
  switch (reason) {
    case "TTL":
      return `invalid TTL/HL ${received.hopLimit}${policy.transport.kind === "multicast" ? ", expected 255" : ""}`;
    case "VERSION":
      return `received version ${received.version}, ours is ${policy.version}`;
    case "INTERVAL":
      return `advertisement interval mismatch: received ${inSeconds(received.interval)}, ours is ${inSeconds(policy.interval)}, and version 2 demands the same`;
    case "AUTHENTICATION_TYPE":
      return `authentication type mismatch: received ${received.authentication.kind}, ours is ${policy.authentication.kind}`;
    case "CHECKSUM":
      return received.checksum === "plain" && policy.version === 3
        ? "invalid checksum: made without a pseudo-header, which v3_checksum_as_v2 would accept"
        : "invalid checksum";
    default:
      return DISCARD_WORDS[reason];
  }
}

/** What is worth telling about an advert that is obeyed. */
export function noteWords(note: ReceiveNote, received: ReceivedAdvertisement, policy: ReceivePolicy): string {
  switch (note) {
    case "INTERVAL":
      return `advertisement interval differs: received ${inSeconds(received.interval)}, ours is ${inSeconds(policy.interval)}; following the master's`;
    case "ADDRESS_LIST":
      return addressListWords(received, policy);
    default:
      return NOTE_WORDS[note];
  }
}

function addressListWords({ addresses }: ReceivedAdvertisement, policy: ReceivePolicy): string {
  if (addresses.length !== policy.addresses.length) {
    return `expected ${policy.addresses.length} VIPs but received ${addresses.length}`;
  }
  const stranger = addresses.find((address) => !policy.addresses.includes(address));
  return stranger === undefined ? "one of its VIPs stands there twice" : `its VIP ${stranger} is none of ours`;
}

function inSeconds(interval: Micros): string {
  return `${toSeconds(interval)} s`;
}

const DISCARD_WORDS: Readonly<
  Record<Exclude<DiscardReason, "TTL" | "VERSION" | "INTERVAL" | "AUTHENTICATION_TYPE" | "CHECKSUM">, string>
> = {
  AUTHENTICATION_HEADER: "invalid IPSEC-AH header: another password, or changed on the way",
  AUTHENTICATION_HEADER_REPEATED: "IPSEC-AH sequence number already processed: a repetition",
  AUTHENTICATION_UNKNOWN: "unknown authentication type",
  PASSWORD: "received an invalid passwd!",
  UNSIGNED: "no signature, which auth_hmac demands",
  SIGNATURE_MALFORMED: "a signature of unknown form: another version of auth_hmac",
  SIGNATURE_KEY: "signed with a key that auth_hmac does not have",
  SIGNATURE: "invalid HMAC: another key under the same number, or changed on the way",
  SIGNATURE_LATE: "signed outside of the time window: the clocks differ, or it is a repetition",
  SIGNATURE_REPEATED: "its signature came before: a repetition",
  TYPE: "not an advertisement",
  UNICAST_MULTICAST: "unicast where multicast is configured, or the other way round",
  OWNER_IGNORES: "owner_ignore_adverts heeds nobody",
  UNKNOWN_SENDER: "sender is no unicast_peer",
};

const NOTE_WORDS: Readonly<Record<Exclude<ReceiveNote, "INTERVAL" | "ADDRESS_LIST">, string>> = {
  OWN_ADDRESS: "it has our own source address: a second host with our address, or a loop in the network",
  UNKNOWN_SENDER: "sender is no unicast_peer but is obeyed, as keepalived does (check_unicast_src refuses it)",
  OLD_UNICAST_CHECKSUM: "checksum as old keepalived versions compute it; doing the same",
  UNSIGNED: "no signature; obeyed, since the mode of auth_hmac is not enforce",
};
