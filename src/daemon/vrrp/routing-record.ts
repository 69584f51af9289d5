import { familyOf, parseIpAddress, type AddressFamily, type IpAddress, type IpPrefix } from "../../base/address.ts";
import type { NextHop, Route, Rule, RuleAction } from "../../base/route.ts";
import type { Files } from "../../ports/files.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { RoutingItem } from "../../ports/routing.ts";
import { textFromBytes } from "../../wire/text.ts";

/**
 * Which routes and rules this process has added, on disk: a crash leaves them behind, and whoever starts next must know them
 * for ours. It is written before they are added, and lies where a reboot empties it.
 */
export class RoutingRecord {
  readonly #path: string;
  readonly #files: Files;
  readonly #log: Log;
  readonly #known = new Map<string, RoutingItem>();
  #saved = "";
  #failing = false;

  constructor(path: string, dependencies: { readonly files: Files; readonly log: Log }) {
    this.#path = path;
    this.#files = dependencies.files;
    this.#log = dependencies.log;
  }

  /** Reads what a run before this one added. What is missing or damaged proves nothing. */
  load(): void {
    const read = this.#files.read(this.#path);
    if (!read.ok) return;
    for (const [key, item] of parseRecord(textFromBytes(read.value))) this.#known.set(key, item);
  }

  all(): ReadonlyMap<string, RoutingItem> {
    return this.#known;
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** They are about to be added. */
  remember(items: readonly (readonly [string, RoutingItem])[]): void {
    for (const [key, item] of items) this.#known.set(key, item);
    this.#write();
  }

  /** They have been removed, or turned out to be somebody else's. */
  forget(keys: readonly string[]): void {
    for (const key of keys) this.#known.delete(key);
    this.#write();
  }

  #write(): void {
    const text = this.#known.size === 0 ? "" : `${JSON.stringify([...this.#known])}\n`;
    if (text === this.#saved) return;
    const written = text === "" ? this.#files.remove(this.#path) : this.#files.replace(this.#path, text);
    if (!written.ok && !this.#failing) this.#log.write("error", describeFailure(written.error));
    this.#failing = !written.ok;
    this.#saved = text;
  }
}

function parseRecord(text: string): readonly (readonly [string, RoutingItem])[] {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return [];
    return value.flatMap((entry: unknown) => {
      const [key, fields] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
      const item = isRecord(fields) ? itemOf(fields) : undefined;
      return typeof key === "string" && item !== undefined ? [[key, item] as const] : [];
    });
  } catch {
    // Torn by a crash in the middle of a write, or edited by hand.
    return [];
  }
}

function itemOf({ kind, route, rule }: Fields): RoutingItem | undefined {
  if (kind === "route" && isRecord(route)) {
    const read = routeOf(route);
    return read === undefined ? undefined : { kind, route: read };
  }
  const read = kind === "rule" && isRecord(rule) ? ruleOf(rule) : undefined;
  return read === undefined ? undefined : { kind: "rule", rule: read };
}

/** What removing it needs; the rest is left out. */
function routeOf(fields: Fields): Route<number> | undefined {
  const family = familyIn(fields["family"]);
  const type = TYPES.find((name) => name === fields["type"]);
  const destination = family === undefined ? undefined : prefixIn(fields["destination"], family);
  const [tos, table, protocol, scope] = ["tos", "table", "protocol", "scope"].map((name) => numberIn(fields[name]));
  if (family === undefined || type === undefined || destination === undefined) return undefined;
  if (tos === undefined || table === undefined || protocol === undefined || scope === undefined) return undefined;
  const hops = Array.isArray(fields["hops"]) ? fields["hops"].map(hopOf) : [];
  return {
    family,
    type,
    destination,
    from: prefixIn(fields["from"], family),
    tos,
    table,
    vrf: undefined,
    protocol,
    scope,
    metric: numberIn(fields["metric"]),
    preferredSource: addressIn(fields["preferredSource"]),
    hops,
    metrics: {},
    congestionControl: undefined,
    expires: undefined,
    preference: undefined,
    propagatesTtl: undefined,
    insertion: "prepend",
  };
}

function hopOf(value: unknown): NextHop<number> {
  const fields = isRecord(value) ? value : {};
  return {
    gateway: addressIn(fields["gateway"]),
    device: numberIn(fields["device"]),
    weight: Math.max(1, numberIn(fields["weight"]) ?? 1),
    onlink: fields["onlink"] === true,
    realms: undefined,
    encapsulation: undefined,
  };
}

function ruleOf(fields: Fields): Rule | undefined {
  const family = familyIn(fields["family"]);
  const action = isRecord(fields["action"]) ? actionOf(fields["action"]) : undefined;
  const protocol = numberIn(fields["protocol"]);
  if (family === undefined || action === undefined || protocol === undefined) return undefined;
  const mark = isRecord(fields["mark"]) ? fields["mark"] : {};
  const value = numberIn(mark["value"]);
  return {
    family,
    action,
    inverted: fields["inverted"] === true,
    from: prefixIn(fields["from"], family),
    to: prefixIn(fields["to"], family),
    preference: numberIn(fields["preference"]),
    tos: numberIn(fields["tos"]) ?? 0,
    mark: value === undefined ? undefined : { value, mask: numberIn(mark["mask"]) },
    realms: undefined,
    suppressPrefixLength: numberIn(fields["suppressPrefixLength"]),
    suppressGroup: numberIn(fields["suppressGroup"]),
    incoming: interfaceIn(fields["incoming"]),
    outgoing: interfaceIn(fields["outgoing"]),
    tunnel: typeof fields["tunnel"] === "string" && /^\d{1,19}$/.test(fields["tunnel"]) ? fields["tunnel"] : undefined,
    users: rangeIn(fields["users"]),
    protocol,
    ipProtocol: numberIn(fields["ipProtocol"]),
    sourcePorts: rangeIn(fields["sourcePorts"]),
    destinationPorts: rangeIn(fields["destinationPorts"]),
  };
}

function actionOf({ kind, table, preference }: Fields): RuleAction | undefined {
  if (kind === "nop" || kind === "blackhole" || kind === "unreachable" || kind === "prohibit" || kind === "l3mdev")
    return { kind };
  const number = numberIn(kind === "goto" ? preference : table);
  if (number === undefined) return undefined;
  if (kind === "goto") return { kind, preference: number };
  return kind === "lookup" ? { kind, table: number } : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function familyIn(value: unknown): AddressFamily | undefined {
  return value === "ipv4" || value === "ipv6" ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff ? value : undefined;
}

function addressIn(value: unknown): IpAddress | undefined {
  return typeof value === "string" ? parseIpAddress(value) : undefined;
}

function prefixIn(value: unknown, family: AddressFamily): IpPrefix | undefined {
  const { address, length }: Fields = isRecord(value) ? value : {};
  const [read, bits] = [addressIn(address), numberIn(length)];
  if (read === undefined || bits === undefined || familyOf(read) !== family) return undefined;
  return bits <= (family === "ipv4" ? 32 : 128) ? { address: read, length: bits } : undefined;
}

function interfaceIn(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= 15 ? value : undefined;
}

function rangeIn(value: unknown): { readonly first: number; readonly last: number } | undefined {
  const fields: Fields = isRecord(value) ? value : {};
  const [first, last] = [numberIn(fields["first"]), numberIn(fields["last"])];
  return first === undefined || last === undefined ? undefined : { first, last };
}

const TYPES = [
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
] as const;
