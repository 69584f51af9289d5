import {
  familyOf,
  isVirtualRouterMac,
  type AddressFamily,
  type IpAddress,
  type MacAddress,
} from "../../base/address.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { FrameSocket, Links } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import { linkOf, openAnnouncementSocket, readAnnouncement, type HeardAnnouncement } from "./announcement.ts";
import type { InterfaceTable } from "./interface-table.ts";

/** What somebody has announced, and the interface of ours that heard it. */
export interface HeardOnDevice extends HeardAnnouncement {
  readonly device: string;
}

/** Whoever wants to know when somebody else announces an address of his. */
export type OnHeard = (heard: HeardOnDevice) => void;

/** Hears what others announce: by one socket for each interface and family, however many listen there. */
export class AnnouncementListeners {
  readonly #dependencies: { readonly links: Links; readonly log: Log; readonly interfaces: InterfaceTable };
  /** By `linkOf`. */
  readonly #ears = new Map<string, Ear>();
  readonly #joined = new Map<object, ReadonlySet<Ear>>();

  constructor(dependencies: { readonly links: Links; readonly log: Log; readonly interfaces: InterfaceTable }) {
    this.#dependencies = dependencies;
  }

  /** Hears of these addresses, on all their interfaces, until `leave`. `onHeard` comes in a turn of its own. */
  join(listener: object, addresses: readonly VirtualAddress[], onHeard: OnHeard): void {
    const former = this.#joined.get(listener);
    const ears = new Set<Ear>();
    for (const { address, device } of addresses) {
      const entry = this.#dependencies.interfaces.byName(device);
      const ear = entry === undefined ? undefined : this.#earAt(entry, familyOf(address));
      if (ear !== undefined) ears.add(ear);
    }
    for (const ear of former ?? []) forget(ear, listener);
    for (const ear of ears) {
      const own = addresses.filter(({ address }) => familyOf(address) === ear.family).map(({ address }) => address);
      ear.listeners.set(listener, own);
      for (const address of own) {
        const interested = ear.interested.get(address) ?? new Map<object, OnHeard>();
        ear.interested.set(address, interested.set(listener, onHeard));
      }
    }
    this.#joined.set(listener, ears);
    this.#closeUnused(former ?? []);
  }

  leave(listener: object): void {
    const ears = this.#joined.get(listener) ?? [];
    this.#joined.delete(listener);
    for (const ear of ears) forget(ear, listener);
    this.#closeUnused(ears);
  }

  close(): void {
    for (const listener of this.#joined.keys()) this.leave(listener);
  }

  #earAt(device: NetworkInterface, family: AddressFamily): Ear | undefined {
    const link = linkOf(device, family);
    const known = this.#ears.get(link);
    if (known !== undefined) return known;
    const options = { interfaceIndex: device.index, interfaceName: device.name, listen: true };
    const opened = openAnnouncementSocket(this.#dependencies.links, family, options, () => hear(ear));
    if (!opened.ok) {
      this.#dependencies.log.write("error", describeFailure(opened.error));
      return undefined;
    }
    const ear: Ear = {
      link,
      family,
      device: device.name,
      mac: device.mac,
      socket: opened.value,
      listeners: new Map(),
      interested: new Map(),
    };
    this.#ears.set(link, ear);
    return ear;
  }

  #closeUnused(ears: Iterable<Ear>): void {
    for (const ear of ears) {
      if (ear.listeners.size > 0 || this.#ears.get(ear.link) !== ear) continue;
      this.#ears.delete(ear.link);
      ear.socket.close();
    }
  }
}

/** One socket and who listens by it. */
interface Ear {
  readonly link: string;
  readonly family: AddressFamily;
  readonly device: string;
  readonly mac: MacAddress | undefined;
  readonly socket: FrameSocket;
  /** With their addresses. */
  readonly listeners: Map<object, readonly IpAddress[]>;
  readonly interested: Map<IpAddress, Map<object, OnHeard>>;
}

function hear({ family, device, mac, socket, interested }: Ear): void {
  for (const bytes of socket.receive()) {
    const announcement = readAnnouncement(family, bytes);
    if (announcement === undefined) continue;
    // The other nodes of a virtual router have its virtual MAC address, too, and what we send ourselves is not heard.
    if (announcement.owner === mac && !isVirtualRouterMac(announcement.owner)) continue;
    // Whoever hears may leave.
    const listeners = [...(interested.get(announcement.address)?.values() ?? [])];
    for (const onHeard of listeners) onHeard({ ...announcement, device });
  }
}

function forget(ear: Ear, listener: object): void {
  for (const address of ear.listeners.get(listener) ?? []) {
    const interested = ear.interested.get(address);
    interested?.delete(listener);
    if (interested?.size === 0) ear.interested.delete(address);
  }
  ear.listeners.delete(listener);
}
