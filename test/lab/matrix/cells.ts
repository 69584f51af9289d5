/** Who speaks VRRP on a node: Holdfast, keepalived, or FRR's vrrpd. */
export type Implementation = "holdfast" | "keepalived" | "vrrpd";

/** What both nodes of a pair are configured alike in. */
export interface Network {
  readonly version: 2 | 3;
  readonly family: 4 | 6;
  readonly transport: "multicast" | "unicast";
}

/** A pair: node a has priority 200 and the lower address, node b 150 and the higher one. */
export interface Cell extends Network {
  readonly a: Implementation;
  readonly b: Implementation;
}

/** What a pair goes through, in this order. Each of the first seven has a virtual router of its own. */
export const SCENARIOS = [
  "election",
  "tie",
  "password",
  "interval",
  "addresses",
  "plain checksum",
  "mixed checksums",
  "fail-over",
  "return",
  "priority 0",
] as const;

export type Scenario = (typeof SCENARIOS)[number];

export const NETWORKS: readonly Network[] = ([2, 3] as const).flatMap((version) =>
  ([4, 6] as const).flatMap((family) =>
    (["multicast", "unicast"] as const).map((transport) => ({ version, family, transport })),
  ),
);

/** keepalived with itself comes first: all others are compared with it. */
const PAIRS: readonly Pick<Cell, "a" | "b">[] = [
  { a: "keepalived", b: "keepalived" },
  { a: "holdfast", b: "keepalived" },
  { a: "keepalived", b: "holdfast" },
  { a: "holdfast", b: "holdfast" },
  { a: "holdfast", b: "vrrpd" },
  { a: "vrrpd", b: "holdfast" },
  { a: "keepalived", b: "vrrpd" },
  { a: "vrrpd", b: "keepalived" },
];

/** Every pair in every network. */
export const CELLS: readonly Cell[] = NETWORKS.flatMap((network) => PAIRS.map((pair) => ({ ...network, ...pair })));

/** All networks, in groups whose pairs fit on a machine at once. */
export function batches(): readonly (readonly Network[])[] {
  const groups: Network[][] = [];
  const sizeOf = (group: readonly Network[]): number => group.flatMap(possibleCells).length;
  for (const network of NETWORKS.toSorted((one, other) => sizeOf([other]) - sizeOf([one]))) {
    const roomy = groups.find((group) => sizeOf([...group, network]) <= PAIRS_AT_ONCE);
    if (roomy === undefined) groups.push([network]);
    else roomy.push(network);
  }
  return groups;
}

/** The pairs of a network that can be made. */
export function possibleCells(network: Network): readonly Cell[] {
  const name = nameOfNetwork(network);
  return CELLS.filter((cell) => nameOfNetwork(cell) === name && whyImpossible(cell) === undefined);
}

/** Why a pair cannot be made at all; undefined: it can. */
export function whyImpossible({ version, family, transport, a, b }: Cell): string | undefined {
  if (a !== "vrrpd" && b !== "vrrpd") return undefined;
  if (transport === "unicast") return "vrrpd knows no unicast";
  return version === 2 && family === 6 ? "vrrpd has version 2 over IPv4 only, as RFC 3768 has" : undefined;
}

/** Why a pair cannot go through a scenario; undefined: it can. */
export function whyLeftOut(cell: Cell, scenario: Scenario): string | undefined {
  const { version, family } = cell;
  const isVersion3Ipv4 = version === 3 && family === 4;
  switch (scenario) {
    case "password":
      if (version === 3) return "version 3 has no passwords";
      if (family === 6) return "keepalived ends by a signal when it is given a password over IPv6";
      return has(cell, "vrrpd") ? "vrrpd knows no passwords" : undefined;
    case "plain checksum":
      if (!isVersion3Ipv4) return ONE_CHECKSUM;
      return cell.a === "holdfast" && cell.b === "holdfast" ? undefined : ONLY_HOLDFAST;
    case "mixed checksums":
      if (!isVersion3Ipv4) return ONE_CHECKSUM;
      return has(cell, "holdfast") ? undefined : ONLY_HOLDFAST;
    default:
      return undefined;
  }
}

function has({ a, b }: Cell, implementation: Implementation): boolean {
  return a === implementation || b === implementation;
}

export function nameOfNetwork({ version, family, transport }: Network): string {
  return `version ${version}, IPv${family}, ${transport}`;
}

export function nameOf(cell: Cell): string {
  return `${nameOfNetwork(cell)}: ${cell.a} over ${cell.b}`;
}

const ONE_CHECKSUM = "only version 3 over IPv4 knows two checksums";
const ONLY_HOLDFAST = "keepalived 2.2.7 and vrrpd 8.4 know the checksum with a pseudo-header only";

/** Each is three hosts and up to ten processes, which sleep most of the time. */
const PAIRS_AT_ONCE = 8;
