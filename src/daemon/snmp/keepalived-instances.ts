import { ip, familyOf } from "../../base/address.ts";
import { toSeconds } from "../../base/time.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { ScriptCommand } from "../../config/model/script-command.ts";
import type { NotifySettings } from "../../config/model/telling.ts";
import type { SnmpValue } from "../../base/snmp.ts";
import type { Cells, Table, TableRow } from "../../core/snmp/tree.ts";
import { commandText, scriptsOf } from "../dump/words.ts";
import { address, addressType, gauge, integer, numbered, rowOf, tableOf, text, truth } from "./variables.ts";
import { entryOf, instancesOf, interfaceIndex, STATE_NUMBERS, type InstanceView, type View } from "./view.ts";

/** vrrpInstanceTable and vrrpAddressTable. */
export function instanceVariables(view: View): readonly Table[] {
  const instances = instancesOf(view);
  return [
    tableOf(
      entryOf(3),
      35,
      instances.map((instance) => rowOf([instance.number], () => instanceRow(instance, view))),
    ),
    tableOf(
      entryOf(6),
      12,
      instances.flatMap((instance) => addressRows(instance, view)),
    ),
  ];
}

/** vrrpSyncGroupTable and vrrpSyncGroupMemberTable. */
export function groupVariables({ configuration, facts }: View): readonly Table[] {
  const { groups } = configuration;
  const states = new Map(facts.groups.map(({ name, state }) => [name, state]));
  return [
    tableOf(
      entryOf(1),
      11,
      numbered(groups, ({ name, notify, trackingWeight }) => ({
        2: text(name),
        3: integer(STATE_NUMBERS[states.get(name) ?? "INIT"]),
        4: truth(notify.mail),
        5: truth(hasScripts(notify)),
        6: script(notify.master),
        7: script(notify.backup),
        8: script(notify.fault),
        9: script(notify.any),
        10: truth(trackingWeight),
        11: script(notify.stop),
      })),
    ),
    tableOf(
      entryOf(2),
      2,
      groups.flatMap(({ members }, index) => numbered(members, (member) => ({ 2: text(member) }), [index + 1])),
    ),
  ];
}

function instanceRow({ settings, facts }: InstanceView, { configuration }: View): Cells {
  const { notify, transport, version } = settings;
  const group = configuration.groups.find(({ members }) => members.includes(settings.name));
  const interval = toSeconds(settings.advertisementInterval);
  const polled = configuration.links.some(
    (link) => link.interface === settings.interface && link.polling !== undefined,
  );
  return {
    2: text(settings.name),
    3: gauge(settings.vrid),
    4: integer(STATE_NUMBERS[facts.state]),
    5: integer(configuration.shown.startsAsMaster.includes(settings.name) ? 2 : 1),
    6: integer(STATE_NUMBERS[facts.wanted]),
    7: integer(settings.priority),
    8: integer(facts.effectivePriority),
    9: integer(facts.held.every(Boolean) ? 1 : 2),
    10: text(settings.advertInterface),
    11: integer(settings.trackOwnInterface ? 1 : 2),
    // The unit is the one that the version has on the wire.
    12: gauge(version === 2 ? interval : Math.round(interval * 100)),
    13: truth(settings.preemptMode),
    14: gauge(toSeconds(settings.preemptDelay)),
    15: integer({ none: 0, password: 1, header: 2, signature: 0 }[settings.authentication.kind]),
    16: truth(false),
    18: group === undefined ? undefined : text(group.name),
    19: gauge(toSeconds(settings.announce.delay)),
    20: truth(notify.mail),
    21: truth(hasScripts(notify)),
    22: script(notify.master),
    23: script(notify.backup),
    24: script(notify.fault),
    25: script(notify.stop),
    26: script(notify.any),
    // keepalived's word for version 2, which has no accept mode.
    27: version === 2 ? integer(0) : truth(settings.accept),
    28: truth(settings.promotesSecondaries),
    29: truth(polled),
    30: integer(version),
    31: script(notify.lowerPriority),
    32: script(notify.deleted),
    33: truth(notify.tellsDeleted),
    34: transport.kind === "multicast" ? addressType(transport.group) : undefined,
    35: transport.kind === "multicast" ? address(transport.group) : undefined,
  };
}

function addressRows({ number, settings, facts }: InstanceView, view: View): readonly TableRow[] {
  const all = [...settings.virtualAddresses, ...settings.excludedAddresses];
  return numbered(
    all,
    (virtual, row) => ({
      2: addressType(virtual.address),
      3: address(virtual.address),
      4: familyOf(virtual.address) === "ipv4" ? address(virtual.broadcast ?? ip("0.0.0.0")) : undefined,
      5: gauge(virtual.prefixLength),
      6: integer(scopeNumber(virtual.scope)),
      7: integer(interfaceIndex(view, virtual.device)),
      8: text(virtual.device),
      9: virtual.label === undefined ? undefined : text(virtual.label),
      10: truth(facts.held[row - 1] === true),
      11: truth(settings.virtualAddresses.includes(virtual)),
      12: peerOf(virtual),
    }),
    [number],
  );
}

function peerOf({ peer }: VirtualAddress): SnmpValue | undefined {
  return peer === undefined ? undefined : address(peer);
}

/** InetScopeType of an rt_scope_t. */
export function scopeNumber(scope: number): number {
  return SCOPES.get(scope) ?? 0;
}

function hasScripts(notify: NotifySettings): boolean {
  return scriptsOf(notify).length > 0 || notify.deleted !== undefined;
}

function script(command: ScriptCommand | undefined): SnmpValue | undefined {
  return command === undefined ? undefined : text(commandText(command));
}

const SCOPES: ReadonlyMap<number, number> = new Map([
  [0, 14],
  [200, 5],
  [253, 2],
  [254, 1],
]);
