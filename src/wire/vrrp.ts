import { addressBytes, addressFromBytes, familyOf, ip } from "../base/address.ts";
import type { AddressFamily, IpAddress } from "../base/address.ts";
import type { Authentication, ChecksumForm } from "../base/advertisement.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { micros } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import { internetChecksum, pseudoHeader } from "./checksum.ts";

/*
 *  0                   1                   2                   3      RFC 9568 section 5.1 (version 3)
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+---------------+---------------+
 * |Version| Type  | Virtual Rtr ID|    Priority   |  IPvX Addr Cnt|
 * +-------+-------+---------------+---------------+---------------+
 * |Reserve| Max Advertise Interval|            Checksum           |
 * +-------+-----------------------+-------------------------------+
 * |                    IPvX Address(es) ...                       |
 * +---------------------------------------------------------------+
 *
 * Version 2 (RFC 3768 section 5.1) has in the second word | Auth Type 8 | Adver Int 8 | Checksum 16 |, and behind IPv4
 * addresses always eight bytes of authentication data.
 */

interface AdvertisementFields {
  /** 1 is ADVERTISEMENT, the only type there is; any other is to be discarded by whoever checks. */
  readonly type: number;
  readonly vrid: number;
  /** 0: the sender gives up. 255: it owns the addresses. */
  readonly priority: number;
  /** Never zero. Whole seconds in version 2, whole centiseconds in version 3. */
  readonly advertisementInterval: Micros;
  /** In the order of the message, all of its family. Empty when the sender has nothing but excluded addresses. */
  readonly addresses: readonly IpAddress[];
}

export interface AdvertisementV2 extends AdvertisementFields {
  readonly version: 2;
  readonly authentication: Authentication;
}

export interface AdvertisementV3 extends AdvertisementFields {
  readonly version: 3;
}

export type Advertisement = AdvertisementV2 | AdvertisementV3;

export type AdvertisementError =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_LENGTH"; readonly expected: number; readonly length: number }
  | { readonly code: "BAD_VERSION"; readonly version: number }
  | { readonly code: "ZERO_INTERVAL" };

/**
 * `exact`: nothing behind the message. `ethernet-padding`: what fills the frame up to Ethernet's minimum may follow, for
 * senders that count it as part of their IP packet.
 */
export type LengthRule = "exact" | "ethernet-padding";

