import { addressBytes, addressFromBytes, familyOf } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { assert } from "../base/assert.ts";

/** struct sockaddr_in or sockaddr_in6 with port 0. `scope` is an interface index, for IPv6 link-local addresses. */
export function inetAddress(address: IpAddress, scope: number): Uint8Array {
  const isIpv4 = familyOf(address) === "ipv4";
  const bytes = new Uint8Array(isIpv4 ? SIZEOF_SOCKADDR_IN : SIZEOF_SOCKADDR_IN6);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true);
  bytes.set(addressBytes(address), isIpv4 ? AT_IN_ADDRESS : AT_IN6_ADDRESS);
  if (!isIpv4) view.setUint32(AT_IN6_SCOPE, scope, true);
  return bytes;
}

/** The address in a struct sockaddr_in6; undefined when it is none. */
export function parseInet6Address(name: Uint8Array): IpAddress | undefined {
  if (name.length < SIZEOF_SOCKADDR_IN6) return undefined;
  return addressFromBytes(name.subarray(AT_IN6_ADDRESS, AT_IN6_ADDRESS + 16));
}

/** struct sockaddr_ll for bind(2): what is received and sent is limited to the interface and the EtherType. */
export function packetAddress(etherType: number, interfaceIndex: number): Uint8Array {
  const bytes = new Uint8Array(SIZEOF_SOCKADDR_LL);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_PACKET, true);
  // The protocol is in network order, everything else in host order (packet(7)).
  view.setUint16(AT_LL_PROTOCOL, etherType);
  view.setInt32(AT_LL_INDEX, interfaceIndex, true);
  return bytes;
}

/** struct sockaddr_un. A path that begins with "@" is in the abstract namespace. Undefined when it is too long. */
export function unixAddress(path: string): Uint8Array | undefined {
  assert(path !== "", "a socket's path is not empty");
  const text = new TextEncoder().encode(path);
  const isAbstract = path.startsWith("@");
  // The zero behind a path counts; an abstract name has none, and a zero in the place of its "@".
  const length = AT_UN_PATH + text.length + (isAbstract ? 0 : 1);
  if (length > SIZEOF_SOCKADDR_UN || text.includes(0)) return undefined;
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(text, AT_UN_PATH);
  if (isAbstract) bytes[AT_UN_PATH] = 0;
  return bytes;
}

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_PACKET = 17;

const SIZEOF_SOCKADDR_IN = 16;
const AT_IN_ADDRESS = 4;
export const SIZEOF_SOCKADDR_IN6 = 28;
const AT_IN6_ADDRESS = 8;
const AT_IN6_SCOPE = 24;
export const SIZEOF_SOCKADDR_LL = 20;
const AT_LL_PROTOCOL = 2;
const AT_LL_INDEX = 4;
const SIZEOF_SOCKADDR_UN = 110;
const AT_UN_PATH = 2;
