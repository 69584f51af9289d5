import { expect, test } from "vitest";
import { needs } from "../require.ts";
import { addressesOf, configurationOf, LAB_NEEDS, pass, VIP, withPair, type Pair } from "./cluster.ts";

/**
 * Two nodes that were configured differently: what the real keepalived makes of it, and what Holdfast says of it. Passwords,
 * intervals, numbers of addresses and checksums that differ are in matrix.test.ts.
 */
needs(LAB_NEEDS)("Holdfast and keepalived that do not agree", () => {
  test.concurrent("a password on one side alone: two masters, and Holdfast names both kinds", () =>
    withPair(async ({ lab, a, b }) => {
      await Promise.all([
        a.start("holdfast", configurationOf({ priority: 200, version: 2, password: "secret" })),
        b.start("keepalived", configurationOf({ priority: 150, version: 2 })),
      ]);
      await bothMaster({ lab, a, b });
      await a.daemon.waitForLine(/authentication type mismatch: received none, ours is password, from 10\.77\.0\.2/);
    }));

  test.concurrent("another version: two masters, and Holdfast names both", () =>
    withPair(async ({ lab, a, b }) => {
      await Promise.all([
        a.start("holdfast", configurationOf({ priority: 200, version: 3 })),
        b.start("keepalived", configurationOf({ priority: 150, version: 2 })),
      ]);
      await bothMaster({ lab, a, b });
      await a.daemon.waitForLine(/received version 2, ours is 3, from 10\.77\.0\.2: advert discarded/);
    }));

  test.concurrent("as many addresses, another one: Holdfast names it, once", () =>
    withPair(async ({ a, b }) => {
      await Promise.all([
        a.start("keepalived", configurationOf({ priority: 200, addresses: ["10.77.0.102/24"] })),
        b.start("holdfast", configurationOf({ priority: 150 })),
      ]);
      await b.daemon.waitForLine(/its VIP 10\.77\.0\.102 is none of ours, from 10\.77\.0\.1/);
      await pass(3, b.host);
      expect(b.log().filter((line) => line.includes("is none of ours"))).toHaveLength(1);
    }));

  test.concurrent("skip_check_adv_addr, the list was never right: it is compared all the same", () =>
    withPair(async ({ a, b }) => {
      await Promise.all([
        a.start("keepalived", configurationOf({ priority: 200 })),
        b.start(
          "holdfast",
          configurationOf({ priority: 150, addresses: ["10.77.0.103/24"], lines: ["skip_check_adv_addr"] }),
        ),
      ]);
      await b.daemon.waitForLine(/its VIP 10\.77\.0\.100 is none of ours/);
      expect((await b.instance()).counters["noted.ADDRESS_LIST"]).toBeGreaterThan(0);
    }));

  test.concurrent("skip_check_adv_addr, the list was right once: later changes of that master are not looked at", () =>
    withPair(async ({ a, b }) => {
      await Promise.all([
        a.start("keepalived", configurationOf({ priority: 200 })),
        b.start("holdfast", configurationOf({ priority: 150, lines: ["skip_check_adv_addr"] })),
      ]);
      await b.daemon.waitForLine(/master set to 10\.77\.0\.1/);
      await a.host.writeFile(
        "/etc/keepalived/keepalived.conf",
        configurationOf({ priority: 200, addresses: [`${VIP}/24`, "10.77.0.101/24"] }),
      );
      await a.host.signal("SIGHUP", ({ name }) => name.startsWith("keepalived"));
      await a.host.vips.waitUntil("10.77.0.101", true);
      await pass(2, b.host);
      expect((await b.instance()).counters["noted.ADDRESS_LIST"]).toBeUndefined();
    }));

  test.concurrent("unicast where multicast is configured: two masters, and Holdfast says why", () =>
    withPair(async ({ lab, a, b }) => {
      await Promise.all([
        a.start("holdfast", configurationOf({ priority: 200 })),
        b.start("keepalived", configurationOf({ priority: 150, unicast: { source: "10.77.0.2", peer: "10.77.0.1" } })),
      ]);
      await bothMaster({ lab, a, b });
      await a.daemon.waitForLine(/unicast where multicast is configured, or the other way round, from 10\.77\.0\.2/);
    }));

  test.concurrent("a VRID of somebody else: named once with log_unknown_vrids", () =>
    withPair(async ({ a, b }) => {
      const theirs = configurationOf({ priority: 100 }).replace("virtual_router_id 51", "virtual_router_id 77");
      await Promise.all([
        a.start("holdfast", configurationOf({ priority: 200, global: ["log_unknown_vrids"] })),
        b.start("keepalived", theirs.replaceAll(VIP, "10.77.0.150")),
      ]);
      await a.daemon.waitForLine(/Unknown VRID 77 received on eth0 from 10\.77\.0\.2/);
      await pass(2, a.host);
      expect(a.log().filter((line) => line.includes("Unknown VRID"))).toHaveLength(1);
    }));

  test.concurrent.for([
    { first: "keepalived", holdfast: "b" },
    { first: "keepalived", holdfast: "a" },
    { first: "holdfast", holdfast: "b" },
    { first: "holdfast", holdfast: "a" },
  ] as const)(
    "two owners, $first is there first, Holdfast on $holdfast: soon there is one holder, and the one that heard says why",
    ({ first, holdfast }) =>
      withPair(async ({ lab, a, b }) => {
        const owner = configurationOf({ priority: 255 }).replace("state BACKUP", "state MASTER");
        const [ours, theirs] = holdfast === "a" ? [a, b] : [b, a];
        const [earlier, later] = first === "holdfast" ? [ours, theirs] : [theirs, ours];
        await earlier.start(first, owner);
        await earlier.host.vips.waitUntil(VIP, true);
        await later.start(first === "holdfast" ? "keepalived" : "holdfast", owner);
        await earlier.daemon.waitForLine(/CONFIGURATION ERROR: /);
        await pass(4, later.host);
        expect(lab.holders(VIP)).toHaveLength(1);
      }),
  );

  test.concurrent("two owners, the other ignores everybody: Holdfast steps down to 254 and back to 255 when it is gone", () =>
    withPair(async ({ lab, a, b }) => {
      const owner = (...lines: readonly string[]): string =>
        configurationOf({ priority: 255, lines }).replace("state BACKUP", "state MASTER");
      await b.start("holdfast", owner());
      await b.host.vips.waitUntil(VIP, true);
      // The lower address, which should yield.
      await a.start("holdfast", owner("owner_ignore_adverts"));
      await b.daemon.waitForLine(/the other owner does not yield; taking part with priority 254 until it does/);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(await b.instance()).toMatchObject({ state: "BACKUP", effectivePriority: 254 });
      await a.stop();
      await b.daemon.waitForLine(/taking part with priority 255 again/);
      await lab.waitForOnlyHolder(VIP, b.host);
      expect(await b.instance()).toMatchObject({ state: "MASTER", effectivePriority: 255 });
    }));

  test.concurrent("promote_secondaries: set while it runs, and as it was before afterwards", () =>
    withPair(async ({ a }) => {
      const path = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries";
      await a.host.runOrThrow(["sh", "-c", `echo 0 > ${path}`]);
      const read = async (): Promise<string> => (await a.host.runOrThrow(["cat", path])).trim();
      await a.holdfast(configurationOf({ priority: 200, lines: ["promote_secondaries"] }));
      await a.host.vips.waitUntil(VIP, true);
      expect(await read()).toBe("1");
      // The host's own address goes, and the VIP stays.
      await a.host.runOrThrow(["ip", "addr", "add", "10.77.0.50/24", "dev", "eth0"]);
      await a.host.runOrThrow(["ip", "addr", "del", "10.77.0.1/24", "dev", "eth0"]);
      expect(await addressesOf(a.host)).toContainEqual(expect.stringContaining("10.77.0.50/24"));
      await a.stop();
      expect(await read()).toBe("0");
    }));

  test.concurrent("unicast_fault_no_peer without a peer: FAULT, and nothing is sent to the group", () =>
    withPair(async ({ a }) => {
      await a.holdfast(configurationOf({ priority: 200, lines: ["unicast_fault_no_peer", "unicast_peer {", "}"] }));
      await a.daemon.waitForLine(/Entering FAULT STATE/);
      expect(await a.instance()).toMatchObject({
        state: "FAULT",
        cause: { text: "there is no unicast peer to send to" },
      });
    }));
});

/** Each discards the other's adverts, so both have taken over. */
async function bothMaster({ lab, a, b }: Pick<Pair, "lab" | "a" | "b">): Promise<void> {
  await Promise.all([a.host.vips.waitUntil(VIP, true), b.host.vips.waitUntil(VIP, true)]);
  expect(lab.holders(VIP)).toEqual(["a", "b"]);
}