export interface MessageEnds {
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

export interface SerializeOptions extends MessageEnds {
  /** Whether the checksum covers a pseudo-header of the two ends. */
  readonly pseudoHeader: boolean;
}

/** IP protocol number of VRRP. */
export const IPPROTO_VRRP = 112;

export const TYPE_ADVERTISEMENT = 1;

export const VRRP_GROUP_IPV4 = ip("224.0.0.18");

/**
 * Reads a VRRP message of version 2 or 3. Nothing is judged but its form: not the type, the checksum, the
 * authentication, nor whether anybody expects such a message. Copies.
 *
 * Errors come in the order TRUNCATED (not even a header), BAD_VERSION, TRUNCATED or BAD_LENGTH (of the whole),
 * ZERO_INTERVAL.
 */
export function parseAdvertisement(
  bytes: Uint8Array,
  family: AddressFamily,
  lengthRule: LengthRule,
): Result<Advertisement, AdvertisementError> {
  if (bytes.length < HEADER_LENGTH) return fail({ code: "TRUNCATED", needed: HEADER_LENGTH, length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  const version = view.getUint8(AT_VERSION_TYPE) >> 4;
  if (version !== 2 && version !== 3) return fail({ code: "BAD_VERSION", version });
  const count = view.getUint8(AT_COUNT);
  const expected = lengthOf(version, family, count);
  if (bytes.length < expected) return fail({ code: "TRUNCATED", needed: expected, length: bytes.length });
  if (bytes.length > expected && !(lengthRule === "ethernet-padding" && bytes.length <= LONGEST_PADDED[family])) {
    return fail({ code: "BAD_LENGTH", expected, length: bytes.length });
  }
  const advertisementInterval =
    version === 2
      ? fromSeconds(view.getUint8(AT_ADVER_INT))
      : fromCentiseconds(view.getUint16(AT_MAX_ADVERTISE_INTERVAL) & 0x0fff);
  if (advertisementInterval === 0) return fail({ code: "ZERO_INTERVAL" });

  const size = ADDRESS_LENGTH[family];
  const addresses = Array.from({ length: count }, (_, index) => {
    const at = HEADER_LENGTH + index * size;
    return addressFromBytes(bytes.subarray(at, at + size));
  });
  const fields: AdvertisementFields = {
    type: view.getUint8(AT_VERSION_TYPE) & 0x0f,
    vrid: view.getUint8(AT_VRID),
    priority: view.getUint8(AT_PRIORITY),
    advertisementInterval,
    addresses,
  };
  if (version === 3) return succeed({ version, ...fields });
  const data = bytes.slice(HEADER_LENGTH + count * size, expected);
  return succeed({ version, ...fields, authentication: parseAuthentication(view.getUint8(AT_AUTH_TYPE), data) });
}

/** How long a message says it is, whatever follows it. Undefined where it has no header of version 2 or 3. */
export function messageLength(bytes: Uint8Array, family: AddressFamily): number | undefined {
  const version = (bytes[AT_VERSION_TYPE] ?? 0) >> 4;
  if (bytes.length < HEADER_LENGTH || (version !== 2 && version !== 3)) return undefined;
  return lengthOf(version, family, bytes[AT_COUNT] ?? 0);
}

/**
 * Tells what the checksum of a message covers. The message has been accepted by `parseAdvertisement`; padding behind it
 * is left out, but for `trailer` bytes that the checksum covers too. Where more than one form fits, by a chance of 1 in
 * 65,535, the one that its version prescribes wins.
 */
export function checksumForm(message: Uint8Array, { source, destination }: MessageEnds, trailer = 0): ChecksumForm {
  const version = (message[AT_VERSION_TYPE] ?? 0) >> 4;
  const family = familyOf(source);
  const length = lengthOf(version === 2 ? 2 : 3, family, message[AT_COUNT] ?? 0) + trailer;
  const covered = message.subarray(0, length);
  const holdsBehind = (header: Uint8Array): boolean => internetChecksum(header, covered) === 0;
  const holds: Record<Exclude<ChecksumForm, "wrong">, boolean> = {
    plain: internetChecksum(covered) === 0,
    "pseudo-header": holdsBehind(pseudoHeader(source, destination, IPPROTO_VRRP, length)),
    "multicast-pseudo-header":
      family === "ipv4" && holdsBehind(pseudoHeader(source, VRRP_GROUP_IPV4, IPPROTO_VRRP, length)),
  };
  const forms = version === 2 && family === "ipv4" ? FORMS_PLAIN_FIRST : FORMS_PLAIN_LAST;
  return forms.find((form) => holds[form]) ?? "wrong";
}

/**
 * Writes a message with its checksum. Throws RangeError when a field does not fit: an interval that is no whole number of
 * the version's units, more than 255 addresses, addresses of another family than the two ends, a password that has not
 * eight bytes or goes over IPv6.
 */
export function serializeAdvertisement(advertisement: Advertisement, options: SerializeOptions): Uint8Array {
  const { source, destination } = options;
  const family = familyOf(source);
  const { version, addresses } = advertisement;
  const count = within("Count of addresses", addresses.length, 0, 255);
  const bytes = new Uint8Array(lengthOf(version, family, count));
  const view = new DataView(bytes.buffer);

  view.setUint8(AT_VERSION_TYPE, (version << 4) | within("Type", advertisement.type, 0, 15));
  view.setUint8(AT_VRID, within("Virtual Rtr ID", advertisement.vrid, 0, 255));
  view.setUint8(AT_PRIORITY, within("Priority", advertisement.priority, 0, 255));
  view.setUint8(AT_COUNT, count);
  for (const [index, address] of addresses.entries()) {
    if (familyOf(address) !== family) throw new RangeError(`Cannot send ${address} from ${source}: of another family`);
    bytes.set(addressBytes(address), HEADER_LENGTH + index * ADDRESS_LENGTH[family]);
  }
  if (version === 3) {
    view.setUint16(AT_MAX_ADVERTISE_INTERVAL, toCentiseconds(advertisement.advertisementInterval));
  } else {
    view.setUint8(AT_AUTH_TYPE, authenticationType(advertisement.authentication));
    view.setUint8(AT_ADVER_INT, toSeconds(advertisement.advertisementInterval));
    if (advertisement.authentication.kind === "password") {
      const { data } = advertisement.authentication;
      const room = bytes.length - HEADER_LENGTH - count * ADDRESS_LENGTH[family];
      if (data.length !== room) throw new RangeError(`${data.length} bytes of password do not fit into ${room}`);
      bytes.set(data, bytes.length - room);
    }
  }
  const header = options.pseudoHeader
    ? pseudoHeader(source, destination, IPPROTO_VRRP, bytes.length)
    : new Uint8Array(0);
  view.setUint16(AT_CHECKSUM, internetChecksum(header, bytes));
  return bytes;
}

function lengthOf(version: 2 | 3, family: AddressFamily, count: number): number {
  // keepalived sends version 2 over IPv6, which no RFC describes, without authentication data.
  const authentication = version === 2 && family === "ipv4" ? AUTHENTICATION_LENGTH : 0;
  return HEADER_LENGTH + count * ADDRESS_LENGTH[family] + authentication;
}

function parseAuthentication(type: number, data: Uint8Array): Authentication {
  switch (type) {
    case AUTH_TYPE_NONE:
      return { kind: "none" };
    case AUTH_TYPE_PASSWORD:
      return { kind: "password", data };
    case AUTH_TYPE_HEADER:
      return { kind: "header" };
    default:
      return { kind: "other", type };
  }
}

function authenticationType(authentication: Authentication): number {
  switch (authentication.kind) {
    case "none":
      return AUTH_TYPE_NONE;
    case "password":
      return AUTH_TYPE_PASSWORD;
    case "header":
      return AUTH_TYPE_HEADER;
    case "other":
      return within("Auth Type", authentication.type, 0, 255);
  }
}

function fromSeconds(count: number): Micros {
  return micros(count * MICROS_PER_SECOND);
}

function fromCentiseconds(count: number): Micros {
  return micros(count * MICROS_PER_CENTISECOND);
}

function toSeconds(interval: Micros): number {
  return within("Adver Int", interval / MICROS_PER_SECOND, 1, 0xff);
}

function toCentiseconds(interval: Micros): number {
  return within("Max Advertise Interval", interval / MICROS_PER_CENTISECOND, 1, 0x0fff);
}

function within(field: string, value: number, lowest: number, highest: number): number {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw new RangeError(`${value} does not fit into the field ${field}`);
}

const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_CENTISECOND = 10_000;

const FORMS_PLAIN_FIRST = ["plain", "pseudo-header", "multicast-pseudo-header"] as const;
const FORMS_PLAIN_LAST = ["pseudo-header", "multicast-pseudo-header", "plain"] as const;

const AUTH_TYPE_NONE = 0;
const AUTH_TYPE_PASSWORD = 1;
const AUTH_TYPE_HEADER = 2;

const ADDRESS_LENGTH: Record<AddressFamily, number> = { ipv4: 4, ipv6: 16 };

/** Ethernet's least payload of 46 bytes (IEEE 802.3 clause 3.2.8) without the IP header. */
const LONGEST_PADDED: Record<AddressFamily, number> = { ipv4: 46 - 20, ipv6: 46 - 40 };

const AT_VERSION_TYPE = 0;
const AT_VRID = 1;
const AT_PRIORITY = 2;
const AT_COUNT = 3;
const AT_AUTH_TYPE = 4;
const AT_ADVER_INT = 5;
const AT_MAX_ADVERTISE_INTERVAL = 4;
const AT_CHECKSUM = 6;
const HEADER_LENGTH = 8;
const AUTHENTICATION_LENGTH = 8;
