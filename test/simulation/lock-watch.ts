import type { IpAddress } from "../../src/base/address.ts";
import { after, elapsed, instant, micros, millis, toMillis, type Instant, type Micros } from "../../src/base/time.ts";
import { planFineLock } from "../../src/core/fine-lock.ts";
import { planLease } from "../../src/core/lease.ts";
import { trustWindow } from "../../src/core/vrrp/router.ts";
import type { SimNode } from "../../src/sim/node.ts";
import type { Plan } from "./plan.ts";
import { downTimerAdvertsOf, intervalOf } from "./traits.ts";

/** Sees to it that nobody serves an address for longer after an advert than the fine lock allows. */
export class LockWatch {
  readonly #plan: Plan;
  readonly #vips: () => readonly IpAddress[];
  readonly #complain: (text: string) => void;
  readonly #rest: Micros;
  readonly #isUnheard: (node: SimNode) => boolean;
  readonly #lastAdvert = new Map<SimNode, Instant>();
  readonly #handsOverUntil = new Map<SimNode, Instant>();
  readonly #unlockedUntil = new Map<SimNode, Instant>();
  readonly #watched = new Set<SimNode>();

  /** `rest`: how long a lease lasts, the kernel's lateness included. */
  constructor(
    plan: Plan,
    options: {
      readonly vips: () => readonly IpAddress[];
      readonly rest: Micros;
      /** It has claimed and cannot send adverts: what it tried to send counts. */
      readonly isUnheard: (node: SimNode) => boolean;
      readonly complain: (text: string) => void;
    },
  ) {
    this.#plan = plan;
    this.#vips = options.vips;
    this.#rest = options.rest;
    this.#isUnheard = options.isUnheard;
    this.#complain = options.complain;
  }

  noteAdvert(node: SimNode): void {
    this.#lastAdvert.set(node, node.machine.monotonic());
    const window = this.#windowOf(node);
    if (window === undefined || !this.#filters(node) || this.#watched.has(node)) return;
    this.#watched.add(node);
    node.machine.at(after(node.machine.monotonic(), window), () => this.#look(node, window));
  }

  /** A node yields, and serves on until it hears its successor announce the addresses. */
  noteHandOver(node: SimNode): void {
    this.#handsOverUntil.set(node, after(node.machine.monotonic(), micros(LONGEST_HAND_OVER + millis(1))));
  }

  /**
   * Somebody empties the packet filter of a node. Nothing locks until the node makes it anew with its next advert; one that
   * is `deaf`, dead or standing still, does not, and then its lease is all there is.
   */
  noteFlush(node: SimNode, deaf: boolean): void {
    const open = deaf ? this.#rest : micros(intervalOf(this.#plan, node.name) + millis(1));
    this.#unlockedUntil.set(node, after(node.machine.monotonic(), open));
  }

  /** Whether the packet filter ends in time what this node leaves behind when it fails now. */
  isLocked(node: SimNode): boolean {
    if (this.#windowOf(node) === undefined || !this.#filters(node)) return false;
    if (!this.#isUnlocked(node)) return true;
    // It may never make the filter anew.
    this.noteFlush(node, true);
    return false;
  }

  #look(node: SimNode, window: Micros): void {
    const { machine } = node;
    const now = machine.monotonic();
    const last = this.#lastAdvert.get(node) ?? instant(0);
    const handedOver = this.#handsOverUntil.get(node) ?? instant(0);
    const locked = after(last, micros(window + millis(1)));
    const end = handedOver > locked ? handedOver : locked;
    if (now < end) return void machine.at(end, () => this.#look(node, window));
    this.#watched.delete(node);
    if (this.#isUnlocked(node) || this.#isUnheard(node)) return;
    for (const vip of this.#vips()) {
      if (node.kernel.addresses.ownerOf(vip) !== "holdfast" || !node.serves(vip)) continue;
      this.#complain(`${node.name}: ${vip} is served ${toMillis(elapsed(last, now))} ms after an advert`);
    }
  }

  /** From an advert to the end; undefined: nothing is locked. */
  #windowOf({ name }: SimNode): Micros | undefined {
    const { version, fineLock } = this.#plan;
    const [downTimerAdverts, advertisementInterval] = [downTimerAdvertsOf(this.#plan), intervalOf(this.#plan, name)];
    const window = trustWindow({ version, advertisementInterval, downTimerAdverts, strongestBackup: 255 });
    const lock = planFineLock(fineLock, planLease("auto", downTimerAdverts, advertisementInterval), window);
    return lock.kind === "timed" ? lock.window : undefined;
  }

  #isUnlocked(node: SimNode): boolean {
    return node.machine.monotonic() < (this.#unlockedUntil.get(node) ?? 0);
  }

  #filters(node: SimNode): boolean {
    return this.#plan.nodes.some(({ name, filtersPackets }) => name === node.name && filtersPackets);
  }
}

/** For the announcement of a successor that adverts already. */
const LONGEST_HAND_OVER = millis(200);
