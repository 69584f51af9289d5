import { expect, test } from "vitest";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import {
  configurationOf,
  CONFIGURATION_FILE,
  isHoldfast,
  isOf,
  LAB_NEEDS,
  pass,
  VIP,
  withNode,
  withPair,
  writeScript,
  type Pair,
} from "./cluster.ts";
import { addIpv6Addresses, infoOf, prefixRoutes, VIP6 } from "./ipv6-hosts.ts";

const FAST = { interval: 0.3 } as const;
const KEY = "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER_KEY = "hex:ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const ADDRESSES = ["fe80::100/64", `${VIP6}/64`, "2001:db8:99::1"];
const STRONGER = configurationOf({ priority: 200, addresses: ADDRESSES });
const WEAKER = configurationOf({ priority: 150, addresses: ADDRESSES });
/** Master_Down_Interval of the weaker node is 3 x 1 s + (256 - 150) / 256 x 1 s (RFC 9568 6.1); the rest is generous. */
const TAKE_OVER_MS = 3_414 + 1_500;
/** At a planned change both hold the address until the successor's announcement is heard: some milliseconds. */
const PLANNED_OVERLAP_MS = 100;

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump"] })("IPv6 addresses of a master", () => {
  test.concurrent("a host whose address is still tentative: FAULT, until the kernel has found no duplicate", () =>
    withNode(async (node) => {
      // A new link-local address, which the kernel begins to check: five questions, a second apart.
      await node.host.runOrThrow(["sh", "-c", "echo 5 > /proc/sys/net/ipv6/conf/eth0/dad_transmits"]);
      await node.host.runOrThrow(["ip", "link", "set", "eth0", "down"]);
      await node.host.runOrThrow(["ip", "link", "set", "eth0", "up"]);
      expect((await infoOf(node.host)).some(({ tentative }) => tentative === true)).toBe(true);
      await node.holdfast(configurationOf({ ...FAST, priority: 200, addresses: ADDRESSES }));
      await node.daemon.waitForLine(/cause: interface eth0 has no IPv6 address to send from/);
      await node.daemon.waitForLine(/Entering BACKUP STATE/);
      await node.host.vips.waitUntil(VIP6, true);
      expect((await node.instance()).state).toBe("MASTER");
    }));

  test.concurrent("added and renewed as configured: no duplicate detection, a lease, /128 not preferred", () =>
    withNode(async (node) => {
      await node.holdfast(STRONGER);
      await node.host.vips.waitUntil("2001:db8:99::1", true);
      const info = await infoOf(node.host);
      const shown = new Map(info.map((entry) => [entry.local, entry]));
      for (const address of ["fe80::100", VIP6, "2001:db8:99::1"]) {
        const entry = shown.get(address);
        expect(entry).toMatchObject({ nodad: true });
        expect(entry).not.toHaveProperty("tentative");
        // Two seconds at advert_int 1.
        expect(entry?.valid_life_time).toBeLessThanOrEqual(2);
      }
      expect(shown.get("2001:db8:99::1")).toMatchObject({ prefixlen: 128, preferred_life_time: 0, deprecated: true });
      expect(shown.get(VIP6)).not.toHaveProperty("deprecated");
      expect(shown.get("fe80::100")).toMatchObject({ scope: "link" });
    }));

  test.concurrent("kill -9 of all its processes: the VIPs leave it before the other node takes them", () =>
    withPair(async (pair) => {
      const { lab, a, b } = pair;
      await startBoth(pair);
      const prober = await pair.client.ask(VIP6);
      await prober.waitForAnswer({ by: "a" });
      const sinceMs = Date.now();
      expect(await a.host.signal("SIGKILL", isOf("holdfast"))).toBe(2);
      const goneAt = await a.host.vips.waitUntil(VIP6, false);
      const takenAt = await b.host.vips.waitUntil(VIP6, true);
      await prober.waitForAnswer({ by: "b" });
      expect(goneAt).toBeLessThanOrEqual(takenAt);
      expect(takenAt - sinceMs).toBeLessThan(TAKE_OVER_MS);
      for (const vip of ["fe80::100", VIP6, "2001:db8:99::1"]) expect(lab.twoHoldersMs(vip, sinceMs)).toBe(0);
      expect((await prober.measure(sinceMs)).longestOutageMs).toBeLessThan(TAKE_OVER_MS);
      await prober.stop();
      // The host's own route, which shares the VIP's prefix, outlives the lease.
      expect(await prefixRoutes(a.host)).toEqual([{ dst: "2001:db8:77::/64", dev: "eth0" }]);
    }));

  test.concurrent("kill -9 of its vrrp process: resumed, the VIP stays and the other node never takes over", () =>
    withPair(async (pair) => {
      const { a, b, client } = pair;
      await startBoth(pair);
      const mark = a.daemon.mark();
      expect(await a.host.signal("SIGKILL", isHoldfast("vrrp"))).toBe(1);
      await a.daemon.waitForLine(/Entering MASTER STATE/, { after: mark });
      // Longer than the other node would wait.
      await pass(4, client);
      expect(a.host.vips.tenures(VIP6)).toHaveLength(1);
      expect(b.host.vips.tenures(VIP6)).toEqual([]);
      expect((await a.instance()).cause.code).toBe("RESUMED");
    }));

  test.concurrent("left behind by a crash, without a lease: removed by the next start, foreign ones stay", () =>
    withPair(async ({ lab, a, b }) => {
      await addIpv6Addresses(a.host, b.host);
      const unleased = { ...FAST, addresses: ADDRESSES, lines: ["@holdfast vip_lease off"] };
      await a.holdfast(configurationOf({ ...unleased, priority: 200 }));
      await lab.waitForOnlyHolder(VIP6, a.host);
      await b.holdfast(configurationOf({ ...FAST, addresses: ADDRESSES, priority: 150 }));
      await a.host.runOrThrow(["ip", "addr", "add", "2001:db8:77::50/64", "dev", "eth0", "nodad"]);
      await a.host.signal("SIGKILL", isOf("holdfast"));
      await b.host.vips.waitUntil(VIP6, true);
      const program = await a.holdfast(configurationOf({ ...unleased, priority: 100 }));
      await program.waitForLine(/removed 2001:db8:77::100\/64, left over from a run that crashed/);
      await lab.waitForOnlyHolder(VIP6, b.host);
      const left = (await infoOf(a.host)).filter(({ scope }) => scope === "global").map(({ local }) => local);
      expect(left.toSorted()).toEqual(["2001:db8:77::1", "2001:db8:77::50"]);
    }));

  test.concurrent("deleted by somebody: put back and announced, mastership stays", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ ...FAST, priority: 200, addresses: ADDRESSES }));
      await node.host.vips.waitUntil(VIP6, true);
      const mark = node.daemon.mark();
      await node.host.runOrThrow(["ip", "addr", "del", `${VIP6}/64`, "dev", "eth0"]);
      await node.daemon.waitForLine(/put back 2001:db8:77::100\/64/, { after: mark });
      await node.daemon.waitForLine(/Sending\/queueing Unsolicited Neighbour Adverts on eth0 for 2001:db8:77::100/, {
        after: mark,
      });
      expect(await node.host.holds(VIP6)).toBe(true);
      expect((await node.instance()).counters).toMatchObject({ becameMaster: 1, addressesLost: 1 });
    }));

  test.concurrent("the host's own address with another mask: neither leased nor removed, and served", () =>
    withNode(async (node) => {
      await node.host.runOrThrow(["ip", "addr", "add", `${VIP6}/128`, "dev", "eth0", "nodad"]);
      const program = await node.holdfast(configurationOf({ ...FAST, priority: 200, addresses: [`${VIP6}/64`] }));
      await program.waitForLine(/2001:db8:77::100\/64 is already on eth0 and was not added by Holdfast/);
      await pass(3, node.host);
      expect((await node.instance()).virtualAddresses).toMatchObject([{ held: false, foreign: true }]);
      expect((await infoOf(node.host)).filter(({ local }) => local === VIP6)).toMatchObject([
        { prefixlen: 128, valid_life_time: 0xffff_ffff },
      ]);
      // Its owner removes it, and the VIP is served in its own right.
      await node.host.runOrThrow(["ip", "addr", "del", `${VIP6}/128`, "dev", "eth0"]);
      await node.host.vips.waitUntil(VIP6, true);
      expect((await node.instance()).virtualAddresses).toMatchObject([{ held: true, foreign: false }]);
      await node.stop();
      expect(await node.host.holds(VIP6)).toBe(false);
    }));

  test.concurrent("the lease turned on by a reload: the host's own route to the prefix has no end", () =>
    withNode(async (node) => {
      await addIpv6Addresses(node.host);
      const configuration = { ...FAST, priority: 200, addresses: [`${VIP6}/64`] };
      await node.holdfast(configurationOf({ ...configuration, lines: ["@holdfast vip_lease off"] }));
      await node.host.vips.waitUntil(VIP6, true);
      await node.host.writeFile(CONFIGURATION_FILE, configurationOf(configuration));
      const reloaded = node.daemon.mark();
      await node.host.signal("SIGHUP", isHoldfast("supervisor"));
      await node.daemon.waitForLine(/Reload complete/, { after: reloaded });
      expect((await infoOf(node.host)).find(({ local }) => local === VIP6)?.valid_life_time).toBeLessThanOrEqual(2);
      await pass(1, node.host);
      expect(await prefixRoutes(node.host)).toEqual([{ dst: "2001:db8:77::/64", dev: "eth0" }]);
    }));

  test.concurrent("a host that forwards: announced as a router, in time with its sysctl", () =>
    withPair(async ({ a, client }) => {
      const filter = `icmp6 and ip6[40] == 136 and src host ${VIP6}`;
      const heard = await client.start(["tcpdump", "-l", "-n", "-v", "-i", "eth0", filter]);
      await heard.waitForLine(/listening on/);
      await a.holdfast(configurationOf({ ...FAST, priority: 200, addresses: [`${VIP6}/64`] }));
      await heard.waitForLine(/hlim 255.* > ff02::1: .*tgt is 2001:db8:77::100, Flags \[override\]/);
      await a.host.runOrThrow(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/eth0/forwarding"]);
      await a.host.runOrThrow(["ip", "addr", "del", `${VIP6}/64`, "dev", "eth0"]);
      await heard.waitForLine(/ > ff02::1: .*tgt is 2001:db8:77::100, Flags \[router, override\]/);
      await heard.stop();
    }));

  test.concurrent("excluded addresses of the other family: come and go with the instance, announced in their way", () =>
    withPair(async ({ lab, a, b, client }) => {
      await addIpv6Addresses(a.host, b.host, client);
      const excluded = ["virtual_ipaddress_excluded {", `${VIP}/24`, "}"];
      const excluded6 = ["virtual_ipaddress_excluded {", "2001:db8:77::101/64", "}"];
      const six = { ...FAST, addresses: [`${VIP6}/64`], lines: excluded };
      const four = { ...FAST, addresses: ["10.77.0.101/24"], lines: excluded6 };
      const both = (priority: number): string =>
        [configurationOf({ ...six, priority }), instanceOf(configurationOf({ ...four, priority }), "four", 52)].join(
          "",
        );
      await a.holdfast(both(200));
      await b.holdfast(both(150));
      for (const vip of [VIP, VIP6, "10.77.0.101", "2001:db8:77::101"]) await lab.waitForOnlyHolder(vip, a.host);
      const sinceMs = Date.now();
      await a.stop();
      for (const vip of [VIP, VIP6, "10.77.0.101", "2001:db8:77::101"]) {
        await lab.waitForOnlyHolder(vip, b.host);
        expect(lab.twoHoldersMs(vip, sinceMs)).toBeLessThan(PLANNED_OVERLAP_MS);
      }
      expect(a.log().filter((line) => line.includes("the successor has announced them"))).toHaveLength(2);
    }));

  test.concurrent("two instances with one VRID on one interface, one of each family: they go their own ways", () =>
    withPair(async ({ lab, a, b, client }) => {
      await addIpv6Addresses(a.host, b.host, client);
      await Promise.all([startNginx(a.host), startNginx(b.host)]);
      const pairOf = (four: number, six: number): string =>
        [
          configurationOf({ ...FAST, priority: four }),
          instanceOf(configurationOf({ ...FAST, priority: six, addresses: ["fe80::100/64", `${VIP6}/64`] }), "six", 51),
        ].join("");
      await a.holdfast(pairOf(200, 100));
      await b.holdfast(pairOf(150, 150));
      await lab.waitForOnlyHolder(VIP, a.host);
      await lab.waitForOnlyHolder(VIP6, b.host);
      const { instances } = await a.status();
      expect(instances).toMatchObject([
        { name: "web", family: "ipv4", vrid: 51, state: "MASTER" },
        { name: "six", family: "ipv6", vrid: 51, state: "BACKUP", peers: [{ priority: 150, discarded: {} }] },
      ]);
      const sinceMs = Date.now();
      const prober = await client.ask(VIP);
      await b.stop();
      await lab.waitForOnlyHolder(VIP6, a.host);
      expect(lab.twoHoldersMs(VIP6, sinceMs)).toBeLessThan(PLANNED_OVERLAP_MS);
      expect((await prober.measure(sinceMs)).longestOutageMs).toBe(0);
      await prober.stop();
    }));

  // The kernel's checksum covers the signature behind the message, too (RFC 8200 section 8.1).
  test.concurrent("adverts signed by auth_hmac: understood, and those of another key are not", () =>
    withPair(async ({ lab, a, b }) => {
      const signed = (key: string): readonly string[] => ["auth_hmac {", `key 1 ${key}`, "active_key 1", "}"];
      const common = { ...FAST, addresses: ADDRESSES };
      await a.holdfast(configurationOf({ ...common, priority: 200, lines: signed(KEY) }));
      await lab.waitForOnlyHolder(VIP6, a.host);
      await b.holdfast(configurationOf({ ...common, priority: 150, lines: signed(KEY) }));
      await b.daemon.waitForLine(/master set to fe80::/);
      expect((await b.instance()).peers).toMatchObject([{ priority: 200, discarded: {} }]);
      await b.stop();
      await b.holdfast(configurationOf({ ...common, priority: 150, lines: signed(OTHER_KEY) }));
      await b.daemon.waitForLine(/invalid HMAC.*from fe80::.*: advert discarded/);
    }));

  test.concurrent("vrrp_gna_interval 0.3: one announcement after the other, with that pause", () =>
    withPair(async ({ a, client }) => {
      const heard = await client.start(["tcpdump", "-tt", "-l", "-n", "-i", "eth0", "icmp6 and ip6[40] == 136"]);
      await heard.waitForLine(/listening on/);
      const global = ["vrrp_gna_interval 0.3", "vrrp_garp_master_repeat 1", "vrrp_garp_master_delay 0"];
      await a.holdfast(configurationOf({ ...FAST, priority: 200, addresses: ADDRESSES, global }));
      await heard.waitForLine(/ > ff02::1: .*tgt is 2001:db8:99::1,/);
      const announced = heard.lines.filter((line) => line.includes(" > ff02::1: "));
      expect(announced.map((line) => /tgt is ([^,]+)/.exec(line)?.[1])).toEqual(["fe80::100", VIP6, "2001:db8:99::1"]);
      const times = announced.map((line) => Number(line.split(" ", 1)[0]));
      // Two pauses; a busy machine may make them longer.
      expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(0.59);
    }));

  test.concurrent("use_vmac: held and announced with the virtual MAC address, adverts from the interface itself", () =>
    withPair(async ({ lab, a, b, client }) => {
      await addIpv6Addresses(a.host, b.host, client);
      await Promise.all([startNginx(a.host), startNginx(b.host)]);
      const common = { ...FAST, addresses: [`${VIP6}/64`], lines: ["use_vmac"] };
      await a.holdfast(configurationOf({ ...common, priority: 200 }));
      await b.holdfast(configurationOf({ ...common, priority: 150 }));
      await lab.waitForOnlyHolder(VIP6, a.host);
      const prober = await client.ask(VIP6);
      await prober.waitForAnswer({ by: "a" });
      const filter = "ether src 00:00:5e:00:02:33 and outbound";
      const last = await a.host.start(["tcpdump", "-l", "-n", "-v", "-i", "eth0", filter]);
      await last.waitForLine(/listening on/);
      const neighbors: () => Promise<string> = () => client.runOrThrow(["ip", "-6", "neigh", "show", VIP6]);
      // RFC 9568 section 7.3; the VRID is 51.
      expect(await neighbors()).toContain("lladdr 00:00:5e:00:02:33");
      const sinceMs = Date.now();
      await a.stop();
      await lab.waitForOnlyHolder(VIP6, b.host);
      await prober.waitForAnswer({ by: "b" });
      expect(await neighbors()).toContain("lladdr 00:00:5e:00:02:33");
      expect((await prober.measure(sinceMs)).longestOutageMs).toBeLessThan(100);
      expect(a.log().join("\n")).toContain("removing VIPs: the successor has announced them");
      await prober.stop();
      await last.stop();
      // That it has left the VIP's group: it would draw the client's packets back to it.
      expect(last.lines.filter((line) => line.includes("to_in"))).toEqual([]);
    }));

  test.concurrent("a script that fails, weight 0: the VIP goes to the other node and comes back, without a gap", () =>
    withPair(async ({ lab, a, b, client }) => {
      await addIpv6Addresses(a.host, b.host, client);
      await Promise.all([startNginx(a.host), startNginx(b.host)]);
      const check = "/etc/keepalived/check.sh";
      await writeScript(a.host, check, "test ! -e /run/broken");
      await writeScript(b.host, check, "exit 0");
      const blocks = ["vrrp_script check {", `script ${check}`, "interval 1", "fall 1", "rise 1", "user root", "}"];
      const tracked = { ...FAST, addresses: ADDRESSES, blocks, lines: ["track_script {", "check", "}"] };
      await a.holdfast(configurationOf({ ...tracked, priority: 200 }));
      await b.holdfast(configurationOf({ ...tracked, priority: 150 }));
      await lab.waitForOnlyHolder(VIP6, a.host);
      const prober = await client.ask(VIP6);
      await prober.waitForAnswer({ by: "a" });
      const sinceMs = Date.now();
      await a.host.runOrThrow(["touch", "/run/broken"]);
      await b.host.vips.waitUntil(VIP6, true);
      await lab.waitForOnlyHolder(VIP6, b.host);
      await prober.waitForAnswer({ by: "b" });
      await a.host.runOrThrow(["rm", "/run/broken"]);
      await a.host.vips.waitUntil(VIP6, true);
      await lab.waitForOnlyHolder(VIP6, a.host);
      await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
      expect((await prober.measure(sinceMs)).longestOutageMs).toBeLessThan(100);
      expect(lab.twoHoldersMs(VIP6, sinceMs)).toBeLessThan(2 * PLANNED_OVERLAP_MS);
      await prober.stop();
    }));
});

/** The instance of another configuration, under a name and VRID of its own. */
function instanceOf(configuration: string, name: string, vrid: number): string {
  const start = configuration.indexOf("vrrp_instance");
  return configuration
    .slice(start)
    .replace("vrrp_instance web", `vrrp_instance ${name}`)
    .replace("virtual_router_id 51", `virtual_router_id ${vrid}`);
}

/** Both nodes serve, and the stronger one holds the VIPs. It is alone at first, so that its first tenure is the one of the test. */
async function startBoth({ lab, a, b, client }: Pair): Promise<void> {
  await addIpv6Addresses(a.host, b.host, client);
  await Promise.all([startNginx(a.host), startNginx(b.host), a.holdfast(STRONGER)]);
  await lab.waitForOnlyHolder(VIP6, a.host);
  await b.holdfast(WEAKER);
  await b.daemon.waitForLine(/Entering BACKUP STATE/);
}
