import { matchInstances } from "../../config/match-instances.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import { Audience } from "./audience.ts";
import { Instance, type InstanceDependencies } from "./instance.ts";
import type { PooledPacket } from "./socket-pool.ts";

/** What a new configuration makes of the instances. */
export interface Succession {
  /** In the order of the configuration. `settings` are the new ones; `isNew`: it was not there before. */
  readonly next: readonly {
    readonly settings: InstanceSettings;
    readonly instance: Instance;
    readonly isNew: boolean;
  }[];
  /** By the names that they have in that configuration. */
  readonly byName: ReadonlyMap<string, Instance>;
  /** Left out; they are to be stopped. */
  readonly removed: readonly Instance[];
}

/** The instances of this process: those of the configuration, and those that a reload has removed and that still hand over. */
export class InstanceSet {
  readonly #dependencies: InstanceDependencies;
  readonly #audience: Audience<Instance>;
  #configured: readonly Instance[] = [];
  #leaving: readonly Instance[] = [];

  /** Which socket an instance hears by is noticed by the set itself. */
  constructor(dependencies: Omit<InstanceDependencies, "onConnection">) {
    this.#audience = new Audience(() => this.everybody());
    this.#dependencies = { ...dependencies, onConnection: () => this.#audience.forget() };
  }

  get configured(): readonly Instance[] {
    return this.#configured;
  }

  get leaving(): readonly Instance[] {
    return this.#leaving;
  }

  everybody(): readonly Instance[] {
    return [...this.#configured, ...this.#leaving];
  }

  /** Whom a packet concerns. */
  concernedBy(pooled: PooledPacket): readonly Instance[] {
    return this.#audience.of(pooled);
  }

  /**
   * From now on these are configured: what runs the same virtual router as before stays. Nothing is started, reconfigured or
   * stopped here.
   */
  follow(settings: readonly InstanceSettings[]): Succession {
    const matched = matchInstances(this.#configured, (instance) => instance.settings, settings);
    const next = matched.next.map((each) => {
      const instance = each.running ?? new Instance(each.settings, this.#dependencies);
      return { settings: each.settings, instance, isNew: each.running === undefined };
    });
    this.#configured = next.map(({ instance }) => instance);
    this.#leaving = [...this.#leaving, ...matched.removed];
    this.#audience.forget();
    const byName = new Map(next.map((each) => [each.settings.name, each.instance]));
    return { next, byName, removed: matched.removed };
  }

  /** Lets go of those that have handed over and told so. @returns whether there were any. */
  closeLeft(): boolean {
    const left = this.#leaving.filter((instance) => instance.finished && instance.quiet);
    for (const instance of left) instance.close();
    if (left.length === 0) return false;
    this.#leaving = this.#leaving.filter((instance) => !left.includes(instance));
    this.#audience.forget();
    return true;
  }
}
