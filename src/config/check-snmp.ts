import type { Report } from "./diagnostic.ts";
import { parseMasterAddress } from "./master-address.ts";
import type { MasterAddress, SnmpSettings } from "./model/snmp.ts";
import { spanOfStatement, statementOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads the `enable_snmp_*` keywords, `enable_traps` and `snmp_socket`. */
export function readSnmp(block: readonly Statement[], report: Report): SnmpSettings {
  const isOn = (keyword: string): boolean => statementOf(block, keyword) !== undefined;
  const both = isOn("enable_snmp_rfc");
  return {
    keepalived: isOn("enable_snmp_vrrp") || isOn("enable_snmp_keepalived"),
    vrrp2: both || isOn("enable_snmp_rfcv2"),
    vrrp3: both || isOn("enable_snmp_rfcv3"),
    traps: isOn("enable_traps"),
    master: readMaster(block, report),
  };
}

function readMaster(block: readonly Statement[], report: Report): MasterAddress | undefined {
  const text = wordOf(block, "snmp_socket");
  const statement = statementOf(block, "snmp_socket");
  if (text === undefined || statement === undefined) return undefined;
  const address = parseMasterAddress(text);
  if (address !== undefined) return address;
  const message = `"${text}" is no place where a master agent listens; /var/agentx/master is used`;
  const help = "Write a path, unix:/path, tcp:host:port or tcp6:[address]:port.";
  report({ code: "INVALID_MASTER_AGENT", at: spanOfStatement(statement), message, help });
  return undefined;
}
