import { familyOf, ip, networkOf } from "../base/address.ts";
import type { AddressFamily, IpAddress, IpPrefix } from "../base/address.ts";
import { RT_TABLE_MAIN, RTPROT_KEEPALIVED } from "../base/route.ts";
import type { NextHop, Route, RouteType } from "../base/route.ts";
import { isMetric, METRIC_NAMES, readMetric, type MetricsDraft } from "./check-route-metrics.ts";
import { readEncapsulation } from "./check-encapsulation.ts";
import type { Report } from "./diagnostic.ts";
import type { RouteSettings } from "./model/routing.ts";
import type { RoutingNames } from "./routing-names.ts";
import { RoutingWords, UINT32_MAX } from "./routing-words.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Reads a line of virtual_routes or static_routes in the words of ip-route(8) and keepalived:
 * `[TYPE] [to] DESTINATION [via ADDRESS] [dev INTERFACE] ...`. Undefined where it is dropped, which is always a finding.
 */
export function readRoute(
  statement: Statement,
  scope: "virtual" | "static",
  names: RoutingNames,
  report: Report,
): RouteSettings | undefined {
  const words = new RoutingWords("route", [statement.keyword, ...statement.words], names, report);
  const draft = newDraft();
  for (let word = words.next(); word !== undefined; word = words.next()) readWord(draft, word, words, scope);
  const route = finish(draft, statement.keyword, words);
  if (route === undefined) return undefined;
  return { kind: "route", route, tracked: draft.tracked, group: draft.group, place: spanOfStatement(statement) };
}

interface Hop {
  gateway?: IpAddress | undefined;
  device?: string | undefined;
  weight?: number | undefined;
  onlink?: boolean;
  realms?: number | undefined;
  encapsulation?: NextHop<string>["encapsulation"];
}

interface Draft {
  family: AddressFamily | undefined;
  type: RouteType | undefined;
  destination: { readonly prefix: IpPrefix; readonly token: Token } | undefined;
  from: IpPrefix | undefined;
  tos: number;
  table: number | undefined;
  vrf: string | undefined;
  protocol: number;
  scope: number | undefined;
  metric: number | undefined;
  preferredSource: IpAddress | undefined;
  own: Hop;
  /** The gateway behind `or`. */
  other: IpAddress | undefined;
  hops: Hop[];
  metrics: MetricsDraft["metrics"];
  congestionControl: MetricsDraft["congestionControl"];
  expires: number | undefined;
  preference: number | undefined;
  propagatesTtl: boolean | undefined;
  insertion: Route<string>["insertion"];
  tracked: boolean;
  group: string | undefined;
}

function newDraft(): Draft {
  return {
    family: undefined,
    type: undefined,
    destination: undefined,
    from: undefined,
    tos: 0,
    table: undefined,
    vrf: undefined,
    protocol: RTPROT_KEEPALIVED,
    scope: undefined,
    metric: undefined,
    preferredSource: undefined,
    own: {},
    other: undefined,
    hops: [],
    metrics: {},
    congestionControl: undefined,
    expires: undefined,
    preference: undefined,
    propagatesTtl: undefined,
    insertion: "prepend",
    tracked: true,
    group: undefined,
  };
}

function readWord(draft: Draft, word: Token, words: RoutingWords, scope: "virtual" | "static"): void {
  const { text } = word;
  const type = TYPES.find((name) => name === text);
  if (type !== undefined) draft.type = type;
  else if (text === "inet" || text === "inet6") draft.family = text === "inet" ? "ipv4" : "ipv6";
  else if (isMetric(text)) readMetric(draft, word, words);
  else if (isHopWord(text)) readHopWord(draft.own, word, words, draft.family);
  else if (text === "nexthop") draft.hops.push(readHop(words, draft.family));
  else if (text === "or") draft.other = words.address(word, draft.family);
  else if (!readTarget(draft, word, words) && !readHabit(draft, word, words, scope)) {
    if (draft.destination === undefined && (text === "default" || /[.:/]/.test(text)))
      draft.destination = destinationOf(word, words, draft.family);
    else words.unknown(word, KNOWN);
  }
}

/** The words that say which packets a route is for. False where it is none of them. */
function readTarget(draft: Draft, word: Token, words: RoutingWords): boolean {
  switch (word.text) {
    case "to": {
      const value = words.value(word);
      if (value !== undefined) draft.destination = destinationOf(value, words, draft.family);
      return true;
    }
    case "from":
      draft.from = words.prefix(word, draft.family);
      return true;
    case "src":
      draft.preferredSource = words.address(word, draft.family);
      return true;
    case "tos":
    case "dsfield":
      draft.tos = words.named(word, "rt_dsfield", 255) ?? 0;
      return true;
    case "table":
      draft.table = words.named(word, "rt_tables", UINT32_MAX);
      return true;
    case "vrf":
      draft.vrf = words.value(word)?.text;
      return true;
    case "protocol":
      draft.protocol = words.named(word, "rt_protos", 255) ?? draft.protocol;
      return true;
    case "scope":
      draft.scope = words.named(word, "rt_scopes", 255);
      return true;
    case "metric":
    case "priority":
    case "preference":
      draft.metric = words.integer(word, 0, UINT32_MAX);
      return true;
    default:
      return false;
  }
}

