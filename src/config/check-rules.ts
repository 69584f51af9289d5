import { familyOf } from "../base/address.ts";
import type { AddressFamily, IpPrefix } from "../base/address.ts";
import { RT_TABLE_MAIN, RTPROT_KEEPALIVED } from "../base/route.ts";
import type { Rule, RuleAction } from "../base/route.ts";
import type { Report } from "./diagnostic.ts";
import type { RuleSettings } from "./model/routing.ts";
import type { RoutingNames } from "./routing-names.ts";
import { numberIn, RoutingWords, UINT32_MAX } from "./routing-words.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Reads a line of virtual_rules or static_rules in the words of ip-rule(8) and keepalived:
 * `[not] [from PREFIX] [to PREFIX] [table TABLE] [preference N] ...`. Undefined where it is dropped, which is always a
 * finding. Rules without a preference get one by `withPreferences`.
 */
export function readRule(
  statement: Statement,
  scope: "virtual" | "static",
  names: RoutingNames,
  report: Report,
): RuleSettings | undefined {
  const words = new RoutingWords("rule", [statement.keyword, ...statement.words], names, report);
  const draft: Draft = { ...EMPTY };
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (!readAction(draft, word, words) && !readSelector(draft, word, words) && !readHabit(draft, word, words, scope))
      words.unknown(word, KNOWN);
  }
  const rule = finish(draft, statement.keyword, words);
  if (rule === undefined) return undefined;
  return { kind: "rule", rule, tracked: draft.tracked, group: draft.group, place: spanOfStatement(statement) };
}

interface Draft {
  family: AddressFamily | undefined;
  inverted: boolean;
  from: IpPrefix | undefined;
  to: IpPrefix | undefined;
  preference: number | undefined;
  tos: number;
  table: number | undefined;
  action: RuleAction | undefined;
  mark: Rule["mark"];
  realms: number | undefined;
  suppressPrefixLength: number | undefined;
  suppressGroup: number | undefined;
  incoming: string | undefined;
  outgoing: string | undefined;
  tunnel: string | undefined;
  users: Rule["users"];
  protocol: number;
  ipProtocol: number | undefined;
  sourcePorts: Rule["sourcePorts"];
  destinationPorts: Rule["destinationPorts"];
  tracked: boolean;
  group: string | undefined;
}

const EMPTY: Draft = {
  family: undefined,
  inverted: false,
  from: undefined,
  to: undefined,
  preference: undefined,
  tos: 0,
  table: undefined,
  action: undefined,
  mark: undefined,
  realms: undefined,
  suppressPrefixLength: undefined,
  suppressGroup: undefined,
  incoming: undefined,
  outgoing: undefined,
  tunnel: undefined,
  users: undefined,
  protocol: RTPROT_KEEPALIVED,
  ipProtocol: undefined,
  sourcePorts: undefined,
  destinationPorts: undefined,
  tracked: true,
  group: undefined,
};

/** The words that say where a packet is looked up. False where it is none of them. */
function readAction(draft: Draft, word: Token, words: RoutingWords): boolean {
  const { text } = word;
  const type = text === "type" ? words.value(word) : word;
  switch (type?.text) {
    case "blackhole":
    case "unreachable":
    case "prohibit":
    case "nop":
      draft.action = { kind: type.text };
      return true;
    case "unicast":
      return text === "type";
    case "goto": {
      const preference = words.integer(word, 0, UINT32_MAX);
      if (preference !== undefined) draft.action = { kind: "goto", preference };
      return true;
    }
    case "l3mdev":
      draft.action = { kind: "l3mdev" };
      return true;
    case "table":
    case "lookup":
      draft.table = words.named(word, "rt_tables", UINT32_MAX);
      return true;
    default:
      if (text !== "type") return false;
      if (type !== undefined) words.refuse("INVALID_CHOICE", type, `"${type.text}" is no type of a rule`);
      return true;
  }
}

/** The words that say which packets it holds for. False where it is none of them. */
function readSelector(draft: Draft, word: Token, words: RoutingWords): boolean {
  switch (word.text) {
    case "not":
      draft.inverted = true;
      return true;
    case "from":
      draft.from = words.prefix(word, draft.family);
      return true;
    case "to":
      draft.to = words.prefix(word, draft.family);
      return true;
    case "tos":
    case "dsfield":
      draft.tos = words.named(word, "rt_dsfield", 255) ?? 0;
      return true;
    case "fwmark":
      draft.mark = readMark(word, words);
      return true;
    case "iif":
    case "dev":
      draft.incoming = words.value(word)?.text;
      return true;
    case "oif":
      draft.outgoing = words.value(word)?.text;
      return true;
    case "tunnel-id":
    case "tun_id":
      draft.tunnel = words.identifier(word);
      return true;
    case "uidrange":
      draft.users = words.range(word, UINT32_MAX);
      return true;
    case "ipproto":
    case "ip_proto":
    case "ip-proto":
      draft.ipProtocol = readIpProtocol(word, words);
      return true;
    case "sport":
      draft.sourcePorts = words.range(word, 0xffff);
      return true;
    case "dport":
      draft.destinationPorts = words.range(word, 0xffff);
      return true;
    default:
      return false;
  }
}

