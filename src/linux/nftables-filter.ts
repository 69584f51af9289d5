import { addressBytes, familyOf } from "../base/address.ts";
import type { IpAddress } from "../base/address.ts";
import { assert } from "../base/assert.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { SHORTEST_TIME_MS } from "../ports/packet-filter.ts";
import type { FilterChanges, PacketFilter, TimedAddress } from "../ports/packet-filter.ts";
import type { NetlinkRequest } from "../wire/netlink/message.ts";
import { NETLINK_NETFILTER } from "../wire/netlink/nftables-constants.ts";
import { addElements, listElements, parseElements, removeElements, transaction } from "../wire/netlink/nftables.ts";
import type { ListedElement, SetElement } from "../wire/netlink/nftables.ts";
import { openNetlinkSocket } from "./netlink-socket.ts";
import type { NetlinkSocket, Refusal } from "./netlink-socket.ts";
import { ALIVE, ARP, build, demolish, IPV4, IPV6, NO_ACCEPT, VIPS } from "./nftables-layout.ts";
import type { TableLayout } from "./nftables-layout.ts";

export interface LinuxPacketFilter extends PacketFilter {
  close(): void;
}

/**
 * nf_tables in the network namespace that the process is in when it prepares. Nothing is asked of the kernel before, so a host
 * that needs none of it never loads it.
 *
 * nf_tables works in the caller's turn, as rtnetlink does. It lets one transaction in at a time: whoever loads a large set
 * on this host keeps us waiting meanwhile.
 */
export function createLinuxPacketFilter(): LinuxPacketFilter {
  let conversation: Conversation | undefined;
  return {
    prepare: () => {
      if (conversation === undefined) {
        const opened = openNetlinkSocket(NETLINK_NETFILTER);
        if (!opened.ok) return opened;
        conversation = new Conversation(opened.value);
      }
      return conversation.prepare();
    },
    change: (changes) => conversation?.change(changes) ?? fail(NOT_PREPARED),
    remove: () => conversation?.remove() ?? succeed(undefined),
    close: () => {
      conversation?.close();
      conversation = undefined;
    },
  };
}

class Conversation {
  readonly #socket: NetlinkSocket;
  /** Whether an element that is there takes a new time (since 6.12); undefined: not tried yet. */
  #renewsInPlace: boolean | undefined;
  /** Why there is no table for IPv6; undefined: there is one. */
  #withoutIpv6: SystemFailure | undefined;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  prepare(): Result<void, SystemFailure> {
    // Together: an address whose packets are dropped while its ARP is answered serves nobody.
    const ipv4 = this.#raise([IPV4, ARP]);
    if (!ipv4.ok) return ipv4;
    const ipv6 = this.#raise([IPV6]);
    this.#withoutIpv6 = ipv6.ok ? undefined : ipv6.error;
    if (this.#renewsInPlace !== undefined) return succeed(undefined);
    const tried = this.#tryToRenewInPlace();
    if (!tried.ok) return tried;
    this.#renewsInPlace = tried.value;
    return succeed(undefined);
  }

