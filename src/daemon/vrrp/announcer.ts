import { familyOf, type IpAddress, type MacAddress } from "../../base/address.ts";
import type { PacingSettings, VirtualAddress } from "../../config/model.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { ArpSocket, Links } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import { gratuitousArp, isGratuitous, parseArp, serializeArp } from "../../wire/arp.ts";
import { AnnouncePacer, type Announcement } from "./announce-pacer.ts";
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
  readonly #senders = new Map<number, ArpSocket>();
  readonly #listeners = new Map<object, readonly ArpSocket[]>();
  readonly #pacer: AnnouncePacer;

  constructor(pacing: PacingSettings, dependencies: AnnouncerDependencies) {
    this.#dependencies = dependencies;
    const send = (announcements: readonly Announcement[]): void => this.#send(announcements);
    this.#pacer = new AnnouncePacer(pacing, { clock: dependencies.clock, send });
  }

  /** Announcements leave at another pace from now on. */
  reconfigure(pacing: PacingSettings): void {
    this.#pacer.reconfigure(pacing);
  }

  /**
   * Opens what `announce` will need, and runs the code once: the first run of anything costs Node milliseconds, and the
   * first announcement is the one that everybody waits for.
   */
  prepare(addresses: readonly VirtualAddress[]): void {
    for (const { address, device } of addresses) {
      const entry = this.#dependencies.interfaces.byName(device);
      if (entry?.mac === undefined || familyOf(address) !== "ipv4") continue;
      this.#sender(entry.index, device);
      serializeArp(gratuitousArp(address, entry.mac));
    }
  }

  /**
   * Sends `repeat` rounds of gratuitous ARP, each address once a round: back to back, unless the configuration has pauses
   * between them.
   */
  announce(name: string, addresses: readonly VirtualAddress[], repeat: number): void {
    const byDevice = new Map<string, VirtualAddress[]>();
    for (const address of addresses) {
      if (familyOf(address.address) !== "ipv4") continue;
      byDevice.set(address.device, [...(byDevice.get(address.device) ?? []), address]);
    }
    for (const [device, list] of byDevice) this.#announceOn(name, device, list, repeat);
  }

  /** What of these still waits for its turn is not sent any more: they are not ours now. */
  withdraw(addresses: readonly VirtualAddress[]): void {
    this.#pacer.withdraw(addresses);
  }

  /** Hears announcements of others until `stopListening`. `onHeard` comes in a turn of its own. */
  listen(listener: object, devices: ReadonlySet<string>, onHeard: (address: IpAddress) => void): void {
    this.stopListening(listener);
    const sockets: ArpSocket[] = [];
    for (const device of devices) {
      const entry = this.#dependencies.interfaces.byName(device);
      if (entry === undefined) continue;
      const socket = this.#dependencies.links.openArpSocket(
        { interfaceIndex: entry.index, interfaceName: device, listen: true },
        () => {
          if (!socket.ok) return;
          for (const bytes of socket.value.receive()) {
            const frame = parseArp(bytes);
            if (!frame.ok || !isGratuitous(frame.value)) continue;
            // The other nodes of a virtual router have its virtual MAC address, too, and what we send ourselves is not heard.
            if (frame.value.senderMac === entry.mac && !isVirtual(frame.value.senderMac)) continue;
            onHeard(frame.value.senderAddress);
          }
        },
      );
      if (socket.ok) sockets.push(socket.value);
      else this.#dependencies.log.write("error", describeFailure(socket.error));
    }
    this.#listeners.set(listener, sockets);
  }

  stopListening(listener: object): void {
    for (const socket of this.#listeners.get(listener) ?? []) socket.close();
    this.#listeners.delete(listener);
  }

  /** The interface is gone, or another has its index now. */
  forget(interfaceIndex: number): void {
    this.#senders.get(interfaceIndex)?.close();
    this.#senders.delete(interfaceIndex);
  }

  close(): void {
    this.#pacer.close();
    for (const socket of this.#senders.values()) socket.close();
    this.#senders.clear();
    for (const listener of this.#listeners.keys()) this.stopListening(listener);
  }

  #announceOn(name: string, device: string, addresses: readonly VirtualAddress[], repeat: number): void {
    const { interfaces, log } = this.#dependencies;
    const entry = interfaces.byName(device);
    if (entry === undefined || entry.mac === undefined || entry.noArp) return;
    for (const { address } of addresses) {
      log.write("info", `(${name}) Sending/queueing gratuitous ARPs on ${device} for ${address}`);
    }
    const round = addresses.map(({ address }): Announcement => ({ device, family: familyOf(address), address }));
    this.#pacer.submit(round, repeat);
  }

  /** All are of one interface, but for a garp_group of several. */
  #send(announcements: readonly Announcement[]): void {
    const { interfaces, log } = this.#dependencies;
    const byDevice = new Map<string, Announcement[]>();
    for (const announcement of announcements) {
      byDevice.set(announcement.device, [...(byDevice.get(announcement.device) ?? []), announcement]);
    }
    for (const [device, list] of byDevice) {
      const entry = interfaces.byName(device);
      const mac = entry?.mac;
      if (entry === undefined || mac === undefined) continue;
      const socket = this.#sender(entry.index, device);
      if (socket === undefined) continue;
      for (const { address } of list) log.write("debug", `Sending gratuitous ARP on ${device} for ${address}`);
      const sent = socket.send(list.map(({ address }) => serializeArp(gratuitousArp(address, mac))));
      if (sent.ok) continue;
      log.write("error", describeFailure(sent.error));
      this.forget(entry.index);
    }
  }

  #sender(interfaceIndex: number, device: string): ArpSocket | undefined {
    const known = this.#senders.get(interfaceIndex);
    if (known !== undefined) return known;
    const opened = this.#dependencies.links.openArpSocket(
      { interfaceIndex, interfaceName: device, listen: false },
      () => undefined,
    );
    if (!opened.ok) {
      this.#dependencies.log.write("error", describeFailure(opened.error));
      return undefined;
    }
    this.#senders.set(interfaceIndex, opened.value);
    return opened.value;
  }
}

/** RFC 9568 section 7.3. */
function isVirtual(mac: MacAddress): boolean {
  return mac.startsWith("00:00:5e:00:01:") || mac.startsWith("00:00:5e:00:02:");
}
