import type { DumpFacts, InstanceFacts } from "../dump/facts.ts";
import type { SnmpFacts, SnmpInstanceFacts } from "../snmp-facts.ts";
import type { Surroundings } from "./fitness.ts";

/** Some of the instances, and nothing else. */
export function snmpInstances(instances: readonly InstanceFacts[], atMs: number): SnmpFacts {
  return {
    atMs,
    instances: instances.map(instanceFacts),
    groups: [],
    scripts: [],
    files: [],
    processes: [],
    bfd: [],
    interfaces: [],
    strangers: 0,
  };
}

/** What of the facts of the dumps, and of the trackers, the tables of SNMP show. */
export function snmpFactsOf(
  facts: DumpFacts,
  surroundings: Pick<Surroundings, "files" | "processes" | "bfd">,
  known: { readonly sessions: readonly string[]; readonly strangers: number; readonly atMs: number },
): SnmpFacts {
  const { files, processes, bfd } = surroundings;
  return {
    atMs: known.atMs,
    instances: facts.instances.map(instanceFacts),
    groups: facts.groups.map(({ settings, state }) => ({ name: settings.name, state })),
    scripts: facts.scripts.map(({ settings, verdict }) => ({ name: settings.name, verdict })),
    files: [...files].map(([name, { value }]) => ({ name, value })),
    processes: [...processes].map(([name, { count, verdict }]) => {
      return count === undefined ? { name, verdict } : { name, count, verdict };
    }),
    bfd: known.sessions.map((name) => ({ name, verdict: bfd.verdictOf(name) })),
    interfaces: facts.interfaces.map(({ device: { index, name, mac } }) => {
      return mac === undefined ? { index, name } : { index, name, mac };
    }),
    strangers: known.strangers,
  };
}

function instanceFacts(instance: InstanceFacts): SnmpInstanceFacts {
  const { settings, state, wanted, effectivePriority, master, source, held, heldRouting, counters, history } = instance;
  const { upSinceMs, newMasterReason, protocolError } = history;
  return {
    name: settings.name,
    state,
    wanted,
    effectivePriority,
    ...(master === undefined ? {} : { master: master.address }),
    ...(source === undefined ? {} : { source }),
    ...(upSinceMs === undefined ? {} : { upSinceMs }),
    held: [...settings.virtualAddresses, ...settings.excludedAddresses].map((address) => held.has(address)),
    routing: settings.routing.map((item) => heldRouting.has(item)),
    counters,
    newMasterReason,
    protocolError,
  };
}
