import type { Daemon } from "./fault.ts";

/** What holds for a whole soak. */
export interface Settings {
  readonly seed: number;
  readonly version: 2 | 3;
  readonly transport: "multicast" | "unicast";
  /** Seconds. */
  readonly preemptDelay: number;
  readonly nodes: readonly NodeSettings[];
}

export interface NodeSettings {
  readonly name: string;
  readonly daemon: Daemon;
  /** Without prefix length. */
  readonly address: string;
  /** At the beginning; reloads change it. */
  readonly priority: number;
}

export const VIP = "10.77.0.100";
export const PREFIX_LENGTH = 24;
/** In seconds. */
export const ADVERT_INTERVAL = 1;
/** Of the tracked script. */
export const SCRIPT = { path: "/etc/keepalived/check.sh", interval: 1, timeout: 2, fall: 2, rise: 2 };
/** The script succeeds while it is there. */
export const HEALTHY_FILE = "/run/soak/healthy";
/** The tracked file. */
export const NUMBER_FILE = "/run/soak/number";
export const CONFIGURATION_FILE = "/etc/keepalived/keepalived.conf";

/** Writes the keepalived.conf of a node; both daemons are given the same text. */
export function configurationOf(settings: Settings, node: NodeSettings, priority: number): string {
  const peers = settings.nodes.filter(({ name }) => name !== node.name).map(({ address }) => address);
  const unicast = [`    unicast_src_ip ${node.address}`, `    unicast_peer {`, ...peers.map(indent), `    }`];
  return [
    `global_defs {`,
    `    router_id ${node.name}`,
    `    script_user root`,
    `}`,
    `vrrp_script service {`,
    `    script ${SCRIPT.path}`,
    `    interval ${SCRIPT.interval}`,
    `    timeout ${SCRIPT.timeout}`,
    `    fall ${SCRIPT.fall}`,
    `    rise ${SCRIPT.rise}`,
    `}`,
    `vrrp_track_file number {`,
    `    file ${NUMBER_FILE}`,
    `    weight 1`,
    `}`,
    `vrrp_instance web {`,
    `    state BACKUP`,
    `    interface eth0`,
    `    virtual_router_id 51`,
    `    priority ${priority}`,
    `    version ${settings.version}`,
    `    advert_int ${ADVERT_INTERVAL}`,
    ...(settings.preemptDelay > 0 ? [`    preempt_delay ${settings.preemptDelay}`] : []),
    ...(settings.transport === "unicast" ? unicast : []),
    `    track_script {`,
    `        service`,
    `    }`,
    `    track_file {`,
    `        number`,
    `    }`,
    `    virtual_ipaddress {`,
    `        ${VIP}/${PREFIX_LENGTH}`,
    `    }`,
    `}`,
    ``,
  ].join("\n");
}

function indent(line: string): string {
  return `        ${line}`;
}
