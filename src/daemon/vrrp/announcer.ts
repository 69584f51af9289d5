import { familyOf, type AddressFamily } from "../../base/address.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { PacingSettings } from "../../config/model/announcing.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { FrameSocket, Links } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import { AnnouncementListeners, type OnHeard } from "./announcement-listeners.ts";
import { AnnouncePacer, type Announcement } from "./announce-pacer.ts";
import {
  ANNOUNCEMENT_WORDS,
  announcementFrame,
  isAnnounced,
  isAnnouncedAlike,
  linkOf,
  openAnnouncementSocket,
} from "./announcement.ts";
import type { InterfaceTable } from "./interface-table.ts";

export interface AnnouncerDependencies {
  readonly clock: Clock;
  readonly links: Links;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
}

/** Tells hosts and switches where a virtual address is, and hears when somebody else does. */
export class Announcer {
  readonly #dependencies: AnnouncerDependencies;
  /** By `linkOf`. */
  readonly #senders = new Map<string, { readonly interfaceIndex: number; readonly socket: FrameSocket }>();
  readonly #listeners: AnnouncementListeners;
  readonly #pacer: AnnouncePacer;
  readonly #announcements = new WeakMap<VirtualAddress, Announcement>();
  readonly #frames = new WeakMap<Announcement, { readonly device: NetworkInterface; readonly frame: Uint8Array }>();

  constructor(pacing: PacingSettings, dependencies: AnnouncerDependencies) {
    this.#dependencies = dependencies;
    this.#listeners = new AnnouncementListeners(dependencies);
    const send = (announcements: readonly Announcement[]): void => this.#send(announcements);
    this.#pacer = new AnnouncePacer(pacing, { clock: dependencies.clock, send });
  }

  /** Announcements leave at another pace from now on. */
  reconfigure(pacing: PacingSettings): void {
    this.#pacer.reconfigure(pacing);
  }

  /** Opens what `announce` will need, and makes the frames: everybody will wait for them. */
  prepare(addresses: readonly VirtualAddress[]): void {
    for (const address of addresses) {
      const entry = this.#dependencies.interfaces.byName(address.device);
      if (entry === undefined || !isAnnounced(entry)) continue;
      const announcement = this.#announcementOf(address);
      this.#sender(entry, announcement.family);
      this.#frame(announcement, entry);
    }
  }

  /**
   * Sends `repeat` rounds of announcements, each address once a round: back to back, unless the configuration has pauses
   * between them.
   */
  announce(name: string, addresses: readonly VirtualAddress[], repeat: number): void {
    const { interfaces, log } = this.#dependencies;
    const links = new Map<string, Announcement[]>();
    for (const virtualAddress of addresses) {
      const announcement = this.#announcementOf(virtualAddress);
      const { address, device, family } = announcement;
      const entry = interfaces.byName(device);
      if (entry === undefined || !isAnnounced(entry)) continue;
      log.write("debug", `(${name}) Sending/queueing ${ANNOUNCEMENT_WORDS[family].many} on ${device} for ${address}`);
      collect(links, linkOf(entry, family), announcement);
    }
    for (const round of links.values()) this.#pacer.submit(round, repeat);
  }

  /** What of these still waits for its turn is not sent any more: they are not ours now. */
  withdraw(addresses: readonly VirtualAddress[]): void {
    this.#pacer.withdraw(addresses);
  }

  /** Hears announcements of others until `stopListening`. `onHeard` comes in a turn of its own. */
  listen(listener: object, addresses: readonly VirtualAddress[], onHeard: OnHeard): void {
    this.#listeners.join(listener, addresses, onHeard);
  }

  stopListening(listener: object): void {
    this.#listeners.leave(listener);
  }

  /** The interface is gone, or another has its index now. */
  forget(interfaceIndex: number): void {
    for (const [link, sender] of this.#senders) {
      if (sender.interfaceIndex !== interfaceIndex) continue;
      sender.socket.close();
      this.#senders.delete(link);
    }
  }

  close(): void {
    this.#pacer.close();
    for (const { socket } of this.#senders.values()) socket.close();
    this.#senders.clear();
    this.#listeners.close();
  }

  /** All are of one family and one interface, but for a garp_group of several. */
  #send(announcements: readonly Announcement[]): void {
    const { interfaces, log } = this.#dependencies;
    const byDevice = new Map<string, Announcement[]>();
    for (const announcement of announcements) collect(byDevice, announcement.device, announcement);
    for (const [device, list] of byDevice) {
      const entry = interfaces.byName(device);
      const family = list[0]?.family;
      if (entry === undefined || family === undefined) continue;
      const frames = list.flatMap((announcement) => this.#frame(announcement, entry) ?? []);
      const socket = this.#sender(entry, family);
      if (socket === undefined) continue;
      for (const { address } of list) {
        log.write("debug", `Sending ${ANNOUNCEMENT_WORDS[family].one} on ${device} for ${address}`);
      }
      const sent = socket.send(frames);
      if (sent.ok) continue;
      log.write("error", describeFailure(sent.error));
      this.forget(entry.index);
    }
  }

  #announcementOf(virtualAddress: VirtualAddress): Announcement {
    const known = this.#announcements.get(virtualAddress);
    if (known !== undefined) return known;
    const { address, device } = virtualAddress;
    const announcement = { device, family: familyOf(address), address };
    this.#announcements.set(virtualAddress, announcement);
    return announcement;
  }

  /** Made once, as long as the interface stays as it is. */
  #frame(announcement: Announcement, device: NetworkInterface): Uint8Array | undefined {
    const known = this.#frames.get(announcement);
    if (known !== undefined && isAnnouncedAlike(known.device, device)) return known.frame;
    const frame = announcementFrame(announcement.address, device);
    if (frame !== undefined) this.#frames.set(announcement, { device, frame });
    return frame;
  }

  #sender(device: NetworkInterface, family: AddressFamily): FrameSocket | undefined {
    const link = linkOf(device, family);
    const known = this.#senders.get(link);
    if (known !== undefined) return known.socket;
    const { links, log } = this.#dependencies;
    const options = { interfaceIndex: device.index, interfaceName: device.name, listen: false };
    const opened = openAnnouncementSocket(links, family, options, () => undefined);
    if (!opened.ok) {
      log.write("error", describeFailure(opened.error));
      return undefined;
    }
    this.#senders.set(link, { interfaceIndex: device.index, socket: opened.value });
    return opened.value;
  }
}

function collect(lists: Map<string, Announcement[]>, key: string, announcement: Announcement): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [announcement]);
  else list.push(announcement);
}
