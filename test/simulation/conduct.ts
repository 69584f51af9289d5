import type { InstanceStatus } from "../../src/api/contract.ts";
import type { IpAddress } from "../../src/base/address.ts";
import { after, elapsed, instant, millis, seconds, toMillis, type Instant } from "../../src/base/time.ts";
import { leaseSeconds } from "../../src/core/lease.ts";
import { trustWindow } from "../../src/core/vrrp/router.ts";
import type { AddressChange } from "../../src/sim/address-book.ts";
import type { SimNode } from "../../src/sim/node.ts";
import type { World } from "../../src/sim/world.ts";
import type { Plan } from "./plan.ts";
import { downTimerAdvertsOf, intervalOf, longestInterval } from "./traits.ts";
import { kernelLateness } from "./settings.ts";

/** What these rules ask of the eyes that watch a virtual router. */
export interface Sight {
  readonly plan: Plan;
  readonly world: World;
  readonly nodes: readonly SimNode[];
  /** Those that never move to another virtual router. */
  readonly vips: () => readonly IpAddress[];
  readonly statusOf: (node: SimNode) => readonly InstanceStatus[];
  /** Dead, or not itself. */
  readonly isDeaf: (node: SimNode) => boolean;
  /** It has claimed and cannot send adverts (ADR 0039). */
  readonly isUnheard: (node: SimNode) => boolean;
  /** Something is wrong, or was until a moment ago, that makes two holders nobody's fault. */
  readonly isExcused: () => boolean;
  readonly complain: (text: string) => void;
}

/**
 * How a node behaves, whoever may suffer from it by chance: a master that was silent for too long is none any more, what it
 * renews ends in time, and nobody takes over from one that is there.
 */
export class Conduct {
  readonly #sight: Sight;
  /** Since it became master, or resumed. */
  readonly #adverts = new Map<SimNode, Advert>();
  readonly #addedAt = new Map<string, Instant>();
  readonly #startedAt = new Map<SimNode, Instant>();
  readonly #wokeAt = new Map<SimNode, Instant>();
  readonly #unservedSince = new Map<IpAddress, Instant>();
  /** From a planned stop on, and until then, there is no moment without a holder. */
  #handOver: { readonly since: Instant; readonly until: Instant } | undefined;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  /** A machine goes on. What was sent to it meanwhile it may have missed. */
  noteWake(node: SimNode): void {
    this.#wokeAt.set(node, this.#sight.world.now());
  }

  noteStart(node: SimNode): void {
    this.#startedAt.set(node, this.#sight.world.now());
  }

