import type { Host } from "./host.ts";
import type { Program } from "./program.ts";

/** net-snmp's snmpd on a host, and somebody who hears its traps. */
export interface SnmpService {
  readonly snmpd: Program;
  /** Walks through a subtree as snmpwalk -On does: one line each, without the first dot. */
  readonly walk: (subtree: string) => Promise<readonly string[]>;
  readonly snmptrapd: Program;
}

/** Where it listens for AgentX: a socket below /var/agentx, as Debian has it, would be this machine's own. */
export const MASTER = "tcp:127.0.0.1:705";

/** Starts both; comes back when snmpd is up. */
export async function startSnmp(host: Host, master: string = MASTER): Promise<SnmpService> {
  await host.writeFile("/etc/snmp/lab-trapd.conf", "disableAuthorization yes\n");
  const heard = "udp:127.0.0.1:162";
  const trapOptions = ["-f", "-Lo", "-C", "-c", "/etc/snmp/lab-trapd.conf", "-On", "-m", ""];
  const snmptrapd = await host.start(["snmptrapd", ...trapOptions, heard]);
  await snmptrapd.waitForLine(/NET-SNMP version/);
  const snmpd = await startSnmpd(host, master);
  return { snmpd, snmptrapd, walk: (subtree) => walk(host, subtree) };
}

/** Starts snmpd alone; comes back when it is up. */
export async function startSnmpd(host: Host, master: string = MASTER): Promise<Program> {
  await host.writeFile("/etc/snmp/lab.conf", [...CONFIGURATION, `agentXSocket ${master}`, ""].join("\n"));
  const snmpd = await host.start(["snmpd", "-f", "-Lo", "-C", "-c", "/etc/snmp/lab.conf", "-m", ""]);
  await snmpd.waitForLine(/NET-SNMP version/);
  return snmpd;
}

async function walk(host: Host, subtree: string): Promise<readonly string[]> {
  const output = await host.runOrThrow(["snmpwalk", ...CLIENT, "127.0.0.1", subtree]);
  return output.split("\n").flatMap((line) => (line === "" ? [] : [line.replace(/^\./, "")]));
}

/** What snmpget and its like need to know. */
export const CLIENT: readonly string[] = ["-v2c", "-c", "public", "-m", "", "-On", "-t", "3", "-r", "3"];

const CONFIGURATION = [
  "agentAddress udp:127.0.0.1:161",
  "rwcommunity public",
  "master agentx",
  "trap2sink 127.0.0.1 public",
];
