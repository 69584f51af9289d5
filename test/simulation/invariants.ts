import type { InstanceStatus } from "../../src/api/contract.ts";
import type { IpAddress } from "../../src/base/address.ts";
import {
  after,
  elapsed,
  instant,
  micros,
  millis,
  seconds,
  toMillis,
  type Instant,
  type Micros,
} from "../../src/base/time.ts";
import { GUARD_PERIOD } from "../../src/core/fine-lock.ts";
import { handOverLimit } from "../../src/core/hand-over.ts";
import { leaseSeconds } from "../../src/core/lease.ts";
import type { AddressChange } from "../../src/sim/address-book.ts";
import type { SimNode } from "../../src/sim/node.ts";
import type { World } from "../../src/sim/world.ts";
import { LockWatch } from "./lock-watch.ts";
import { Conduct } from "./conduct.ts";
import type { Plan } from "./plan.ts";
import { addressesOf, isMovable, type PlannedRouter } from "./routers.ts";
import { downTimerAdvertsOf, intervalOf, longestInterval } from "./traits.ts";
import { kernelLateness } from "./settings.ts";

/**
 * Watches a virtual router, or those of a sync group, from outside, with eyes that no node has, and complains of what must
 * never be.
 */
export class Invariants {
  #routers: readonly PlannedRouter[];
  /** All that they hold, on whichever node. */
  #vips: readonly IpAddress[];
  readonly conduct: Conduct;
  readonly #plan: Plan;
  readonly #world: World;
  readonly #nodes: readonly SimNode[];
  readonly #complain: (text: string) => void;
  readonly #lastAdvert = new Map<string, Instant>();
  readonly #overlaps = new Map<IpAddress, Instant>();
  readonly #disturbances = new Set<object>();
  /** By node and address. A node that takes over from a weaker one adds addresses first and adverts then. */
  readonly #addedAt = new Map<string, Instant>();
  /** The longest of any node. */
  readonly #lease: number;
  /** The longest that an address stays which nobody renews. */
  readonly #rest: Micros;
  readonly #lock: LockWatch;
  /** Since when one node has the group's addresses of the one LAN only, and another node those of the other only. */
  #halfSince: Instant | undefined;
  #excusedUntil: Instant = instant(0);
  /** Until when a node's own time is out of joint: it was stalled in the middle of a turn. */
  readonly #dazedUntil = new Map<string, Instant>();
  /** Masters that nobody has heard of since they claimed. */
  readonly #unheard = new Set<SimNode>();
  readonly #flushedAt = new Map<string, Instant>();
  readonly #unawareUntil = new Map<string, Instant>();