/** How the kernel is to take it, and what its loss means. False where it is none of them. */
function readHabit(draft: Draft, word: Token, words: RoutingWords, scope: "virtual" | "static"): boolean {
  switch (word.text) {
    case "inet":
    case "inet6":
      draft.family = word.text === "inet" ? "ipv4" : "ipv6";
      return true;
    case "preference":
    case "order":
    case "priority":
      draft.preference = words.integer(word, 0, UINT32_MAX);
      return true;
    case "protocol":
      draft.protocol = words.named(word, "rt_protos", 255) ?? draft.protocol;
      return true;
    case "realms":
      draft.realms = words.realms(word);
      return true;
    case "suppress_prefixlength":
    case "suppress_prefixlen":
    case "sup_pl":
      draft.suppressPrefixLength = words.integer(word, 0, 128);
      return true;
    case "suppress_ifgroup":
    case "sup_group":
      draft.suppressGroup = words.named(word, "group", UINT32_MAX);
      return true;
    case "no_track":
      draft.tracked = false;
      return true;
    case "track_group":
      draft.group = words.value(word)?.text;
      if (scope === "virtual") words.warn("TRACKER_IGNORED", word, '"track_group" is for static rules and is ignored');
      return true;
    default:
      return false;
  }
}

function readMark(option: Token, words: RoutingWords): Rule["mark"] {
  const value = words.value(option);
  if (value === undefined) return undefined;
  const [left = "", right] = value.text.split("/", 2);
  const number = numberIn(left);
  const mask = right === undefined ? undefined : numberIn(right);
  if (number !== undefined && number <= UINT32_MAX && (right === undefined || (mask ?? UINT32_MAX + 1) <= UINT32_MAX))
    return { value: number, mask };
  words.refuse("INVALID_NUMBER", value, `"${value.text}" is no mark: VALUE or VALUE/MASK`);
  return undefined;
}

function readIpProtocol(option: Token, words: RoutingWords): number | undefined {
  const value = words.value(option);
  if (value === undefined) return undefined;
  return IP_PROTOCOLS.get(value.text.toLowerCase()) ?? words.integerOf(value, option.text, 0, 255);
}

function finish(draft: Draft, first: Token, words: RoutingWords): Rule | undefined {
  const { from, to, table, action, tracked: _tracked, group: _group, ...rest } = draft;
  const named = [from, to].filter((prefix) => prefix !== undefined && prefix.length > 0);
  const family = draft.family ?? (named[0] === undefined ? "ipv4" : familyOf(named[0].address));
  for (const prefix of named) {
    if (prefix !== undefined && familyOf(prefix.address) !== family)
      words.refuse("FAMILY_MISMATCH", first, `"${prefix.address}" is not of ${family}, as the rule is`);
  }
  if (action !== undefined && table !== undefined)
    words.refuse("UNKNOWN_OPTION", first, `A rule with "${action.kind}" looks up no table`);
  if (action?.kind === "goto" && draft.preference !== undefined && action.preference <= draft.preference)
    words.refuse("OUT_OF_RANGE", first, "A rule can only go to one behind it, with a higher preference");
  if (action?.kind === "goto" && draft.preference === undefined)
    words.refuse("MISSING_PARAMETER", first, 'A rule with "goto" needs a preference');
  if (!words.usable) return undefined;
  const lookup: RuleAction = { kind: "lookup", table: table ?? RT_TABLE_MAIN };
  // "all" selects nothing, and is the same as no prefix.
  const prefixOf = (prefix: IpPrefix | undefined): IpPrefix | undefined =>
    prefix !== undefined && prefix.length > 0 ? prefix : undefined;
  return { ...rest, family, from: prefixOf(from), to: prefixOf(to), action: action ?? lookup };
}

const IP_PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ["icmp", 1],
  ["igmp", 2],
  ["tcp", 6],
  ["udp", 17],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["ospf", 89],
  ["vrrp", 112],
  ["sctp", 132],
  ["udplite", 136],
]);

const KNOWN: readonly string[] = (
  "not from to table lookup preference order priority tos dsfield fwmark realms suppress_prefixlength " +
  "suppress_ifgroup iif oif dev tunnel-id uidrange l3mdev protocol ipproto ip_proto sport dport type goto " +
  "nop blackhole unreachable prohibit no_track track_group inet inet6"
).split(" ");
