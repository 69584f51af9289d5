import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { needs } from "../require.ts";
import { configurationOf, LAB_NEEDS, VIP, withPair } from "./cluster.ts";

/**
 * keepalived.conf(5): an instance with unicast peers may leave its interface out, as for asymmetric routing. keepalived 2.2.7
 * does not start with it, so it is the other node here.
 */
needs(LAB_NEEDS)("an instance that names no interface, beside keepalived", () => {
  test.concurrent.for([4, 6] as const)(
    "IPv%d, its address on no network: it holds the VIP, and keepalived takes over when it stops",
    (family) =>
      withPair(async ({ lab, a, b }) => {
        const home = HOMES[family];
        await giveHomes([a.host, b.host], family);
        const unicast = { source: home.a, peer: home.b };
        const lines = family === 6 ? ["virtual_ipaddress_excluded {", `${VIP}/24 dev eth0`, "}"] : [];
        const addresses = family === 6 ? ["fe80::77/64 dev eth0"] : [`${VIP}/24 dev eth0`];
        const ours = configurationOf({ priority: 200, unicast, addresses, lines });
        await Promise.all([
          a.start("holdfast", ours.replace("interface eth0\n", "")),
          b.start(
            "keepalived",
            configurationOf({ priority: 150, unicast: { source: home.b, peer: home.a }, addresses, lines }),
          ),
        ]);
        await lab.waitForOnlyHolder(VIP, a.host);
        await b.daemon.waitForLine(/BACKUP STATE/);
        // The socket is bound to no device.
        const sockets = await a.host.runOrThrow(["ss", "-Hnwl", `-${family}`]);
        expect(sockets).toMatch(family === 4 ? /0\.0\.0\.0:112/ : /(\*|\[::\]):112/);
        await a.stop();
        await lab.waitForOnlyHolder(VIP, b.host);
      }),
  );

  test.concurrent("it hears a keepalived of higher priority and stays BACKUP", () =>
    withPair(async ({ lab, a, b }) => {
      const addresses = [`${VIP}/24 dev eth0`];
      await giveHomes([a.host, b.host], 4);
      const { a: here, b: there } = HOMES[4];
      const ours = configurationOf({ priority: 100, unicast: { source: here, peer: there }, addresses });
      await b.start(
        "keepalived",
        configurationOf({ priority: 150, unicast: { source: there, peer: here }, addresses }),
      );
      await lab.waitForOnlyHolder(VIP, b.host);
      await a.start("holdfast", ours.replace("interface eth0\n", ""));
      await a.daemon.waitForLine(/hearing 10\.99\.0\.2, priority 150/);
      expect(await a.instance()).toMatchObject({ state: "BACKUP", interface: "", peers: [{ address: there }] });
      expect((await a.command("status")).stdout).toContain("all interfaces, VRID 51");
      await b.stop();
      await lab.waitForOnlyHolder(VIP, a.host);
    }));
});

const HOMES = { 4: { a: "10.99.0.1", b: "10.99.0.2" }, 6: { a: "fd99::1", b: "fd99::2" } } as const;

/** An address on each host's loopback interface, and routes between them. */
async function giveHomes([a, b]: readonly [Host, Host], family: 4 | 6): Promise<void> {
  const mask = family === 4 ? 32 : 128;
  const via = family === 4 ? ["10.77.0.1", "10.77.0.2"] : ["fd77::1", "fd77::2"];
  const { a: ofA, b: ofB } = HOMES[family];
  for (const [host, own, other, gateway, near] of [
    [a, ofA, ofB, via[1], via[0]],
    [b, ofB, ofA, via[0], via[1]],
  ] as const) {
    if (family === 6) await host.runOrThrow(["ip", "addr", "add", `${near}/64`, "dev", "eth0", "nodad"]);
    await host.runOrThrow(["ip", "addr", "add", `${own}/${mask}`, "dev", "lo"]);
    await host.runOrThrow(["ip", `-${family}`, "route", "add", `${other}/${mask}`, "via", `${gateway}`, "src", own]);
  }
}
