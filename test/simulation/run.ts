import { micros, millis, seconds, toSeconds, type Micros } from "../../src/base/time.ts";
import { nodeAddress, SimNode } from "../../src/sim/node.ts";
import { formatRecord, type AddressChange } from "../../src/sim/address-book.ts";
import { Lan, type Frame, type Quality } from "../../src/sim/lan.ts";
import { World } from "../../src/sim/world.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { Configuration, Transport } from "../../src/config/model.ts";
import { Invariants, VIPS } from "./invariants.ts";
import type { Fault, NodePlan, Plan } from "./plan.ts";
import { checkScript, configuration, instance, virtualAddress, VRRP_GROUP } from "./settings.ts";

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
  dead: boolean;
}

class Run {
  readonly #plan: Plan;
  readonly #world = new World();
  readonly #lan: Lan;
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
    this.#lan = new Lan(quality, { world: this.#world, random });
    this.#members = plan.nodes.map((planned) => {
      const { name, number, keepsProtocol, outsideResolution } = planned;
      const outside = outsideResolution === 0 ? undefined : { resolutionMicros: outsideResolution };
      const node = new SimNode(
        { name, number, keepsProtocol, outside },
        {
          world: this.#world,
          lan: this.#lan,
          random,
          onLog: (speaker, level, text) => {
            if (level !== "debug") this.#note(speaker.name, text);
            if (text.includes("has only priority")) this.#invariants.notePreemption();
          },
        },
      );
      const member: Member = { plan: planned, node, priority: planned.priority, scriptWorks: true, dead: false };
      node.installCheck(CHECK, () => member.scriptWorks);
      if (planned.ownsAddress) for (const vip of VIPS) node.addByHand(vip, lengthOf(vip));
      node.kernel.observe((change) => this.#noteChange(node, change));
      return member;
    });
    const nodes = this.#members.map(({ node }) => node);
    this.#invariants = new Invariants(plan, {
      world: this.#world,
      nodes,
      complain: (text) => this.#complain(text),
    });
    this.#lan.observe((station, frame) => this.#noteFrame(station.name, frame));
  }

  go(): Outcome {
    for (const member of this.#members) {
      this.#world.after(member.plan.startsAt, () => {
        if (!member.dead) member.node.start(this.#configurationOf(member));
      });
    }
    for (const { at, length, fault } of this.#plan.faults) {
      this.#world.after(at, () => {
        this.#note("----", `${JSON.stringify(fault)} for ${toSeconds(length)} s`);
        const mend = this.#inflict(fault, length);
        this.#world.after(length, () => {
          this.#note("----", `${fault.kind} is over`);
          mend();
          this.#invariants.look();
        });
        this.#invariants.look();
      });
    }
    this.#world.runFor(this.#plan.healedAt);
    this.#world.runFor(micros(1));
    for (const member of this.#members) if (!member.dead) member.node.start(this.#configurationOf(member));
    this.#note("----", "all faults are over");
    this.#world.runFor(this.#recoveryTime());
    this.#demandHealth();
    const end = this.#complaints.length === 0 ? this.#log.length : this.#firstComplaintAt + LINES_AFTER;
    return { complaints: this.#complaints, log: this.#log.slice(Math.max(0, end - LOG_LINES), end) };
  }

  /** Does the damage. @returns what mends it. */
  #inflict(fault: Fault, length: Micros): () => void {
    switch (fault.kind) {
      case "loss":
      case "delay": {
        const disturbance = this.#invariants.disturb();
        const quality: Partial<Quality> = fault.kind === "loss" ? { lossPermille: fault.permille } : { ...fault };
        this.#lan.quality = { ...this.#lan.quality, ...quality };
        return () => {
          this.#lan.quality = this.#soundQuality;
          disturbance.end();
        };
      }
      case "partition": {
        const disturbance = this.#invariants.disturb();
        this.#lan.cut(fault.from, fault.to);
        if (!fault.oneWay) this.#lan.cut(fault.to, fault.from);
        return () => {
          this.#lan.mend();
          disturbance.end();
        };
      }
      default:
        return this.#inflictOn(this.#member(fault.node), fault, length);
    }
  }

  #inflictOn(member: Member, fault: Extract<Fault, { readonly node: string }>, length: Micros): () => void {
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
        node.plug(false);
        return () => {
          node.plug(true);
          disturbance.end();
        };
      }
      case "remove-address":
        if (!member.plan.ownsAddress) for (const vip of VIPS) node.removeByHand(vip);
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
      case "disk-full":
        node.files.full = true;
        return () => {
          node.files.full = false;
        };
      case "overrun":
        node.kernel.overrun();
        return NOTHING;
      case "reload":
        if (!member.plan.ownsAddress) member.priority = fault.priority;
        node.reload(this.#configurationOf(member));
        return NOTHING;
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
    const { version, interval, preemptMode, preemptDelay, scriptWeight } = this.#plan;
    const owner = member.priority === 255;
    return configuration(
      [
        instance({
          version,
          advertisementInterval: interval,
          preemptMode: preemptMode || owner,
          preemptDelay,
          priority: member.priority,
          transport: this.#transportOf(member),
          virtualAddresses: VIPS.map((vip) => virtualAddress(vip, lengthOf(vip))),
          trackScripts: scriptWeight === undefined ? [] : [{ script: "check", weight: scriptWeight, reverse: false }],
        }),
      ],
      scriptWeight === undefined ? [] : [checkScript("check", CHECK, { interval: SCRIPT_INTERVAL, rise: 2, fall: 2 })],
    );
  }

  #transportOf(member: Member): Transport {
    if (this.#plan.transport === "multicast") return { kind: "multicast", group: VRRP_GROUP, source: undefined };
    const others = this.#plan.nodes.filter((planned) => planned.number !== member.plan.number);
    const peers = others.map(({ number }) => ({ address: nodeAddress(number), minTtl: 0, maxTtl: 255 }));
    return {
      kind: "unicast",
      source: nodeAddress(member.plan.number),
      peers,
      ttl: 64,
      checkSource: false,
      oldChecksum: "detect",
    };
  }

  /** Everybody listens anew, the strongest waits out its delay, scripts and repairs take their time. */
  #recoveryTime(): Micros {
    const { interval, preemptDelay } = this.#plan;
    const masterDown = 3 * interval + Math.max(interval, seconds(1));
    return micros(2 * masterDown + preemptDelay + 5 * SCRIPT_INTERVAL + seconds(5));
  }

  #demandHealth(): void {
    const alive = this.#members.filter((member) => !member.dead);
    const states = alive.map((member) => ({ member, status: member.node.status()[0] }));
    const masters = states.filter(({ status }) => status?.state === "MASTER");
    const words = states.map(({ member, status }) => `${member.node.name}=${status?.state ?? "not running"}`).join(" ");
    if (masters.length !== 1) return this.#complain(`after healing there are ${masters.length} masters: ${words}`);
    const strongest = Math.max(...states.map(({ status }) => status?.effectivePriority ?? 0));
    const [master] = masters;
    if (this.#plan.preemptMode && master?.status?.effectivePriority !== strongest) {
      this.#complain(`after healing the master is not the strongest: ${words}`);
    }
    for (const { member, status } of states) {
      if (status?.state !== "MASTER" && status?.state !== "BACKUP") this.#complain(`after healing: ${words}`);
      for (const vip of VIPS) this.#demandHolding(member, vip, status?.state === "MASTER");
    }
    for (const member of this.#members.filter(({ dead }) => dead)) {
      for (const vip of VIPS) this.#demandHolding(member, vip, false);
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

function lengthOf(vip: Member["node"]["address"]): number {
  return vip.startsWith("10.0.0.") ? 24 : 32;
}

const CHECK = "/usr/local/bin/check";
const SCRIPT_INTERVAL = seconds(1);
const LOG_LINES = 80;
const LINES_AFTER = 5;
const NOTHING = (): void => undefined;
