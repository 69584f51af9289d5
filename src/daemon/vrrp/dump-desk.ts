import { elapsed, toMillis } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import { activeDownInterval } from "../../core/vrrp/router.ts";
import { nextDeadline } from "../../core/vrrp/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { renderData } from "../dump/data.ts";
import type { DumpFacts, DumpKind, GroupFacts, InstanceFacts } from "../dump/facts.ts";
import { renderJson } from "../dump/json.ts";
import { renderStatistics } from "../dump/statistics.ts";
import type { SnmpFacts } from "../snmp-facts.ts";
import { stateName } from "./cause-words.ts";
import { trackedItems, type Surroundings } from "./fitness.ts";
import type { Instance } from "./instance.ts";
import { snmpFactsOf, snmpInstances } from "./snmp-view.ts";
import type { SyncGroup } from "./sync-group.ts";

/** What there is to show at this moment. */
export interface Exhibits {
  readonly configuration: Configuration;
  readonly instances: readonly Instance[];
  readonly groups: readonly SyncGroup[];
}

/**
 * Writes keepalived's dumps as texts. Clearing the counters concerns the dumps alone: those of `status` never go back, so
 * that whoever draws rates from them is not misled by whoever clears.
 */
export class DumpDesk {
  readonly #clock: Clock;
  readonly #surroundings: Surroundings;
  readonly #cleared = new WeakMap<Instance, ReadonlyMap<string, number>>();

  constructor(clock: Clock, surroundings: Surroundings) {
    this.#clock = clock;
    this.#surroundings = surroundings;
  }

  write(kind: DumpKind, exhibits: Exhibits): string {
    switch (kind) {
      case "data":
        return renderData(this.#facts(exhibits));
      case "json":
        return renderJson(this.#facts(exhibits), exhibits.configuration.global.dumps.jsonVersion);
      case "stats": {
        const counted = exhibits.instances.map((instance) => {
          return { name: instance.settings.name, counters: this.#countersOf(instance) };
        });
        return renderStatistics(counted);
      }
    }
  }

  /** What the tables of SNMP show, in parts of so many instances, and the rest behind them. */
  *snmpFacts(exhibits: Exhibits, strangers: number, size: number): Generator<SnmpFacts> {
    const { configuration, instances } = exhibits;
    for (let at = 0; at < instances.length; at += size) {
      const part = instances.slice(at, at + size).map((instance) => this.#describe(instance, configuration));
      yield snmpInstances(part, this.#clock.wallClockMs());
    }
    const sessions = configuration.bfd.map(({ name }) => name);
    const known = { sessions, strangers, atMs: this.#clock.wallClockMs() };
    yield snmpFactsOf(this.#facts({ ...exhibits, instances: [] }), this.#surroundings, known);
  }

  /** The dumps count from now on. */
  clear({ instances }: Exhibits): void {
    for (const instance of instances) this.#cleared.set(instance, new Map(instance.counters));
  }

  /** What each instance waits for, one line each. */
  deadlines({ instances }: Exhibits): readonly string[] {
    const now = this.#clock.now();
    return instances.map((instance) => {
      const at = nextDeadline(instance.state);
      const wait = at === undefined ? "waits for something to happen" : `next in ${toMillis(elapsed(now, at))} ms`;
      return `(${instance.settings.name}) ${stateName(instance.state)}, ${wait}`;
    });
  }

  #facts({ configuration, instances, groups }: Exhibits): DumpFacts {
    const { interfaces, scripts, virtualAddresses } = this.#surroundings;
    const avoid = virtualAddresses();
    return {
      global: configuration.global,
      instances: instances.map((instance) => this.#describe(instance, configuration)),
      groups: groups.map((group): GroupFacts => {
        const views = group.members.map(({ view }) => view);
        return {
          settings: group.settings,
          state: group.status().state,
          faulty: views.filter(({ fitness }) => fitness === "faulty").length,
          undecided: views.filter(({ fitness }) => fitness === "waiting").length,
        };
      }),
      scripts: [...scripts.values()].map(({ settings, verdict }) => ({ settings, verdict })),
      interfaces: interfaces.interfaces().map((device) => ({
        device,
        addresses: {
          ipv4: interfaces.sourceAddress(device.index, "ipv4", avoid),
          ipv6: interfaces.sourceAddress(device.index, "ipv6-link-local", avoid),
        },
      })),
    };
  }

  #describe(instance: Instance, { groups }: Configuration): InstanceFacts {
    const { settings, router, state, holder, since } = instance;
    const now = this.#clock.now();
    const deadline = nextDeadline(state);
    const masterInterval = state.kind === "backup" ? state.activeAdverInterval : settings.advertisementInterval;
    const heard = state.kind === "backup" && state.master.kind === "heard" ? state.master : undefined;
    const name = stateName(state);
    return {
      settings,
      group: groups.find(({ members }) => members.includes(settings.name))?.name,
      state: name,
      wanted: state.kind === "backup" && state.ready === true ? "MASTER" : name,
      master: heard === undefined ? undefined : { address: heard.source, priority: heard.priority },
      effectivePriority: router.priority,
      faults: instance.faults.length,
      undecided: trackedItems(settings, this.#surroundings).filter(
        (item) => item.kind !== "file" && item.verdict === "unknown",
      ).length,
      changedAtMs: since.at,
      wakesAtMs: deadline === undefined ? undefined : this.#clock.wallClockMs() + toMillis(elapsed(now, deadline)),
      masterDown: activeDownInterval(router, masterInterval),
      masterInterval,
      source: settings.transport.source ?? router.source,
      heldRouting: new Set(holder.routing().filter((item) => holder.hasRouting(item))),
      history: instance.history,
      held: new Set(holder.addresses().filter((address) => holder.holding(address).kind === "held")),
      counters: this.#countersOf(instance),
    };
  }

  #countersOf(instance: Instance): Readonly<Record<string, number>> {
    const before = this.#cleared.get(instance);
    return Object.fromEntries([...instance.counters].map(([name, count]) => [name, count - (before?.get(name) ?? 0)]));
  }
}
