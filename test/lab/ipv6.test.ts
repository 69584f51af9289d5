import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { configurationOf, isOf, LAB_NEEDS, withPair, type Daemon, type Node, type RouterSettings } from "./cluster.ts";
import { addIpv6Addresses, globalAddressOf, VIP6 } from "./ipv6-hosts.ts";

interface Pairing {
  readonly stronger: Daemon;
  readonly weaker: Daemon;
  readonly transport: "multicast" | "unicast";
  readonly version: 2 | 3;
}

const PAIRINGS: readonly Pairing[] = (
  [
    ["holdfast", "holdfast"],
    ["holdfast", "keepalived"],
    ["keepalived", "holdfast"],
  ] as const
).flatMap(([stronger, weaker]) =>
  (
    [
      ["multicast", 3],
      ["unicast", 3],
      ["multicast", 2],
    ] as const
  ).map(([transport, version]) => ({ stronger, weaker, transport, version })),
);

/** The weaker node, of priority 150, takes over 3 x 1 s + (256 - 150) / 256 s after the last advert (RFC 9568 6.1). */
const MASTER_DOWN_MS = 3_414;
/** The same node waits for Skew_Time after a farewell. */
const SKEW_MS = 414;
/** For two busy processors. */
const SLACK_MS = 1_000;
/** Both hold the address until the successor's announcement is heard, or 200 ms after its first advert. */
const PLANNED_OVERLAP_MS = 250;

needs(LAB_NEEDS)("Holdfast and keepalived in one cluster over IPv6", () => {
  test.concurrent.for(PAIRINGS)(
    "$stronger over $weaker, $transport, version $version: election, planned stop, return, crash",
    (pairing) =>
      withPair(async ({ lab, a, b, client }) => {
        const { stronger, weaker, version } = pairing;
        await addIpv6Addresses(a.host, b.host, client);
        const configuration = {
          a: configurationOf({ priority: 200, ...sharedSettings(pairing, a.host, b.host) }),
          b: configurationOf({ priority: 150, ...sharedSettings(pairing, b.host, a.host) }),
        };
        await Promise.all([startNginx(a.host), startNginx(b.host)]);

        await Promise.all([a.start(stronger, configuration.a), b.start(weaker, configuration.b)]);
        await a.host.vips.waitUntil(VIP6, true);
        await lab.waitForOnlyHolder(VIP6, a.host);
        const prober = await client.ask(VIP6);
        await prober.waitForAnswer({ by: "a" });

        const stoppedMs = Date.now();
        await a.stop();
        await b.host.vips.waitUntil(VIP6, true);
        await lab.waitForOnlyHolder(VIP6, b.host);
        await prober.waitForAnswer({ by: "b" });
        const stop = await prober.measure(stoppedMs);
        // Only Holdfast keeps the address until the other one has it.
        expect(stop.longestOutageMs).toBeLessThan(stronger === "holdfast" ? 100 : SKEW_MS + SLACK_MS);
        expect(lab.twoHoldersMs(VIP6, stoppedMs)).toBeLessThan(stronger === "holdfast" ? PLANNED_OVERLAP_MS : 1);
        if (stronger === "holdfast") {
          expect(a.log().join("\n")).toContain("removing VIPs: the successor has announced them");
          await expectNoComplaint(b, weaker);
        }

        const startedMs = Date.now();
        await a.start(stronger, configuration.a);
        await a.host.vips.waitUntil(VIP6, true);
        await lab.waitForOnlyHolder(VIP6, a.host);
        await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
        const back = await prober.measure(startedMs);
        expect(back.longestOutageMs).toBeLessThan(weaker === "holdfast" ? 100 : SLACK_MS);
        expect(lab.twoHoldersMs(VIP6, startedMs)).toBeLessThan(PLANNED_OVERLAP_MS);
        await Promise.all([expectNoComplaint(a, stronger), expectNoComplaint(b, weaker)]);
        if (weaker === "holdfast") {
          expect((await b.instance()).peers).toMatchObject([
            { priority: 200, protocolVersion: version, discarded: {} },
          ]);
        }

        const crashedMs = Date.now();
        await a.host.signal("SIGKILL", isOf(stronger));
        const takenMs = await b.host.vips.waitUntil(VIP6, true);
        expect(takenMs - crashedMs).toBeLessThan(MASTER_DOWN_MS + SLACK_MS);
        if (stronger === "holdfast") {
          await prober.waitForAnswer({ by: "b" });
          await lab.waitForOnlyHolder(VIP6, b.host);
          expect(lab.twoHoldersMs(VIP6, crashedMs)).toBe(0);
          expect((await prober.measure(crashedMs)).longestOutageMs).toBeLessThan(MASTER_DOWN_MS + SLACK_MS);
        } else {
          expect(lab.holders(VIP6)).toEqual(["a", "b"]);
        }
        await prober.stop();
      }),
  );
});

function sharedSettings({ transport, version }: Pairing, own: Host, other: Host): Omit<RouterSettings, "priority"> {
  return {
    version,
    addresses: [`${VIP6}/64`],
    ...(transport === "unicast" ? { unicast: { source: globalAddressOf(own), peer: globalAddressOf(other) } } : {}),
  };
}

/** Nothing that either daemon says of what it received tells of a packet that it did not like. */
async function expectNoComplaint(node: Node, daemon: Daemon): Promise<void> {
  const complaints = node
    .log()
    .filter((line) => /invalid|mismatch|wrong|bogus|bad |expected|incorrect|error|fail|received an/i.test(line));
  expect(complaints).toEqual([]);
  if (daemon !== "holdfast") return;
  for (const { discarded } of (await node.instance()).peers) expect(discarded).toEqual({});
}
