import { micros, seconds, type Micros } from "../../src/base/time.ts";
import type { Quality } from "../../src/sim/lan.ts";
import type { SimNode } from "../../src/sim/node.ts";
import { setTrackedInterface, type Cluster, type Member } from "./cluster.ts";
import { GATEWAY_NAME } from "./gateway.ts";
import type { Fault, LanName, NetworkFault, PlannedFault, ProcessFault, ReloadFault, TrackedFault } from "./plan.ts";
import { isMovable } from "./routers.ts";
import { TRACKED_FILE, TRACKED_PROCESS, writeGoodNumber } from "./tracker-plan.ts";
import { QUIET } from "./conduct.ts";
import { downTimerAdvertsOf, longestInterval } from "./traits.ts";

/** Does the damage that was planned, and tells the eyes of what it excuses. */
export class Damage {
  readonly #cluster: Cluster;
  readonly #note: (who: string, text: string) => void;
  /** Nodes that are master of both virtual routers while an address moves from one to the other. */
  readonly #moving = new Set<SimNode>();

  readonly #refusals: { readonly node: SimNode; readonly lan: LanName }[] = [];
  /** While two or more cannot be heard. */
  #muteness: { end(): void } | undefined;

  constructor(cluster: Cluster, note: (who: string, text: string) => void, complain: (text: string) => void) {
    this.#cluster = cluster;
    this.#note = note;
    for (const { node } of cluster.members) {
      node.kernel.observe(({ kind, record, by }) => {
        if (kind !== "removed" || by !== "holdfast" || !this.#moving.has(node)) return;
        if (isMovable(cluster.plan, record.address)) complain(`${node.name} removed ${record.address} to move it`);
      });
    }
  }

  /** @returns what mends it. */
  inflict({ fault, length, lans: names }: PlannedFault): () => void {
    const { lans, soundQuality } = this.#cluster;
    const struck = names.map((name) => lans[name]);
    switch (fault.kind) {
      case "loss":
      case "delay": {
        const disturbance = this.#cluster.disturb();
        const quality: Partial<Quality> = fault.kind === "loss" ? { lossPermille: fault.permille } : { ...fault };
        for (const lan of struck) lan.quality = { ...lan.quality, ...quality };
        return () => {
          for (const lan of struck) lan.quality = soundQuality;
          disturbance.end();
        };
      }
      case "partition": {
        const disturbance = this.#cluster.disturb();
        for (const lan of struck) {
          lan.cut(fault.from, fault.to);
          if (!fault.oneWay) lan.cut(fault.to, fault.from);
        }
        return () => {
          for (const lan of struck) lan.mend();
          disturbance.end();
        };
      }
      case "gateway-dies":
        this.#cluster.gateway?.bfd.crash();
        return () => this.#cluster.gateway?.start();
      case "move-address":
        return this.#moveAddress(fault.lag);
      default:
        return this.#inflictOn(this.#cluster.member(fault.node), fault, length, names);
    }
  }

  #inflictOn(
    member: Member,
    fault: Extract<Fault, { readonly node: string }>,
    length: Micros,
    lans: readonly LanName[],
  ): () => void {
    switch (fault.kind) {
      case "suspend":
      case "freeze":
        member.node.stand(fault.kind === "suspend" ? "suspended" : "frozen");
        return () => this.#wake(member, member.node.machine.standstill === "frozen" ? "freeze" : "suspend");
      case "unplug":
      case "remove-address":
      case "flush":
      case "remove-interface":
      case "flush-filter":
      case "overrun":
      case "lost-removal":
      case "forbid-adverts":
        return this.#damageNetwork(member, fault.kind, lans);
      case "reload":
      case "refit":
      case "ungroup":
        return this.#reload(member, fault);
      case "script-fails":
      case "number-written":
      case "process-dies":
      case "link-down":
      case "bfd-crash":
      case "bfd-pause":
      case "gateway-cut":
        return this.#damageTracked(member, fault);
      case "disk-full":
        member.node.files.full = true;
        return () => {
          member.node.files.full = false;
        };
      case "set-clock":
        member.node.machine.setWallClock(fault.offMs);
        return () => member.node.machine.setWallClock(0);
      default:
        return this.#damageProcess(member, fault, length);
    }
  }

