import type { GroupStatus } from "../../api/contract.ts";
import type { SyncGroupSettings } from "../../config/model/sync-group.ts";
import type { Instance } from "./instance.ts";
import { SyncGroup, type SyncGroupDependencies } from "./sync-group.ts";

/** The sync groups of this process, and who belongs to which. */
export class GroupSet {
  readonly #dependencies: SyncGroupDependencies;
  #groups: readonly SyncGroup[] = [];
  /** Removed by a reload; their scripts may still run. */
  #leaving: readonly SyncGroup[] = [];

  constructor(dependencies: SyncGroupDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Gives every instance its seat by a new configuration. Groups are matched by name; one whose members stay is not touched.
   * Nothing is decided before `resume`: the instances follow the configuration first.
   *
   * @param instances By the names that they have in that configuration.
   */
  configure(settings: readonly SyncGroupSettings[], instances: ReadonlyMap<string, Instance>): void {
    const known = new Map(this.#groups.map((group) => [group.settings.name, group]));
    const seats = new Map<Instance, SyncGroup>();
    this.#groups = settings.map((each) => {
      const members = each.members.flatMap((name) => instances.get(name) ?? []);
      const group = known.get(each.name) ?? new SyncGroup(each, members, this.#dependencies);
      known.delete(each.name);
      group.hold();
      group.reconfigure(each, members);
      for (const member of members) seats.set(member, group);
      return group;
    });
    for (const group of known.values()) group.stop();
    this.#leaving = [...this.#leaving, ...known.values()];
    for (const instance of instances.values()) instance.join(seats.get(instance));
  }

  /** Instances are about to be started: nothing is decided until `resume`. */
  hold(): void {
    for (const group of this.#groups) group.hold();
  }

  /** The instances have followed the configuration, or have been started. */
  resume(): void {
    for (const group of this.#groups) group.resume();
  }

  /**
   * The instances that go on being master after a restart of the process: whose lease still runs, and so do those of all
   * members of their group.
   */
  resuming(instances: readonly Instance[]): ReadonlySet<Instance> {
    const leased = new Set(instances.filter(({ holder }) => holder.stillLeased()));
    for (const { members } of this.#groups) {
      if (members.every((member) => leased.has(member))) continue;
      for (const member of members) leased.delete(member);
    }
    return leased;
  }

  /** Before the instances are stopped, each by itself. */
  stop(): void {
    for (const group of this.#groups) group.stop();
  }

  /** After it. */
  tellStop(reason: string): void {
    for (const group of this.#groups) group.tellStop(reason);
  }

  /** Says once more what states they are in, to those who read FIFOs. */
  repeatStates(): void {
    for (const group of this.#groups) group.repeatState();
  }

  /** Whether no notify script runs or waits. */
  get quiet(): boolean {
    return this.#all().every((group) => group.quiet);
  }

  /** Scripts that still wait are started, and nothing more is told. */
  close(): void {
    for (const group of this.#all()) {
      if (!group.quiet) group.hurry();
      group.close();
    }
  }

  get groups(): readonly SyncGroup[] {
    return this.#groups;
  }

  status(): readonly GroupStatus[] {
    return this.#groups.map((group) => group.status());
  }

  #all(): readonly SyncGroup[] {
    return [...this.#groups, ...this.#leaving];
  }
}
