import { familyOf, type IpAddress } from "../../base/address.ts";
import type { Micros } from "../../base/time.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import {
  checkReceived,
  type ReceivedAdvertisement,
  type ReceiveNote,
  type ReceivePolicy,
} from "../../core/vrrp/receive.ts";
import type { VrrpPacket } from "../../ports/links.ts";
import { checksumForm, parseAdvertisement } from "../../wire/vrrp.ts";
import type { Authenticator } from "./authenticator.ts";
import { discardWords, noteWords } from "./packet-words.ts";

/** Who sent a packet, as far as it says so. */
export interface Sender {
  readonly source: IpAddress;
  readonly priority: number;
  readonly version: 2 | 3;
}

/** Something to tell about a packet that is obeyed. `note` is a counter and a label, `words` are for the log. */
export interface Remark {
  readonly note: ReceiveNote | "CLOCK_SKEW";
  readonly words: string;
}

/** What becomes of a packet. `reason` is a counter and a label, `words` are for the log. */
export type Judgement =
  | { readonly kind: "discard"; readonly sender: Sender; readonly reason: string; readonly words: string }
  | {
      readonly kind: "obey";
      readonly sender: Sender;
      readonly interval: Micros;
      /** Its address list was compared, and is ours. */
      readonly addressesAgree: boolean;
      readonly remarks: readonly Remark[];
    };

export interface JudgeContext {
  readonly settings: InstanceSettings;
  readonly authenticator: Authenticator;
  /** The source of our own adverts. */
  readonly own: IpAddress;
  /** A master whose address list was ours: with `skip_check_adv_addr` it is not compared again. */
  readonly trusted: IpAddress | undefined;
}

/** Reads a packet for an instance and decides whether it is obeyed. */
export function judgePacket(packet: VrrpPacket, context: JudgeContext): Judgement {
  const { settings, authenticator } = context;
  const { message, proof, trailer, skew } = authenticator.open(packet);
  const parsed = parseAdvertisement(message, familyOf(packet.source), "ethernet-padding");
  if (!parsed.ok) {
    const { code } = parsed.error;
    const sender: Sender = { source: packet.source, priority: 0, version: settings.version };
    return { kind: "discard", sender, reason: code, words: `malformed packet (${code})` };
  }
  const { value } = parsed;
  const signed = trailer > 0 ? packet.message : message;
  const sender: Sender = { source: packet.source, priority: value.priority, version: value.version };
  const received: ReceivedAdvertisement = {
    ...packet,
    ...value,
    interval: value.advertisementInterval,
    authentication: value.version === 2 ? value.authentication : { kind: "none" },
    proof,
    // The kernel's checksum of IPv6 covers everything behind the IP header; that of IPv4 is made before the signature.
    checksum: checksumForm(signed, packet, familyOf(packet.source) === "ipv6" ? trailer : 0),
  };
  const policy = receivePolicy(context, packet.source);
  const verdict = checkReceived(received, policy);
  if (verdict.kind === "discard") {
    return { kind: "discard", sender, reason: verdict.reason, words: discardWords(verdict.reason, received, policy) };
  }
  const remarks: Remark[] = verdict.notes.map((note) => ({ note, words: noteWords(note, received, policy) }));
  if (skew !== undefined) {
    const words = `its clock is ${Math.abs(skew)} s ${skew > 0 ? "behind" : "ahead of"} ours, which auth_hmac will soon refuse`;
    remarks.push({ note: "CLOCK_SKEW", words });
  }
  const addressesAgree = policy.checkAddresses && !verdict.notes.includes("ADDRESS_LIST");
  return { kind: "obey", sender, interval: value.advertisementInterval, addressesAgree, remarks };
}

function receivePolicy({ settings, authenticator, own, trusted }: JudgeContext, sender: IpAddress): ReceivePolicy {
  return {
    version: settings.version,
    family: settings.family,
    interval: settings.advertisementInterval,
    authentication: authenticator.policy,
    transport: settings.transport,
    addresses: settings.virtualAddresses.map(({ address }) => address),
    checkAddresses: !settings.skipCheckAdvertisedAddresses || trusted !== sender,
    toleratesChecksum: settings.checksumAsV2,
    source: own,
    ignoresAll: settings.ownerIgnoresAdverts,
  };
}