  #damageProcess(member: Member, fault: ProcessFault, length: Micros): () => void {
    const { node } = member;
    const cluster = this.#cluster;
    const start = (): void => cluster.start(member, true);
    let isOver = false;
    switch (fault.kind) {
      case "crash":
      case "kill-for-ever":
        cluster.watch((rules) => rules.noteFailure(node, micros(0)));
        node.crash();
        if (fault.kind === "crash") return start;
        member.dead = true;
        node.bfd?.crash();
        return NOTHING;
      case "restart":
        if (this.#isQuiet(fault, length)) cluster.watch((rules) => rules.conduct.expectHandOver(node));
        node.shutDown();
        return () => {
          // A stop may take a while; whoever waits for it in vain kills it.
          cluster.watch((rules) => rules.noteFailure(node, micros(0)));
          node.crash();
          cluster.start(member);
        };
      case "stop-killed":
        node.shutDown();
        cluster.world.after(fault.after, () => {
          if (isOver || !node.running) return;
          this.#note(node.name, "is killed while it stops");
          cluster.watch((rules) => rules.noteFailure(node, micros(0)));
          node.crash();
        });
        return () => {
          isOver = true;
          cluster.watch((rules) => rules.noteFailure(node, micros(0)));
          node.crash();
          cluster.start(member);
        };
      case "pause":
        cluster.watch((rules) => rules.noteFailure(node, length));
        node.stop();
        return () => node.resume();
      case "hang":
        cluster.watch((rules) => rules.noteFailure(node, length));
        node.stop();
        return () => {
          node.crash();
          start();
        };
      case "stall-in-call":
        node.doom(fault.calls, { kind: "stalled", length }, () => {
          this.#note(node.name, "is stalled in the middle of a system call");
          cluster.watch((rules) => rules.noteStall(node, length));
          cluster.watch((rules) => rules.noteFailure(node, length));
        });
        return () => node.spare();
      case "kill-in-call":
        node.doom(fault.calls, { kind: fault.calls % 2 === 0 ? "killed-before" : "killed-after" }, () => {
          this.#note(node.name, "is killed in the middle of a system call");
          cluster.watch((rules) => rules.noteFailure(node, micros(0)));
        });
        return () => {
          node.spare();
          start();
        };
    }
  }

