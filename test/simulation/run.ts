import { familyOf, type IpAddress } from "../../src/base/address.ts";
import { after, elapsed, instant, micros, millis, seconds, toSeconds, type Instant } from "../../src/base/time.ts";
import { formatRecord, type AddressChange } from "../../src/sim/address-book.ts";
import type { Frame } from "../../src/sim/lan.ts";
import type { SimNode } from "../../src/sim/node.ts";
import { AUTHENTICATION_HEADER_LENGTH } from "../../src/wire/authentication-header.ts";
import { Client } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { QUIET } from "./conduct.ts";
import { Damage } from "./damage.ts";
import { demandBelief, demandHealth, demandSessions } from "./health.ts";
import { Inspection } from "./inspection.ts";
import { recoveryTime } from "./member-configuration.ts";
import type { Plan } from "./plan.ts";
import { Told } from "./told.ts";

/** What a run brought to light; no complaints: all is well. */
export interface Outcome {
  readonly complaints: readonly string[];
  /** One line per event, the last ones. */
  readonly log: readonly string[];
}

/** Breaks a cluster as planned, heals it, and demands that it is whole again in time. */
export function run(plan: Plan): Outcome {
  return new Run(plan).go();
}

class Run {
  readonly #plan: Plan;
  readonly #cluster: Cluster;
  readonly #damage: Damage;
  readonly #complaints: string[] = [];
  readonly #log: (() => string)[] = [];
  readonly #client = new Client();
  readonly #told: Told;
  readonly #inspection: Inspection;
  /** By node and address. */
  readonly #removedAt = new Map<string, Instant>();
  #firstComplaintAt = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#cluster = new Cluster(plan, {
      onLog: (speaker, level, text) => {
        if (level !== "debug") this.#note(speaker.name, () => text);
        if (text.includes("has only priority")) this.#cluster.watch((rules) => rules.notePreemption());
        if (text.includes("Entering MASTER STATE")) this.#cluster.watch((rules) => rules.noteClaim(speaker));
        if (text.includes("handing over VIPs")) this.#cluster.watch((rules) => rules.noteHandOver(speaker));
      },
      complain: (text) => this.#complain(text),
      onStart: (node) => {
        this.#told.noteStart(node);
        this.#cluster.watch((rules) => rules.conduct.noteStart(node));
      },
    });
    const complain = (text: string): void => this.#complain(text);
    this.#told = new Told(complain);
    this.#inspection = new Inspection(this.#cluster, this.#told, complain);
    this.#damage = new Damage(this.#cluster, (who, text) => this.#note(who, () => text), complain);
    for (const { node } of this.#cluster.members) node.kernel.observe((change) => this.#noteChange(node, change));
    for (const lan of Object.values(this.#cluster.lans)) {
      lan.observe((station, frame) => {
        this.#client.hear(station, frame, this.#cluster.world.now());
        this.#noteFrame(station.name, frame);
      });
    }
  }

  go(): Outcome {
    const { world, members, gateway } = this.#cluster;
    gateway?.start();
    for (const member of members) world.after(member.plan.startsAt, () => this.#cluster.start(member));
    for (const planned of this.#plan.faults) {
      const { at, length, fault } = planned;
      world.after(at, () => {
        const where = this.#plan.grouped ? ` (${planned.lans.join(" and ")})` : "";
        this.#note("----", () => `${JSON.stringify(fault)} for ${toSeconds(length)} s${where}`);
        const mend = this.#damage.inflict(planned);
        world.after(length, () => {
          this.#note("----", () => `${fault.kind} is over`);
          mend();
          this.#cluster.watch((rules) => rules.look());
        });
        this.#cluster.watch((rules) => rules.look());
      });
    }
    this.#keepLooking();
    world.runFor(this.#plan.healedAt);
    world.runFor(micros(1));
    for (const member of members) this.#cluster.start(member);
    gateway?.start();
    this.#note("----", () => "all faults are over");
    this.#recover();
    for (const text of this.#symptoms()) this.#complain(text);
    if (this.#complaints.length === 0) this.#stopMaster();
    const end = this.#complaints.length === 0 ? 0 : this.#firstComplaintAt + LINES_AFTER;
    const lines = this.#log.slice(Math.max(0, end - LOG_LINES), end).map((line) => line());
    return { complaints: this.#complaints, log: lines };
  }

  /** Until all is well, and has been for a while; at most as long as it may take. */
  #recover(): void {
    const { world } = this.#cluster;
    const end = after(world.now(), recoveryTime(this.#plan));
    for (let calm = 0; calm < CALM && world.now() < end;) {
      world.runFor(seconds(1));
      calm = this.#symptoms().length === 0 ? calm + 1 : 0;
    }
  }

  /** When all is well: a master is stopped as planned, and nobody who asks for the addresses is to notice. */
  #stopMaster(): void {
    const { world, members, invariants, lans, soundQuality } = this.#cluster;
    const master = members.find(({ node }) => node.status().some(({ state }) => state === "MASTER"));
    // Two holders are excused until then.
    const calmAt = Math.max(world.now(), ...invariants.map((rules) => rules.excusedUntil));
    if (master === undefined) return;
    world.runUntil(instant(calmAt));
    // A farewell that overtakes the advert before it would be taken back.
    for (const lan of Object.values(lans)) lan.quality = { ...soundQuality, jitter: micros(0) };
    world.runFor(soundQuality.jitter);
    this.#note("----", () => `${master.node.name} is stopped`);
    this.#cluster.watch((rules) => rules.conduct.expectHandOver(master.node));
    master.node.shutDown();
    world.runFor(QUIET);
  }

  /** What is not well at this moment, and has to be in the end. */
  #symptoms(): readonly string[] {
    const { members } = this.#cluster;
    const found: string[] = [];
    const complain = (text: string): void => void found.push(text);
    const beliefs = this.#client.beliefs();
    this.#cluster.watch((rules) => {
      demandHealth(this.#plan, members, rules, complain);
      demandBelief(this.#plan, members, rules, beliefs, complain);
    });
    demandSessions(members, complain);
    return found;
  }

  #keepLooking(): void {
    const { world } = this.#cluster;
    this.#inspection.look();
    if (this.#plan.grouped) this.#lookForUnity();
    world.after(LOOK_INTERVAL, () => this.#keepLooking());
  }

  #lookForUnity(): void {
    const { world, members } = this.#cluster;
    const patience = micros(4 * this.#plan.interval + seconds(1));
    for (const { node, grouped, groupedSince } of members) {
      const isOld = groupedSince === 0 || elapsed(groupedSince, world.now()) > patience;
      this.#cluster.watch((rules) => rules.lookForUnity(node, grouped && isOld));
    }
  }

  #noteFrame(name: string, frame: Frame): void {
    if (frame.kind !== "vrrp") return;
    const { message, source } = frame.packet;
    const start = frame.authenticationHeader ? AUTHENTICATION_HEADER_LENGTH : 0;
    const [vrid = 0, priority = 0] = message.subarray(start + 1, start + 3);
    const { node } = this.#cluster.member(name);
    const family = familyOf(source);
    this.#note(name, () => `${family} advert of ${vrid}, priority ${priority}`);
    for (const rules of this.#cluster.invariants) {
      if (rules.routers.some((router) => router.family === family && router.vrid === vrid))
        rules.noteAdvert(node, priority);
    }
    // The kernel's own address, never a VIP.
    if (family === "ipv6" && !/^fe80::[12]:[123]$/.test(source))
      this.#complain(`${name} sent an advert from ${source}`);
  }

  #noteChange(node: SimNode, change: AddressChange): void {
    if (change.kind === "renewed") return;
    this.#note(node.name, () => `${formatRecord(change.record)} ${change.kind} by ${change.by}`);
    if (change.kind === "removed")
      this.#removedAt.set(`${node.name} ${change.record.address}`, this.#cluster.world.now());
    if (change.kind === "added" && change.by === "holdfast") this.#expectAnnouncement(node, change.record.address);
  }

  /** Whoever comes with an address announces it, while hosts and switches still believe another. */
  #expectAnnouncement(node: SimNode, address: IpAddress): void {
    const { world, invariants } = this.#cluster;
    const since = world.now();
    const isPaced = this.#plan.traits?.paced === true;
    let isUndisturbed = true;
    const look = (): void => {
      const isDeaf = invariants.some((rules) => rules.isDeaf(node));
      isUndisturbed &&= !isDeaf && node.serves(address);
    };
    for (const part of [0, 1, 2, 3]) world.after(micros((part * ANNOUNCING) / 3), look);
    world.after(micros(isPaced ? PACED_ANNOUNCING : ANNOUNCING), () => {
      look();
      const removedAt = this.#removedAt.get(`${node.name} ${address}`);
      if (removedAt !== undefined && removedAt >= since) return;
      if (!isUndisturbed || this.#client.hasHeard(node.name, address, since)) return;
      this.#complain(`${node.name} has not announced ${address}`);
    });
  }

  #complain(text: string): void {
    if (this.#complaints.length === 0) this.#firstComplaintAt = this.#log.length;
    this.#note("!!!!", () => text);
    this.#complaints.push(text);
  }

  /** The words are made only where somebody reads them. */
  #note(who: string, text: () => string): void {
    const at = toSeconds(micros(this.#cluster.world.now()));
    this.#log.push(() => `${at.toFixed(6).padStart(11)} ${who.padEnd(4)} ${text()}`);
  }
}

/** In seconds. */
const CALM = 3;
const LOOK_INTERVAL = millis(170);
/** From the first moment to the announcement; the latter with `vrrp_garp_interval`. */
const ANNOUNCING = millis(3);
const PACED_ANNOUNCING = seconds(2);
const LOG_LINES = 80;
const LINES_AFTER = 5;
