import { contains, familyOf, isLinkLocal, type IpAddress } from "../../base/address.ts";
import { EVERY_INTERFACE } from "../../base/every-interface.ts";
import { succeed, type Result } from "../../base/result.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import {
  ANY_DEVICE,
  IFAPROT_HOLDFAST,
  type AddressRecord,
  type Kernel,
  type KernelEvent,
  type NetworkInterface,
} from "../../ports/kernel.ts";

/** What the kernel has told of its interfaces and addresses so far. It follows the kernel by `apply`. */
export class InterfaceTable {
  readonly #interfaces = new Map<number, NetworkInterface>();
  readonly #byName = new Map<string, NetworkInterface>();
  readonly #addresses = new Map<string, AddressRecord>();
  /** Networks in which the host itself has, or once had, an address: interface index and prefix. */
  readonly #homeNetworks = new Map<string, AddressRecord>();

  /** What this process and the runs before it have added, for kernels that do not tell. */
  readonly #remembered: { has(key: AddressKey): boolean };
  /** Whether the kernel tells who added an address (IFA_PROTO, since 5.18): once seen, its word alone counts. */
  #tellsOrigin = false;

  constructor(remembered: { has(key: AddressKey): boolean }) {
    this.#remembered = remembered;
  }

  /**
   * Reads everything anew: at the start, and when the kernel says that events were lost. @returns the indexes of interfaces
   * that have gone meanwhile.
   */
  reload(kernel: Kernel): Result<readonly number[], SystemFailure> {
    const interfaces = kernel.interfaces();
    if (!interfaces.ok) return interfaces;
    const addresses = kernel.addresses();
    if (!addresses.ok) return addresses;
    const before = [...this.#interfaces.keys()];
    this.#interfaces.clear();
    this.#byName.clear();
    this.#addresses.clear();
    for (const entry of interfaces.value) this.#storeInterface(entry);
    // First of all whether the kernel tells: the order of its list is its own.
    this.#tellsOrigin ||= addresses.value.some(({ protocol }) => protocol !== undefined);
    for (const record of addresses.value) this.#store(record);
    const gone = before.filter((index) => !this.#interfaces.has(index));
    for (const index of gone) this.#forgetHomes(index);
    return succeed(gone);
  }

  /** Follows one event; `overrun` asks the caller to `reload`. */
  apply(event: KernelEvent): void {
    switch (event.kind) {
      case "interface-changed":
        this.#storeInterface(event.interface);
        return;
      case "forwarding-changed": {
        const entry = this.#interfaces.get(event.index);
        if (entry !== undefined) this.#storeInterface({ ...entry, forwardsIpv6: event.forwards });
        return;
      }
      case "interface-removed":
        this.#forgetInterface(event.index);
        this.#forgetHomes(event.index);
        for (const [key, record] of this.#addresses) {
          if (record.interfaceIndex === event.index) this.#addresses.delete(key);
        }
        return;
      case "address-added":
        this.#store(event.record);
        return;
      case "address-removed":
        this.#addresses.delete(addressKey(event.record));
        return;
      case "overrun":
        return;
    }
  }

  /** Whether the kernel tells who added an address. */
  get tellsOrigin(): boolean {
    return this.#tellsOrigin;
  }

  names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  byName(name: string): NetworkInterface | undefined {
    return name === EVERY_INTERFACE ? ANY_DEVICE : this.#byName.get(name);
  }

  at(index: number): NetworkInterface | undefined {
    return this.#interfaces.get(index);
  }

  /** In the order of their indexes. */
  interfaces(): readonly NetworkInterface[] {
    return [...this.#interfaces.values()].toSorted((left, right) => left.index - right.index);
  }

  all(): readonly AddressRecord[] {
    return [...this.#addresses.values()];
  }

  find(key: AddressKey): AddressRecord | undefined {
    return this.#addresses.get(addressKey(key));
  }

  /** The same IPv6 address on the same interface with another mask: the kernel has each only once. */
  findTwin(key: AddressKey): AddressRecord | undefined {
    if (familyOf(key.address) === "ipv4") return undefined;
    for (const record of this.#addresses.values()) {
      if (record.interfaceIndex !== key.interfaceIndex || record.address !== key.address) continue;
      if (record.prefixLength !== key.prefixLength) return record;
    }
    return undefined;
  }

  /** Whether an address that is there was added by Holdfast. */
  isOurs(key: AddressKey): boolean {
    const record = this.find(key);
    return record !== undefined && this.#isOurs(record);
  }

  /** This process has removed it; the kernel will say so, too. */
  forgetAddress(key: AddressKey): void {
    this.#addresses.delete(addressKey(key));
  }

  /**
   * The address that adverts come from: the interface's first address of this kind that is primary and not tentative, never
   * one that Holdfast added, and one of `avoid` (the virtual addresses) only where there is no other.
   */
  sourceAddress(interfaceIndex: number, kind: SourceKind, avoid: ReadonlySet<IpAddress>): IpAddress | undefined {
    let lastResort: IpAddress | undefined;
    for (const record of this.#addresses.values()) {
      if (record.interfaceIndex !== interfaceIndex || !isOfKind(record.address, kind)) continue;
      if (record.secondary || record.tentative || this.#isOurs(record)) continue;
      if (!avoid.has(record.address)) return record.address;
      lastResort ??= record.address;
    }
    return lastResort;
  }

  /** Whether the kernel lets us send from this IPv6 address through the interface. */
  canSendFrom(interfaceIndex: number, address: IpAddress): boolean {
    for (const record of this.#addresses.values()) {
      if (record.address !== address || record.tentative) continue;
      if (record.interfaceIndex === interfaceIndex || !isLinkLocal(address)) return true;
    }
    return false;
  }

  /**
   * Whether a virtual address has to wait for the host's own: added first, it would become the primary of the host's
   * subnet, and its removal would take the host's own address with it.
   */
  waitsForPrimary(key: AddressKey): boolean {
    let isHome = false;
    for (const home of this.#homeNetworks.values()) {
      if (sameSubnet(home, key)) isHome = true;
    }
    if (!isHome) return false;
    for (const record of this.#addresses.values()) {
      if (record.address !== key.address && sameSubnet(record, key) && !this.#isOurs(record)) return false;
    }
    return true;
  }

  #store(record: AddressRecord): void {
    this.#addresses.set(addressKey(record), record);
    this.#tellsOrigin ||= record.protocol !== undefined;
    // What lives for seconds is no home: left behind by a crash, on a kernel and a disk that do not say by whom.
    if (record.validLifetime !== "forever" && record.validLifetime <= FLEETING) return;
    if (record.secondary || familyOf(record.address) !== "ipv4" || record.prefixLength === 32) return;
    if (!this.#isOurs(record))
      this.#homeNetworks.set(`${record.interfaceIndex} ${record.address}/${record.prefixLength}`, record);
  }

  #forgetHomes(index: number): void {
    for (const [key, home] of this.#homeNetworks) {
      if (home.interfaceIndex === index) this.#homeNetworks.delete(key);
    }
  }

  #isOurs(record: AddressRecord): boolean {
    if (record.protocol !== undefined) return record.protocol === IFAPROT_HOLDFAST;
    return !this.#tellsOrigin && this.#remembered.has(record);
  }

  #storeInterface(entry: NetworkInterface): void {
    this.#forgetInterface(entry.index);
    this.#interfaces.set(entry.index, entry);
    this.#byName.set(entry.name, entry);
  }

  /** Its name may belong to another by now. */
  #forgetInterface(index: number): void {
    const name = this.#interfaces.get(index)?.name;
    this.#interfaces.delete(index);
    if (name !== undefined && this.#byName.get(name)?.index === index) this.#byName.delete(name);
  }
}

/** In seconds: longer than a lease, shorter than what DHCP gives. */
const FLEETING = 60;

/** Which addresses an instance may send from. */
export type SourceKind = "ipv4" | "ipv6-link-local" | "ipv6-global";

/** What tells one address on this host from another. */
export interface AddressKey {
  readonly interfaceIndex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export function addressKey(key: AddressKey): string {
  return `${key.interfaceIndex} ${key.address}/${key.prefixLength}`;
}

function isOfKind(address: IpAddress, kind: SourceKind): boolean {
  if (familyOf(address) === "ipv4") return kind === "ipv4";
  return kind === (isLinkLocal(address) ? "ipv6-link-local" : "ipv6-global");
}

/** The kernel's rule for secondary addresses: same interface, same mask, same network. */
function sameSubnet(left: AddressKey, right: AddressKey): boolean {
  return (
    left.interfaceIndex === right.interfaceIndex &&
    left.prefixLength === right.prefixLength &&
    contains({ address: left.address, length: left.prefixLength }, right.address)
  );
}
