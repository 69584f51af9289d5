import { addressBytes, addressFromBytes, BROADCAST_MAC, familyOf, macBytes, macFromBytes } from "../base/address.ts";
import type { IpAddress, MacAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";

/*
 * Ethernet header (14 bytes): | destination 48 | source 48 | EtherType 16 |
 * ARP (28 bytes, RFC 826):    | hardware type 16 | protocol type 16 | hardware length 8 | protocol length 8 | operation 16 |
 *                             | sender MAC 48 | sender IP 32 | target MAC 48 | target IP 32 |
 */

/** An Ethernet frame that carries ARP for IPv4. */
export interface ArpFrame {
  readonly source: MacAddress;
  readonly destination: MacAddress;
  /** 1 request, 2 reply; others are kept as they are. */
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly senderAddress: IpAddress;
  readonly targetMac: MacAddress;
  readonly targetAddress: IpAddress;
}

export type ArpError =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  /** Not ARP, or not for IPv4 over Ethernet. */
  | { readonly code: "OTHER_PROTOCOL"; readonly field: "ether-type" | "hardware" | "protocol"; readonly value: number };

/**
 * The frame that tells a network where an address now is: a request for the address itself, as keepalived sends it (with
 * the broadcast address as target, which RFC 5227 section 3 leaves open).
 */
export function gratuitousArp(address: IpAddress, owner: MacAddress): ArpFrame {
  return {
    source: owner,
    destination: BROADCAST_MAC,
    operation: ARPOP_REQUEST,
    senderMac: owner,
    senderAddress: address,
    targetMac: BROADCAST_MAC,
    targetAddress: address,
  };
}

/**
 * Whether a frame announces its sender's address to everybody (RFC 5227 section 3): as a request, as keepalived, or as a reply.
 * A host that still has an address answers the announcement of its successor, to the successor alone; that is no announcement.
 */
export function isGratuitous(frame: ArpFrame): boolean {
  return frame.senderAddress === frame.targetAddress && frame.destination === BROADCAST_MAC;
}

/** Reads a frame without a VLAN tag, as packet sockets give it. Padding behind it is skipped. */
export function parseArp(bytes: Uint8Array): Result<ArpFrame, ArpError> {
  if (bytes.length < FRAME_LENGTH) return fail({ code: "TRUNCATED", needed: FRAME_LENGTH, length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const etherType = view.getUint16(AT_ETHER_TYPE);
  if (etherType !== ETH_P_ARP) return fail({ code: "OTHER_PROTOCOL", field: "ether-type", value: etherType });
  const hardware = view.getUint16(AT_HARDWARE_TYPE);
  if (hardware !== ARPHRD_ETHER || view.getUint8(AT_HARDWARE_LENGTH) !== MAC_LENGTH) {
    return fail({ code: "OTHER_PROTOCOL", field: "hardware", value: hardware });
  }
  const protocol = view.getUint16(AT_PROTOCOL_TYPE);
  if (protocol !== ETH_P_IP || view.getUint8(AT_PROTOCOL_LENGTH) !== ADDRESS_LENGTH) {
    return fail({ code: "OTHER_PROTOCOL", field: "protocol", value: protocol });
  }
  const macAt = (at: number): MacAddress => macFromBytes(bytes.subarray(at, at + MAC_LENGTH));
  const addressAt = (at: number): IpAddress => addressFromBytes(bytes.subarray(at, at + ADDRESS_LENGTH));
  return succeed({
    source: macAt(AT_SOURCE),
    destination: macAt(AT_DESTINATION),
    operation: view.getUint16(AT_OPERATION),
    senderMac: macAt(AT_SENDER_MAC),
    senderAddress: addressAt(AT_SENDER_ADDRESS),
    targetMac: macAt(AT_TARGET_MAC),
    targetAddress: addressAt(AT_TARGET_ADDRESS),
  });
}

/** Writes a frame of 42 bytes; the link pads it. Throws RangeError on IPv6 addresses. */
export function serializeArp(frame: ArpFrame): Uint8Array {
  if (familyOf(frame.senderAddress) !== "ipv4" || familyOf(frame.targetAddress) !== "ipv4") {
    throw new RangeError(`${frame.senderAddress} and ${frame.targetAddress} are not both IPv4`);
  }
  const bytes = new Uint8Array(FRAME_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set(macBytes(frame.destination), AT_DESTINATION);
  bytes.set(macBytes(frame.source), AT_SOURCE);
  view.setUint16(AT_ETHER_TYPE, ETH_P_ARP);
  view.setUint16(AT_HARDWARE_TYPE, ARPHRD_ETHER);
  view.setUint16(AT_PROTOCOL_TYPE, ETH_P_IP);
  view.setUint8(AT_HARDWARE_LENGTH, MAC_LENGTH);
  view.setUint8(AT_PROTOCOL_LENGTH, ADDRESS_LENGTH);
  view.setUint16(AT_OPERATION, frame.operation);
  bytes.set(macBytes(frame.senderMac), AT_SENDER_MAC);
  bytes.set(addressBytes(frame.senderAddress), AT_SENDER_ADDRESS);
  bytes.set(macBytes(frame.targetMac), AT_TARGET_MAC);
  bytes.set(addressBytes(frame.targetAddress), AT_TARGET_ADDRESS);
  return bytes;
}

const ARPOP_REQUEST = 1;
const ETH_P_IP = 0x0800;
const ETH_P_ARP = 0x0806;
const ARPHRD_ETHER = 1;
const MAC_LENGTH = 6;
const ADDRESS_LENGTH = 4;

const AT_DESTINATION = 0;
const AT_SOURCE = 6;
const AT_ETHER_TYPE = 12;
const AT_HARDWARE_TYPE = 14;
const AT_PROTOCOL_TYPE = 16;
const AT_HARDWARE_LENGTH = 18;
const AT_PROTOCOL_LENGTH = 19;
const AT_OPERATION = 20;
const AT_SENDER_MAC = 22;
const AT_SENDER_ADDRESS = 28;
const AT_TARGET_MAC = 32;
const AT_TARGET_ADDRESS = 38;
const FRAME_LENGTH = 42;
