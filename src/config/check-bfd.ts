import { familyOf } from "../base/address.ts";
import { millis, seconds } from "../base/time.ts";
import type { KnownTracker } from "./check-trackers.ts";
import type { Report } from "./diagnostic.ts";
import type { BfdInstanceSettings } from "./model/bfd.ts";
import type { Token } from "./tokens.ts";
import { spanOfToken } from "./tokens.ts";
import { addressOf, integerOf, secondsOf, spanOfStatement, statementOf, statementsOf, switchOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

export interface KnownBfd extends KnownTracker<BfdInstanceSettings> {
  /** False where it says that only checks hear of it. */
  readonly forInstances: boolean;
}

/** Reads all bfd_instance blocks, by name. The first of two with one name, or with the same two ends, counts. */
export function checkBfd(tree: readonly Statement[], report: Report): ReadonlyMap<string, KnownBfd> {
  const known = new Map<string, KnownBfd>();
  for (const statement of statementsOf(tree, "bfd_instance")) {
    const name = statement.words[0];
    if (name === undefined) continue;
    const at = spanOfToken(name);
    if (known.has(name.text)) {
      const message = `There is a bfd_instance "${name.text}" already; this one is ignored`;
      report({ code: "DUPLICATE_NAME", at, message, severity: "warning", effect: "logged" });
      continue;
    }
    if (name.text.length > LONGEST_NAME) {
      const message = `The name of a bfd_instance has at most ${LONGEST_NAME} characters; keepalived ignores this one`;
      report({ code: "OUT_OF_RANGE", at, message, severity: "warning", effect: "logged" });
    }
    const settings = readSession(name, statement, report);
    if (settings === undefined) continue;
    const twin = [...known.values()].find((other) => hasSameEnds(other.settings, settings));
    if (twin !== undefined) {
      const message = `"${twin.settings.name}" has the same neighbour and source; "${name.text}" is dropped`;
      report({ code: "BFD_SAME_ENDS", at, message });
      continue;
    }
    known.set(name.text, { settings, statement, ...readUse(statement.block ?? []) });
  }
  return known;
}

function readUse(block: readonly Statement[]): Pick<KnownBfd, "weight" | "forInstances"> {
  const [weight, direction] = statementOf(block, "weight")?.values ?? [];
  const vrrp = statementOf(block, "vrrp") !== undefined;
  const checker = statementOf(block, "checker") !== undefined;
  return {
    weight: {
      weight: weight?.kind === "integer" ? weight.value : 0,
      reverse: direction?.kind === "word" && direction.value === "reverse",
    },
    forInstances: vrrp || !checker,
  };
}

function readSession(name: Token, statement: Statement, report: Report): BfdInstanceSettings | undefined {
  const block = statement.block ?? [];
  const at = spanOfToken(name);
  const neighbor = addressOf(block, "neighbor_ip") ?? addressOf(block, "neighbour_ip");
  if (neighbor === undefined) {
    const message = `The bfd_instance "${name.text}" has no neighbour and is dropped`;
    report({ code: "BFD_WITHOUT_NEIGHBOR", at, message, help: "Add a line such as: neighbor_ip 192.0.2.2" });
    return undefined;
  }
  const source = addressOf(block, "source_ip");
  if (source !== undefined && familyOf(source) !== familyOf(neighbor)) {
    const message = `"${source}" and the neighbour "${neighbor}" are of different families; "${name.text}" is dropped`;
    report({ code: "FAMILY_MISMATCH", at: spanOfStatement(statementOf(block, "source_ip") ?? statement), message });
    return undefined;
  }
  return {
    name: name.text,
    place: at,
    neighbor,
    source,
    minTx: secondsOf(block, "min_tx") ?? millis(10),
    minRx: secondsOf(block, "min_rx") ?? millis(10),
    idleTx: secondsOf(block, "idle_tx") ?? seconds(1),
    multiplier: integerOf(block, "multiplier") ?? 5,
    passive: statementOf(block, "passive") !== undefined,
    ...readHops(block, familyOf(neighbor), report),
  };
}

/**
 * keepalived lets packets lose at most `max_hops` from its own TTL. It sends IPv6 with 64, RFC 5881 wants 255: what we send
 * passes both, and what we accept has crossed no more than keepalived would let it.
 */
function readHops(
  block: readonly Statement[],
  family: "ipv4" | "ipv6",
  report: Report,
): Pick<BfdInstanceSettings, "hopLimit" | "leastHopLimit" | "multihop"> {
  const multihop = switchOf(block, "multihop") ?? false;
  const own = integerOf(block, family === "ipv4" ? "ttl" : "hoplimit");
  const expected = own ?? (family === "ipv4" ? LARGEST : KEEPALIVED_HOP_LIMIT);
  const hops = integerOf(block, "max_hops") ?? (multihop ? LARGEST : 0);
  const statement = statementOf(block, "max_hops");
  if (statement !== undefined && hops !== LARGEST && hops > expected) {
    const message = `A max_hops of ${hops} is more than the TTL of ${expected}, so any TTL will do`;
    report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message, severity: "warning", effect: "logged" });
  }
  const isAny = hops === LARGEST || hops < 0;
  return { hopLimit: own ?? LARGEST, leastHopLimit: isAny ? 0 : Math.max(0, expected - hops), multihop };
}

/** Two sessions to one neighbour must differ in their source, or in their kind, and both must say so. */
function hasSameEnds(left: BfdInstanceSettings, right: BfdInstanceSettings): boolean {
  return left.neighbor === right.neighbor && left.multihop === right.multihop && left.source === right.source;
}

const LARGEST = 255;
const KEEPALIVED_HOP_LIMIT = 64;
const LONGEST_NAME = 31;
