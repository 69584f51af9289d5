import { assert } from "./assert.ts";

declare const ipBrand: unique symbol;
declare const macBrand: unique symbol;

export type AddressFamily = "ipv4" | "ipv6";

/**
 * An IP address as its canonical text: dotted quad without leading zeros, or RFC 5952. Equal addresses are equal
 * strings, so `===` compares them and they serve as keys.
 */
export type IpAddress = string & { readonly [ipBrand]: true };

/** A 48-bit link-layer address as six lower-case hexadecimal pairs joined by colons. */
export type MacAddress = string & { readonly [macBrand]: true };

/** An address together with the length of its network prefix, 0-32 or 0-128. */
export interface IpPrefix {
  readonly address: IpAddress;
  readonly length: number;
}

export const BROADCAST_MAC = "ff:ff:ff:ff:ff:ff" as MacAddress;

/**
 * Reads an address in the forms of inet_pton(3): no octal, no short IPv4, no zone index.
 * Any other text yields undefined.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  const bytes = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  return bytes === undefined ? undefined : addressFromBytes(bytes);
}

/** For literals in code and tests. Throws on anything that is no address. */
export function ip(text: string): IpAddress {
  const address = parseIpAddress(text);
  assert(address !== undefined, `"${text}" is an IP address`);
  return address;
}

export function familyOf(address: IpAddress): AddressFamily {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** The bits of an address of this family. */
export function addressLength(family: AddressFamily): 32 | 128 {
  return family === "ipv4" ? 32 : 128;
}

/** Network byte order, 4 or 16 bytes, a fresh copy. */
export function addressBytes(address: IpAddress): Uint8Array {
  const bytes = address.includes(":") ? parseIpv6(address) : parseIpv4(address);
  assert(bytes !== undefined, `"${address}" is an IP address`);
  return bytes;
}

/** Takes 4 or 16 bytes in network byte order; they may be reused afterwards. */
export function addressFromBytes(bytes: Uint8Array): IpAddress {
  assert(bytes.length === 4 || bytes.length === 16, `an address has 4 or 16 bytes, not ${bytes.length}`);
  return (bytes.length === 4 ? bytes.join(".") : formatIpv6(bytes)) as IpAddress;
}

/** Orders two addresses of one family by their value in network byte order, as the VRRP tie-break does. */
export function compareAddresses(left: IpAddress, right: IpAddress): number {
  const a = addressBytes(left);
  const b = addressBytes(right);
  assert(a.length === b.length, `"${left}" and "${right}" are of one family`);
  for (const [index, byte] of a.entries()) {
    const difference = byte - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first address of the network that the prefix lies in: all bits behind the prefix length are zero. */
export function networkOf(prefix: IpPrefix): IpAddress {
  const bytes = addressBytes(prefix.address);
  return addressFromBytes(bytes.map((byte, index) => byte & maskByte(prefix.length, index)));
}

/** Whether `address` lies in the network of `prefix`. Addresses of the other family never do. */
export function contains(prefix: IpPrefix, address: IpAddress): boolean {
  if (familyOf(prefix.address) !== familyOf(address)) return false;
  return networkOf(prefix) === networkOf({ address, length: prefix.length });
}

/** The last address of an IPv4 network, which `brd +` asks for. */
export function broadcastOf(prefix: IpPrefix): IpAddress {
  const bytes = addressBytes(prefix.address);
  return addressFromBytes(bytes.map((byte, index) => byte | (~maskByte(prefix.length, index) & 0xff)));
}

export function isMulticast(address: IpAddress): boolean {
  const first = addressBytes(address)[0] ?? 0;
  return familyOf(address) === "ipv4" ? first >> 4 === 0xe : first === 0xff;
}

/** An IPv6 address that is good on its link alone, fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocal(address: IpAddress): boolean {
  const [first = 0, second = 0] = addressBytes(address);
  return familyOf(address) === "ipv6" && first === 0xfe && second >> 6 === 0b10;
}

export function formatPrefix(prefix: IpPrefix): string {
  return `${prefix.address}/${prefix.length}`;
}

/** Takes exactly six bytes. */
export function macFromBytes(bytes: Uint8Array): MacAddress {
  assert(bytes.length === 6, `a MAC address has 6 bytes, not ${bytes.length}`);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":") as MacAddress;
}

export function macBytes(mac: MacAddress): Uint8Array {
  return Uint8Array.from(mac.split(":"), (pair) => Number.parseInt(pair, 16));
}

/** Whether it is one that the routers of a virtual router share (RFC 9568 section 7.3). */
export function isVirtualRouterMac(address: MacAddress): boolean {
  return address.startsWith("00:00:5e:00:01:") || address.startsWith("00:00:5e:00:02:");
}

/** For literals in code and tests. Throws on anything that is no MAC address. */
export function mac(text: string): MacAddress {
  assert(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text), `"${text}" is a MAC address`);
  return text as MacAddress;
}

function maskByte(prefixLength: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    bytes[index] = value;
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseIpv6Groups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseIpv6Groups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group of zeros (RFC 4291 section 2.2).
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...Array.from({ length: missing }, () => 0), ...tail]);
}

/** The bytes of colon-separated groups; the last one may be a dotted quad where the text ends there. */
function parseIpv6Groups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes(".")) {
      const quad = parseIpv4(group);
      if (quad === undefined) return undefined;
      bytes.push(...quad);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

/** RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups shortened, the first of equals. */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join(".")}`;
  }
  let runStart = 0;
  let runLength = 0;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > runLength) [runStart, runLength] = [start, end - start];
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  if (runLength < 2) return text(groups);
  return `${text(groups.slice(0, runStart))}::${text(groups.slice(runStart + runLength))}`;
}
