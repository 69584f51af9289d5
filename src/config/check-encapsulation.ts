import type { Encapsulation } from "../base/route.ts";
import { parseIpAddress } from "../base/address.ts";
import type { RoutingWords } from "./routing-words.ts";
import type { Token } from "./tokens.ts";

/**
 * Reads what stands behind `encap`: `ip|ip6 [id ID] [dst A] [src A] [tos T|tc T] [ttl N|hoplimit N] [flags F]`,
 * `mpls LABEL[/LABEL...] [ttl N]` or `ila LOCATOR`. Undefined where it is wrong, which is a finding.
 */
export function readEncapsulation(option: Token, words: RoutingWords): Encapsulation | undefined {
  const kind = words.value(option);
  if (kind === undefined) return undefined;
  switch (kind.text) {
    case "ip":
    case "ip6":
      return readTunnel(kind.text, words);
    case "mpls":
      return readMpls(kind, words);
    case "ila":
      return readIla(kind, words);
    default:
      words.refuse("INVALID_CHOICE", kind, `"${kind.text}" is none of ip, ip6, mpls, ila`);
      return undefined;
  }
}

function readTunnel(kind: "ip" | "ip6", words: RoutingWords): Encapsulation {
  const family = kind === "ip" ? "ipv4" : "ipv6";
  const tunnel: { -readonly [Key in keyof Tunnel]: Tunnel[Key] } = {
    kind,
    id: undefined,
    destination: undefined,
    source: undefined,
    tos: undefined,
    ttl: undefined,
    flags: undefined,
  };
  for (;;) {
    const word = TUNNEL_WORDS.includes(words.peek() ?? "") ? words.next() : undefined;
    if (word === undefined) return tunnel;
    if (word.text === "id") tunnel.id = words.identifier(word);
    else if (word.text === "dst") tunnel.destination = words.address(word, family);
    else if (word.text === "src") tunnel.source = words.address(word, family);
    else if (word.text === "tos" || word.text === "tc") tunnel.tos = words.named(word, "rt_dsfield", 255);
    else if (word.text === "ttl" || word.text === "hoplimit") tunnel.ttl = words.integer(word, 0, 255);
    else tunnel.flags = words.integer(word, 0, 0xffff);
  }
}

type Tunnel = Extract<Encapsulation, { readonly kind: "ip" | "ip6" }>;

function readMpls(kind: Token, words: RoutingWords): Encapsulation | undefined {
  const value = words.value(kind);
  if (value === undefined) return undefined;
  const labels = value.text.split("/").map((text) => (/^\d{1,7}$/.test(text) ? Number(text) : -1));
  if (labels.some((label) => label < 0 || label > MPLS_LABEL_MAX)) {
    words.refuse("OUT_OF_RANGE", value, `"${value.text}" is no list of labels from 0 to ${MPLS_LABEL_MAX}`);
    return undefined;
  }
  const ttl = words.peek() === "ttl" ? words.next() : undefined;
  return { kind: "mpls", labels, ttl: ttl === undefined ? undefined : words.integer(ttl, 0, 255) };
}

/** The upper 64 bits of an IPv6 address, in four groups. */
function readIla(kind: Token, words: RoutingWords): Encapsulation | undefined {
  const value = words.value(kind);
  if (value === undefined) return undefined;
  const groups = value.text.split(":");
  if (groups.length !== 4 || parseIpAddress(`${value.text}::`) === undefined) {
    words.refuse("INVALID_ADDRESS", value, `"${value.text}" is no locator such as 2001:db8:1:2`);
    return undefined;
  }
  return {
    kind: "ila",
    locator: groups.flatMap((group) => {
      const number = Number.parseInt(group, 16);
      return [number >> 8, number & 0xff];
    }),
  };
}

const TUNNEL_WORDS: readonly string[] = ["id", "dst", "src", "tos", "tc", "ttl", "hoplimit", "flags"];
/** 20 bits (RFC 3032 section 2.1). */
const MPLS_LABEL_MAX = 0xf_ffff;