  /** To be called before the eyes take note of it themselves. */
  noteAdvert(node: SimNode, priority: number): void {
    const { isDeaf, complain, world } = this.#sight;
    const last = this.#adverts.get(node);
    const at = node.machine.monotonic();
    if (priority > 0) this.#adverts.set(node, { at, worldAt: world.now(), priority });
    if (last === undefined || priority === 0 || isDeaf(node) || !this.#hasHeldSince(node, last.worldAt)) return;
    const silence = elapsed(last.at, at);
    if (silence <= this.#windowOf(node) + millis(1)) return;
    complain(`${node.name} adverts after ${toMillis(silence)} ms of silence as if nothing had been`);
  }

  /** It yields, or says farewell: what it does with its addresses from now on is a hand-over. */
  noteHandOver(node: SimNode): void {
    this.#adverts.delete(node);
  }

  noteChange(node: SimNode, { kind, record, owner, by }: AddressChange): void {
    const { vips, world, isDeaf } = this.#sight;
    if (owner !== "holdfast" || !vips().includes(record.address)) return;
    if (kind === "added") {
      this.#addedAt.set(`${node.name} ${record.address}`, world.now());
      if (by === "holdfast" && !isDeaf(node)) this.#judgeClaim(node, record.address);
    }
    if (kind === "renewed" && by === "holdfast" && !isDeaf(node)) this.#judgeLifetime(node, record);
  }

  /**
   * A master is about to be stopped as planned, and nothing else goes wrong for a while. Whoever is a backup takes over without
   * a gap.
   */
  expectHandOver(node: SimNode): void {
    const { plan, world, nodes, statusOf, isDeaf, isExcused, vips } = this.#sight;
    // Beyond that a hand-over ends before the weakest backup has waited.
    if (isExcused() || isDeaf(node) || longestInterval(plan) > seconds(2.9)) return;
    const isOf = (candidate: SimNode, state: string): boolean =>
      !isDeaf(candidate) && statusOf(candidate).every((status) => status.state === state);
    const holders = nodes.filter((candidate) => vips().some((vip) => candidate.serves(vip)));
    if (holders.length !== 1 || holders[0] !== node || !isOf(node, "MASTER")) return;
    if (!vips().every((vip) => node.serves(vip))) return;
    if (!nodes.some((other) => other !== node && isOf(other, "BACKUP"))) return;
    this.#handOver = { since: world.now(), until: after(world.now(), QUIET) };
    world.after(QUIET, () => this.look());
  }

  /** To be called whenever somebody may have begun or ceased to serve an address. */
  look(): void {
    const { vips, nodes, world, complain, plan } = this.#sight;
    const now = world.now();
    for (const vip of vips()) {
      const since = this.#unservedSince.get(vip);
      const isServed = nodes.some((node) => node.serves(vip));
      if (!isServed && since === undefined) this.#unservedSince.set(vip, now);
      const expected = this.#handOver;
      if (since !== undefined && expected !== undefined && since >= expected.since && since < expected.until) {
        const gap = elapsed(since, now);
        const isOver = isServed || now >= expected.until;
        if (isOver && gap > GAP + 2 * plan.delay) {
          complain(`nobody served ${vip} for ${toMillis(gap)} ms of a planned stop`);
          this.#handOver = undefined;
        }
      }
      if (isServed) this.#unservedSince.delete(vip);
    }
  }

  #judgeClaim(node: SimNode, vip: IpAddress): void {
    const { plan, nodes, statusOf, isExcused, isDeaf, complain, world } = this.#sight;
    if (isExcused() || plan.grouped || plan.nodes.some(({ ownsAddress }) => ownsAddress)) return;
    const wokeAt = this.#wokeAt.get(node);
    const listening = (downTimerAdvertsOf(plan) + 1) * longestInterval(plan);
    if (wokeAt !== undefined && elapsed(wokeAt, world.now()) < listening) return;
    const own = statusOf(node)[0]?.effectivePriority ?? 0;
    for (const other of nodes) {
      const advert = this.#adverts.get(other);
      if (other === node || advert === undefined || isDeaf(other) || !other.serves(vip)) continue;
      if (statusOf(other)[0]?.state !== "MASTER") continue;
      const age = elapsed(advert.worldAt, world.now());
      const since = this.#addedAt.get(`${other.name} ${vip}`) ?? instant(0);
      // It has just claimed itself, or has been late.
      const isNew = elapsed(since, world.now()) < PATIENCE + 2 * plan.delay;
      if (isNew || age > intervalOf(plan, other.name) + PATIENCE) continue;
      const started = elapsed(this.#startedAt.get(node) ?? instant(0), world.now());
      const mayPreempt = plan.preemptMode && own > advert.priority && started >= plan.preemptDelay;
      if (mayPreempt) continue;
      complain(`${node.name} (priority ${own}) took over from ${other.name} (${advert.priority}), which adverts`);
    }
  }

  #judgeLifetime(node: SimNode, record: AddressChange["record"]): void {
    const { plan, complain, isUnheard } = this.#sight;
    // What it tried to send counts.
    if (isUnheard(node)) return;
    const advert = this.#adverts.get(node);
    const interval = intervalOf(plan, node.name);
    const [lifetime, adverts] = [record.validLifetime, downTimerAdvertsOf(plan)];
    if (advert === undefined || lifetime === "forever" || !leaseSeconds(adverts, interval).coversProtocol) return;
    const end = elapsed(advert.at, node.machine.monotonic()) + seconds(lifetime) + kernelLateness(seconds(lifetime));
    if (end <= adverts * interval + millis(2)) return;
    complain(
      `${node.name}: ${record.address} was given ${lifetime} s that end ${end / 1_000} ms after the last advert`,
    );
  }

  #hasHeldSince(node: SimNode, at: Instant): boolean {
    return this.#sight.vips().some((vip) => {
      const addedAt = this.#addedAt.get(`${node.name} ${vip}`);
      return node.kernel.addresses.ownerOf(vip) === "holdfast" && addedAt !== undefined && addedAt <= at;
    });
  }

  #windowOf({ name }: SimNode): number {
    const { plan } = this.#sight;
    const settings = { advertisementInterval: intervalOf(plan, name), downTimerAdverts: downTimerAdvertsOf(plan) };
    return trustWindow({ version: plan.version, ...settings, strongestBackup: 255 });
  }
}

interface Advert {
  /** By the node's own clock. */
  readonly at: Instant;
  readonly worldAt: Instant;
  readonly priority: number;
}

/** How long after a planned stop nothing else may go wrong, so that it is judged. */
export const QUIET = seconds(4);
/**
 * Between the last packet of one node and the first of the other, at a planned stop. The packet filter counts in ticks, and the
 * weakest backup comes when the hand-over ends.
 */
const GAP = millis(12);
const PATIENCE = millis(60);
