import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { findRecipient } from "./demultiplex.ts";
import type { BfdAddressing, BfdEndpoint } from "./demultiplex.ts";

const [OURS, OTHER, NEIGHBOR, STRANGER] = ["10.0.0.1", "10.0.1.1", "10.0.0.2", "10.0.0.3"].map(ip) as [
  ReturnType<typeof ip>,
  ReturnType<typeof ip>,
  ReturnType<typeof ip>,
  ReturnType<typeof ip>,
];

const NEAR: BfdEndpoint = {
  localDiscriminator: 1,
  neighbor: NEIGHBOR,
  source: OURS,
  multihop: false,
  leastHopLimit: 255,
};
const FAR: BfdEndpoint = { ...NEAR, localDiscriminator: 2, multihop: true, leastHopLimit: 250 };
const ANYWHERE: BfdEndpoint = { ...NEAR, localDiscriminator: 3, source: undefined, leastHopLimit: 0 };

describe("findRecipient", () => {
  test.each<[string, Partial<BfdAddressing>, number | string]>([
    ["Your Discriminator names it", { yourDiscriminator: 1 }, 1],
    ["Your Discriminator names none", { yourDiscriminator: 9 }, "UNKNOWN_DISCRIMINATOR"],
    ["Your Discriminator names it, a stranger sends", { yourDiscriminator: 1, source: STRANGER }, "WRONG_ENDPOINT"],
    ["it names it, to another address of ours", { yourDiscriminator: 1, destination: OTHER }, "WRONG_ENDPOINT"],
    ["it names it, to the port of the other kind", { yourDiscriminator: 1, multihop: true }, "WRONG_ENDPOINT"],
    ["none named, the neighbour sends: the session with a source of its own", {}, 1],
    ["none named, to another address of ours: the session without one", { destination: OTHER }, 3],
    ["none named, to the multihop port", { multihop: true }, 2],
    ["none named, a stranger sends", { source: STRANGER }, "NO_SESSION"],
    ["it came from beyond a router (RFC 5881 section 5)", { hopLimit: 254 }, "HOP_LIMIT_TOO_LOW"],
    ["multihop, from as far as is allowed", { multihop: true, hopLimit: 250 }, 2],
    ["multihop, from further", { multihop: true, hopLimit: 249 }, "HOP_LIMIT_TOO_LOW"],
    ["any hop limit is allowed", { yourDiscriminator: 3, hopLimit: 1 }, 3],
  ])("%s (RFC 5880 section 6.8.6)", (_, difference, expected) => {
    const packet = {
      yourDiscriminator: 0,
      source: NEIGHBOR,
      destination: OURS,
      multihop: false,
      hopLimit: 255,
      ...difference,
    };
    const found = findRecipient([ANYWHERE, NEAR, FAR], packet);
    expect(found.kind === "session" ? found.session.localDiscriminator : found.reason).toBe(expected);
  });
});
