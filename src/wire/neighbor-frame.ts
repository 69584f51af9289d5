import { ip, mac, macBytes, macFromBytes } from "../base/address.ts";
import type { IpAddress, MacAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { parseIpv6, serializeIpv6 } from "./ipv6.ts";
import type { Ipv6Error } from "./ipv6.ts";
import { IPPROTO_ICMPV6, parseNeighborAdvertisement, serializeNeighborAdvertisement } from "./ndp.ts";
import type { NeighborAdvertisement, NeighborError } from "./ndp.ts";

/*
 * Ethernet header (14 bytes): | destination 48 | source 48 | EtherType 16 |
 * then an IPv6 header (40 bytes, RFC 8200 section 3) and the ICMPv6 message (RFC 4861 section 4.4).
 */

/** An Ethernet frame that carries a neighbor advertisement. */
export interface NeighborFrame {
  readonly source: MacAddress;
  readonly destination: MacAddress;
  readonly sourceAddress: IpAddress;
  readonly destinationAddress: IpAddress;
  readonly advertisement: NeighborAdvertisement;
}

export type NeighborFrameError =
  | Ipv6Error
  | NeighborError
  /** Not ICMPv6 over IPv6. */
  | { readonly code: "OTHER_PROTOCOL"; readonly field: "ether-type" | "next-header"; readonly value: number }
  /** It may come from beyond a router (RFC 4861 section 7.1.2). */
  | { readonly code: "BAD_HOP_LIMIT"; readonly hopLimit: number };

/**
 * The frame that tells a network where an IPv6 address now is, to all its nodes, as keepalived sends it: from the address
 * itself. `router`: this host forwards packets, so that those who use it as a router go on doing so.
 *
 * @see RFC 4861 section 7.2.6; RFC 2464 section 7 for the group's MAC address.
 */
export function unsolicitedAdvertisement(address: IpAddress, owner: MacAddress, router: boolean): NeighborFrame {
  return {
    source: owner,
    destination: ALL_NODES_MAC,
    sourceAddress: address,
    destinationAddress: ALL_NODES,
    advertisement: { target: address, router, solicited: false, override: true, targetMac: owner },
  };
}

/** Reads a frame without a VLAN tag, as packet sockets give it. Padding behind it is skipped. */
export function parseNeighborFrame(bytes: Uint8Array): Result<NeighborFrame, NeighborFrameError> {
  if (bytes.length < ETHERNET_LENGTH) return fail({ code: "TRUNCATED", needed: ETHERNET_LENGTH, length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const etherType = view.getUint16(AT_ETHER_TYPE);
  if (etherType !== ETH_P_IPV6) return fail({ code: "OTHER_PROTOCOL", field: "ether-type", value: etherType });
  const packet = parseIpv6(bytes.subarray(ETHERNET_LENGTH));
  if (!packet.ok) return packet;
  const { nextHeader, hopLimit, source, destination, payload } = packet.value;
  if (nextHeader !== IPPROTO_ICMPV6) return fail({ code: "OTHER_PROTOCOL", field: "next-header", value: nextHeader });
  if (hopLimit !== HOP_LIMIT) return fail({ code: "BAD_HOP_LIMIT", hopLimit });
  const advertisement = parseNeighborAdvertisement(payload, { source, destination });
  if (!advertisement.ok) return advertisement;
  return succeed({
    source: macFromBytes(bytes.subarray(AT_SOURCE, AT_ETHER_TYPE)),
    destination: macFromBytes(bytes.subarray(AT_DESTINATION, AT_SOURCE)),
    sourceAddress: source,
    destinationAddress: destination,
    advertisement: advertisement.value,
  });
}

/** Writes a frame; the link pads it. Throws RangeError on IPv4 addresses. */
export function serializeNeighborFrame(frame: NeighborFrame): Uint8Array {
  const ends = { source: frame.sourceAddress, destination: frame.destinationAddress };
  const packet = serializeIpv6({
    ...ends,
    nextHeader: IPPROTO_ICMPV6,
    hopLimit: HOP_LIMIT,
    trafficClass: 0,
    flowLabel: 0,
    payload: serializeNeighborAdvertisement(frame.advertisement, ends),
  });
  const bytes = new Uint8Array(ETHERNET_LENGTH + packet.length);
  bytes.set(macBytes(frame.destination), AT_DESTINATION);
  bytes.set(macBytes(frame.source), AT_SOURCE);
  new DataView(bytes.buffer).setUint16(AT_ETHER_TYPE, ETH_P_IPV6);
  bytes.set(packet, ETHERNET_LENGTH);
  return bytes;
}

const ALL_NODES = ip("ff02::1");
const ALL_NODES_MAC = mac("33:33:00:00:00:01");
const ETH_P_IPV6 = 0x86dd;
const HOP_LIMIT = 255;

const AT_DESTINATION = 0;
const AT_SOURCE = 6;
const AT_ETHER_TYPE = 12;
const ETHERNET_LENGTH = 14;
