import type { Oid } from "../../base/snmp.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { SnmpFacts, SnmpInstanceFacts } from "../snmp-facts.ts";

/** All that the tables are made of, at one moment. */
export interface View {
  readonly configuration: Configuration;
  readonly facts: SnmpFacts;
  /** Of the router, where the configuration names none. */
  readonly hostName: string;
  readonly release: string;
  /** sysUpTime in hundredths of a second at a time of day, in milliseconds since 1970. */
  readonly upTimeAt: (atMs: number) => number;
}

/** An instance with what is known of it, and the number of its row. */
export interface InstanceView {
  readonly number: number;
  readonly settings: InstanceSettings;
  readonly facts: SnmpInstanceFacts;
}

/** In the order of the file. One that a reload has just brought is missing for a moment. */
export function instancesOf({ configuration, facts }: View): readonly InstanceView[] {
  const known = new Map(facts.instances.map((instance) => [instance.name, instance]));
  return configuration.instances.flatMap((settings, index): readonly InstanceView[] => {
    const found = known.get(settings.name);
    return found === undefined ? [] : [{ number: index + 1, settings, facts: found }];
  });
}

/** The index of an interface; 0: there is none of that name. */
export function interfaceIndex({ facts }: Pick<View, "facts">, name: string): number {
  return facts.interfaces.find((device) => device.name === name)?.index ?? 0;
}

/** { iso org dod internet private enterprises debian project keepalived } */
const KEEPALIVED: Oid = [1, 3, 6, 1, 4, 1, 9586, 100, 5];
export const KEEPALIVED_GLOBAL: Oid = [...KEEPALIVED, 1];
export const KEEPALIVED_VRRP: Oid = [...KEEPALIVED, 2];

/** The entry of a table of the VRRP part. */
export function entryOf(table: number): Oid {
  return [...KEEPALIVED_VRRP, table, 1];
}

/** VrrpState of KEEPALIVED-MIB. */
export const STATE_NUMBERS = { INIT: 0, BACKUP: 1, MASTER: 2, FAULT: 3, STOP: 5, DELETED: 6 } as const;
