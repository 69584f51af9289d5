import type { IpAddress } from "../../src/base/address.ts";
import type { Instant } from "../../src/base/time.ts";
import { readAnnouncement } from "../../src/daemon/vrrp/announcement.ts";
import type { Frame, LinkFrame, Station } from "../../src/sim/lan.ts";

/** A host on all LANs that believes whoever has announced an address last. It hears everybody who is connected. */
export class Client {
  #heard: { readonly from: string; readonly frame: LinkFrame; readonly at: Instant }[] = [];
  readonly #believed = new Map<IpAddress, string>();
  /** By node and address. */
  readonly #heardAt = new Map<string, Instant>();

  hear({ name, linked }: Pick<Station, "name" | "linked">, frame: Frame, at: Instant): void {
    if (frame.kind !== "vrrp" && linked()) this.#heard.push({ from: name, frame, at });
  }

  /** Whether a node has announced an address since then. */
  hasHeard(node: string, address: IpAddress, since: Instant): boolean {
    this.beliefs();
    const at = this.#heardAt.get(`${node} ${address}`);
    return at !== undefined && at >= since;
  }

  /** The names of nodes, by the addresses that they are taken to have. */
  beliefs(): ReadonlyMap<IpAddress, string> {
    const heard = this.#heard;
    this.#heard = [];
    for (const { from, frame, at } of heard) {
      const announced = readAnnouncement(frame.kind === "arp" ? "ipv4" : "ipv6", frame.bytes);
      if (announced === undefined) continue;
      this.#believed.set(announced.address, from);
      this.#heardAt.set(`${from} ${announced.address}`, at);
    }
    return this.#believed;
  }
}
