import { parseIpAddress } from "../../base/address.ts";
import { toSeconds } from "../../base/time.ts";
import type { Table } from "../../core/snmp/tree.ts";
import {
  address,
  addressType,
  gauge,
  integer,
  numbered,
  octets,
  scalarsOf,
  tableOf,
  text,
  truth,
} from "./variables.ts";
import { KEEPALIVED_GLOBAL, type View } from "./view.ts";

/** The global part of KEEPALIVED-MIB. What concerns virtual servers says what holds where there are none. */
export function globalVariables({ configuration, hostName, release }: View): readonly Table[] {
  const { global, shown } = configuration;
  const { mail } = global;
  const server = mail === undefined ? undefined : parseIpAddress(mail.host);
  const choice = (on: boolean | undefined): number => (on === undefined ? 3 : on ? 1 : 2);
  return [
    ...scalarsOf(KEEPALIVED_GLOBAL, {
      1: text(`Holdfast v${release}`),
      2: text(global.routerId ?? hostName),
      4: truth(global.snmp.traps),
      5: integer(shown.pollsLinks ? 2 : 1),
      6: truth(false),
      7: truth(true),
      8: text(global.daemon.networkNamespace?.name ?? ""),
      9: truth(false),
      10: truth(global.dynamicInterfaces),
      11: integer(2),
    }),
    ...scalarsOf(MAIL, {
      // InetAddressType unknown(0) goes with an empty address: nobody is mailed, or the server has a name.
      1: server === undefined ? integer(0) : addressType(server),
      2: server === undefined ? octets(new Uint8Array()) : address(server),
      3: gauge(mail === undefined ? 0 : toSeconds(mail.timeout)),
      4: mail?.sender === undefined ? undefined : text(mail.sender),
      6: gauge(mail?.port ?? 0),
      7: truth(mail?.omitsFaults !== true),
      8: integer(choice(shown.alertDefaults.all)),
      9: integer(choice(shown.alertDefaults.vrrp)),
      10: integer(choice(shown.alertDefaults.checkers)),
    }),
    tableOf(
      [...MAIL, 5, 1],
      2,
      numbered(mail?.recipients ?? [], (recipient) => ({ 2: text(recipient) })),
    ),
  ];
}

const MAIL = [...KEEPALIVED_GLOBAL, 3];
