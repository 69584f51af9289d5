import { isMulticast, type IpAddress } from "../base/address.ts";
import type { Random } from "../base/random.ts";
import { micros, type Micros } from "../base/time.ts";
import type { OutgoingVrrpPacket, VrrpPacket } from "../ports/links.ts";
import type { World } from "./world.ts";

/** What travels. */
export type Frame =
  | { readonly kind: "vrrp"; readonly packet: OutgoingVrrpPacket; readonly authenticationHeader: boolean }
  | LinkFrame;

/** ARP, or a neighbor advertisement: whole, with its Ethernet header. */
export interface LinkFrame {
  readonly kind: "arp" | "neighbor";
  readonly bytes: Uint8Array;
}

/** How well the LAN carries. Probabilities are in thousandths. */
export interface Quality {
  readonly delay: Micros;
  /** Up to so much more, by chance, so that frames may overtake one another. */
  readonly jitter: Micros;
  readonly lossPermille: number;
  readonly duplicationPermille: number;
}

/** An interface that is plugged into the LAN. */
export interface Station {
  readonly name: string;
  /** Whether it can send and receive at this moment. */
  linked(): boolean;
  /** Whether a packet to this unicast address is for it. */
  owns(address: IpAddress): boolean;
  arrive(frame: ArrivingFrame): void;
}

export type ArrivingFrame =
  | { readonly kind: "vrrp"; readonly packet: VrrpPacket; readonly authenticationHeader: boolean }
  | LinkFrame;

/** One broadcast domain. Every pair of stations can be cut in each direction on its own. */
export class Lan {
  readonly #world: World;
  readonly #random: Random;
  readonly #stations: Station[] = [];
  readonly #observers: ((sender: Station, frame: Frame) => void)[] = [];
  readonly #cuts = new Set<string>();
  quality: Quality;

  constructor(quality: Quality, dependencies: { readonly world: World; readonly random: Random }) {
    this.quality = quality;
    this.#world = dependencies.world;
    this.#random = dependencies.random;
  }

  attach(station: Station): void {
    this.#stations.push(station);
  }

  /** Sees every frame that leaves a station, lost or not. */
  observe(onSent: (sender: Station, frame: Frame) => void): void {
    this.#observers.push(onSent);
  }

  /** Nothing that `from` sends reaches `to` any more. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`);
  }

  mend(): void {
    this.#cuts.clear();
  }

  /** Mends one cut. */
  mendBetween(from: string, to: string): void {
    this.#cuts.delete(`${from} ${to}`);
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from} ${to}`);
  }

  send(sender: Station, frame: Frame): void {
    for (const observer of this.#observers) observer(sender, frame);
    if (!sender.linked()) return;
    for (const receiver of this.#stations) {
      if (receiver === sender || !isFor(receiver, frame) || this.isCut(sender.name, receiver.name)) continue;
      if (this.#random.chance(this.quality.lossPermille, 1000)) continue;
      this.#carry(receiver, frame);
      if (this.#random.chance(this.quality.duplicationPermille, 1000)) this.#carry(receiver, frame);
    }
  }

  #carry(receiver: Station, frame: Frame): void {
    const { delay, jitter } = this.quality;
    const duration = micros(delay + (jitter > 0 ? this.#random.below(jitter) : 0));
    // Each receiver reads bytes of its own.
    const copy: ArrivingFrame =
      frame.kind === "vrrp"
        ? { ...frame, packet: { ...frame.packet, message: frame.packet.message.slice() } }
        : { kind: frame.kind, bytes: frame.bytes.slice() };
    this.#world.after(duration, () => {
      if (receiver.linked()) receiver.arrive(copy);
    });
  }
}

function isFor(receiver: Station, frame: Frame): boolean {
  if (frame.kind !== "vrrp") return true;
  const { destination } = frame.packet;
  return isMulticast(destination) || receiver.owns(destination);
}
