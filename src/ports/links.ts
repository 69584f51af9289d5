import type { AddressFamily, IpAddress } from "../base/address.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

export interface VrrpSocketOptions {
  /** What is received and sent is bound to this interface; 0 and an empty name: to none (base/every-interface.ts). */
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  readonly family: AddressFamily;
  /** Multicast groups to join on the interface. Empty for unicast. */
  readonly groups: readonly IpAddress[];
  /** IP protocol 51 instead of 112: an authentication header stands in front of each message. IPv4 only. */
  readonly authenticationHeader?: boolean;
}

/** One VRRP message with what its IP header said. */
export interface VrrpPacket {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** TTL or hop limit, 0-255. */
  readonly hopLimit: number;
  /** The Identification field of the IPv4 header, 0-65535. Only with an authentication header, which covers it. */
  readonly identification?: number;
  /**
   * What stands behind the IP header: the VRRP message, perhaps with a signature, or with padding that the sender counted as
   * payload; with protocol 51 the authentication header first. Over IPv6 the kernel computes the checksum of what is sent, and
   * what comes with a wrong one is not received.
   */
  readonly message: Uint8Array;
}

export interface OutgoingVrrpPacket extends VrrpPacket {
  /** Unused in IPv6. */
  readonly identification: number;
}

/**
 * A raw socket that hears the VRRP of one interface and family, unicast and that of its own groups. Over IPv4 it speaks with
 * any source address, over IPv6 with those of this host that are not tentative, link-local ones being the interface's own;
 * any other is refused with EINVAL.
 */
export interface VrrpSocket {
  /**
   * Hands one packet to the kernel, without waiting. Multicast is not looped back to this host. A message that has been sent is not
   * changed: what was made of it is used again.
   */
  send(packet: OutgoingVrrpPacket): Result<void, SystemFailure>;
  /**
   * Takes what has arrived, without waiting: all of it, since whoever concludes something from silence must have heard
   * everything, but for what comes beyond some hundreds, since somebody who sends faster than we read must not keep us from
   * everything else. What says the same as the packet before of its sender may be the same object.
   */
  receive(): readonly VrrpPacket[];
  /**
   * From now on only these virtual routers are heard, and of the others one packet in `sample`, a power of two, by chance: the
   * kernel throws away the rest before it wakes anybody. Undefined: all are heard again.
   */
  hearOnly(
    wanted: { readonly vrids: ReadonlySet<number>; readonly sample: number } | undefined,
  ): Result<void, SystemFailure>;
  /** How many bytes may wait to be received, as the kernel counts them; beyond the system's limit where that is permitted. */
  setReceiveBuffer(bytes: number): Result<void, SystemFailure>;
  /** A second call does nothing. */
  close(): void;
}

/** Opens protocol sockets and link-layer sockets. `onReadable` comes in a turn of its own; whoever gets it calls `receive`. */
export interface Links {
  openVrrpSocket(options: VrrpSocketOptions, onReadable: () => void): Result<VrrpSocket, SystemFailure>;
  /** For ARP. Its announcements are those whose sender and target address are the same. */
  openArpSocket(options: FrameSocketOptions, onReadable: () => void): Result<FrameSocket, SystemFailure>;
  /** For IPv6. Its announcements are the neighbor advertisements that answer no question. */
  openNeighborSocket(options: FrameSocketOptions, onReadable: () => void): Result<FrameSocket, SystemFailure>;
}

export interface FrameSocketOptions {
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  /** With it the socket hears announcements; the rest of a network's traffic wakes nobody. Without it it only sends. */
  readonly listen: boolean;
}

/** A packet socket for one protocol on one interface. Frames are whole, with their Ethernet header. */
export interface FrameSocket {
  /** Hands the frames to the kernel in order, without waiting. */
  send(frames: readonly Uint8Array[]): Result<void, SystemFailure>;
  /** Takes the announcements that have arrived from others, at most 64, without waiting. Copies. */
  receive(): readonly Uint8Array[];
  close(): void;
}
