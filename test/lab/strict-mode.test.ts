import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { needs } from "../require.ts";
import { LAB_NEEDS, withNode, type Daemon } from "./cluster.ts";

/** What the last byte of a VIP stands for, with the lines of its instance. */
const INSTANCES: Readonly<Record<number, readonly string[]>> = {
  101: ["version 2", "priority 200"],
  102: ["version 2", "priority 200", "accept"],
  103: ["version 3", "priority 200"],
  104: ["version 3", "priority 200", "accept"],
  105: ["version 2", "priority 255", "state MASTER"],
  106: ["version 2", "priority 255", "state MASTER", "no_accept"],
  107: ["version 3", "priority 200", "accept", "no_accept"],
};
const SETS: Readonly<Record<Daemon, readonly string[]>> = {
  keepalived: ["ip", "keepalived", "vips"],
  holdfast: ["ip", "holdfast_vrrp", "no_accept"],
};

needs(LAB_NEEDS)("strict mode", () => {
  test("vrrp_strict: the addresses that refuse what is sent to them are those in keepalived's own rules", async () => {
    const [theirs, ours] = await Promise.all([refusedBy("keepalived"), refusedBy("holdfast")]);
    expect(ours).toEqual(theirs);
    expect(ours).toEqual(["10.77.0.101", "10.77.0.102", "10.77.0.103", "10.77.0.107"]);
  });
});

async function refusedBy(daemon: Daemon): Promise<readonly string[]> {
  let refused: readonly string[] = [];
  await withNode(async (node) => {
    await node.start(daemon, CONFIGURATION);
    for (const last of Object.keys(INSTANCES)) await node.host.vips.waitUntil(`10.77.0.${last}`, true);
    refused = await elementsOf(node.host, SETS[daemon]);
  });
  return refused;
}

async function elementsOf(host: Host, set: readonly string[]): Promise<readonly string[]> {
  const listed = await host.runOrThrow(["nft", "list", "set", ...set]);
  return [...listed.matchAll(/\d+(?:\.\d+){3}/g)].map(([address]) => address).toSorted();
}

const CONFIGURATION = [
  "global_defs {",
  "vrrp_strict",
  "}",
  ...Object.entries(INSTANCES).flatMap(([last, lines]) => [
    `vrrp_instance i${last} {`,
    "interface eth0",
    `virtual_router_id ${last}`,
    "advert_int 1",
    ...lines,
    "virtual_ipaddress {",
    `10.77.0.${last}/24`,
    "}",
    "}",
  ]),
  "",
].join("\n");
