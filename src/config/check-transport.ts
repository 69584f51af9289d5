import { familyOf, parseIpAddress } from "../base/address.ts";
import type { AddressFamily, IpAddress } from "../base/address.ts";
import { readGroup } from "./check-global.ts";
import type { InstanceDefaults } from "./check-global.ts";
import type { Report } from "./diagnostic.ts";
import type { Transport, UnicastPeer } from "./model/transport.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { addressOf, integerOf, spanOfStatement, statementOf, statementsOf, switchOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Decides between unicast and multicast as keepalived does: the presence of unicast_peer decides, and a list without any
 * usable peer falls back to multicast with an error. Addresses of another family than the instance's are findings.
 */
export function readTransport(
  block: readonly Statement[],
  family: AddressFamily,
  defaults: InstanceDefaults,
  report: Report,
): Transport {
  const peers = readPeers(block, family, report);
  const source = readSource(block, family, report);
  const group = readGroup(block, "mcast_dst_ip", family, report) ?? defaults.groups[family];
  const fault = statementOf(block, "unicast_fault_no_peer");
  const keyword = peers?.keyword ?? fault?.keyword;
  if (keyword === undefined) return { kind: "multicast", group, source };
  const list = peers?.list ?? [];
  if (list.length === 0) {
    const what = fault === undefined ? "adverts go to the multicast group" : "the instance stays in FAULT";
    report({
      code: "EMPTY_UNICAST_PEER",
      at: spanOfToken(keyword),
      message: `The list of unicast peers has no usable address, so ${what}`,
      help: "Name the other nodes in it, or remove it.",
    });
    if (fault === undefined) return { kind: "multicast", group, source };
  }
  const own = list.find((peer) => peer.address === source);
  if (own !== undefined) {
    const message = `The peer "${own.address}" is this node's own source address`;
    report({ code: "PEER_IS_SOURCE", at: own.place ?? spanOfToken(keyword), message });
  }
  return {
    kind: "unicast",
    source,
    peers: list,
    ttl: integerOf(block, "unicast_ttl") ?? 255,
    // keepalived.conf(5): naming min_ttl or max_ttl turns the check on, even where the limit excludes nothing.
    checkSource: (switchOf(block, "check_unicast_src") ?? defaults.checkUnicastSource) || peers?.limited === true,
    // Over IPv6 the kernel computes them, and always did so in one way.
    oldChecksum: family === "ipv6" ? "never" : readOldChecksum(block),
  };
}

function readOldChecksum(block: readonly Statement[]): "detect" | "always" | "never" {
  const statement = statementOf(block, "old_unicast_checksum");
  if (statement === undefined) return "detect";
  return statement.words[0]?.text === "never" ? "never" : "always";
}

function readSource(block: readonly Statement[], family: AddressFamily, report: Report): IpAddress | undefined {
  // All three set one thing in keepalived; the last one counts.
  const statement = block.findLast(
    (candidate) => SOURCE_KEYWORDS.includes(candidate.keyword.text) && candidate.values[0]?.kind === "address",
  );
  if (statement === undefined) return undefined;
  const source = addressOf([statement], statement.keyword.text);
  return source === undefined || isOfFamily(source, family, statement, report) ? source : undefined;
}

interface Peers {
  readonly keyword: Token;
  readonly list: readonly UnicastPeer[];
  /** One of the lines has min_ttl or max_ttl with a usable value. */
  readonly limited: boolean;
}

function readPeers(block: readonly Statement[], family: AddressFamily, report: Report): Peers | undefined {
  const lists = statementsOf(block, "unicast_peer");
  const old = statementsOf(block, "vrrp_unicast_peer");
  const keyword = (lists[0] ?? old[0])?.keyword;
  if (keyword === undefined) return undefined;
  const list: UnicastPeer[] = [];
  let limited = false;
  for (const line of lists.flatMap((statement) => statement.block ?? [])) {
    const read = readPeer(line, family, report);
    if (read === undefined) continue;
    limited ||= read.limited;
    addPeer(list, read.peer, line, report);
  }
  for (const statement of old) {
    const value = statement.values[0];
    if (value?.kind !== "address" || !isOfFamily(value.value, family, statement, report)) continue;
    const peer = { address: value.value, place: spanOfStatement(statement), minTtl: 0, maxTtl: 255 };
    addPeer(list, peer, statement, report);
  }
  return { keyword, list, limited };
}

function addPeer(list: UnicastPeer[], peer: UnicastPeer, line: Statement, report: Report): void {
  if (list.every((known) => known.address !== peer.address)) list.push(peer);
  else {
    const message = `The peer "${peer.address}" stands in the list already`;
    report({ code: "DUPLICATE_ADDRESS", at: spanOfStatement(line), message });
  }
}

function readPeer(
  line: Statement,
  family: AddressFamily,
  report: Report,
): { readonly peer: UnicastPeer; readonly limited: boolean } | undefined {
  const at = spanOfToken(line.keyword);
  const [text = "", mask] = line.keyword.text.split("/", 2);
  const address = parseIpAddress(text);
  if (address === undefined) {
    report({ code: "INVALID_ADDRESS", at, message: `The peer "${line.keyword.text}" is no IP address` });
    return undefined;
  }
  if (!isOfFamily(address, family, line, report)) return undefined;
  if (mask !== undefined) {
    const message = `A peer is one host: "/${mask}" is ignored`;
    report({ code: "IGNORED_MASK", at, message });
  }
  const minTtl = readTtl(line, "min_ttl", report);
  const maxTtl = readTtl(line, "max_ttl", report);
  return {
    peer: { address, place: spanOfStatement(line), minTtl: minTtl ?? 0, maxTtl: maxTtl ?? 255 },
    limited: minTtl !== undefined || maxTtl !== undefined,
  };
}

function readTtl(line: Statement, keyword: "min_ttl" | "max_ttl", report: Report): number | undefined {
  let value: number | undefined;
  for (let index = 0; index < line.words.length; index += 2) {
    const option = line.words[index];
    const word = line.words[index + 1];
    if (option === undefined) break;
    const known = option.text === "min_ttl" || option.text === "max_ttl";
    // Both limits walk over the same words; each finding is made by one of them.
    if (!known && keyword === "min_ttl") {
      const message = `A peer has no option "${option.text}"`;
      report({ code: "UNKNOWN_OPTION", at: spanOfToken(option), message, help: "Each line holds one address." });
      return value;
    }
    if (option.text !== keyword) continue;
    if (word !== undefined && /^\d{1,3}$/.test(word.text) && Number(word.text) <= 255) value = Number(word.text);
    else {
      const message = `"${keyword}" takes 0 to 255${word === undefined ? "" : `, not ${word.text}`}`;
      report({ code: "OUT_OF_RANGE", at: spanOfToken(word ?? option), message });
    }
  }
  return value;
}

function isOfFamily(address: IpAddress, family: AddressFamily, statement: Statement, report: Report): boolean {
  if (familyOf(address) === family) return true;
  const [its, ours] = family === "ipv4" ? ["IPv6", "IPv4"] : ["IPv4", "IPv6"];
  const message = `"${address}" is of ${its}, but the instance has ${ours} addresses; it is ignored`;
  report({ code: "FAMILY_MISMATCH", at: spanOfStatement(statement), message });
  return false;
}

const SOURCE_KEYWORDS: readonly string[] = ["mcast_src_ip", "unicast_src_ip", "vrrp_unicast_bind"];
