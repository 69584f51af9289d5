import { familyOf, type IpAddress } from "../../src/base/address.ts";
import {
  elapsed,
  instant,
  micros,
  millis,
  seconds,
  toSeconds,
  type Instant,
  type Micros,
} from "../../src/base/time.ts";
import { SimNode } from "../../src/sim/node.ts";
import { formatRecord, type AddressChange } from "../../src/sim/address-book.ts";
import { Lan, type Frame, type Quality } from "../../src/sim/lan.ts";
import { World } from "../../src/sim/world.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import { demandHealth, demandTold, type FinalMember } from "./health.ts";
import { Invariants } from "./invariants.ts";
import type { Fault, LanName, Plan, PlannedFault } from "./plan.ts";
import { furnish, TRACKED_FILE, TRACKED_PROCESS, tracking, writeGoodNumber } from "./tracker-plan.ts";
import { CHECK, memberConfiguration, recoveryTime } from "./member-configuration.ts";
import { addressesOf, lengthOf, routersOf } from "./routers.ts";

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

interface Member extends FinalMember {
  priority: number;
  scriptWorks: boolean;
  grouped: boolean;
  /** A group that a reload makes of members in different states needs a while. */
  groupedSince: Instant;
  dead: boolean;
}

class Run {
  readonly #plan: Plan;
  readonly #world = new World();
  readonly #lans: Readonly<Record<LanName, Lan>>;
  readonly #soundQuality: Quality;
  readonly #members: readonly Member[];
  /** One for each virtual router, or for those of the sync group. */
  readonly #invariants: readonly Invariants[];
  readonly #complaints: string[] = [];
  readonly #log: string[] = [];
  #firstComplaintAt = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    const random = seededRandom(plan.seed ^ 0x5eed);
    const quality: Quality = {
      delay: micros(plan.delay / 2),
      jitter: micros(plan.delay / 2),
      lossPermille: 0,
      duplicationPermille: 0,
    };
    this.#soundQuality = quality;
    const secondRandom = seededRandom(plan.seed ^ 0x2eed);
    this.#lans = {
      first: new Lan(quality, { world: this.#world, random }),
      second: new Lan(quality, { world: this.#world, random: secondRandom }),
    };
    this.#members = plan.nodes.map((planned) => {
      const { name, number, keepsProtocol, filtersPackets, outsideResolution } = planned;
      const outside = outsideResolution === 0 ? undefined : { resolutionMicros: outsideResolution };
      const node = new SimNode(
        { name, number, keepsProtocol, filtersPackets, outside, hasIpv6: plan.families.includes("ipv6") },
        {
          world: this.#world,
          lan: this.#lans.first,
          secondLan: plan.grouped ? this.#lans.second : undefined,
          random,
          onLog: (speaker, level, text) => {
            if (level !== "debug") this.#note(speaker.name, text);
            if (text.includes("has only priority")) this.#watch((rules) => rules.notePreemption());
            if (text.includes("handing over VIPs")) this.#watch((rules) => rules.noteHandOver(speaker));
          },
        },
      );
      const { priority } = planned;
      const { grouped } = plan;
      const groupedSince = instant(0);
      const member = { plan: planned, node, priority, scriptWorks: true, grouped, groupedSince, dead: false };
      node.installCheck(CHECK, () => member.scriptWorks);
      if (plan.trackers !== undefined) furnish(node, plan.trackers);
      if (planned.ownsAddress) {
        for (const router of routersOf(plan)) {
          for (const vip of addressesOf(router)) node.addByHand(vip, lengthOf(vip), router.lan);
        }
      }
      node.kernel.observe((change) => this.#noteChange(node, change));
      return member;
    });
    const nodes = this.#members.map(({ node }) => node);
    const dependencies = { world: this.#world, nodes, complain: (text: string): void => this.#complain(text) };
    const routers = routersOf(plan);
    const together = plan.grouped ? [routers] : routers.map((router) => [router]);
    this.#invariants = together.map((those) => new Invariants(those, plan, dependencies));
    for (const lan of Object.values(this.#lans)) {
      lan.observe((station, frame) => this.#noteFrame(station.name, frame));
    }
  }

  go(): Outcome {
    for (const member of this.#members) {
      this.#world.after(member.plan.startsAt, () => {
        if (!member.dead) member.node.start(this.#configurationOf(member));
      });
    }
    for (const planned of this.#plan.faults) {
      const { at, length, fault } = planned;
      this.#world.after(at, () => {
        const where = this.#plan.grouped ? ` (${planned.lans.join(" and ")})` : "";
        this.#note("----", `${JSON.stringify(fault)} for ${toSeconds(length)} s${where}`);
        const mend = this.#inflict(planned);
        this.#world.after(length, () => {
          this.#note("----", `${fault.kind} is over`);
          mend();
          this.#watch((rules) => rules.look());
        });
        this.#watch((rules) => rules.look());
      });
    }
    if (this.#plan.grouped) this.#keepLookingForUnity();
    this.#world.runFor(this.#plan.healedAt);
    this.#world.runFor(micros(1));
    for (const member of this.#members) if (!member.dead) member.node.start(this.#configurationOf(member));
    this.#note("----", "all faults are over");
    this.#world.runFor(recoveryTime(this.#plan));
    const complain = (text: string): void => this.#complain(text);
    this.#watch((rules) => demandHealth(this.#plan, this.#members, rules, complain));
    demandTold(this.#members, complain);
    const end = this.#complaints.length === 0 ? this.#log.length : this.#firstComplaintAt + LINES_AFTER;
    return { complaints: this.#complaints, log: this.#log.slice(Math.max(0, end - LOG_LINES), end) };
  }

  #keepLookingForUnity(): void {
    const patience = micros(4 * this.#plan.interval + seconds(1));
    for (const { node, grouped, groupedSince } of this.#members) {
      const isOld = groupedSince === 0 || elapsed(groupedSince, this.#world.now()) > patience;
      this.#watch((rules) => rules.lookForUnity(node, grouped && isOld));
    }
    this.#world.after(LOOK_INTERVAL, () => this.#keepLookingForUnity());
  }

  /** Does the damage. @returns what mends it. */
  #inflict({ fault, length, lans: names }: PlannedFault): () => void {
    const lans = names.map((name) => this.#lans[name]);
    switch (fault.kind) {
      case "loss":
      case "delay": {
        const disturbance = this.#disturb();
        const quality: Partial<Quality> = fault.kind === "loss" ? { lossPermille: fault.permille } : { ...fault };
        for (const lan of lans) lan.quality = { ...lan.quality, ...quality };
        return () => {
          for (const lan of lans) lan.quality = this.#soundQuality;
          disturbance.end();
        };
      }
      case "partition": {
        const disturbance = this.#disturb();
        for (const lan of lans) {
          lan.cut(fault.from, fault.to);
          if (!fault.oneWay) lan.cut(fault.to, fault.from);
        }
        return () => {
          for (const lan of lans) lan.mend();
          disturbance.end();
        };
      }
      default:
        return this.#inflictOn(this.#member(fault.node), fault, length, names);
    }
  }

  #inflictOn(
    member: Member,
    fault: Extract<Fault, { readonly node: string }>,
    length: Micros,
    lans: readonly LanName[],
  ): () => void {
    const { node } = member;
    const start = (): void => {
      if (!member.dead) node.start(this.#configurationOf(member));
    };
    switch (fault.kind) {
      case "crash":
        this.#watch((rules) => rules.noteFailure(node, micros(0)));
        node.crash();
        return start;
      case "kill-for-ever":
        this.#watch((rules) => rules.noteFailure(node, micros(0)));
        node.crash();
        member.dead = true;
        return NOTHING;
      case "restart":
        node.shutDown();
        return () => {
          // A stop may take a while; whoever waits for it in vain kills it.
          node.crash();
          start();
        };
      case "pause":
        this.#watch((rules) => rules.noteFailure(node, length));
        node.stop();
        return () => node.resume();
      case "stall-in-call":
        node.doom(fault.calls, { kind: "stalled", length }, () => {
          this.#note(node.name, "is stalled in the middle of a system call");
          this.#watch((rules) => rules.noteStall(node, length));
          this.#watch((rules) => rules.noteFailure(node, length));
        });
        return () => node.spare();
      case "kill-in-call":
        node.doom(fault.calls, { kind: fault.calls % 2 === 0 ? "killed-before" : "killed-after" }, () => {
          this.#note(node.name, "is killed in the middle of a system call");
          this.#watch((rules) => rules.noteFailure(node, micros(0)));
        });
        return () => {
          node.spare();
          start();
        };
      case "suspend":
      case "freeze":
        node.stand(fault.kind === "suspend" ? "suspended" : "frozen");
        return () => this.#wake(member, fault.kind);
      case "unplug": {
        const disturbance = this.#disturb();
        for (const lan of lans) node.plug(false, lan);
        return () => {
          for (const lan of lans) node.plug(true, lan);
          disturbance.end();
        };
      }
      case "remove-address":
        if (!member.plan.ownsAddress) for (const vip of this.#vipsOn(lans)) node.removeByHand(vip);
        return NOTHING;
      case "flush": {
        if (member.plan.ownsAddress) return NOTHING;
        const disturbance = this.#disturb();
        node.removeOwnAddresses();
        return () => {
          node.addOwnAddresses();
          disturbance.end();
        };
      }
      case "remove-interface": {
        if (member.plan.ownsAddress) return NOTHING;
        const disturbance = this.#disturb();
        node.removeInterface();
        return () => {
          node.createInterface();
          disturbance.end();
        };
      }
      case "script-fails":
        member.scriptWorks = false;
        return () => {
          member.scriptWorks = true;
        };
      case "number-written":
        node.trackedFiles.write(TRACKED_FILE, `${fault.value}\n`);
        return () => {
          if (this.#plan.trackers !== undefined) writeGoodNumber(node, this.#plan.trackers);
        };
      case "process-dies":
        node.others.end(TRACKED_PROCESS);
        return () => void node.others.launch(TRACKED_PROCESS);
      case "disk-full":
        node.files.full = true;
        return () => {
          node.files.full = false;
        };
      case "flush-filter":
        this.#watch((rules) => rules.noteFlush(node));
        node.packetFilter.flush();
        return NOTHING;
      case "overrun":
        node.kernel.overrun();
        return NOTHING;
      case "reload":
        if (!member.plan.ownsAddress) member.priority = fault.priority;
        node.reload(this.#configurationOf(member));
        return NOTHING;
      case "ungroup": {
        const disturbance = this.#disturb();
        member.grouped = false;
        node.reload(this.#configurationOf(member));
        return () => {
          member.grouped = true;
          member.groupedSince = this.#world.now();
          node.reload(this.#configurationOf(member));
          disturbance.end();
        };
      }
    }
  }

  #wake(member: Member, kind: "suspend" | "freeze"): void {
    member.node.wake();
    this.#watch((rules) => rules.noteWake(member.node));
    // Its timers did not run, so up to one look at the clocks may pass until it knows.
    this.#watch((rules) => rules.excuse(millis(300)));
    if (kind === "freeze" && member.plan.outsideResolution !== 1) {
      // The known limit: it knows nothing of its freeze, or only of one that its clock can show.
      this.#watch((rules) => rules.excuse(micros(4 * this.#plan.interval + seconds(4))));
    }
  }

  #configurationOf(member: Member): Configuration {
    const plain = memberConfiguration(this.#plan, member);
    return this.#plan.trackers === undefined ? plain : tracking(plain, this.#plan.trackers);
  }

  #member(name: string): Member {
    const found = this.#members.find(({ node }) => node.name === name);
    if (found === undefined) throw new RangeError(`There is no node ${name}`);
    return found;
  }

  #noteFrame(name: string, frame: Frame): void {
    if (frame.kind !== "vrrp") return;
    const { message, source } = frame.packet;
    const { node } = this.#member(name);
    this.#note(name, `${familyOf(source)} advert, priority ${message[2] ?? 0}`);
    for (const rules of this.#invariants) {
      if (rules.routers.some(({ family }) => family === familyOf(source))) rules.noteAdvert(node);
    }
    // The kernel's own address, never a VIP.
    if (familyOf(source) === "ipv6" && !/^fe80::[12]:[123]$/.test(source)) {
      this.#complain(`${name} sent an advert from ${source}`);
    }
  }

  #watch(look: (rules: Invariants) => void): void {
    for (const rules of this.#invariants) look(rules);
  }

  #disturb(): { end(): void } {
    const disturbances = this.#invariants.map((rules) => rules.disturb());
    return {
      end: () => {
        for (const disturbance of disturbances) disturbance.end();
      },
    };
  }

  #vipsOn(lans: readonly LanName[]): readonly IpAddress[] {
    return routersOf(this.#plan)
      .filter(({ lan }) => lans.includes(lan))
      .flatMap(addressesOf);
  }

  #noteChange(node: SimNode, change: AddressChange): void {
    if (change.kind !== "renewed")
      this.#note(node.name, `${formatRecord(change.record)} ${change.kind} by ${change.by}`);
  }

  #complain(text: string): void {
    if (this.#complaints.length === 0) this.#firstComplaintAt = this.#log.length;
    this.#note("!!!!", text);
    this.#complaints.push(text);
  }

  #note(who: string, text: string): void {
    this.#log.push(`${toSeconds(micros(this.#world.now())).toFixed(6).padStart(11)} ${who.padEnd(4)} ${text}`);
  }
}

const LOOK_INTERVAL = millis(70);
const LOG_LINES = 80;
const LINES_AFTER = 5;
const NOTHING = (): void => undefined;
