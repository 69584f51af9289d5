import { addressBytes, addressFromBytes, familyOf } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";

/*
 *  0                   1                   2                   3      RFC 8200 section 3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+---------------+---------------------------------------+
 * |Version| Traffic Class |              Flow Label               |
 * +-------+---------------+-------+---------------+---------------+
 * |         Payload Length        |  Next Header  |   Hop Limit   |
 * +-------------------------------+---------------+---------------+
 * |                   Source Address (128 bits)                   |
 * +---------------------------------------------------------------+
 * |                Destination Address (128 bits)                 |
 * +---------------------------------------------------------------+
 */

export interface Ipv6Packet {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** The protocol of the payload, or an extension header's number: those are not looked into. */
  readonly nextHeader: number;
  /** 0-255. */
  readonly hopLimit: number;
  /** 0-255. */
  readonly trafficClass: number;
  /** 20 bits. */
  readonly flowLabel: number;
  /** What follows the header, up to the payload length. When parsed: a view of the input. */
  readonly payload: Uint8Array;
}

export type Ipv6Error =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_VERSION"; readonly version: number };

/** Reads a packet. Bytes behind the payload length, which a link adds as padding, are left out. */
export function parseIpv6(bytes: Uint8Array): Result<Ipv6Packet, Ipv6Error> {
  if (bytes.length < HEADER_LENGTH) return fail({ code: "TRUNCATED", needed: HEADER_LENGTH, length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(AT_VERSION_CLASS_FLOW);
  const version = first >>> 28;
  if (version !== 6) return fail({ code: "BAD_VERSION", version });
  const length = HEADER_LENGTH + view.getUint16(AT_PAYLOAD_LENGTH);
  if (length > bytes.length) return fail({ code: "TRUNCATED", needed: length, length: bytes.length });
  return succeed({
    source: addressFromBytes(bytes.subarray(AT_SOURCE, AT_DESTINATION)),
    destination: addressFromBytes(bytes.subarray(AT_DESTINATION, HEADER_LENGTH)),
    nextHeader: view.getUint8(AT_NEXT_HEADER),
    hopLimit: view.getUint8(AT_HOP_LIMIT),
    trafficClass: (first >>> 20) & 0xff,
    flowLabel: first & FLOW_LABEL,
    payload: bytes.subarray(HEADER_LENGTH, length),
  });
}

/** Writes a packet. Throws RangeError on IPv4 addresses and on what does not fit into its field. */
export function serializeIpv6(packet: Ipv6Packet): Uint8Array {
  const { source, destination, payload } = packet;
  if (familyOf(source) !== "ipv6" || familyOf(destination) !== "ipv6") {
    throw new RangeError(`${source} and ${destination} are not both IPv6`);
  }
  const bytes = new Uint8Array(HEADER_LENGTH + within("Payload Length", payload.length, 0xffff));
  const view = new DataView(bytes.buffer);
  const trafficClass = within("Traffic Class", packet.trafficClass, 0xff);
  const flowLabel = within("Flow Label", packet.flowLabel, FLOW_LABEL);
  view.setUint32(AT_VERSION_CLASS_FLOW, ((6 << 28) | (trafficClass << 20) | flowLabel) >>> 0);
  view.setUint16(AT_PAYLOAD_LENGTH, payload.length);
  view.setUint8(AT_NEXT_HEADER, within("Next Header", packet.nextHeader, 0xff));
  view.setUint8(AT_HOP_LIMIT, within("Hop Limit", packet.hopLimit, 0xff));
  bytes.set(addressBytes(source), AT_SOURCE);
  bytes.set(addressBytes(destination), AT_DESTINATION);
  bytes.set(payload, HEADER_LENGTH);
  return bytes;
}

function within(field: string, value: number, highest: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= highest) return value;
  throw new RangeError(`${value} does not fit into the field ${field}`);
}

const FLOW_LABEL = 0xf_ffff;

const AT_VERSION_CLASS_FLOW = 0;
const AT_PAYLOAD_LENGTH = 4;
const AT_NEXT_HEADER = 6;
const AT_HOP_LIMIT = 7;
const AT_SOURCE = 8;
const AT_DESTINATION = 24;
const HEADER_LENGTH = 40;