  #damageNetwork(member: Member, kind: NetworkFault["kind"], lans: readonly LanName[]): () => void {
    const { node, plan } = member;
    const cluster = this.#cluster;
    switch (kind) {
      case "unplug": {
        const disturbance = cluster.disturb();
        for (const lan of lans) node.plug(false, lan);
        return () => {
          for (const lan of lans) node.plug(true, lan);
          disturbance.end();
        };
      }
      case "remove-address":
        if (!plan.ownsAddress) for (const vip of cluster.vipsOn(lans)) node.removeByHand(vip);
        return NOTHING;
      case "flush": {
        if (plan.ownsAddress) return NOTHING;
        const disturbance = cluster.disturb();
        node.removeOwnAddresses();
        return () => {
          node.addOwnAddresses();
          disturbance.end();
        };
      }
      case "remove-interface": {
        if (plan.ownsAddress) return NOTHING;
        const disturbance = cluster.disturb();
        node.removeInterface();
        return () => {
          node.createInterface();
          disturbance.end();
        };
      }
      case "flush-filter":
        cluster.watch((rules) => rules.noteFlush(node));
        node.packetFilter.flush();
        return NOTHING;
      case "overrun":
        node.kernel.overrun();
        return NOTHING;
      case "lost-removal":
        if (!plan.ownsAddress) for (const vip of cluster.vipsOn(lans)) node.removeByHand(vip);
        node.kernel.overrun();
        return NOTHING;
      case "forbid-adverts":
        return this.#forbidAdverts(node, lans);
    }
  }

  /** Nobody knows of two that cannot be heard; of one alone the others know by their own adverts (ADR 0039). */
  #forbidAdverts(node: SimNode, lans: readonly LanName[]): () => void {
    for (const lan of lans) {
      this.#refusals.push({ node, lan });
      node.forbidAdverts(true, lan);
    }
    const mute = new Set(this.#refusals.map((refusal) => refusal.node));
    if (mute.size > 1) this.#muteness ??= this.#cluster.disturb();
    return () => {
      for (const lan of lans) {
        this.#refusals.splice(
          this.#refusals.findIndex((refusal) => refusal.node === node && refusal.lan === lan),
          1,
        );
        // Another refusal of the same may last.
        const goesOn = this.#refusals.some((refusal) => refusal.node === node && refusal.lan === lan);
        node.forbidAdverts(goesOn, lan);
      }
      if (new Set(this.#refusals.map((refusal) => refusal.node)).size > 1) return;
      this.#muteness?.end();
      this.#muteness = undefined;
    };
  }

  #damageTracked(member: Member, fault: TrackedFault): () => void {
    const { node } = member;
    const { plan, lans } = this.#cluster;
    switch (fault.kind) {
      case "script-fails":
        member.scriptWorks = false;
        return () => {
          member.scriptWorks = true;
        };
      case "number-written":
        node.trackedFiles.write(TRACKED_FILE, `${fault.value}\n`);
        return () => {
          if (plan.trackers !== undefined) writeGoodNumber(node, plan.trackers);
        };
      case "process-dies":
        node.others.end(TRACKED_PROCESS);
        return () => void node.others.launch(TRACKED_PROCESS);
      case "link-down":
        setTrackedInterface(node, false);
        return () => setTrackedInterface(node, true);
      case "bfd-crash":
        node.bfd?.crash();
        return () => this.#cluster.start(member);
      case "bfd-pause":
        node.bfd?.stop();
        return () => node.bfd?.resume();
      case "gateway-cut":
        lans.first.cut(node.name, GATEWAY_NAME);
        lans.first.cut(GATEWAY_NAME, node.name);
        return () => {
          lans.first.mendBetween(node.name, GATEWAY_NAME);
          lans.first.mendBetween(GATEWAY_NAME, node.name);
        };
    }
  }

  #reload(member: Member, fault: ReloadFault): () => void {
    const cluster = this.#cluster;
    switch (fault.kind) {
      case "reload":
        if (!member.plan.ownsAddress) member.priority = fault.priority;
        cluster.reload(member);
        return NOTHING;
      case "refit":
        member.habits = fault.habits;
        cluster.reload(member);
        return NOTHING;
      case "ungroup": {
        const disturbance = cluster.disturb();
        member.grouped = false;
        cluster.reload(member);
        return () => {
          member.grouped = true;
          member.groupedSince = cluster.world.now();
          cluster.reload(member);
          disturbance.end();
        };
      }
    }
  }

  /** Whether nothing else goes wrong from now until a hand-over is over. */
  #isQuiet(fault: Fault, length: Micros): boolean {
    const { plan, world } = this.#cluster;
    const [start, end] = [world.now(), world.now() + QUIET];
    if (length < QUIET) return false;
    return plan.faults.every((other) => other.fault === fault || other.at > end || other.at + other.length < start);
  }

  /** Until all nodes agree whose the address is, two may have it. */
  #moveAddress(lag: Micros): () => void {
    const cluster = this.#cluster;
    const disturbance = cluster.disturb();
    cluster.moved = !cluster.moved;
    cluster.followRouters();
    for (const [index, member] of cluster.members.entries()) {
      cluster.world.after(micros(index * lag), () => {
        // By then perhaps back again.
        member.moved = cluster.moved;
        const { node } = member;
        const isDeaf = cluster.invariants.some((rules) => rules.isDeaf(node));
        // From one interface with a virtual MAC address to the other it cannot but go and come.
        const stays = cluster.plan.traits?.virtualMac === false && !isDeaf;
        if (stays && node.status().every(({ state }) => state === "MASTER")) this.#moving.add(node);
        cluster.reload(member);
        cluster.world.after(RELOADING, () => this.#moving.delete(node));
      });
    }
    cluster.world.after(micros(cluster.members.length * lag), () => disturbance.end());
    return NOTHING;
  }

  #wake(member: Member, kind: "suspend" | "freeze"): void {
    const { plan } = this.#cluster;
    member.node.wake();
    this.#cluster.watch((rules) => rules.noteWake(member.node, kind));
    if (kind === "freeze" && member.plan.outsideResolution !== 1) {
      // The known limit: it knows nothing of its freeze, or only of one that its clock can show.
      const listening = (downTimerAdvertsOf(plan) + 1) * longestInterval(plan);
      this.#cluster.watch((rules) => rules.excuse(micros(listening + seconds(4))));
    }
  }
}

/** A turn of the process, and no more than that. */
const RELOADING = micros(60);
const NOTHING = (): void => undefined;
