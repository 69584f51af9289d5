import type { Station } from "./roll-call.ts";

/** Who has the address? RFC 4861 section 4.3, to the solicited-node group of the address. */
export function neighborSolicitation(asker: Station, address: string): Uint8Array {
  const target = ipv6Bytes(address);
  const tail = target.subarray(13);
  const group = Uint8Array.of(0xff, 0x02, ...new Uint8Array(9), 1, 0xff, ...tail);
  const option = [SOURCE_LINK_LAYER_ADDRESS, 1, ...macBytes(asker.mac)];
  const message = Uint8Array.of(NEIGHBOR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0, ...target, ...option);
  return frameOf({ mac: [0x33, 0x33, 0xff, ...tail], address: group }, asker, message);
}

/** RFC 4443 section 4.1: an echo request without data. */
export function echoRequestIpv6(asker: Station, asked: Station): Uint8Array {
  const message = Uint8Array.of(ECHO_REQUEST, 0, 0, 0, 0x68, 0x66, 0, 1);
  return frameOf({ mac: macBytes(asked.mac), address: ipv6Bytes(asked.address) }, asker, message);
}

/** The sixteen bytes of an address as people write it, without a zone and without IPv4 in it. */
export function ipv6Bytes(address: string): Uint8Array {
  const [before = "", after] = address.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((one) => Number.parseInt(one, 16));
  const [head, tail] = [groups(before), groups(after ?? "")];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return Uint8Array.from([...head, ...zeros, ...tail].flatMap((group) => [group >> 8, group & 0xff]));
}

function frameOf(
  to: { readonly mac: readonly number[]; readonly address: Uint8Array },
  asker: Station,
  message: Uint8Array,
): Uint8Array {
  const source = ipv6Bytes(asker.address);
  const pseudoHeader = Uint8Array.of(...source, ...to.address, 0, 0, 0, message.length, 0, 0, 0, IPPROTO_ICMPV6);
  const checked = Uint8Array.of(...message);
  new DataView(checked.buffer).setUint16(2, checksumOf(Uint8Array.of(...pseudoHeader, ...message)));
  const header = [0x60, 0, 0, 0, 0, message.length, IPPROTO_ICMPV6, HOP_LIMIT, ...source, ...to.address];
  return Uint8Array.of(...to.mac, ...macBytes(asker.mac), 0x86, 0xdd, ...header, ...checked);
}

/** RFC 1071, of an even number of bytes. */
function checksumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer);
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += view.getUint16(index);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function macBytes(mac: string): number[] {
  return mac.split(":").map((pair) => Number.parseInt(pair, 16));
}

const IPPROTO_ICMPV6 = 58;
/** Neighbor discovery takes nothing else. */
const HOP_LIMIT = 255;
const ECHO_REQUEST = 128;
const NEIGHBOR_SOLICITATION = 135;
const SOURCE_LINK_LAYER_ADDRESS = 1;