/** How the kernel is to take it, and what its loss means. False where it is none of them. */
function readHabit(draft: Draft, word: Token, words: RoutingWords, scope: "virtual" | "static"): boolean {
  switch (word.text) {
    case "add":
      draft.insertion = "alone";
      return true;
    case "prepend":
    case "append":
      draft.insertion = word.text;
      return true;
    case "expires":
      draft.expires = words.integer(word, 1, UINT32_MAX);
      return true;
    case "pref": {
      const value = words.value(word);
      draft.preference = PREFERENCES.get(value?.text ?? "");
      if (value !== undefined && draft.preference === undefined)
        words.refuse("INVALID_CHOICE", value, `"${value.text}" is none of low, medium, high`);
      return true;
    }
    case "ttl-propagate": {
      const value = words.value(word);
      draft.propagatesTtl = value?.text === "enabled";
      if (value !== undefined && value.text !== "enabled" && value.text !== "disabled")
        words.refuse("INVALID_CHOICE", value, `"${value.text}" is neither enabled nor disabled`);
      return true;
    }
    case "as":
      words.value(word);
      words.refuse("UNKNOWN_OPTION", word, '"as" is for routes of MPLS, which are not configured here');
      return true;
    case "no_track":
      draft.tracked = false;
      return true;
    case "track_group": {
      draft.group = words.value(word)?.text;
      if (scope === "virtual") words.warn("TRACKER_IGNORED", word, '"track_group" is for static routes and is ignored');
      return true;
    }
    default:
      return false;
  }
}

function destinationOf(word: Token, words: RoutingWords, family: AddressFamily | undefined): Draft["destination"] {
  const prefix = words.prefixOf(word, family);
  return prefix === undefined ? undefined : { prefix, token: word };
}

function isHopWord(text: string): boolean {
  return ["via", "gw", "dev", "oif", "weight", "onlink", "realms", "encap"].includes(text);
}

function readHopWord(hop: Hop, word: Token, words: RoutingWords, family: AddressFamily | undefined): void {
  switch (word.text) {
    case "via":
    case "gw": {
      // `via inet6 ADDRESS` in a route of IPv4: the gateway may be of the other family.
      const other = words.skip("inet6") ? "ipv6" : words.skip("inet") ? "ipv4" : undefined;
      hop.gateway = words.address(word, other ?? family);
      return;
    }
    case "dev":
    case "oif":
      hop.device = words.value(word)?.text;
      return;
    case "weight":
      hop.weight = words.integer(word, 1, 256);
      return;
    case "onlink":
      hop.onlink = true;
      return;
    case "realms":
      hop.realms = words.realms(word);
      return;
    default:
      hop.encapsulation = readEncapsulation(word, words);
  }
}

function readHop(words: RoutingWords, family: AddressFamily | undefined): Hop {
  const hop: Hop = {};
  while (isHopWord(words.peek() ?? "")) {
    const word = words.next();
    if (word !== undefined) readHopWord(hop, word, words, family);
  }
  return hop;
}

/** Puts the words together; undefined where the kernel cannot have such a route. */
function finish(draft: Draft, first: Token, words: RoutingWords): Route<string> | undefined {
  const { destination: read, own, other } = draft;
  if (read === undefined) {
    if (words.usable) words.refuse("INVALID_ADDRESS", first, "A route needs a destination, or default");
    return undefined;
  }
  const addresses = [draft.preferredSource, draft.from?.address, own.gateway, ...draft.hops.map((hop) => hop.gateway)];
  const named = read.prefix.length > 0 || read.token.text.includes("/") ? familyOf(read.prefix.address) : undefined;
  const implied = addresses.find((address) => address !== undefined);
  const family = draft.family ?? named ?? (implied === undefined ? "ipv4" : familyOf(implied));
  const hops = own.gateway === undefined && own.device === undefined ? draft.hops : [own, ...draft.hops];
  const all = other === undefined ? hops : [...hops, { ...own, gateway: other }];
  checkMeaning(draft, family, all, read.token, words);
  if (!words.usable) return undefined;
  const bare = read.prefix.length === 0 ? DEFAULT[family] : read.prefix;
  const leadsOn = all.some((hop) => hop.gateway !== undefined);
  return {
    family,
    type: draft.type ?? "unicast",
    destination: { address: networkOf(bare), length: bare.length },
    from: draft.from,
    tos: draft.tos,
    table: draft.table ?? RT_TABLE_MAIN,
    vrf: draft.vrf,
    protocol: draft.protocol,
    scope: draft.scope ?? defaultScope(draft.type ?? "unicast", family, leadsOn),
    metric: draft.metric,
    preferredSource: draft.preferredSource,
    hops: all.map((hop) => ({
      gateway: hop.gateway,
      device: hop.device,
      weight: hop.weight ?? 1,
      onlink: hop.onlink ?? false,
      realms: hop.realms,
      encapsulation: hop.encapsulation,
    })),
    metrics: draft.metrics,
    congestionControl: draft.congestionControl,
    expires: draft.expires,
    preference: draft.preference,
    propagatesTtl: draft.propagatesTtl,
    insertion: draft.insertion,
  };
}

