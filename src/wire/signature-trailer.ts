import { addressBytes, familyOf } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { hmac, sameProof } from "./hash/hmac.ts";
import { messageLength } from "./vrrp.ts";

/*
 * +---------------+---------------+-------------------------------+      keepalived 2.4.2, auth_hmac;
 * |    Type (1)   |     Key ID    |          Reserved (0)         |      draft-cassen-vrrp-auth-hmac
 * +---------------+---------------+-------------------------------+
 * |                  Seconds since 1970, modulo 2^32              |
 * +-------------------------------+-------------------------------+
 * |    Fraction of it, in 2^-16   |            Counter            |
 * +-------------------------------+-------------------------------+
 * |                      HMAC-SHA256-128, 16 bytes                |
 * +---------------------------------------------------------------+
 *
 * It follows the VRRP message of either version. The checksum of IPv4 leaves it out; that of IPv6, which kernels compute,
 * covers it.
 */

/** The trailer of a signed message. */
export interface SignatureTrailer {
  /** 1-255: which of the keys that all nodes have. */
  readonly keyId: number;
  readonly sequence: SequenceNumber;
}

/** The time at which a message was signed, made unique: it never repeats and ascends. */
export interface SequenceNumber {
  /** 32 bits. */
  readonly seconds: number;
  /** 32 bits: the fraction of the second in the upper 16, a counter in the lower. */
  readonly fraction: number;
}

/** A message and what follows it. Views of the input. */
export interface SignedMessage {
  readonly message: Uint8Array;
  /** Undefined: it is none that we know. */
  readonly trailer: SignatureTrailer | undefined;
}

/** Length of the trailer in bytes. */
export const SIGNATURE_LENGTH = 28;

/**
 * Divides a payload into the VRRP message and its trailer. Undefined where what follows the message has not exactly the
 * length of a trailer, or where there is no message. Whether it is genuine is for `isGenuine` to say.
 */
export function splitSigned(payload: Uint8Array, source: IpAddress): SignedMessage | undefined {
  const length = messageLength(payload, familyOf(source));
  if (length === undefined || payload.length !== length + SIGNATURE_LENGTH) return undefined;
  const message = payload.subarray(0, length);
  const view = new DataView(payload.buffer, payload.byteOffset + length, SIGNATURE_LENGTH);
  if (view.getUint8(AT_TYPE) !== TYPE_HMAC_SHA256_128 || view.getUint16(AT_RESERVED) !== 0) {
    return { message, trailer: undefined };
  }
  const sequence = { seconds: view.getUint32(AT_SECONDS), fraction: view.getUint32(AT_FRACTION) };
  return { message, trailer: { keyId: view.getUint8(AT_KEY_ID), sequence } };
}

/** Appends a trailer to a VRRP message that `source` is about to send. The destination plays no part. A copy. */
export function signMessage(
  message: Uint8Array,
  trailer: SignatureTrailer,
  options: { readonly source: IpAddress; readonly key: Uint8Array },
): Uint8Array {
  const payload = new Uint8Array(message.length + SIGNATURE_LENGTH);
  payload.set(message);
  const view = new DataView(payload.buffer, message.length);
  view.setUint8(AT_TYPE, TYPE_HMAC_SHA256_128);
  view.setUint8(AT_KEY_ID, trailer.keyId);
  view.setUint32(AT_SECONDS, trailer.sequence.seconds);
  view.setUint32(AT_FRACTION, trailer.sequence.fraction);
  payload.set(proofOf(payload, options.source, options.key), message.length + AT_PROOF);
  return payload;
}

/** Whether the trailer of a payload that `splitSigned` has divided was made with this key for this sender. */
export function isGenuine(
  payload: Uint8Array,
  options: { readonly source: IpAddress; readonly key: Uint8Array },
): boolean {
  const proof = payload.subarray(payload.length - PROOF_LENGTH);
  return sameProof(proof, proofOf(payload, options.source, options.key));
}

/**
 * Over a header of family, version, VRID and source, which binds the proof to one virtual router and one sender, the
 * message with a checksum of zero, and the trailer with a proof of zeros.
 */
function proofOf(payload: Uint8Array, source: IpAddress, key: Uint8Array): Uint8Array {
  const bound = new Uint8Array(BOUND_HEADER_LENGTH);
  bound[0] = familyOf(source) === "ipv4" ? 4 : 6;
  bound[1] = (payload[AT_VERSION] ?? 0) >> 4;
  bound[2] = payload[AT_VRID] ?? 0;
  bound.set(addressBytes(source), AT_BOUND_SOURCE);
  const covered = payload.slice();
  covered.fill(0, AT_CHECKSUM, AT_CHECKSUM + 2);
  covered.fill(0, payload.length - PROOF_LENGTH);
  return hmac("sha256", key, bound, covered).subarray(0, PROOF_LENGTH);
}

const TYPE_HMAC_SHA256_128 = 1;

// Of the message.
const AT_VERSION = 0;
const AT_VRID = 1;
const AT_CHECKSUM = 6;

// Of the trailer.
const AT_TYPE = 0;
const AT_KEY_ID = 1;
const AT_RESERVED = 2;
const AT_SECONDS = 4;
const AT_FRACTION = 8;
const AT_PROOF = 12;
const PROOF_LENGTH = 16;

const BOUND_HEADER_LENGTH = 20;
const AT_BOUND_SOURCE = 4;