  change({ guard, keepAlive, refuse, forget }: FilterChanges): Result<void, SystemFailure> {
    const requests: NetlinkRequest[] = [];
    for (const layout of LAYOUTS) {
      const wanted = layout === IPV6 ? "ipv6" : "ipv4";
      const ours = ({ address }: { readonly address: IpAddress }): boolean => familyOf(address) === wanted;
      const gone = forget.filter((address) => familyOf(address) === wanted);
      const lists = [
        { set: VIPS, addresses: guard.filter(ours) },
        { set: ALIVE, addresses: keepAlive.filter(ours) },
        { set: NO_ACCEPT, addresses: refuse.filter(ours) },
      ];
      if (layout === IPV6 && this.#withoutIpv6 !== undefined) {
        if (lists.some(({ addresses }) => addresses.length > 0)) return fail(this.#withoutIpv6);
        continue;
      }
      for (const { set, addresses } of lists) {
        if (!layout.sets.some(({ name }) => name === set)) continue;
        requests.push(...this.#forget(layout, set, gone), ...this.#put(layout, set, addresses));
      }
    }
    if (requests.length === 0) return succeed(undefined);
    return told("change what the packet filter holds", this.#socket.transact(transaction(requests)));
  }

  remove(): Result<void, SystemFailure> {
    for (const layout of LAYOUTS) {
      for (const { name } of layout.sets) {
        const listed = this.#list(layout, name);
        if (listed.ok && listed.value.length > 0) return succeed(undefined);
      }
    }
    for (const layout of LAYOUTS) {
      if (layout === IPV6 && this.#withoutIpv6 !== undefined) continue;
      const removed = this.#socket.transact(transaction(demolish(layout)));
      if (!removed.ok) return told("remove the packet filter", removed);
    }
    return succeed(undefined);
  }

  close(): void {
    this.#socket.close();
  }

  /** Adopts what is there if it is built as ours is; else it is replaced, with what was in it. */
  #raise(layouts: readonly TableLayout[]): Result<void, SystemFailure> {
    const built = layouts.flatMap(build);
    const adopted = this.#socket.transact(transaction(built));
    if (adopted.ok || !ANOTHER_LAYOUT.has(adopted.error.errno)) return told("make the packet filter", adopted);
    return told("make the packet filter", this.#socket.transact(transaction([...layouts.flatMap(demolish), ...built])));
  }

  /** Kernels before 6.12 leave an element that is there as it is, without a word: only reading it back tells. */
  #tryToRenewInPlace(): Result<boolean, SystemFailure> {
    const { table } = IPV4;
    const put = (timeoutMs: number): readonly NetlinkRequest[] =>
      addElements(table, ALIVE, [{ key: NOBODY, timeoutMs }]);
    const out = removeElements(table, ALIVE, [NOBODY]);
    const first = this.#socket.transact(transaction([...put(SHORT_MS), ...out, ...put(SHORT_MS)]));
    const second = first.ok ? this.#socket.transact(transaction(put(LONG_MS))) : first;
    if (!second.ok) return fail(refused("try the packet filter", second.error));
    const listed = this.#list(IPV4, ALIVE);
    if (!listed.ok) return fail(refused("list what the packet filter holds", listed.error));
    const probe = listed.value.find(({ key }) => key.every((byte) => byte === 0));
    const cleaned = told("try the packet filter", this.#socket.transact(transaction(out)));
    return cleaned.ok ? succeed((probe?.expiresInMs ?? 0) > SHORT_MS) : cleaned;
  }

  #put(layout: TableLayout, set: string, addresses: readonly TimedAddress[]): readonly NetlinkRequest[] {
    if (addresses.length === 0) return [];
    const ended = addresses.filter(({ ms }) => ms === 0).map(({ address }) => address);
    const elements = addresses.flatMap(({ address, ms }): SetElement[] => {
      assert(ms === "forever" || ms === 0 || ms >= SHORTEST_TIME_MS, `${ms} ms are more than a tick of the kernel`);
      return ms === 0 ? [] : [{ key: keyOf(address), timeoutMs: ms === "forever" ? undefined : ms }];
    });
    const added = addElements(layout.table, set, elements);
    const out = this.#forget(layout, set, ended);
    if (this.#renewsInPlace === true) return [...out, ...added];
    const keys = elements.map(({ key }) => key);
    return [...out, ...added, ...removeElements(layout.table, set, keys), ...added];
  }

  /** What is to be removed must be there, so it is added first. */
  #forget({ table }: TableLayout, set: string, addresses: readonly IpAddress[]): readonly NetlinkRequest[] {
    if (addresses.length === 0) return [];
    const keys = addresses.map(keyOf);
    const elements = keys.map((key): SetElement => ({ key, timeoutMs: undefined }));
    return [...addElements(table, set, elements), ...removeElements(table, set, keys)];
  }

  #list({ table }: TableLayout, set: string): Result<readonly ListedElement[], Refusal> {
    const dumped = this.#socket.dump(listElements(table, set));
    if (!dumped.ok) return dumped;
    return succeed(
      dumped.value.flatMap((message) => {
        const elements = parseElements(message);
        return elements.ok ? elements.value : [];
      }),
    );
  }
}

/** Thousands of virtual addresses are renewed many times a second. */
function keyOf(address: IpAddress): Uint8Array {
  const known = keys.get(address);
  if (known !== undefined) return known;
  const key = addressBytes(address);
  if (keys.size >= MOST_KEYS) keys.clear();
  keys.set(address, key);
  return key;
}

function told(operation: string, outcome: Result<void, Refusal>): Result<void, SystemFailure> {
  return outcome.ok ? outcome : fail(refused(operation, outcome.error));
}

function refused(operation: string, { errno, message }: Refusal): SystemFailure {
  const remedy = errno === "EPERM" ? " (needs CAP_NET_ADMIN)" : "";
  return { operation: `${operation} (nf_tables)${remedy}`, errno, message };
}

const LAYOUTS: readonly TableLayout[] = [IPV4, ARP, IPV6];
const NOT_PREPARED: SystemFailure = { operation: "use the packet filter", errno: "ENOENT", message: "It is not there" };

/** A set, a chain or a table of one of our names that is another's, or of another version of this program. */
const ANOTHER_LAYOUT: ReadonlySet<string> = new Set(["EEXIST", "EBUSY", "EINVAL", "EOPNOTSUPP"]);

/** 0.0.0.0 is no virtual address. */
const NOBODY = new Uint8Array(4);
const SHORT_MS = 60_000;
const LONG_MS = 120_000;

const keys = new Map<IpAddress, Uint8Array>();
const MOST_KEYS = 20_000;
