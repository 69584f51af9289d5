import type { AddressFamily, IpAddress } from "../../base/address.ts";
import { succeed, type Result } from "../../base/result.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { Links, VrrpPacket, VrrpSocket } from "../../ports/links.ts";

/** One socket an interface, family and set of groups, however many virtual routers share it. */
export class SocketPool {
  readonly #links: Links;
  readonly #onReadable: () => void;
  readonly #sockets = new Map<string, Shared>();

  /** `onReadable` comes when any socket has something; the receiver then calls `receive`. */
  constructor(links: Links, onReadable: () => void) {
    this.#links = links;
    this.#onReadable = onReadable;
  }

  /** The caller releases what it acquired exactly once. */
  acquire(need: SocketNeed): Result<PooledSocket, SystemFailure> {
    const { authenticationHeader, receiveBuffer } = need;
    const key = `${need.interfaceIndex} ${need.family} ${need.group ?? "unicast"}${authenticationHeader ? " AH" : ""}`;
    let shared = this.#sockets.get(key);
    if (shared === undefined) {
      const opened = this.#links.openVrrpSocket(
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
      shared = { socket: opened.value, need, users: 0, buffer: 0 };
      this.#sockets.set(key, shared);
    }
    shared.users += 1;
    if (receiveBuffer !== undefined) {
      // Whoever joins brings its share.
      shared.buffer += receiveBuffer;
      shared.socket.setReceiveBuffer(shared.buffer);
    }
    return succeed({ key, send: shared.socket.send.bind(shared.socket), receiveBuffer });
  }

  release(pooled: PooledSocket): void {
    const shared = this.#sockets.get(pooled.key);
    if (shared === undefined) return;
    shared.users -= 1;
    shared.buffer -= pooled.receiveBuffer ?? 0;
    if (shared.users > 0) return;
    this.#sockets.delete(pooled.key);
    shared.socket.close();
  }

  /**
   * Takes what has arrived at all sockets. A raw socket hears the groups that it has joined and all unicast VRRP of its
   * interface, so a unicast packet comes once for each socket there, with the key of that socket.
   */
  receive(): readonly PooledPacket[] {
    const packets: PooledPacket[] = [];
    for (const [key, { socket, need }] of this.#sockets) {
      for (const packet of socket.receive()) packets.push({ key, need, packet });
    }
    return packets;
  }
}

export interface SocketNeed {
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

interface Shared {
  readonly socket: VrrpSocket;
  /** Of whoever came first. */
  readonly need: SocketNeed;
  users: number;
  /** The shares of its users, in bytes. */
  buffer: number;
}
