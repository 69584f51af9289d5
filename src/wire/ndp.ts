import { addressBytes, addressFromBytes, familyOf, macBytes, macFromBytes } from "../base/address.ts";
import type { IpAddress, MacAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { internetChecksum, pseudoHeader } from "./checksum.ts";

/*
 *  0                   1                   2                   3      RFC 4861 section 4.4
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |   Type = 136  |     Code      |            Checksum           |
 * +-+-+-+---------+---------------+-------------------------------+
 * |R|S|O|                        Reserved                         |
 * +-+-+-+---------------------------------------------------------+
 * |                 Target Address (128 bits)                     |
 * +---------------+---------------+-------------------------------+
 * | Option = 2    | Length = 1    | Target Link-Layer Address (48)|
 * +---------------+---------------+-------------------------------+
 */

/** An ICMPv6 message that tells where an IPv6 address is. */
export interface NeighborAdvertisement {
  readonly target: IpAddress;
  /** The sender forwards packets. */
  readonly router: boolean;
  /** It answers a question. Announcements do not. */
  readonly solicited: boolean;
  /** It replaces what caches hold. */
  readonly override: boolean;
  /** The option Target Link-Layer Address; undefined when it is missing or no MAC address. */
  readonly targetMac: MacAddress | undefined;
}

export type NeighborError =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_TYPE"; readonly type: number }
  | { readonly code: "BAD_CHECKSUM" }
  | { readonly code: "BAD_OPTION"; readonly offset: number };

interface MessageEnds {
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

/** IP protocol number of ICMPv6. */
export const IPPROTO_ICMPV6 = 58;

/** Reads the ICMPv6 message behind an IPv6 header with these ends. Options other than the target's address are skipped. */
export function parseNeighborAdvertisement(
  bytes: Uint8Array,
  ends: MessageEnds,
): Result<NeighborAdvertisement, NeighborError> {
  if (bytes.length < HEADER_LENGTH) return fail({ code: "TRUNCATED", needed: HEADER_LENGTH, length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint8(AT_TYPE);
  if (type !== ND_NEIGHBOR_ADVERT) return fail({ code: "BAD_TYPE", type });
  const header = pseudoHeader(ends.source, ends.destination, IPPROTO_ICMPV6, bytes.length);
  if (internetChecksum(header, bytes) !== 0) return fail({ code: "BAD_CHECKSUM" });

  let targetMac: MacAddress | undefined;
  for (let at = HEADER_LENGTH; at < bytes.length;) {
    // Lengths count eights of bytes; RFC 4861 section 4.6 has a message with a length of 0 discarded.
    const length = (bytes[at + 1] ?? 0) * OPTION_UNIT;
    if (length === 0 || at + length > bytes.length) return fail({ code: "BAD_OPTION", offset: at });
    if (bytes[at] === ND_OPT_TARGET_LINKADDR && length === OPTION_UNIT) {
      targetMac = macFromBytes(bytes.subarray(at + 2, at + OPTION_UNIT));
    }
    at += length;
  }
  const flags = view.getUint8(AT_FLAGS);
  return succeed({
    target: addressFromBytes(bytes.subarray(AT_TARGET, HEADER_LENGTH)),
    router: (flags & FLAG_ROUTER) !== 0,
    solicited: (flags & FLAG_SOLICITED) !== 0,
    override: (flags & FLAG_OVERRIDE) !== 0,
    targetMac,
  });
}

/** Writes the ICMPv6 message with its checksum. Its IPv6 header needs hop limit 255. Throws RangeError on IPv4. */
export function serializeNeighborAdvertisement(advertisement: NeighborAdvertisement, ends: MessageEnds): Uint8Array {
  const { target, targetMac } = advertisement;
  if ([target, ends.source, ends.destination].some((address) => familyOf(address) !== "ipv6")) {
    throw new RangeError(`Cannot announce ${target} from ${ends.source} to ${ends.destination}: not all are IPv6`);
  }
  const bytes = new Uint8Array(HEADER_LENGTH + (targetMac === undefined ? 0 : OPTION_UNIT));
  const view = new DataView(bytes.buffer);
  view.setUint8(AT_TYPE, ND_NEIGHBOR_ADVERT);
  view.setUint8(
    AT_FLAGS,
    (advertisement.router ? FLAG_ROUTER : 0) |
      (advertisement.solicited ? FLAG_SOLICITED : 0) |
      (advertisement.override ? FLAG_OVERRIDE : 0),
  );
  bytes.set(addressBytes(target), AT_TARGET);
  if (targetMac !== undefined) {
    bytes.set([ND_OPT_TARGET_LINKADDR, 1, ...macBytes(targetMac)], HEADER_LENGTH);
  }
  const header = pseudoHeader(ends.source, ends.destination, IPPROTO_ICMPV6, bytes.length);
  view.setUint16(AT_CHECKSUM, internetChecksum(header, bytes));
  return bytes;
}

const ND_NEIGHBOR_ADVERT = 136;
const ND_OPT_TARGET_LINKADDR = 2;

const FLAG_ROUTER = 0x80;
const FLAG_SOLICITED = 0x40;
const FLAG_OVERRIDE = 0x20;

const AT_TYPE = 0;
const AT_CHECKSUM = 2;
const AT_FLAGS = 4;
const AT_TARGET = 8;
const HEADER_LENGTH = 24;
const OPTION_UNIT = 8;
