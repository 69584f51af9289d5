import { familyOf, type IpAddress } from "../../base/address.ts";
import type { Micros } from "../../base/time.ts";
import type { InstanceSettings } from "../../config/model.ts";
import { checkReceived, type DiscardReason, type ReceiveNote, type ReceivePolicy } from "../../core/vrrp/receive.ts";
import type { VrrpPacket } from "../../ports/links.ts";
import { checksumForm, parseAdvertisement } from "../../wire/vrrp.ts";
import { passwordBytes } from "./advertisement-sender.ts";

/** Who sent a packet, as far as it says so. */
export interface Sender {
  readonly source: IpAddress;
  readonly priority: number;
  readonly version: 2 | 3;
}

/** What becomes of a packet. `reason` is a counter and a label, `words` are for the log. */
export type Judgement =
  | { readonly kind: "discard"; readonly sender: Sender; readonly reason: string; readonly words: string }
  | {
      readonly kind: "obey";
      readonly sender: Sender;
      readonly interval: Micros;
      readonly remarks: readonly { readonly note: ReceiveNote; readonly words: string }[];
    };

/** Reads a packet for an instance and decides whether it is obeyed. `own` is the source of our own adverts. */
export function judgePacket(packet: VrrpPacket, settings: InstanceSettings, own: IpAddress): Judgement {
  const parsed = parseAdvertisement(packet.message, familyOf(packet.source), "ethernet-padding");
  if (!parsed.ok) {
    const { code } = parsed.error;
    const sender: Sender = { source: packet.source, priority: 0, version: settings.version };
    return { kind: "discard", sender, reason: code, words: `malformed packet (${code})` };
  }
  const { value } = parsed;
  const sender: Sender = { source: packet.source, priority: value.priority, version: value.version };
  const received = {
    ...packet,
    ...value,
    interval: value.advertisementInterval,
    authentication: value.version === 2 ? value.authentication : ({ kind: "none" } as const),
    checksum: checksumForm(packet.message, packet),
  };
  const verdict = checkReceived(received, receivePolicy(settings, own));
  if (verdict.kind === "discard") {
    return { kind: "discard", sender, reason: verdict.reason, words: DISCARD_WORDS[verdict.reason] };
  }
  const [expected, counted] = [settings.virtualAddresses.length, value.addresses.length];
  const remarks = verdict.notes.map((note) => ({
    note,
    // keepalived's words, which tools parse, where the number differs.
    words:
      note === "ADDRESS_LIST" && counted !== expected
        ? `expected ${expected} VIPs but received ${counted}`
        : NOTE_WORDS[note],
  }));
  return { kind: "obey", sender, interval: value.advertisementInterval, remarks };
}

function receivePolicy(settings: InstanceSettings, source: IpAddress): ReceivePolicy {
  return {
    version: settings.version,
    family: settings.family,
    interval: settings.advertisementInterval,
    password: passwordBytes(settings.password),
    transport: settings.transport,
    addresses: settings.virtualAddresses.map(({ address }) => address),
    checkAddresses: !settings.skipCheckAdvertisedAddresses,
    toleratesChecksum: settings.checksumAsV2,
    source,
  };
}

const DISCARD_WORDS: Readonly<Record<DiscardReason, string>> = {
  TTL: "invalid TTL/HL",
  VERSION: "another VRRP version than ours",
  AUTHENTICATION_TYPE: "another authentication type than ours",
  PASSWORD: "received an invalid passwd!",
  INTERVAL: "advertisement interval mismatch (version 2 demands the same advert_int)",
  TYPE: "not an advertisement",
  CHECKSUM: "invalid checksum",
  UNICAST_MULTICAST: "unicast where multicast is configured, or the other way round",
  UNKNOWN_SENDER: "sender is no unicast_peer",
};

const NOTE_WORDS: Readonly<Record<ReceiveNote, string>> = {
  INTERVAL: "advertisement interval differs from ours; following the master's",
  OWN_ADDRESS: "it has our own source address: a second host with our address, or a loop in the network",
  ADDRESS_LIST: "the advertised addresses are not our VIPs",
  UNKNOWN_SENDER: "sender is no unicast_peer but is obeyed, as keepalived does (check_unicast_src refuses it)",
  OLD_UNICAST_CHECKSUM: "checksum as old keepalived versions compute it; doing the same",
};
