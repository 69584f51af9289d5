import type { Cell, Network, Scenario } from "./cells.ts";
import type { NodeName } from "./routers.ts";
import type { Holders } from "./seat.ts";

/** What should come of a scenario. */
export interface Expectation {
  readonly holders: Holders;
  /** Why it is not what two keepaliveds make of it, or more than that; undefined: it is that. */
  readonly because: Reason | undefined;
}

/** Ways in which a pair may differ from two keepaliveds. */
export type Reason = keyof typeof REASONS;

export const REASONS = {
  lease: "Holdfast's addresses are leased from the kernel, so they are gone when it has crashed; those of others stay.",
  "hand-over":
    "Holdfast serves until its successor has announced the address; keepalived leaves b's Skew_Time without an answer.",
  "obeyed list":
    "Holdfast reports another list of addresses and obeys, as keepalived does since 2.3.3; 2.2.7 discards such adverts.",
  "unread list": "vrrpd does not look at the list of addresses.",
  "virtual source":
    "Over IPv6 vrrpd sends from the link-local address of the virtual MAC address, which is higher than the hosts' own.",
  checksum:
    "keepalived 2.2.7 cannot do this with itself. `v3_checksum_as_v2` leaves the pseudo-header out, and takes both.",
} as const;

/** What two keepaliveds of version 2.2.7 make of it. */
export function expectationOfKeepalived({ version }: Network, scenario: Scenario): Holders {
  switch (scenario) {
    case "tie":
    case "priority 0":
      return "b";
    case "password":
    case "addresses":
    case "fail-over":
      return "a and b";
    case "interval":
      return version === 2 ? "a and b" : "a";
    default:
      return "a";
  }
}

export function expectationOf(cell: Cell, scenario: Scenario): Expectation {
  return whereItDiffers(cell, scenario) ?? { holders: expectationOfKeepalived(cell, scenario), because: undefined };
}

function whereItDiffers({ a, b, family }: Cell, scenario: Scenario): Expectation | undefined {
  switch (scenario) {
    case "tie":
      return family === 6 && a === "vrrpd" ? { holders: "a", because: "virtual source" } : undefined;
    case "addresses":
      if (b === "keepalived") return undefined;
      return { holders: "a", because: b === "holdfast" ? "obeyed list" : "unread list" };
    case "plain checksum":
      return { holders: "a", because: "checksum" };
    case "mixed checksums":
      return { holders: a === "holdfast" ? "a and b" : "a", because: "checksum" };
    case "fail-over":
      return a === "holdfast" ? { holders: "b", because: "lease" } : undefined;
    case "priority 0":
      return a === "holdfast" ? { holders: "b", because: "hand-over" } : undefined;
    default:
      return undefined;
  }
}

/** What a Holdfast tells of a disagreement. */
export interface Telling {
  /** In its log. */
  readonly line: RegExp;
  /** In its status. */
  readonly counter: string;
  /** What it counts to, at least. */
  readonly times: number;
}

/** What the Holdfast on a node tells; undefined: nothing, since it hears nothing that it does not like. */
export function tellingOf(cell: Cell, scenario: Scenario, node: NodeName): Telling | undefined {
  if (cell[node] !== "holdfast") return undefined;
  // Where the other one has yielded, it is not heard.
  const hears = node === "b" || expectationOf(cell, scenario).holders === "a and b";
  if (!hears) return undefined;
  switch (scenario) {
    case "password":
      return {
        line: /\(password\) received an invalid passwd!, from \S+: advert discarded/,
        counter: "discarded.PASSWORD",
        // keepalived falls silent as master when it discards what it hears; Holdfast goes on.
        times: cell.a === "holdfast" && cell.b === "holdfast" ? 3 : 1,
      };
    case "interval":
      return cell.version === 2
        ? {
            line: /\(interval\) advertisement interval mismatch: received \d s, ours is \d s/,
            counter: "discarded.INTERVAL",
            times: 1,
          }
        : {
            line: /\(interval\) advertisement interval differs: .*; following the master's/,
            counter: "noted.INTERVAL",
            times: 1,
          };
    case "addresses":
      return { line: /\(addresses\) expected \d VIPs but received \d, from /, counter: "noted.ADDRESS_LIST", times: 1 };
    case "mixed checksums":
      // One that leaves the pseudo-header out takes both.
      return cell.a === "holdfast" && node === "b"
        ? { line: /\(mixed\) invalid checksum: made without a pseudo-header/, counter: "discarded.CHECKSUM", times: 1 }
        : undefined;
    default:
      return undefined;
  }
}
