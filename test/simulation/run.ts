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
import type { Configuration } from "../../src/config/model.ts";
import { Invariants } from "./invariants.ts";
import type { Fault, LanName, NodePlan, Plan, PlannedFault } from "./plan.ts";
import { lastTold } from "./last-told.ts";
import { NOTIFY_FIFO } from "./settings.ts";
import { furnish, TRACKED_FILE, TRACKED_PROCESS, tracking, writeGoodNumber } from "./tracker-plan.ts";
import { CHECK, lengthOf, memberConfiguration, recoveryTime, vipsOn } from "./member-configuration.ts";

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

interface Member {
  readonly plan: NodePlan;
  readonly node: SimNode;
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
  readonly #invariants: Invariants;
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
        { name, number, keepsProtocol, filtersPackets, outside },
        {
          world: this.#world,
          lan: this.#lans.first,
          secondLan: plan.grouped ? this.#lans.second : undefined,
          random,
          onLog: (speaker, level, text) => {
            if (level !== "debug") this.#note(speaker.name, text);
            if (text.includes("has only priority")) this.#invariants.notePreemption();
            if (text.includes("handing over VIPs")) this.#invariants.noteHandOver(speaker);
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
        for (const lan of plan.grouped ? (["first", "second"] as const) : (["first"] as const)) {
          for (const vip of vipsOn([lan])) node.addByHand(vip, lengthOf(vip), lan);
        }
      }
      node.kernel.observe((change) => this.#noteChange(node, change));
      return member;
    });
    const nodes = this.#members.map(({ node }) => node);
    this.#invariants = new Invariants(plan, {
      world: this.#world,
      nodes,
      complain: (text) => this.#complain(text),
    });
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
          this.#invariants.look();
        });
        this.#invariants.look();
      });
    }
    if (this.#plan.grouped) this.#keepLookingForUnity();
    this.#world.runFor(this.#plan.healedAt);
    this.#world.runFor(micros(1));
    for (const member of this.#members) if (!member.dead) member.node.start(this.#configurationOf(member));
    this.#note("----", "all faults are over");
    this.#world.runFor(recoveryTime(this.#plan));
    this.#demandHealth();
    const end = this.#complaints.length === 0 ? this.#log.length : this.#firstComplaintAt + LINES_AFTER;
    return { complaints: this.#complaints, log: this.#log.slice(Math.max(0, end - LOG_LINES), end) };
  }

  #keepLookingForUnity(): void {
    const patience = micros(4 * this.#plan.interval + seconds(1));
    for (const { node, grouped, groupedSince } of this.#members) {
      const isOld = groupedSince === 0 || elapsed(groupedSince, this.#world.now()) > patience;
      this.#invariants.lookForUnity(node, grouped && isOld);
    }
    this.#world.after(LOOK_INTERVAL, () => this.#keepLookingForUnity());
  }

  /** Does the damage. @returns what mends it. */
  #inflict({ fault, length, lans: names }: PlannedFault): () => void {
    const lans = names.map((name) => this.#lans[name]);
    switch (fault.kind) {
      case "loss":
      case "delay": {
        const disturbance = this.#invariants.disturb();
        const quality: Partial<Quality> = fault.kind === "loss" ? { lossPermille: fault.permille } : { ...fault };
        for (const lan of lans) lan.quality = { ...lan.quality, ...quality };
        return () => {
          for (const lan of lans) lan.quality = this.#soundQuality;
          disturbance.end();
        };
      }
      case "partition": {
        const disturbance = this.#invariants.disturb();
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
        this.#invariants.noteFailure(node, micros(0));
        node.crash();
        return start;
      case "kill-for-ever":
        this.#invariants.noteFailure(node, micros(0));
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
        this.#invariants.noteFailure(node, length);
        node.stop();
        return () => node.resume();
      case "stall-in-call":
        node.doom(fault.calls, { kind: "stalled", length }, () => {
          this.#note(node.name, "is stalled in the middle of a system call");
          this.#invariants.noteStall(node, length);
          this.#invariants.noteFailure(node, length);
        });
        return () => node.spare();
      case "kill-in-call":
        node.doom(fault.calls, { kind: fault.calls % 2 === 0 ? "killed-before" : "killed-after" }, () => {
          this.#note(node.name, "is killed in the middle of a system call");
          this.#invariants.noteFailure(node, micros(0));
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
        const disturbance = this.#invariants.disturb();
        for (const lan of lans) node.plug(false, lan);
        return () => {
          for (const lan of lans) node.plug(true, lan);
          disturbance.end();
        };
      }
      case "remove-address":
        if (!member.plan.ownsAddress) for (const vip of vipsOn(lans)) node.removeByHand(vip);
        return NOTHING;
      case "flush": {
        if (member.plan.ownsAddress) return NOTHING;
        const disturbance = this.#invariants.disturb();
        node.removeByHand(node.address);
        return () => {
          node.addByHand(node.address, 24);
          disturbance.end();
        };
      }
      case "remove-interface": {
        if (member.plan.ownsAddress) return NOTHING;
        const disturbance = this.#invariants.disturb();
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
        this.#invariants.noteFlush(node);
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
        const disturbance = this.#invariants.disturb();
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
    this.#invariants.noteWake(member.node);
    // Its timers did not run, so up to one look at the clocks may pass until it knows.
    this.#invariants.excuse(millis(300));
    if (kind === "freeze" && member.plan.outsideResolution !== 1) {
      // The known limit: it knows nothing of its freeze, or only of one that its clock can show.
      this.#invariants.excuse(micros(4 * this.#plan.interval + seconds(4)));
    }
  }

  #configurationOf(member: Member): Configuration {
    const plain = memberConfiguration(this.#plan, member);
    return this.#plan.trackers === undefined ? plain : tracking(plain, this.#plan.trackers);
  }

  #demandHealth(): void {
    const alive = this.#members.filter((member) => !member.dead);
    const states = alive.map((member) => ({ member, status: member.node.status()[0] }));
    const masters = states.filter(({ status }) => status?.state === "MASTER");
    const vips = vipsOn(this.#plan.grouped ? ["first", "second"] : ["first"]);
    const words = states.map(({ member, status }) => `${member.node.name}=${status?.state ?? "not running"}`).join(" ");
    if (masters.length !== 1) return this.#complain(`after healing there are ${masters.length} masters: ${words}`);
    const strongest = Math.max(...states.map(({ status }) => status?.effectivePriority ?? 0));
    const [master] = masters;
    if (this.#plan.preemptMode && master?.status?.effectivePriority !== strongest) {
      this.#complain(`after healing the master is not the strongest: ${words}`);
    }
    for (const { node } of alive) this.#demandTold(node);
    for (const { member, status } of states) {
      if (status?.state !== "MASTER" && status?.state !== "BACKUP") this.#complain(`after healing: ${words}`);
      for (const vip of vips) this.#demandHolding(member, vip, status?.state === "MASTER");
    }
    for (const member of this.#members.filter(({ dead }) => dead)) {
      for (const vip of vips) this.#demandHolding(member, vip, false);
    }
  }

  /** What was told last is what is, of every instance and every group. */
  #demandTold(node: SimNode): void {
    const told = lastTold(node.fifos.read(NOTIFY_FIFO));
    for (const { name, state } of node.status()) {
      const last = told.get(`INSTANCE "${name}"`);
      if (last !== state)
        this.#complain(`${node.name} has ${name} in ${state}, but has told ${last ?? "nothing"} last`);
    }
  }

  #demandHolding({ plan, node }: Member, vip: Member["node"]["address"], wanted: boolean): void {
    const has = node.kernel.addresses.has(vip);
    if (has === (wanted || plan.ownsAddress)) return;
    this.#complain(`${node.name} ${has ? "has" : "does not have"} ${vip} but is ${wanted ? "" : "not "}master`);
  }

  #member(name: string): Member {
    const found = this.#members.find(({ node }) => node.name === name);
    if (found === undefined) throw new RangeError(`There is no node ${name}`);
    return found;
  }

  #noteFrame(name: string, frame: Frame): void {
    if (frame.kind === "arp") return;
    const { message } = frame.packet;
    this.#note(name, `advert, priority ${message[2] ?? 0}`);
    this.#invariants.noteAdvert(this.#member(name).node);
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
