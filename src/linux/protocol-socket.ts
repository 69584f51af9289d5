import { addressBytes } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { interfaceText } from "../base/every-interface.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { SOL_SOCKET, intOption } from "./linux-socket.ts";
import type { LinuxSocket } from "./linux-socket.ts";
import { SO_ATTACH_FILTER, SO_DETACH_FILTER } from "./packet-filter.ts";
import { vridFilter, type MessagePlace } from "./vrid-filter.ts";

/** A socket option, as setsockopt(2) takes it. */
export interface SocketOption {
  /** What it does, for people: `join 224.0.0.18 on eth0`. */
  readonly purpose: string;
  readonly level: number;
  readonly name: number;
  readonly value: Uint8Array;
}

/** Sets options in their order. At the first refusal the socket is closed. */
export function setRequiredOptions(socket: LinuxSocket, options: readonly SocketOption[]): Result<void, SystemFailure> {
  for (const { purpose, level, name, value } of options) {
    const set = socket.setOption(level, name, value);
    if (!set.ok) {
      socket.close();
      return fail({ ...set.error, operation: purpose });
    }
  }
  return succeed(undefined);
}

/**
 * Gives a protocol's socket what helps it under load: room for a burst, and the queue of control traffic. Refusals do
 * not matter: the socket works without.
 */
export function favor(socket: LinuxSocket): void {
  setReceiveBuffer(socket, RECEIVE_BUFFER);
  socket.setOption(SOL_SOCKET, SO_PRIORITY, intOption(TC_PRIO_CONTROL));
}

/**
 * Room for what has yet to be received, in bytes; the kernel doubles it for its own needs. Beyond net.core.rmem_max where
 * CAP_NET_ADMIN permits it, else up to that.
 */
export function setReceiveBuffer(socket: LinuxSocket, bytes: number): Result<void, SystemFailure> {
  const forced = socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, intOption(bytes));
  return forced.ok ? forced : socket.setOption(SOL_SOCKET, SO_RCVBUF, intOption(bytes));
}

/** As `VrrpSocket.hearOnly`. */
export function hearOnly(
  socket: LinuxSocket,
  wanted: { readonly vrids: ReadonlySet<number>; readonly sample: number } | undefined,
  place: MessagePlace,
): Result<void, SystemFailure> {
  if (wanted === undefined) return socket.setOption(SOL_SOCKET, SO_DETACH_FILTER, intOption(0));
  return socket.setOption(SOL_SOCKET, SO_ATTACH_FILTER, vridFilter(wanted.vrids, place, wanted.sample));
}

/** SO_BINDTODEVICE: the name of the interface with a closing zero; an empty one binds to none. */
export function bindToDevice(interfaceName: string): SocketOption {
  return {
    purpose: `bind a socket to ${interfaceText(interfaceName)}`,
    level: SOL_SOCKET,
    name: SO_BINDTODEVICE,
    value: new TextEncoder().encode(`${interfaceName}\0`),
  };
}

/** struct ip_mreqn: group, local address, interface index. The index decides, so an interface needs no address. */
export function ipMreqn(group: IpAddress | undefined, interfaceIndex: number): Uint8Array {
  const bytes = new Uint8Array(12);
  if (group !== undefined) bytes.set(addressBytes(group));
  new DataView(bytes.buffer).setInt32(8, interfaceIndex, true);
  return bytes;
}

/** struct ipv6_mreq: group, interface index. */
export function ipv6Mreq(group: IpAddress, interfaceIndex: number): Uint8Array {
  const bytes = new Uint8Array(20);
  bytes.set(addressBytes(group));
  new DataView(bytes.buffer).setUint32(16, interfaceIndex, true);
  return bytes;
}

/** Somebody who sends faster than we read must not keep us from everything else: 64 packets in each. */
export const MOST_ROUNDS = 8;

const SO_RCVBUF = 8;
const SO_PRIORITY = 12;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;
const TC_PRIO_CONTROL = 7;

/** 10,000 packets in a burst lost one in ten with the default and none with this (8 MiB). */
const RECEIVE_BUFFER = 8 * 1024 * 1024;
