import { vridOf, type PooledPacket } from "./socket-pool.ts";

/** Somebody who hears a virtual router. */
export interface Listener {
  readonly settings: { readonly vrid: number };
  /** The socket that it hears by; undefined: none. */
  readonly socketKey: string | undefined;
}

/** Finds whom a packet concerns, without asking everybody: by its socket and its VRID. */
export class Audience<Member extends Listener> {
  readonly #everybody: () => readonly Member[];
  #index: ReadonlyMap<string, ReadonlyMap<number, readonly Member[]>> | undefined;

  constructor(everybody: () => readonly Member[]) {
    this.#everybody = everybody;
  }

  /** To be called when somebody has come or gone, or has another socket. */
  forget(): void {
    this.#index = undefined;
  }

  of({ key, need, packet }: PooledPacket): readonly Member[] {
    this.#index ??= indexOf(this.#everybody());
    const vrid = vridOf(need, packet);
    return (vrid === undefined ? undefined : this.#index.get(key)?.get(vrid)) ?? NOBODY;
  }
}

function indexOf<Member extends Listener>(
  everybody: readonly Member[],
): ReadonlyMap<string, ReadonlyMap<number, readonly Member[]>> {
  const index = new Map<string, Map<number, Member[]>>();
  for (const member of everybody) {
    if (member.socketKey === undefined) continue;
    const { vrid } = member.settings;
    const socket = index.get(member.socketKey) ?? new Map<number, Member[]>();
    index.set(member.socketKey, socket);
    socket.set(vrid, [...(socket.get(vrid) ?? []), member]);
  }
  return index;
}

const NOBODY: readonly never[] = [];
