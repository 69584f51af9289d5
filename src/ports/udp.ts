import type { AddressFamily, IpAddress } from "../base/address.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

/** A datagram that came, with what its IP header said. */
export interface UdpDatagram {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly interfaceIndex: number;
  /** TTL or hop limit as it arrived, 0-255. */
  readonly hopLimit: number;
  /** A copy. */
  readonly payload: Uint8Array;
}

/** A socket that hears one port on all addresses of this host, in one family. */
export interface UdpReceiver {
  /** Takes what has arrived, at most 64 datagrams, without waiting. */
  receive(): readonly UdpDatagram[];
  /** A second call does nothing. */
  close(): void;
}

export interface UdpSenderOptions {
  /** Undefined: the kernel chooses by its routes. */
  readonly source: IpAddress | undefined;
  readonly sourcePort: number;
  readonly destination: IpAddress;
  readonly destinationPort: number;
  /** TTL or hop limit, 1-255. */
  readonly hopLimit: number;
}

/** A socket that speaks to one port of one host, from one port. Marked as control traffic (CS6). */
export interface UdpSender {
  /** Hands a datagram to the kernel, without waiting. */
  send(payload: Uint8Array): Result<void, SystemFailure>;
  /** A second call does nothing. */
  close(): void;
}

/** UDP sockets. `onReadable` comes in a turn of its own; whoever gets it calls `receive`. */
export interface Udp {
  /** Refused with EADDRINUSE while another program has the port. */
  openReceiver(
    options: { readonly family: AddressFamily; readonly port: number },
    onReadable: () => void,
  ): Result<UdpReceiver, SystemFailure>;
  /** Refused with EADDRINUSE when the source port is taken, with EADDRNOTAVAIL when the host lacks the source address. */
  openSender(options: UdpSenderOptions): Result<UdpSender, SystemFailure>;
}
