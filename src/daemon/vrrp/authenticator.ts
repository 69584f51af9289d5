import { unreachable } from "../../base/assert.ts";
import type { AuthenticationSettings } from "../../config/model/authentication.ts";
import { acceptHeader, firstSequences, takeSequence, type HeaderSequences } from "../../core/vrrp/header-sequence.ts";
import type { AuthenticationPolicy, Proof } from "../../core/vrrp/receive.ts";
import {
  acceptSequence,
  clockSkew,
  isTimely,
  nextSequence,
  type ReplayMarks,
  type ReplayRule,
  type SequenceNumber,
} from "../../core/vrrp/replay.ts";
import type { Clock } from "../../ports/clock.ts";
import type { OutgoingVrrpPacket, VrrpPacket } from "../../ports/links.ts";
import {
  AUTHENTICATION_HEADER_LENGTH,
  isAuthentic,
  parseAuthenticationHeader,
  serializeAuthenticated,
} from "../../wire/authentication-header.ts";
import { isGenuine, SIGNATURE_LENGTH, signMessage, splitSigned } from "../../wire/signature-trailer.ts";

/** A received packet without what proves it. */
export interface OpenedPacket {
  readonly message: Uint8Array;
  readonly proof: Proof;
  /** Bytes of a signature that followed the message. */
  readonly trailer: number;
  /** How far the signer's clock is behind ours, in seconds, where that is more than half of what is tolerated. */
  readonly skew: number | undefined;
}

/**
 * Proves the adverts of one instance, and checks the proofs of others: by an IP authentication header or by a signature. It
 * remembers which numbers were used, so that no advert counts twice.
 */
export class Authenticator {
  readonly #clock: Pick<Clock, "wallClockMs">;
  #credentials: Credentials;
  #headers: HeaderSequences;
  #headerSequence = 0;
  #marks: ReplayMarks = new Map();
  #signed: SequenceNumber | undefined;

  constructor(settings: AuthenticationSettings, clock: Pick<Clock, "wallClockMs">) {
    this.#clock = clock;
    this.#credentials = credentialsOf(settings);
    this.#headers = firstSequences(clock.wallClockMs());
  }

  reconfigure(settings: AuthenticationSettings): void {
    this.#credentials = credentialsOf(settings);
  }

  get policy(): AuthenticationPolicy {
    const credentials = this.#credentials;
    switch (credentials.kind) {
      case "none":
      case "password":
        return credentials;
      case "header":
        return { kind: "header" };
      case "signature":
        return { kind: "signature", enforced: credentials.mode === "enforce" };
      default:
        return unreachable(credentials);
    }
  }

  /** Whether the same packet, when it comes again, is judged otherwise. */
  get refusesRepetition(): boolean {
    const { kind } = this.#credentials;
    return kind === "header" || kind === "signature";
  }