/** What the kernel would refuse, or take for something else, is refused here in words. */
function checkMeaning(draft: Draft, family: AddressFamily, hops: readonly Hop[], at: Token, words: RoutingWords): void {
  const { destination: read, from, preferredSource, expires, preference } = draft;
  const type = draft.type ?? "unicast";
  if (read !== undefined && read.prefix.length > 0 && familyOf(read.prefix.address) !== family)
    words.refuse("FAMILY_MISMATCH", at, `"${at.text}" is not of ${family}`);
  for (const address of [from?.address, preferredSource]) {
    if (address !== undefined && familyOf(address) !== family)
      words.refuse("FAMILY_MISMATCH", at, `"${address}" is not of ${family}, as the route is`);
  }
  if (family === "ipv4") {
    if (from !== undefined) words.refuse("UNKNOWN_OPTION", at, '"from" is for routes of IPv6; in IPv4 a rule does it');
    if (expires !== undefined) words.refuse("UNKNOWN_OPTION", at, '"expires" is for routes of IPv6');
    if (preference !== undefined) words.refuse("UNKNOWN_OPTION", at, '"pref" is for routes of IPv6');
  } else {
    if (draft.tos !== 0) words.refuse("UNKNOWN_OPTION", at, "Routes of IPv6 have no TOS");
    if (hops.some((hop) => hop.gateway !== undefined && familyOf(hop.gateway) === "ipv4"))
      words.refuse("FAMILY_MISMATCH", at, "A route of IPv6 cannot lead through a gateway of IPv4");
  }
  if (LEADS_NOWHERE.includes(type)) {
    // IPv4 wants none; in IPv6 an interface may be named and means nothing.
    if (hops.some((hop) => hop.gateway !== undefined))
      words.refuse("UNKNOWN_OPTION", at, `A ${type} route leads through no gateway`);
  } else if (hops.length === 0 && words.usable) {
    words.refuse("MISSING_PARAMETER", at, `The route to "${at.text}" needs "via" or "dev" to lead anywhere`);
  }
  if (hops.length > 1 && hops.some((hop) => hop.gateway === undefined && hop.device === undefined))
    words.refuse("MISSING_PARAMETER", at, 'Each "nexthop" needs "via" or "dev"');
  if (read !== undefined && networkOf(read.prefix) !== read.prefix.address) {
    const message = `"${at.text}" has bits behind its mask; ${networkOf(read.prefix)}/${read.prefix.length} is used`;
    words.warn("HOST_BITS", at, message, "keepalived asks the kernel for it as it stands, and the kernel refuses.");
  }
}

/** As ip-route(8) says of SCOPE. IPv6 has none. */
function defaultScope(type: RouteType, family: AddressFamily, leadsOn: boolean): number {
  if (family === "ipv6") return RT_SCOPE_UNIVERSE;
  if (type === "local") return RT_SCOPE_HOST;
  if (type === "broadcast" || type === "multicast" || type === "anycast") return RT_SCOPE_LINK;
  return type === "unicast" && !leadsOn ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

const TYPES: readonly RouteType[] = [
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
];
const LEADS_NOWHERE: readonly RouteType[] = ["blackhole", "unreachable", "prohibit", "throw"];

const DEFAULT: Readonly<Record<AddressFamily, IpPrefix>> = {
  ipv4: { address: ip("0.0.0.0"), length: 0 },
  ipv6: { address: ip("::"), length: 0 },
};

// rt_scope_t of linux/rtnetlink.h
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_HOST = 254;

/** ICMPV6_ROUTER_PREF_* of linux/icmpv6.h. */
const PREFERENCES: ReadonlyMap<string, number> = new Map([
  ["medium", 0],
  ["high", 1],
  ["low", 3],
]);

const KNOWN: readonly string[] = [
  ...TYPES,
  ...METRIC_NAMES,
  ...(
    "via gw dev oif onlink realms encap nexthop weight or to from src tos dsfield table vrf protocol scope " +
    "metric priority preference expires pref features ttl-propagate add prepend append no_track track_group " +
    "inet inet6"
  ).split(" "),
];
