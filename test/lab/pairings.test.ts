import { expect, test } from "vitest";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import {
  configurationOf,
  isOf,
  LAB_NEEDS,
  VIP,
  withPair,
  type Daemon,
  type Node,
  type RouterSettings,
} from "./cluster.ts";

interface Pairing {
  readonly stronger: Daemon;
  readonly weaker: Daemon;
  readonly transport: "multicast" | "unicast";
  readonly version: 2 | 3;
}

// keepalived with itself shows nothing of Holdfast; the harness has that pair for its own tests.
const PAIRINGS: readonly Pairing[] = (["holdfast", "keepalived"] as const).flatMap((stronger) =>
  (["holdfast", "keepalived"] as const)
    .filter((weaker) => stronger === "holdfast" || weaker === "holdfast")
    .flatMap((weaker) =>
      (["multicast", "unicast"] as const).flatMap((transport) =>
        ([2, 3] as const).map((version) => ({ stronger, weaker, transport, version })),
      ),
    ),
);

/** The weaker node, of priority 150, takes over 3 x 1 s + (256 - 150) / 256 s after the last advert (RFC 9568 6.1). */
const MASTER_DOWN_MS = 3_414;
/** The same node waits for Skew_Time after a farewell. */
const SKEW_MS = 414;
/** For two busy processors. */
const SLACK_MS = 1_000;
/** Both hold the address until the successor's announcement is heard, or 200 ms after its first advert. */
const PLANNED_OVERLAP_MS = 250;

needs(LAB_NEEDS)("Holdfast and keepalived in one cluster", () => {
  test.concurrent.for(PAIRINGS)(
    "$stronger over $weaker, $transport, version $version: election, planned stop, return, crash",
    (pairing) =>
      withPair(async ({ lab, a, b, client }) => {
        const { stronger, weaker, version } = pairing;
        const configuration = {
          a: configurationOf({ priority: 200, ...sharedSettings(pairing, "10.77.0.1", "10.77.0.2") }),
          b: configurationOf({ priority: 150, ...sharedSettings(pairing, "10.77.0.2", "10.77.0.1") }),
        };
        await Promise.all([startNginx(a.host), startNginx(b.host)]);

        await Promise.all([a.start(stronger, configuration.a), b.start(weaker, configuration.b)]);
        await a.host.vips.waitUntil(VIP, true);
        await lab.waitForOnlyHolder(VIP, a.host);
        const prober = await client.ask(VIP);
        await prober.waitForAnswer({ by: "a" });

        const stoppedMs = Date.now();
        await a.stop();
        await b.host.vips.waitUntil(VIP, true);
        await lab.waitForOnlyHolder(VIP, b.host);
        await prober.waitForAnswer({ by: "b" });
        const stop = await prober.measure(stoppedMs);
        // Only Holdfast keeps the address until the other one has it.
        expect(stop.longestOutageMs, JSON.stringify(stop.outages)).toBeLessThan(
          stronger === "holdfast" ? 100 : SKEW_MS + SLACK_MS,
        );
        expect(lab.twoHoldersMs(VIP, stoppedMs)).toBeLessThan(stronger === "holdfast" ? PLANNED_OVERLAP_MS : 1);
        if (stronger === "holdfast") await expectNoComplaint(b, weaker);

        const startedMs = Date.now();
        await a.start(stronger, configuration.a);
        await a.host.vips.waitUntil(VIP, true);
        await lab.waitForOnlyHolder(VIP, a.host);
        await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
        const back = await prober.measure(startedMs);
        expect(back.longestOutageMs, JSON.stringify(back.outages)).toBeLessThan(weaker === "holdfast" ? 100 : SLACK_MS);
        expect(lab.twoHoldersMs(VIP, startedMs)).toBeLessThan(PLANNED_OVERLAP_MS);
        await Promise.all([expectNoComplaint(a, stronger), expectNoComplaint(b, weaker)]);
        if (weaker === "holdfast") {
          expect((await b.instance()).peers).toMatchObject([
            { address: "10.77.0.1", priority: 200, protocolVersion: version, discarded: {} },
          ]);
        }

        const crashedMs = Date.now();
        await a.host.signal("SIGKILL", isOf(stronger));
        const takenMs = await b.host.vips.waitUntil(VIP, true);
        expect(takenMs - crashedMs).toBeLessThan(MASTER_DOWN_MS + SLACK_MS);
        if (stronger === "holdfast") {
          await prober.waitForAnswer({ by: "b" });
          await lab.waitForOnlyHolder(VIP, b.host);
          expect(lab.twoHoldersMs(VIP, crashedMs)).toBe(0);
          expect((await prober.measure(crashedMs)).longestOutageMs).toBeLessThan(MASTER_DOWN_MS + SLACK_MS);
        } else {
          // Nobody is left on the dead node who could take the address away: it is what Holdfast's lease is for.
          expect(lab.holders(VIP)).toEqual(["a", "b"]);
        }
        await prober.stop();
      }),
  );
});

function sharedSettings(
  { transport, version }: Pairing,
  source: string,
  peer: string,
): Omit<RouterSettings, "priority"> {
  return {
    version,
    ...(transport === "unicast" ? { unicast: { source, peer } } : {}),
    ...(version === 2 ? { password: "secret" } : {}),
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
