import { ip } from "../../base/address.ts";
import type { Oid, VarBind } from "../../base/snmp.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { Happening } from "../snmp-facts.ts";
import { address, integer, oldAddress, text } from "./variables.ts";
import { KEEPALIVED_GLOBAL, KEEPALIVED_VRRP, entryOf, STATE_NUMBERS } from "./view.ts";
import { VRRP_MIB } from "./vrrp-mib.ts";
import {
  NEW_MASTER_REASONS,
  OPERATIONS_ENTRY,
  PROTOCOL_ERRORS,
  STATISTICS_ENTRY,
  vrrpv3Row,
  VRRPV3_MIB,
} from "./vrrpv3-mib.ts";

/** What traps are worded with. */
export interface TrapContext {
  readonly configuration: Configuration;
  readonly hostName: string;
}

/**
 * The traps that tell of something, in keepalived's order: its own first, then those of the standard MIBs. Each begins with
 * snmpTrapOID (RFC 2741 section 6.2.10). Those of KEEPALIVED-MIB name objects without a row, as keepalived's do.
 */
export function trapsOf(happening: Happening, context: TrapContext): readonly (readonly VarBind[])[] {
  const { configuration, hostName } = context;
  const { snmp, routerId } = configuration.global;
  if (!snmp.traps) return [];
  const router: VarBind = { oid: [...KEEPALIVED_GLOBAL, 2, 0], value: text(routerId ?? hostName) };
  if (happening.kind === "group-state") {
    const state = trap(
      [...OWN_TRAPS, 1],
      [
        { oid: [...entryOf(1), 2], value: text(happening.name) },
        { oid: [...entryOf(1), 3], value: integer(STATE_NUMBERS[happening.state]) },
        router,
      ],
    );
    return snmp.keepalived ? [state] : [];
  }
  const settings = configuration.instances.find(({ name }) => name === happening.name);
  switch (happening.kind) {
    case "instance-state": {
      const wanted = configuration.shown.startsAsMaster.includes(happening.name) ? "MASTER" : "BACKUP";
      const state = trap(
        [...OWN_TRAPS, 2],
        [
          { oid: [...entryOf(3), 2], value: text(happening.name) },
          { oid: [...entryOf(3), 4], value: integer(STATE_NUMBERS[happening.state]) },
          { oid: [...entryOf(3), 5], value: integer(STATE_NUMBERS[wanted]) },
          router,
        ],
      );
      const isMaster = happening.state === "MASTER" && settings !== undefined;
      return [
        ...(snmp.keepalived ? [state] : []),
        ...(isMaster ? newMaster(happening, settings, configuration.global) : []),
      ];
    }
    case "protocol-error": {
      if (!snmp.vrrp3 || settings === undefined) return [];
      const oid = [...STATISTICS_ENTRY, 6, ...vrrpv3Row(happening.interfaceIndex, settings)];
      return [trap([...VRRPV3_MIB, 0, 2], [{ oid, value: integer(PROTOCOL_ERRORS[happening.error]) }])];
    }
    case "authentication-error": {
      if (!snmp.vrrp2 || settings?.version !== 2 || settings.family !== "ipv4") return [];
      // keepalived tells of which virtual router they are; the standard's objects have no rows.
      const row = [happening.interfaceIndex, settings.vrid];
      const sender: VarBind = { oid: [...VRRP_MIB, 1, 5, ...row], value: oldAddress(happening.sender) };
      const error: VarBind = {
        oid: [...VRRP_MIB, 1, 6, ...row],
        value: integer(AUTHENTICATION_ERRORS[happening.error]),
      };
      return [trap([...VRRP_MIB, 0, 2], [sender, error])];
    }
  }
}

function newMaster(
  happening: Extract<Happening, { kind: "instance-state" }>,
  settings: InstanceSettings,
  { snmp }: Configuration["global"],
): readonly (readonly VarBind[])[] {
  const { source, newMasterReason, interfaceIndex } = happening;
  const isIpv4 = settings.family === "ipv4";
  const from = source ?? ip(isIpv4 ? "0.0.0.0" : "::");
  const traps: (readonly VarBind[])[] = [];
  if (snmp.vrrp2 && settings.version === 2 && isIpv4) {
    const oid = [...VRRP_MIB, 1, 3, 1, 7, interfaceIndex, settings.vrid];
    traps.push(trap([...VRRP_MIB, 0, 1], [{ oid, value: oldAddress(from) }]));
  }
  if (snmp.vrrp3) {
    const row = vrrpv3Row(interfaceIndex, settings);
    const master: VarBind = { oid: [...OPERATIONS_ENTRY, 3, ...row], value: address(from) };
    const reason: VarBind = {
      oid: [...STATISTICS_ENTRY, 2, ...row],
      value: integer(NEW_MASTER_REASONS[newMasterReason]),
    };
    traps.push(trap([...VRRPV3_MIB, 0, 1], [master, reason]));
  }
  return traps;
}

function trap(id: Oid, bindings: readonly VarBind[]): readonly VarBind[] {
  return [{ oid: SNMP_TRAP_OID, value: { kind: "oid", value: id } }, ...bindings];
}

/** { snmpModules snmpMIB(1) snmpMIBObjects(1) snmpTrap(4) snmpTrapOID(1) }.0 */
const SNMP_TRAP_OID: Oid = [1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0];

/** { vrrp vrrpTraps(10) 0 } */
const OWN_TRAPS: Oid = [...KEEPALIVED_VRRP, 10, 0];

const AUTHENTICATION_ERRORS = { "invalid-type": 1, "type-mismatch": 2, failure: 3 } as const;