  constructor(
    routers: readonly PlannedRouter[],
    plan: Plan,
    dependencies: {
      readonly world: World;
      readonly nodes: readonly SimNode[];
      readonly complain: (text: string) => void;
    },
  ) {
    this.#routers = routers;
    this.#vips = routers.flatMap(addressesOf);
    this.#plan = plan;
    this.#world = dependencies.world;
    this.#nodes = dependencies.nodes;
    this.#complain = dependencies.complain;
    this.#lease = Math.max(...plan.nodes.map(({ name }) => seconds(this.#leaseOf(name).seconds)));
    this.#rest = micros(this.#lease + kernelLateness(this.#lease));
    const rest = this.#rest;
    this.#lock = new LockWatch(plan, {
      vips: () => this.#vips.filter((vip) => !isMovable(plan, vip)),
      rest,
      isUnheard: (node) => this.#unheard.has(node),
      complain: dependencies.complain,
    });
    this.conduct = new Conduct({
      plan,
      world: this.#world,
      nodes: this.#nodes,
      vips: () => this.#vips.filter((vip) => !isMovable(plan, vip)),
      statusOf: (node) => this.#statusOf(node),
      isDeaf: (node) => this.isDeaf(node),
      isUnheard: (node) => this.#unheard.has(node),
      isExcused: () => this.#disturbances.size > 0 || this.#world.now() < this.#excusedUntil,
      complain: this.#complain,
    });
    for (const node of this.#nodes) {
      node.kernel.observe((change) => this.#onChange(node, change));
      node.packetFilter.observe(() => this.look());
    }
  }

  get routers(): readonly PlannedRouter[] {
    return this.#routers;
  }

  get vips(): readonly IpAddress[] {
    return this.#vips;
  }

  /** These are what the routers hold from now on. */
  follow(routers: readonly PlannedRouter[]): void {
    this.#routers = this.#routers.map((known) => routers.find(({ name }) => name === known.name) ?? known);
    this.#vips = this.#routers.flatMap(addressesOf);
  }

  /** A node becomes master. One that cannot be heard stays so, unless it hears somebody (ADR 0039). */
  noteClaim(node: SimNode): void {
    if (!node.isMute) return;
    this.#unheard.add(node);
    // Whoever leaves to it does not hear it, and holds the addresses until the hand-over ends.
    const masters = this.#nodes.filter((other) => this.#statusOf(other).some(({ state }) => state === "MASTER"));
    const isLeft = masters.every((other) => other === node);
    const interval = longestInterval(this.#plan);
    if (isLeft) this.excuse(handOverLimit(this.#plan.version, interval));
  }

  noteAdvert(node: SimNode, priority: number): void {
    if (!node.isMute) this.#unheard.delete(node);
    this.conduct.noteAdvert(node, priority);
    this.#lastAdvert.set(node.name, node.machine.monotonic());
    this.#lock.noteAdvert(node);
  }

  /** A node yields, and serves on until it hears its successor announce the addresses. */
  noteHandOver(node: SimNode): void {
    this.conduct.noteHandOver(node);
    this.#lock.noteHandOver(node);
  }

  /** Somebody empties the packet filter of a node. */
  noteFlush(node: SimNode): void {
    const deaf = this.isDeaf(node);
    this.#lock.noteFlush(node, deaf);
    this.#flushedAt.set(node.name, this.#world.now());
    if (deaf) this.excuse(this.#rest);
  }

  /** From now on, until it ends, two holders are nobody's fault; and then until everybody has heard of everybody. */
  disturb(): { end(): void } {
    const disturbance = {};
    this.#disturbances.add(disturbance);
    return {
      end: () => {
        this.#disturbances.delete(disturbance);
        this.excuse(micros(2 * longestInterval(this.#plan) + seconds(3.5)));
      },
    };
  }

  /** Until then two holders are nobody's fault. */
  get excusedUntil(): Instant {
    return this.#excusedUntil;
  }

  /** For so long from now two holders are nobody's fault. */
  excuse(duration: Micros): void {
    const until = after(this.#world.now(), duration);
    if (until > this.#excusedUntil) this.#excusedUntil = until;
  }

  /**
   * A process dies, or stands still for a while. To be called before it does.
   *
   * Two holders are possible where the lease cannot outrun the protocol, where the process is handing over, and where
   * another has just taken over and this one does not know it yet. The lease bounds all of them, and the one of a hand-over
   * is short.
   */
  noteFailure(node: SimNode, length: Micros): void {
    if (!this.#lock.isLocked(node) && !this.#leaseOf(node.name).coversProtocol) {
      this.excuse(micros(length + this.#rest + longestInterval(this.#plan)));
    }
    const holds = this.#vips.some((vip) => node.kernel.addresses.ownerOf(vip) === "holdfast");
    const master = this.#statusOf(node).some(({ state }) => state === "MASTER");
    if (!holds) return;
    // Nobody counts from an advert of it.
    if (this.#unheard.has(node)) return this.excuse(this.#rest);
    // It had no time to see that it had slept.
    const slept = this.#world.now() < (this.#unawareUntil.get(node.name) ?? 0);
    if (slept) return this.excuse(this.#rest);
    // Another one of the same priority may claim in the same instant, and this one cannot yield to it.
    if (this.#isTied && this.#hasJustClaimed(node)) return this.excuse(this.#rest);
    if (master && this.#overlaps.size === 0) return;
    const justYielding = [...this.#overlaps.values()].some((since) => elapsed(since, this.#world.now()) < JUST_NOW);
    // In whole seconds, so up to one more than what the hand-over may take.
    const rest = micros(handOverLimit(this.#plan.version, intervalOf(this.#plan, node.name)) + seconds(1));
    this.excuse(micros((master || justYielding ? this.#lease : rest) + kernelLateness(this.#lease)));
  }

  /**
   * Somebody takes over from a weaker master without waiting for its silence. If that one cannot hear it, being dead or
   * standing still, nothing but its lease ends what it holds.
   */
  notePreemption(): void {
    const deaf = this.#nodes.some((node) => this.isDeaf(node));
    // Else the hand-over from here on is one of its own, and another may be under way.
    this.excuse(deaf ? this.#rest : micros(0));
  }

  /**
   * A machine goes on. Without a process that could know of it, it goes on with what its kernel had. Who was suspended is told
   * so; who was frozen may have to look at the clocks itself.
   */
  noteWake(node: SimNode, kind: "suspend" | "freeze"): void {
    if (this.isDeaf(node)) this.excuse(this.#rest);
    this.conduct.noteWake(node);
    const ignorance = kind === "freeze" ? LOOK : AWAKE;
    this.excuse(ignorance);
    this.#unawareUntil.set(node.name, after(this.#world.now(), ignorance));
    if (kind === "suspend") this.#world.after(AWAKE, () => this.#lookAtWoken(node));
  }

  noteStall(node: SimNode, length: Micros): void {
    this.#dazedUntil.set(node.name, after(this.#world.now(), micros(length + millis(100))));
  }

  /**
   * The members of a sync group change together, within one turn. To be called between turns, as often as one likes.
   * `grouped` tells whether the node has its group, and has had it for a while.
   */
  lookForUnity(node: SimNode, grouped: boolean): void {
    if (!grouped || this.isDeaf(node)) return;
    const states = [...node.groups(), ...this.#statusOf(node)].map(({ state }) => state);
    if (new Set(states).size > 1) this.#complain(`${node.name}: the group and its members are ${states.join(", ")}`);
  }

  /** To be called whenever somebody may have begun or ceased to serve an address. */
  look(): void {
    const now = this.#world.now();
    this.conduct.look();
    this.#lookForHalves(now);
    for (const vip of this.#vips) {
      const holders = this.#nodes.filter((node) => node.serves(vip));
      const since = this.#overlaps.get(vip);
      if (holders.length > 1) {
        if (since === undefined) this.#overlaps.set(vip, now);
        continue;
      }
      if (since === undefined) continue;
      this.#overlaps.delete(vip);
      this.#judge(vip, since, now);
    }
  }

  /** A sync group is never half here and half there longer than a hand-over or a repair takes. */
  #lookForHalves(now: Instant): void {
    const [first, second] = this.#routers.map(({ advertised }) => advertised[0]);
    if (!this.#plan.grouped || first === undefined || second === undefined) return;
    const has = ({ kernel }: SimNode, vip: IpAddress): boolean => kernel.addresses.has(vip);
    const isHalf =
      this.#nodes.some((node) => has(node, first) && !has(node, second)) &&
      this.#nodes.some((node) => has(node, second) && !has(node, first));
    if (isHalf) {
      this.#halfSince ??= now;
      return;
    }
    const since = this.#halfSince;
    this.#halfSince = undefined;
    if (since === undefined || this.#disturbances.size > 0) return;
    const start = since < this.#excusedUntil ? this.#excusedUntil : since;
    if (now - start <= HALF_LIMIT) return;
    this.#complain(`the group was half on one node and half on another for ${toMillis(elapsed(start, now))} ms`);
  }

  /** It has had the time to see that somebody else serves by now. */
  #lookAtWoken(node: SimNode): void {
    if (this.isDeaf(node) || this.#disturbances.size > 0 || this.#world.now() < this.#excusedUntil) return;
    for (const [vip, since] of this.#overlaps) {
      if (node.kernel.addresses.ownerOf(vip) !== "holdfast" || elapsed(since, this.#world.now()) > AWAKE) continue;
      this.#complain(`${node.name} has woken and still serves ${vip}`);
    }
  }

  #statusOf(node: SimNode): readonly InstanceStatus[] {
    return node.status().filter(({ name }) => this.#routers.some((router) => router.name === name));
  }

  /** `no_accept`, in force from the start to the end. */
  #isToRefuse(node: SimNode): boolean {
    const { name } = node;
    const { traits, faults, nodes } = this.#plan;
    const flushedAt = this.#flushedAt.get(name);
    // What keeps others out is put back with the next look at it, and ends by itself where nobody looks: a process that is
    // stalled in the middle of adding an address.
    if (this.isDeaf(node)) return false;
    if (flushedAt !== undefined && elapsed(flushedAt, this.#world.now()) <= GUARD_PERIOD + seconds(1)) return false;
    if (traits === undefined || traits.accept || faults.some(({ fault }) => fault.kind === "refit")) return false;
    return nodes.some((planned) => planned.name === name && planned.filtersPackets && !planned.ownsAddress);
  }

  get #isTied(): boolean {
    return new Set(this.#plan.nodes.map(({ priority }) => priority)).size < this.#plan.nodes.length;
  }

  #hasJustClaimed(node: SimNode): boolean {
    return this.#vips.some((vip) => {
      const addedAt = this.#addedAt.get(`${node.name} ${vip}`);
      return addedAt !== undefined && elapsed(addedAt, node.machine.monotonic()) < JUST_NOW;
    });
  }

  #leaseOf(node: string): { readonly seconds: number; readonly coversProtocol: boolean } {
    return leaseSeconds(downTimerAdvertsOf(this.#plan), intervalOf(this.#plan, node));
  }

  /** It is dead, or stands still, or has until a moment ago. */
  isDeaf(node: SimNode): boolean {
    const dazed = this.#world.now() < (this.#dazedUntil.get(node.name) ?? 0);
    return !node.running || node.stopped || node.machine.standstill !== undefined || dazed;
  }

  #judge(vip: IpAddress, since: Instant, until: Instant): void {
    const owned = this.#plan.nodes.some(({ ownsAddress }) => ownsAddress);
    if (owned || this.#disturbances.size > 0) return;
    const start = since < this.#excusedUntil ? this.#excusedUntil : since;
    const limit = HAND_OVER + 2 * this.#plan.delay + millis(20);
    if (until - start <= limit) return;
    this.#complain(`${vip} had two holders for ${toMillis(elapsed(start, until))} ms`);
  }

  #onChange(node: SimNode, change: AddressChange): void {
    if (change.kind !== "renewed") this.look();
    this.conduct.noteChange(node, change);
    const { record, owner, by } = change;
    if (owner === "host" && by !== "host" && by !== "kernel-interface") {
      if (change.kind === "removed")
        this.#complain(`${node.name}: the host's own ${record.address} was removed (${by})`);
      if (change.kind === "renewed")
        this.#complain(`${node.name}: the host's own ${record.address} was given a lifetime`);
    }
    if (owner !== "holdfast" || !this.#vips.includes(record.address)) return;
    if (change.kind === "added" && this.#isToRefuse(node) && !node.packetFilter.refuses(record.address)) {
      this.#complain(`${node.name}: ${record.address} was added, and others may talk to it`);
    }
    // The adverts of another virtual router count while it has not been reloaded.
    if (isMovable(this.#plan, record.address)) return;
    // An advert follows in the same turn, if nothing ends it.
    if (change.kind === "added") this.#lastAdvert.set(node.name, node.machine.monotonic());
    const now = this.#world.now();
    if (now < (this.#dazedUntil.get(node.name) ?? 0) || this.#unheard.has(node)) return;
    const here = `${node.name} ${record.address}`;
    if (change.kind === "added") this.#addedAt.set(here, node.machine.monotonic());
    const since = (start: Instant | undefined): number =>
      start === undefined ? Infinity : elapsed(start, node.machine.monotonic());
    const silence = since(this.#lastAdvert.get(node.name));
    // A pause that nobody can have noticed is none, so a renewal may come before the advert that is overdue.
    const interval = intervalOf(this.#plan, node.name);
    const mayRenew =
      downTimerAdvertsOf(this.#plan) * interval + handOverLimit(this.#plan.version, interval) + millis(300);
    if (change.kind === "renewed" && silence > mayRenew) {
      this.#complain(`${node.name}: ${record.address} renewed ${silence / 1_000} ms after the last advert`);
    }
    const isNew = since(this.#addedAt.get(here)) <= this.#rest;
    if (change.kind === "removed" && !isNew && silence > mayRenew + this.#rest) {
      this.#complain(`${node.name}: ${record.address} outlived its last advert by ${silence / 1_000} ms`);
    }
  }
}

/** To notice that the machine was suspended. */
const AWAKE = millis(2);
/** To notice that the virtual machine was frozen: how often the driver looks at the clocks, and a little more. */
const LOOK = millis(300);
/** To hear of a successor and to begin to yield to it. */
const JUST_NOW = millis(20);
/** A hand-over, and what a repair may have to wait for. */
const HALF_LIMIT = millis(1_300);
/** keepalived adds addresses after its first advert, so a yielding master serves on for a while. */
const HAND_OVER = millis(200);
