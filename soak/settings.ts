import type { Daemon } from "./fault.ts";
import { priorityFor, servicesOf, type Service } from "./services.ts";

/** What holds for a whole soak. */
export interface Settings {
  readonly seed: number;
  /** Of the instance that may have either. */
  readonly version: 2 | 3;
  readonly transport: "multicast" | "unicast";
  /** Seconds. */
  readonly preemptDelay: number;
  /** The instance with fast adverts has its priorities the other way round. */
  readonly mirrored: boolean;
  readonly nodes: readonly NodeSettings[];
}

export interface NodeSettings {
  readonly name: string;
  readonly daemon: Daemon;
  /** Without prefix length. */
  readonly address: string;
  /** Without prefix length, too. */
  readonly ipv6Address: string;
  /** At the beginning; reloads change it. */
  readonly priority: number;
}

/** Of the networks that all hosts are in. */
export const PREFIX_LENGTH = 24;
export const IPV6_PREFIX_LENGTH = 64;
/** Of the tracked script. */
export const SCRIPT = { path: "/etc/keepalived/check.sh", interval: 1, timeout: 2, fall: 2, rise: 2 };
/** The script succeeds while it is there. */
export const HEALTHY_FILE = "/run/soak/healthy";
/** The tracked file. */
export const NUMBER_FILE = "/run/soak/number";
export const CONFIGURATION_FILE = "/etc/keepalived/keepalived.conf";

/** Writes the keepalived.conf of a node; both daemons are given the same text. */
export function configurationOf(settings: Settings, node: NodeSettings, priority: number): string {
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
    ...servicesOf(settings).flatMap((service) => instanceOf(service, settings, node, priorityFor(service, priority))),
    ``,
  ].join("\n");
}

function instanceOf(service: Service, settings: Settings, node: NodeSettings, priority: number): string[] {
  const own = ({ address, ipv6Address }: NodeSettings): string => (service.family === "ipv4" ? address : ipv6Address);
  const peers = settings.nodes.filter(({ name }) => name !== node.name).map(own);
  const unicast = [`    unicast_src_ip ${own(node)}`, `    unicast_peer {`, ...peers.map(indent), `    }`];
  return [
    `vrrp_instance ${service.name} {`,
    `    state BACKUP`,
    `    interface eth0`,
    `    virtual_router_id ${service.virtualRouterId}`,
    `    priority ${priority}`,
    `    version ${service.version}`,
    `    advert_int ${service.advertIntervalMs / 1000}`,
    ...(settings.preemptDelay > 0 ? [`    preempt_delay ${settings.preemptDelay}`] : []),
    ...(settings.transport === "unicast" ? unicast : []),
    `    track_script {`,
    `        service`,
    `    }`,
    `    track_file {`,
    `        number`,
    `    }`,
    `    virtual_ipaddress {`,
    `        ${service.vip}/${service.prefixLength}`,
    `    }`,
    `}`,
  ];
}

function indent(line: string): string {
  return `        ${line}`;
}
