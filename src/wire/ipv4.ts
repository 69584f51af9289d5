import { addressBytes, addressFromBytes, familyOf } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { internetChecksum } from "./checksum.ts";

/*
 *  0                   1                   2                   3      RFC 791 section 3.1
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+
 * |Version|  IHL  |Type of Service|          Total Length         |
 * +-------+-------+---------------+-----+-------------------------+
 * |         Identification        |Flags|      Fragment Offset    |
 * +---------------+---------------+-----+-------------------------+
 * |  Time to Live |    Protocol   |        Header Checksum        |
 * +---------------+---------------+-------------------------------+
 * |                         Source Address                        |
 * +---------------------------------------------------------------+
 * |                       Destination Address                     |
 * +---------------------------------------------------------------+
 */

export interface Ipv4Header {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  /** Time to live, 0-255. */
  readonly hopLimit: number;
  readonly typeOfService: number;
  readonly identification: number;
  /** The DF flag. */
  readonly fragmentable: boolean;
}

export interface Ipv4Packet extends Ipv4Header {
  /** What follows the header and its options, up to the total length. When parsed: a view of the input. */
  readonly payload: Uint8Array;
}

export type Ipv4Error =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_VERSION"; readonly version: number }
  | { readonly code: "BAD_HEADER_LENGTH"; readonly length: number }
  | { readonly code: "BAD_LENGTH"; readonly expected: number; readonly length: number }
  | { readonly code: "FRAGMENT" };

/** The type of service of routing protocols: precedence "internetwork control". */
export const TOS_INTERNETWORK_CONTROL = 0xc0;

/**
 * Reads a whole packet. Options are skipped; bytes behind the total length, which a link adds as padding, are left out.
 * The header's checksum is not looked at: the kernel has done so before a raw socket sees the packet (raw(7)).
 */
export function parseIpv4(bytes: Uint8Array): Result<Ipv4Packet, Ipv4Error> {
  if (bytes.length < HEADER_LENGTH) return fail({ code: "TRUNCATED", needed: HEADER_LENGTH, length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  const version = view.getUint8(AT_VERSION_IHL) >> 4;
  if (version !== 4) return fail({ code: "BAD_VERSION", version });
  const headerLength = (view.getUint8(AT_VERSION_IHL) & 0x0f) * 4;
  if (headerLength < HEADER_LENGTH) return fail({ code: "BAD_HEADER_LENGTH", length: headerLength });
  const totalLength = view.getUint16(AT_TOTAL_LENGTH);
  if (totalLength < headerLength) return fail({ code: "BAD_LENGTH", expected: headerLength, length: totalLength });
  if (totalLength > bytes.length) return fail({ code: "TRUNCATED", needed: totalLength, length: bytes.length });
  const fragment = view.getUint16(AT_FLAGS_FRAGMENT);
  if ((fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) !== 0) return fail({ code: "FRAGMENT" });

  return succeed({
    source: addressFromBytes(bytes.subarray(AT_SOURCE, AT_DESTINATION)),
    destination: addressFromBytes(bytes.subarray(AT_DESTINATION, HEADER_LENGTH)),
    protocol: view.getUint8(AT_PROTOCOL),
    hopLimit: view.getUint8(AT_TIME_TO_LIVE),
    typeOfService: view.getUint8(AT_TYPE_OF_SERVICE),
    identification: view.getUint16(AT_IDENTIFICATION),
    fragmentable: (fragment & DONT_FRAGMENT) === 0,
    payload: bytes.subarray(headerLength, totalLength),
  });
}

/**
 * Writes a packet without options, its checksum filled in. A copy.
 *
 * The kernel fills in an identification of 0 by one of its own when it sends through a raw socket (raw(7)).
 */
export function serializeIpv4(packet: Ipv4Packet): Uint8Array {
  const totalLength = HEADER_LENGTH + packet.payload.length;
  if (totalLength > 0xffff) throw new RangeError(`An IPv4 packet cannot have ${totalLength} bytes`);
  if (familyOf(packet.source) !== "ipv4" || familyOf(packet.destination) !== "ipv4") {
    throw new RangeError(`${packet.source} to ${packet.destination} is not IPv4`);
  }
  const bytes = new Uint8Array(totalLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(AT_VERSION_IHL, 0x40 | (HEADER_LENGTH / 4));
  view.setUint8(AT_TYPE_OF_SERVICE, byte("type of service", packet.typeOfService));
  view.setUint16(AT_TOTAL_LENGTH, totalLength);
  view.setUint16(AT_IDENTIFICATION, within("identification", packet.identification, 0xffff));
  view.setUint16(AT_FLAGS_FRAGMENT, packet.fragmentable ? 0 : DONT_FRAGMENT);
  view.setUint8(AT_TIME_TO_LIVE, byte("time to live", packet.hopLimit));
  view.setUint8(AT_PROTOCOL, byte("protocol", packet.protocol));
  bytes.set(addressBytes(packet.source), AT_SOURCE);
  bytes.set(addressBytes(packet.destination), AT_DESTINATION);
  view.setUint16(AT_CHECKSUM, internetChecksum(bytes.subarray(0, HEADER_LENGTH)));
  bytes.set(packet.payload, HEADER_LENGTH);
  return bytes;
}

function byte(field: string, value: number): number {
  return within(field, value, 0xff);
}

function within(field: string, value: number, highest: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= highest) return value;
  throw new RangeError(`${value} does not fit into the field ${field}`);
}

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

const AT_VERSION_IHL = 0;
const AT_TYPE_OF_SERVICE = 1;
const AT_TOTAL_LENGTH = 2;
const AT_IDENTIFICATION = 4;
const AT_FLAGS_FRAGMENT = 6;
const AT_TIME_TO_LIVE = 8;
const AT_PROTOCOL = 9;
const AT_CHECKSUM = 10;
const AT_SOURCE = 12;
const AT_DESTINATION = 16;
const HEADER_LENGTH = 20;
