import { addressBytes, familyOf } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { assert } from "../base/assert.ts";

/**
 * Computes the Internet checksum over the parts as if they were joined: what belongs into a checksum field that was zero
 * meanwhile. Over data that carries its right checksum the result is 0.
 *
 * Every part but the last has an even length. An odd last byte counts as if a zero followed.
 *
 * @see RFC 1071 section 1.
 */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const [index, part] of parts.entries()) {
    assert(part.length % 2 === 0 || index === parts.length - 1, "only the last part may have an odd length");
    for (let at = 0; at < part.length; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0);
  }
  // A message has at most 64 KiB, so the sum is far from the limit of safe integers, and two folds may not be enough.
  while (sum > 0xffff) sum = Math.floor(sum / 0x1_0000) + (sum % 0x1_0000);
  return ~sum & 0xffff;
}

/**
 * The pseudo-header that a checksum covers in front of a message of `length` bytes: 12 bytes for IPv4 (RFC 793 section
 * 3.1), 40 for IPv6 (RFC 8200 section 8.1). Both addresses are of one family.
 */
export function pseudoHeader(source: IpAddress, destination: IpAddress, protocol: number, length: number): Uint8Array {
  assert(familyOf(source) === familyOf(destination), `"${source}" and "${destination}" are of one family`);
  const ends = [...addressBytes(source), ...addressBytes(destination)];
  return familyOf(source) === "ipv4"
    ? Uint8Array.of(...ends, 0, protocol, length >> 8, length & 0xff)
    : Uint8Array.of(...ends, 0, 0, length >> 8, length & 0xff, 0, 0, 0, protocol);
}
