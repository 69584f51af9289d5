import type { Cause as CauseDocument, GroupStatus } from "../../api/contract.ts";
import { unreachable } from "../../base/assert.ts";
import type { SyncGroupSettings } from "../../config/model/sync-group.ts";
import { stepGroup, type GroupEffect, type GroupState } from "../../core/sync-group.ts";
import type { FaultCause, FaultCauses } from "../../core/vrrp/state.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { timeOfDay } from "../time-of-day.ts";
import { describeCause, stateName } from "./cause-words.ts";
import type { GroupSeat } from "./group-seat.ts";
import type { Instance } from "./instance.ts";
import type { JournalSink } from "./journal-sink.ts";
import { Teller, type TellerDependencies } from "./teller.ts";

export interface SyncGroupDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: JournalSink;
  readonly teller: TellerDependencies;
}

/**
 * One vrrp_sync_group at work: shows its members to the group's machine, and has them do what that decides.
 *
 * Everything is done within the call that caused it. A member that changes while others are being told waits for its turn.
 */
export class SyncGroup implements GroupSeat {
  readonly #dependencies: SyncGroupDependencies;
  readonly #teller: Teller;
  #settings: SyncGroupSettings;
  #members: readonly Instance[];
  #state: GroupState = "initialize";
  #since: { readonly at: number; readonly cause: CauseDocument };
  #changed: Instance[] = [];
  /** Members are being told, or changed by a reload: what they notice is looked at afterwards. */
  #busy = false;
  #stopped = false;

  constructor(settings: SyncGroupSettings, members: readonly Instance[], dependencies: SyncGroupDependencies) {
    this.#settings = settings;
    this.#members = members;
    this.#dependencies = dependencies;
    this.#teller = new Teller({ kind: "GROUP", name: settings.name }, settings.notify, dependencies.teller);
    this.#since = {
      at: dependencies.clock.wallClockMs(),
      cause: { code: "WAITING", text: "not started", evidence: {} },
    };
  }

  get settings(): SyncGroupSettings {
    return this.#settings;
  }

  get members(): readonly Instance[] {
    return this.#members;
  }

  reconfigure(settings: SyncGroupSettings, members: readonly Instance[]): void {
    this.#settings = settings;
    this.#members = members;
    this.#teller.reconfigure(settings.name, settings.notify);
  }

  /** Until `resume` nothing is decided: members are being started, or follow a new configuration. */
  hold(): void {
    this.#busy = true;
  }

  resume(): void {
    const [first] = this.#members;
    if (first !== undefined) this.#changed.push(first);
    this.#decide();
  }

  notice(member: Instance): void {
    this.#changed.push(member);
    if (!this.#busy) this.#decide();
  }

  challenged(member: Instance): void {
    for (const other of this.#members) if (other !== member) other.announceWithGroup();
  }

  /** The process ends, and each member says farewell by itself. To be told before them. */
  stop(): void {
    this.#stopped = true;
  }

  /** Tells the scripts of the end. */
  tellStop(reason: string): void {
    const from = stateName({ kind: this.#state });
    const cause = { code: "SHUTDOWN", text: `stopped: ${reason}`, evidence: { reason } };
    this.#dependencies.journal.append({ instance: null, group: this.#settings.name, from, to: "STOP", cause });
    this.#state = "initialize";
    this.#since = { at: this.#dependencies.clock.wallClockMs(), cause };
    this.#tell("STOP");
  }

  /** Says once more what state it is in, to those who read FIFOs. */
  repeatState(): void {
    const state = stateName({ kind: this.#state });
    if (state !== "INIT") this.#teller.repeat(state, GROUP_PRIORITY);
  }

  get quiet(): boolean {
    return this.#teller.quiet;
  }

  hurry(): void {
    this.#teller.hurry();
  }

  close(): void {
    this.#stopped = true;
    this.#teller.close();
  }

  status(): GroupStatus {
    return {
      name: this.#settings.name,
      state: stateName({ kind: this.#state }),
      since: timeOfDay(this.#since.at),
      cause: this.#since.cause,
      members: this.#members.map((member) => member.settings.name),
    };
  }

  /** Looks at each member that has changed, and once more at those that change by that. */
  #decide(): void {
    this.#busy = true;
    for (let member = this.#changed.shift(); member !== undefined; member = this.#changed.shift()) {
      if (this.#stopped || !this.#members.every(({ running }) => running)) continue;
      const { state, effects } = stepGroup(
        this.#state,
        this.#members.map(({ view }) => view),
        member.settings.name,
      );
      this.#state = state;
      for (const effect of effects) this.#obey(effect);
    }
    this.#busy = false;
  }

  #obey(effect: GroupEffect): void {
    const { name: group } = this.#settings;
    switch (effect.kind) {
      case "admit":
        return this.#member(effect.member)?.admit();
      case "claim":
        return this.#member(effect.member)?.claim();
      case "yield": {
        const { by, because, manner } = effect;
        return this.#member(effect.member)?.yieldWithGroup({ group, member: by, because, manner });
      }
      case "fault": {
        const causes = this.#faultsOf(effect.by);
        if (causes === undefined) return;
        const own = effect.by === effect.member;
        const shared: FaultCause = { kind: "sync-group", group, member: effect.by, causes };
        return this.#member(effect.member)?.fail(own ? causes : [shared]);
      }
      case "report-synchronizing": {
        const state = stateName({ kind: effect.to });
        return this.#dependencies.log.write("info", `VRRP_Group(${group}) Syncing instances to ${state} state`);
      }
      case "entered":
        return this.#enter(effect);
      default:
        return unreachable(effect);
    }
  }

  #enter({ from, to, by, told }: Extract<GroupEffect, { kind: "entered" }>): void {
    const { clock, journal } = this.#dependencies;
    const cause = this.#causeOf(to, by);
    this.#since = { at: clock.wallClockMs(), cause };
    const state = stateName({ kind: to });
    journal.append({
      instance: null,
      group: this.#settings.name,
      from: stateName({ kind: from }),
      to: state,
      cause,
    });
    if (told && state !== "INIT") this.#tell(state);
  }

  #tell(state: "BACKUP" | "MASTER" | "FAULT" | "STOP"): void {
    this.#teller.tell(state, GROUP_PRIORITY);
    this.#dependencies.teller.traps.tell({ kind: "group-state", name: this.#settings.name, state });
  }

  /** Why the member is where it led the group. At the start the group comes first, and the member is not there yet. */
  #causeOf(to: GroupState, by: string): CauseDocument {
    const now = this.#dependencies.clock.now();
    const member = this.#member(by);
    const causes = this.#faultsOf(by);
    const faulty = to === "fault" && causes !== undefined ? describeCause({ code: "FAULT", causes }, now) : undefined;
    const { code, text, evidence } =
      faulty ?? (member?.state.kind === to ? member.since.cause : describeCause({ code: "STARTED" }, now));
    return { code, text: `${by}: ${text}`, evidence: { ...evidence, member: by } };
  }

  #faultsOf(name: string): FaultCauses | undefined {
    const [first, ...others] = this.#member(name)?.faults ?? [];
    return first === undefined ? undefined : [first, ...others];
  }

  #member(name: string): Instance | undefined {
    return this.#members.find((member) => member.settings.name === name);
  }
}

/** What keepalived tells scripts of groups. */
const GROUP_PRIORITY = 0;
