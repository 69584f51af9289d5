import { addressBytes, ip, macBytes } from "../../base/address.ts";
import type { Oid } from "../../base/snmp.ts";
import { toSeconds } from "../../base/time.ts";
import type { Cells, Table } from "../../core/snmp/tree.ts";
import { errorCounters, routerErrors } from "./counters.ts";
import { counter, integer, octets, oldAddress, rowOf, scalarsOf, tableOf, ticks, truth } from "./variables.ts";
import { instancesOf, interfaceIndex, type InstanceView, type View } from "./view.ts";

/** VRRP-MIB (RFC 2787), without what can be written: the virtual routers of version 2. */
export function vrrpVariables(view: View): readonly Table[] {
  const routers = instancesOf(view).filter(({ settings }) => settings.version === 2 && settings.family === "ipv4");
  const rows = routers.map((router) => ({ router, index: rowIndex(router, view) }));
  const errors = routerErrors(view);
  return [
    ...scalarsOf(OPERATIONS, { 1: integer(2), 2: truth(view.configuration.global.snmp.traps) }),
    tableOf(
      [...OPERATIONS, 3, 1],
      15,
      rows.map(({ router, index }) => rowOf(index, () => operationRow(router, view))),
    ),
    tableOf(
      [...OPERATIONS, 4, 1],
      2,
      rows.flatMap(({ router, index }) =>
        router.settings.virtualAddresses.map(({ address }) =>
          rowOf([...index, ...addressBytes(address)], () => ({ 2: integer(ACTIVE) })),
        ),
      ),
    ),
    ...scalarsOf(STATISTICS, { 1: counter(errors.checksum), 2: counter(errors.version), 3: counter(errors.vrid) }),
    tableOf(
      [...STATISTICS, 4, 1],
      12,
      rows.map(({ router, index }) => rowOf(index, () => statisticsRow(router))),
    ),
  ];
}

function rowIndex({ settings }: InstanceView, view: View): readonly number[] {
  return [interfaceIndex(view, settings.advertInterface), settings.vrid];
}

function operationRow({ settings, facts }: InstanceView, view: View): Cells {
  const device = view.facts.interfaces.find(({ name }) => name === settings.advertInterface);
  return {
    2: octets(device?.mac === undefined ? new Uint8Array() : macBytes(device.mac)),
    3: integer(ROUTER_STATES[facts.state]),
    4: truth(true),
    5: integer(settings.priority),
    6: integer(settings.virtualAddresses.length),
    7: oldAddress(facts.master ?? NOWHERE),
    8: oldAddress(facts.source ?? NOWHERE),
    9: integer({ none: 1, password: 2, header: 3, signature: 1 }[settings.authentication.kind]),
    11: integer(toSeconds(settings.advertisementInterval)),
    12: truth(settings.preemptMode),
    13: ticks(facts.upSinceMs === undefined ? 0 : view.upTimeAt(facts.upSinceMs)),
    14: integer(1),
    15: integer(ACTIVE),
  };
}

function statisticsRow({ facts }: InstanceView): Cells {
  const counters = errorCounters(facts);
  return {
    1: counter(counters.becameMaster),
    2: counter(counters.received),
    3: counter(counters.interval),
    4: counter(counters.authentication),
    5: counter(counters.ttl),
    6: counter(counters.priorityZeroReceived),
    7: counter(counters.priorityZeroSent),
    8: counter(counters.type),
    9: counter(counters.addressList),
    10: counter(counters.unknownAuthentication),
    11: counter(counters.authenticationType),
    12: counter(counters.length),
  };
}

/** { mib-2 vrrpMIB(68) } */
export const VRRP_MIB: Oid = [1, 3, 6, 1, 2, 1, 68];
const OPERATIONS: Oid = [...VRRP_MIB, 1];
const STATISTICS: Oid = [...VRRP_MIB, 2];

/** initialize(1), backup(2), master(3): both MIBs have no more states than the protocol. */
export const ROUTER_STATES = { INIT: 1, BACKUP: 2, MASTER: 3, FAULT: 1, STOP: 1 } as const;

/** RowStatus. */
export const ACTIVE = 1;

const NOWHERE = ip("0.0.0.0");
