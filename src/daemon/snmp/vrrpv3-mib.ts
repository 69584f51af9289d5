import { addressBytes, ip, macBytes } from "../../base/address.ts";
import type { Oid } from "../../base/snmp.ts";
import { toSeconds } from "../../base/time.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { Cells, Table } from "../../core/snmp/tree.ts";
import type { NewMasterReason, ProtocolError } from "../snmp-facts.ts";
import { errorCounters, routerErrors } from "./counters.ts";
import {
  address,
  bigCounter,
  counter,
  gauge,
  integer,
  octets,
  rowOf,
  scalarsOf,
  tableOf,
  ticks,
  truth,
} from "./variables.ts";
import { instancesOf, interfaceIndex, type InstanceView, type View } from "./view.ts";
import { ACTIVE, ROUTER_STATES } from "./vrrp-mib.ts";

/** VRRPv3-MIB (RFC 6527), read-only: all virtual routers, those of version 2 too, as keepalived has it. */
export function vrrpv3Variables(view: View): readonly Table[] {
  const rows = instancesOf(view).map((router) => ({ router, index: indexOf(router, view) }));
  const errors = routerErrors(view);
  return [
    tableOf(
      OPERATIONS_ENTRY,
      13,
      rows.map(({ router, index }) => rowOf(index, () => operationRow(router, view))),
    ),
    tableOf(
      ADDRESS_ENTRY,
      2,
      rows.flatMap(({ router, index }) =>
        router.settings.virtualAddresses.map((virtual) =>
          rowOf([...index, ...addressBytes(virtual.address)], () => ({ 2: integer(ACTIVE) })),
        ),
      ),
    ),
    ...scalarsOf(STATISTICS, {
      1: bigCounter(errors.checksum),
      2: bigCounter(errors.version),
      3: bigCounter(errors.vrid),
      4: ticks(0),
    }),
    tableOf(
      STATISTICS_ENTRY,
      13,
      rows.map(({ router, index }) => rowOf(index, () => statisticsRow(router))),
    ),
  ];
}

/** The index of a row: the interface, the VRID and the family as InetAddressType. */
export function vrrpv3Row(
  interfaceIndex: number,
  { vrid, family }: Pick<InstanceSettings, "vrid" | "family">,
): readonly number[] {
  return [interfaceIndex, vrid, family === "ipv4" ? 1 : 2];
}

function indexOf({ settings }: InstanceView, view: View): readonly number[] {
  return vrrpv3Row(interfaceIndex(view, settings.advertInterface), settings);
}

function operationRow({ settings, facts }: InstanceView, view: View): Cells {
  const device = view.facts.interfaces.find(({ name }) => name === settings.advertInterface);
  const nowhere = ip(settings.family === "ipv4" ? "0.0.0.0" : "::");
  const source = facts.source ?? nowhere;
  return {
    3: address(facts.state === "MASTER" ? source : (facts.master ?? nowhere)),
    4: address(source),
    5: octets(device?.mac === undefined ? new Uint8Array() : macBytes(device.mac)),
    6: integer(ROUTER_STATES[facts.state]),
    7: gauge(settings.priority),
    8: integer(settings.virtualAddresses.length),
    9: integer(Math.round(toSeconds(settings.advertisementInterval) * 100)),
    10: truth(settings.preemptMode),
    11: truth(settings.accept),
    12: ticks(facts.upSinceMs === undefined ? 0 : (view.facts.atMs - facts.upSinceMs) / 10),
    13: integer(ACTIVE),
  };
}

function statisticsRow({ settings, facts }: InstanceView): Cells {
  const counters = errorCounters(facts);
  return {
    1: counter(counters.becameMaster),
    2: integer(NEW_MASTER_REASONS[facts.newMasterReason]),
    3: bigCounter(counters.received),
    4: bigCounter(counters.interval),
    5: bigCounter(counters.ttl),
    6: integer(PROTOCOL_ERRORS[facts.protocolError]),
    7: bigCounter(counters.priorityZeroReceived),
    8: bigCounter(counters.priorityZeroSent),
    9: bigCounter(counters.type),
    10: bigCounter(counters.addressList),
    11: bigCounter(counters.length),
    12: ticks(0),
    13: gauge(toSeconds(settings.advertisementInterval) * 1_000),
  };
}

export const NEW_MASTER_REASONS = {
  "not-master": 0,
  priority: 1,
  preempted: 2,
  "no-response": 3,
} as const satisfies Record<NewMasterReason, number>;

export const PROTOCOL_ERRORS = {
  none: 0,
  ttl: 1,
  version: 2,
  checksum: 3,
  vrid: 4,
} as const satisfies Record<ProtocolError, number>;

/** { mib-2 vrrpv3MIB(207) } */
export const VRRPV3_MIB: Oid = [1, 3, 6, 1, 2, 1, 207];
export const OPERATIONS_ENTRY: Oid = [...VRRPV3_MIB, 1, 1, 1, 1];
const ADDRESS_ENTRY: Oid = [...VRRPV3_MIB, 1, 1, 2, 1];
const STATISTICS: Oid = [...VRRPV3_MIB, 1, 2];
export const STATISTICS_ENTRY: Oid = [...STATISTICS, 5, 1];
