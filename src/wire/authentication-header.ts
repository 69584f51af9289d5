import { addressBytes, isMulticast } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { hmac, sameProof } from "./hash/hmac.ts";
import { IPPROTO_VRRP } from "./vrrp.ts";

/*
 * +---------------+---------------+-------------------------------+      RFC 2402 section 2
 * |  Next Header  |  Payload Len  |            RESERVED           |
 * +---------------+---------------+-------------------------------+
 * |                Security Parameters Index (SPI)                |
 * +---------------------------------------------------------------+
 * |                        Sequence Number                        |
 * +---------------------------------------------------------------+
 * |         Integrity Check Value: HMAC-MD5-96, 12 bytes          |
 * +---------------------------------------------------------------+
 *
 * It stands between the IPv4 header and the VRRP message (RFC 2338 section 5.3.6, authentication type 2).
 */

/** What follows the IPv4 header of a packet with protocol 51. */
export interface AuthenticatedPayload {
  /** 32 bits, ascending. */
  readonly sequence: number;
  readonly proof: Uint8Array;
  /** The VRRP message. A view of the input. */
  readonly message: Uint8Array;
}

export type AuthenticationHeaderError =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_LENGTH"; readonly expected: number; readonly length: number }
  /** What follows is no VRRP. */
  | { readonly code: "OTHER_PROTOCOL"; readonly protocol: number };

/** What the proof covers of the IPv4 header, which has no options. */
export interface CoveredHeader {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly identification: number;
  /** The TTL: as it leaves, or as it arrived. */
  readonly hopLimit: number;
}

/** IP protocol number of the authentication header. */
export const IPPROTO_AH = 51;

/** Length of the header with its proof, in bytes: where the VRRP message begins. */
export const AUTHENTICATION_HEADER_LENGTH = 24;

/** Reads a payload. The proof is not looked at, nor is the SPI, for a source has one key. */
export function parseAuthenticationHeader(
  payload: Uint8Array,
): Result<AuthenticatedPayload, AuthenticationHeaderError> {
  if (payload.length < AUTHENTICATION_HEADER_LENGTH) {
    return fail({ code: "TRUNCATED", needed: AUTHENTICATION_HEADER_LENGTH, length: payload.length });
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const protocol = view.getUint8(AT_NEXT_HEADER);
  if (protocol !== IPPROTO_VRRP) return fail({ code: "OTHER_PROTOCOL", protocol });
  const length = (view.getUint8(AT_PAYLOAD_LENGTH) + 2) * 4;
  if (length !== AUTHENTICATION_HEADER_LENGTH) {
    return fail({ code: "BAD_LENGTH", expected: AUTHENTICATION_HEADER_LENGTH, length });
  }
  return succeed({
    sequence: view.getUint32(AT_SEQUENCE),
    proof: payload.slice(AT_PROOF, AUTHENTICATION_HEADER_LENGTH),
    message: payload.subarray(AUTHENTICATION_HEADER_LENGTH),
  });
}

/**
 * Puts the header with its proof in front of a VRRP message. The SPI is the source address, as in keepalived.
 *
 * RFC 2402 section 3.3.3.1.1.1 takes the TTL as zero, which routers lower. keepalived does so for unicast alone; of multicast
 * it covers the real one, and refuses any other proof, so this does the same.
 */
export function serializeAuthenticated(
  message: Uint8Array,
  options: CoveredHeader & { readonly sequence: number; readonly key: Uint8Array },
): Uint8Array {
  const payload = new Uint8Array(AUTHENTICATION_HEADER_LENGTH + message.length);
  const view = new DataView(payload.buffer);
  view.setUint8(AT_NEXT_HEADER, IPPROTO_VRRP);
  view.setUint8(AT_PAYLOAD_LENGTH, AUTHENTICATION_HEADER_LENGTH / 4 - 2);
  payload.set(addressBytes(options.source), AT_SPI);
  view.setUint32(AT_SEQUENCE, options.sequence);
  payload.set(message, AUTHENTICATION_HEADER_LENGTH);
  const hopLimit = isMulticast(options.destination) ? options.hopLimit : 0;
  payload.set(proofOf(payload, options, hopLimit, options.key), AT_PROOF);
  return payload;
}

/** Whether the proof of a payload holds, made with the TTL as it arrived or with zero in its place. */
export function isAuthentic(payload: Uint8Array, header: CoveredHeader, key: Uint8Array): boolean {
  const proof = payload.subarray(AT_PROOF, AUTHENTICATION_HEADER_LENGTH);
  const holds = (hopLimit: number): boolean => sameProof(proof, proofOf(payload, header, hopLimit, key));
  return holds(header.hopLimit) || holds(0);
}

/** Over the IPv4 header, whose mutable fields are zero, the authentication header with a proof of zeros, and the message. */
function proofOf(payload: Uint8Array, header: CoveredHeader, hopLimit: number, key: Uint8Array): Uint8Array {
  const totalLength = IPV4_HEADER_LENGTH + payload.length;
  const ipv4 = Uint8Array.of(
    0x45,
    0,
    totalLength >> 8,
    totalLength & 0xff,
    header.identification >> 8,
    header.identification & 0xff,
    0,
    0,
    hopLimit,
    IPPROTO_AH,
    0,
    0,
    ...addressBytes(header.source),
    ...addressBytes(header.destination),
  );
  const head = payload.subarray(0, AT_PROOF);
  const message = payload.subarray(AUTHENTICATION_HEADER_LENGTH);
  return hmac("md5", key, ipv4, head, new Uint8Array(PROOF_LENGTH), message).subarray(0, PROOF_LENGTH);
}

const AT_NEXT_HEADER = 0;
const AT_PAYLOAD_LENGTH = 1;
const AT_SPI = 4;
const AT_SEQUENCE = 8;
const AT_PROOF = 12;
/** HMAC-MD5-96: the first 96 bits (RFC 2403 section 2). */
const PROOF_LENGTH = 12;
const IPV4_HEADER_LENGTH = 20;