  /** Another advert is to be sent. Its copies to several peers carry one number. */
  beginAdvert(): void {
    const credentials = this.#credentials;
    if (credentials.kind === "header") {
      const { sequence, sequences } = takeSequence(this.#headers);
      this.#headerSequence = sequence;
      this.#headers = sequences;
    } else if (credentials.kind === "signature") {
      this.#signed = nextSequence(this.#signed, credentials.rule, this.#clock.wallClockMs());
    }
  }

  /** What is to be sent instead of the message alone. */
  seal(packet: OutgoingVrrpPacket): Uint8Array {
    const credentials = this.#credentials;
    if (credentials.kind === "header") {
      const { key } = credentials;
      return serializeAuthenticated(packet.message, { ...packet, key, sequence: this.#headerSequence });
    }
    if (credentials.kind !== "signature" || credentials.mode === "receive-only") return packet.message;
    const key = credentials.keys.get(credentials.activeKey);
    if (key === undefined || this.#signed === undefined) return packet.message;
    const trailer = { keyId: credentials.activeKey, sequence: this.#signed };
    return signMessage(packet.message, trailer, { source: packet.source, key });
  }

  /** Takes a packet apart. Only what proves to be new and genuine counts against later ones. */
  open(packet: VrrpPacket): OpenedPacket {
    const credentials = this.#credentials;
    switch (credentials.kind) {
      case "none":
      case "password":
        return { message: packet.message, proof: "absent", trailer: 0, skew: undefined };
      case "header":
        return this.#openHeader(packet, credentials.key);
      case "signature":
        return this.#openSignature(packet, credentials);
      default:
        return unreachable(credentials);
    }
  }

  #openHeader(packet: VrrpPacket, key: Uint8Array): OpenedPacket {
    const parsed = parseAuthenticationHeader(packet.message);
    const message = packet.message.subarray(AUTHENTICATION_HEADER_LENGTH);
    const opened = (proof: Proof): OpenedPacket => ({ message, proof, trailer: 0, skew: undefined });
    if (!parsed.ok) return opened("malformed");
    const { source, destination, hopLimit, identification = 0 } = packet;
    const genuine = isAuthentic(packet.message, { source, destination, hopLimit, identification }, key);
    if (!genuine) return opened("wrong");
    const sequences = acceptHeader(this.#headers, source, parsed.value.sequence);
    if (sequences === undefined) return opened("repeated");
    this.#headers = sequences;
    return opened("valid");
  }

  #openSignature(packet: VrrpPacket, { keys, rule }: SigningCredentials): OpenedPacket {
    const { source } = packet;
    const split = splitSigned(packet.message, source);
    if (split === undefined) return { message: packet.message, proof: "absent", trailer: 0, skew: undefined };
    const { message, trailer } = split;
    const nowMs = this.#clock.wallClockMs();
    const skew = trailer === undefined ? 0 : clockSkew(trailer.sequence, nowMs);
    const opened = (proof: Proof): OpenedPacket => {
      const notable = rule.kind === "time" && Math.abs(skew) * 2 > rule.window;
      return { message, proof, trailer: SIGNATURE_LENGTH, skew: notable ? skew : undefined };
    };
    if (trailer === undefined) return opened("malformed");
    if (!isTimely(rule, trailer.sequence, nowMs)) return opened("late");
    const key = keys.get(trailer.keyId);
    if (key === undefined) return opened("unknown-key");
    if (!isGenuine(packet.message, { source, key })) return opened("wrong");
    const marks = acceptSequence(this.#marks, source, trailer.sequence, rule, nowMs);
    if (marks === undefined) return opened("repeated");
    this.#marks = marks;
    return opened("valid");
  }
}

/** Eight bytes, padded with zeros (RFC 2338 section 5.3.6). The model has one character for each byte of the file. */
function passwordBytes(password: string): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes.set(Array.from(password.slice(0, 8), (character) => character.charCodeAt(0) & 0xff));
  return bytes;
}

type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "password"; readonly data: Uint8Array }
  | { readonly kind: "header"; readonly key: Uint8Array }
  | SigningCredentials;

interface SigningCredentials {
  readonly kind: "signature";
  readonly keys: ReadonlyMap<number, Uint8Array>;
  readonly activeKey: number;
  readonly rule: ReplayRule;
  readonly mode: "enforce" | "permissive" | "receive-only";
}

function credentialsOf(settings: AuthenticationSettings): Credentials {
  switch (settings.kind) {
    case "none":
      return settings;
    case "password":
      return { kind: "password", data: passwordBytes(settings.password) };
    case "header":
      return { kind: "header", key: passwordBytes(settings.password) };
    case "signature": {
      const { activeKey, mode, replay } = settings;
      const keys = new Map(settings.keys.map(({ id, hex }) => [id, bytesOfHex(hex)]));
      return { kind: "signature", keys, activeKey, rule: replay, mode };
    }
    default:
      return unreachable(settings);
  }
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}
