import type { IpAddress } from "../../src/base/address.ts";
import { readAnnouncement } from "../../src/daemon/vrrp/announcement.ts";
import type { Frame, LinkFrame, Station } from "../../src/sim/lan.ts";

/** A host on all LANs that believes whoever has announced an address last. It hears everybody who is connected. */
export class Client {
  #heard: { readonly from: string; readonly frame: LinkFrame }[] = [];
  readonly #believed = new Map<IpAddress, string>();

  hear({ name, linked }: Pick<Station, "name" | "linked">, frame: Frame): void {
    if (frame.kind !== "vrrp" && linked()) this.#heard.push({ from: name, frame });
  }

  /** The names of nodes, by the addresses that they are taken to have. */
  beliefs(): ReadonlyMap<IpAddress, string> {
    const heard = this.#heard;
    this.#heard = [];
    for (const { from, frame } of heard) {
      const announced = readAnnouncement(frame.kind === "arp" ? "ipv4" : "ipv6", frame.bytes);
      if (announced !== undefined) this.#believed.set(announced.address, from);
    }
    return this.#believed;
  }
}
