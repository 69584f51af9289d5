import type { IpAddress } from "../../src/base/address.ts";
import { seededRandom, type Random } from "../../src/base/random.ts";
import { instant, micros, type Instant } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { LogLevel } from "../../src/ports/log.ts";
import { Lan, type Quality } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { UdpExchange } from "../../src/sim/sim-udp.ts";
import { World } from "../../src/sim/world.ts";
import { Gateway } from "./gateway.ts";
import type { FinalMember } from "./health.ts";
import { Invariants } from "./invariants.ts";
import { CHECK, memberConfiguration } from "./member-configuration.ts";
import type { LanName, NodePlan, Plan } from "./plan.ts";
import { addressesOf, lengthOf, routersOf } from "./routers.ts";
import { furnish } from "./tracker-plan.ts";
import { TRACKED_INTERFACE } from "./trait-configuration.ts";
import type { Habits } from "./traits.ts";

/** A node with what faults and reloads have made of its configuration. */
export interface Member extends FinalMember {
  priority: number;
  scriptWorks: boolean;
  grouped: boolean;
  /** A group that a reload makes of members in different states needs a while. */
  groupedSince: Instant;
  dead: boolean;
  habits: Habits;
  moved: boolean;
}

/** Who hears of what goes on. */
export interface ClusterEars {
  readonly onLog: (node: SimNode, level: LogLevel, text: string) => void;
  readonly complain: (text: string) => void;
  /** A vrrp process is about to be started. */
  readonly onStart: (node: SimNode) => void;
}

/** The nodes of a plan on their LANs, and the eyes that watch them. Nothing runs yet. */
export class Cluster {
  readonly plan: Plan;
  readonly world = new World();
  readonly lans: Readonly<Record<LanName, Lan>>;
  readonly soundQuality: Quality;
  readonly members: readonly Member[];
  /** Where there are BFD sessions. */
  readonly gateway: Gateway | undefined;
  /** One for each virtual router, or for those of the sync group. */
  readonly invariants: readonly Invariants[];
  /** Of a pair of virtual routers, the second one has an address of the first, or is about to. */
  moved = false;
  readonly #onStart: (node: SimNode) => void;

  constructor(plan: Plan, ears: ClusterEars) {
    this.plan = plan;
    this.#onStart = ears.onStart;
    const { world } = this;
    const random = seededRandom(plan.seed ^ 0x5eed);
    const quality: Quality = {
      delay: micros(plan.delay / 2),
      jitter: micros(plan.delay / 2),
      lossPermille: 0,
      duplicationPermille: 0,
    };
    this.soundQuality = quality;
    const secondRandom = seededRandom(plan.seed ^ 0x2eed);
    this.lans = {
      first: new Lan(quality, { world, random }),
      second: new Lan(quality, { world, random: secondRandom }),
    };
    const exchange = this.#exchangeFor(seededRandom(plan.seed ^ 0xbfd));
    this.members = plan.nodes.map((planned) => this.#memberOf(planned, random, exchange, ears));
    this.gateway = exchange === undefined ? undefined : new Gateway(plan.nodes, { world, random, exchange });
    const dependencies = { world, nodes: this.members.map(({ node }) => node), complain: ears.complain };
    const routers = routersOf(plan);
    const together = plan.grouped ? [routers] : routers.map((router) => [router]);
    this.invariants = together.map((those) => new Invariants(those, plan, dependencies));
  }

  member(name: string): Member {
    const found = this.members.find(({ node }) => node.name === name);
    if (found === undefined) throw new RangeError(`There is no node ${name}`);
    return found;
  }

  configurationOf(member: Member): Configuration {
    return memberConfiguration(this.plan, member);
  }

  /** Both processes, as far as they are not there. */
  start(member: Member, isRestart = false): void {
    if (member.dead) return;
    const configuration = this.configurationOf(member);
    if (!member.node.running) this.#onStart(member.node);
    member.node.start(configuration, isRestart);
    if (configuration.bfd.length > 0) member.node.bfd?.start(configuration);
  }

  reload(member: Member): void {
    member.node.reload(this.configurationOf(member));
  }

  watch(look: (rules: Invariants) => void): void {
    for (const rules of this.invariants) look(rules);
  }

  /** From now on, until it ends, two holders are nobody's fault. */
  disturb(): { end(): void } {
    const disturbances = this.invariants.map((rules) => rules.disturb());
    return {
      end: () => {
        for (const disturbance of disturbances) disturbance.end();
      },
    };
  }

  vipsOn(lans: readonly LanName[]): readonly IpAddress[] {
    return routersOf(this.plan, this.moved)
      .filter(({ lan }) => lans.includes(lan))
      .flatMap(addressesOf);
  }

  /** The eyes follow the addresses. */
  followRouters(): void {
    const routers = routersOf(this.plan, this.moved);
    this.watch((rules) => rules.follow(routers));
  }

  #exchangeFor(random: Random): UdpExchange | undefined {
    if (this.plan.traits?.bfdWeight === undefined) return undefined;
    return new UdpExchange(this.lans.first, { world: this.world, random });
  }

  #memberOf(planned: NodePlan, random: Random, exchange: UdpExchange | undefined, ears: ClusterEars): Member {
    const { plan, world } = this;
    const { name, number, keepsProtocol, filtersPackets, outsideResolution, priority } = planned;
    const outside = outsideResolution === 0 ? undefined : { resolutionMicros: outsideResolution };
    const node = new SimNode(
      { name, number, keepsProtocol, filtersPackets, outside, hasIpv6: plan.families.includes("ipv6") },
      {
        world,
        lan: this.lans.first,
        secondLan: plan.grouped ? this.lans.second : undefined,
        exchange,
        random,
        onLog: ears.onLog,
      },
    );
    const { grouped } = plan;
    const habits = plan.traits ?? PLAIN_HABITS;
    const groupedSince = instant(0);
    const state = { priority, scriptWorks: true, grouped, groupedSince, dead: false, habits, moved: false };
    const member: Member = { plan: planned, node, ...state };
    node.installCheck(CHECK, () => member.scriptWorks);
    if (plan.trackers !== undefined) furnish(node, plan.trackers);
    if (plan.traits?.linkWeight !== undefined) setTrackedInterface(node, true);
    if (planned.ownsAddress) {
      for (const router of routersOf(plan)) {
        for (const vip of addressesOf(router)) node.addByHand(vip, lengthOf(vip), router.lan);
      }
    }
    return member;
  }
}

export function setTrackedInterface(node: SimNode, running: boolean): void {
  node.kernel.setInterface(TRACKED_INDEX, TRACKED_INTERFACE, { up: true, running });
}

/** Far from those that come and go. */
const TRACKED_INDEX = 90;

const PLAIN_HABITS: Habits = {
  accept: true,
  repair: true,
  routed: false,
  answersLowerPriority: true,
  answersHigherPriority: false,
};
