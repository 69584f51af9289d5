import type { MasterAddress } from "./model/snmp.ts";

/**
 * Reads where an AgentX master agent listens in the forms of net-snmp that make sense for it: `/path`, `unix:/path`,
 * `tcp:host:port`, `tcp:port`, `tcp6:[address]:port`, `host:port`. Undefined: none of them.
 *
 * @see snmpcmd(1), "Agent specification"; RFC 2741 section 8.1 for the port.
 */
export function parseMasterAddress(text: string): MasterAddress | undefined {
  const unix = /^(?:unix:)?(\/.+)$/.exec(text)?.[1];
  if (unix !== undefined) return { kind: "unix", path: unix };
  const [, transport, rest = ""] = /^(?:(tcp|tcp6|tcpv6|tcpipv6):)?(.*)$/.exec(text) ?? [];
  const [, bracketed, plain, number] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  if (plain !== undefined && /^\d+$/.test(plain)) {
    return transport !== undefined && number === undefined ? tcp("localhost", Number(plain)) : undefined;
  }
  if (transport === undefined && number === undefined) return undefined;
  return tcp(host, number === undefined ? AGENTX_PORT : Number(number));
}

function tcp(host: string, port: number): MasterAddress | undefined {
  return port >= 1 && port <= 65_535 ? { kind: "tcp", host, port } : undefined;
}

/** IANA's number for AgentX. */
const AGENTX_PORT = 705;
