import type { AddressFamily, IpAddress } from "../../base/address.ts";
import { interfaceText } from "../../base/every-interface.ts";
import { succeed, type Result } from "../../base/result.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { Links, VrrpPacket, VrrpSocket } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import { AUTHENTICATION_HEADER_LENGTH } from "../../wire/authentication-header.ts";
import { FloodGate } from "./flood-gate.ts";

/** One socket an interface, family and set of groups, however many virtual routers share it. */
export class SocketPool {
  readonly #dependencies: SocketPoolDependencies;
  readonly #onReadable: () => void;
  readonly #sockets = new Map<string, Shared>();

  /** `onReadable` comes when any socket has something; the receiver then calls `receive`. */
  constructor(dependencies: SocketPoolDependencies, onReadable: () => void) {
    this.#dependencies = dependencies;
    this.#onReadable = onReadable;
  }

  /** The caller releases what it acquired exactly once. */
  acquire(need: SocketNeed): Result<PooledSocket, SystemFailure> {
    const { authenticationHeader, receiveBuffer } = need;
    const key = `${need.interfaceIndex} ${need.family} ${need.group ?? "unicast"}${authenticationHeader ? " AH" : ""}`;
    let shared = this.#sockets.get(key);
    if (shared === undefined) {
      const { links, clock, log } = this.#dependencies;
      const opened = links.openVrrpSocket(
        {
          interfaceIndex: need.interfaceIndex,
          interfaceName: need.interfaceName,
          family: need.family,
          groups: need.group === undefined ? [] : [need.group],
          authenticationHeader,
        },
        this.#onReadable,
      );
      if (!opened.ok) return opened;
      const gate = new FloodGate(opened.value, interfaceText(need.interfaceName), log, clock.now());
      shared = { socket: opened.value, need, gate, users: 0, buffer: 0 };
      this.#sockets.set(key, shared);
    }
    shared.users += 1;
    shared.gate.join(need.vrid);
    if (receiveBuffer !== undefined) {
      // Whoever joins brings its share.
      shared.buffer += receiveBuffer;
      shared.socket.setReceiveBuffer(shared.buffer);
    }
    return succeed({ key, vrid: need.vrid, send: shared.socket.send.bind(shared.socket), receiveBuffer });
  }

  release(pooled: PooledSocket): void {
    const shared = this.#sockets.get(pooled.key);
    if (shared === undefined) return;
    shared.users -= 1;
    shared.buffer -= pooled.receiveBuffer ?? 0;
    if (shared.users > 0) return shared.gate.leave(pooled.vrid);
    this.#sockets.delete(pooled.key);
    shared.socket.close();
  }

  /**
   * Takes what has arrived at all sockets. A raw socket hears the groups that it has joined and all unicast VRRP of its
   * interface, so a unicast packet comes once for each socket there, with the key of that socket.
   */
  receive(): readonly PooledPacket[] {
    const packets: PooledPacket[] = [];
    for (const [key, { socket, need, gate }] of this.#sockets) {
      let strangers = 0;
      for (const packet of socket.receive()) {
        packets.push({ key, need, packet });
        if (!gate.knows(vridOf(need, packet))) strangers += 1;
      }
      gate.watch(strangers, this.#dependencies.clock.now());
    }
    return packets;
  }
}

export interface SocketPoolDependencies {
  readonly links: Links;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SocketNeed {
  /** Which virtual router is to be heard; the others are strangers unless somebody else needs them. */
  readonly vrid: number;
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  readonly family: AddressFamily;
  /** Undefined: unicast. */
  readonly group: IpAddress | undefined;
  readonly authenticationHeader: boolean;
  /** This user's share of the room for what is received, in bytes; undefined: it is left as it is. */
  readonly receiveBuffer: number | undefined;
}

export interface PooledSocket {
  readonly key: string;
  readonly vrid: number;
  readonly send: VrrpSocket["send"];
  readonly receiveBuffer: number | undefined;
}

export interface PooledPacket {
  /** Of the socket that it was read from. */
  readonly key: string;
  /** What that socket was opened for. */
  readonly need: SocketNeed;
  readonly packet: VrrpPacket;
}

/** Of the virtual router that a packet is about; undefined: it is too short to tell. */
export function vridOf(
  { authenticationHeader }: Pick<SocketNeed, "authenticationHeader">,
  packet: VrrpPacket,
): number | undefined {
  return packet.message[(authenticationHeader ? AUTHENTICATION_HEADER_LENGTH : 0) + AT_VRID];
}

/** In a VRRP message. */
const AT_VRID = 1;

interface Shared {
  readonly socket: VrrpSocket;
  /** Of whoever came first. */
  readonly need: SocketNeed;
  readonly gate: FloodGate;
  users: number;
  /** The shares of its users, in bytes. */
  buffer: number;
}
