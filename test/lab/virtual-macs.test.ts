import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { CONFIGURATION_FILE, configurationOf, LAB_NEEDS, VIP, withNode, withPair } from "./cluster.ts";

const FAST = { interval: 0.3 } as const;
const VMAC = "00:00:5e:00:01:33";
const USES = { lines: ["use_vmac"] } as const;

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump", "tshark"] })("virtual MAC addresses", () => {
  for (const other of ["holdfast", "keepalived"] as const) {
    test.concurrent(`fail over to ${other} and back: the address keeps its MAC address`, () =>
      withPair(async ({ lab, a, b, client }) => {
        await a.holdfast(configurationOf({ ...FAST, ...USES, priority: 200 }));
        await b.start(other, configurationOf({ ...FAST, ...USES, priority: 150 }));
        await lab.waitForOnlyHolder(VIP, a.host);
        expect(await macOf(VIP, client)).toBe(VMAC);
        await a.stop();
        await lab.waitForOnlyHolder(VIP, b.host);
        // keepalived's host asks for the client's address in the name of the VIP, with its own MAC address.
        if (other === "holdfast") expect(await macOf(VIP, client)).toBe(VMAC);
        expect(await linksOf(a.host)).toEqual([]);
        await a.holdfast(configurationOf({ ...FAST, ...USES, priority: 200 }));
        await lab.waitForOnlyHolder(VIP, a.host);
        expect(await macOf(VIP, client)).toBe(VMAC);
        expect((await a.instance()).state).toBe("MASTER");
      }));
  }

  test.concurrent("its interface and settings: as keepalived makes them, gone and given back at the stop", () =>
    withPair(async ({ a, b }) => {
      const configuration = configurationOf({ ...FAST, ...USES, priority: 200 });
      const before = await settingsOf(a.host, "eth0");
      await b.start("keepalived", configurationOf({ ...FAST, ...USES, priority: 250 }));
      await b.host.vips.waitUntil(VIP, true);
      await a.holdfast(configuration);
      expect(await linksOf(a.host)).toEqual(await linksOf(b.host));
      expect(await linksOf(a.host)).toEqual(["vrrp.51 on eth0 00:00:5e:00:01:33 private UP none"]);
      expect(await settingsOf(a.host, "vrrp.51")).toEqual(await settingsOf(b.host, "vrrp.51"));
      expect(await settingsOf(a.host, "eth0")).toEqual(await settingsOf(b.host, "eth0"));
      await a.stop();
      expect(await linksOf(a.host)).toEqual([]);
      expect(await settingsOf(a.host, "eth0")).toEqual(before);
    }));

  test.concurrent("adverts and announcements leave with the virtual MAC address; a backup sends nothing with it", () =>
    withPair(async ({ lab, a, b }) => {
      const all = await b.host.capture(`ether src ${VMAC}`);
      const mute = await a.host.capture(`ether src ${VMAC} and inbound`);
      // Such a host is in the group of all routers (ff02::2), which the kernel reports.
      await b.host.runOrThrow(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"]);
      await a.holdfast(configurationOf({ ...FAST, ...USES, priority: 200 }));
      await b.holdfast(configurationOf({ ...FAST, ...USES, priority: 150 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.daemon.waitForLine(/Sending gratuitous ARP on vrrp\.51/);
      await b.daemon.waitForLine(/master set to 10\.77\.0\.1/);
      expect(await framesOf(a.host, await mute.stop())).toEqual([]);
      // What a daemon that has ended has logged, it has also sent. The backup ends first, so that it never sends anything.
      await b.stop();
      await a.stop();
      const heard = await framesOf(a.host, await all.stop());
      expect(heard.filter((line) => line.startsWith("vrrp")).length).toBeGreaterThan(0);
      expect(heard).toContain(`arp ${VIP}`);
    }));

  test.concurrent("vmac_xmit_base, and unicast: adverts leave with the interface's own MAC address", () =>
    withPair(async ({ a, b }) => {
      const unicast = { source: "10.77.0.1", peer: "10.77.0.2" };
      for (const settings of [{ lines: ["use_vmac", "vmac_xmit_base"] }, { ...USES, unicast }]) {
        const capture = await b.host.capture("ip proto 112");
        await a.holdfast(configurationOf({ ...FAST, ...settings, priority: 200 }));
        await a.host.vips.waitUntil(VIP, true);
        expect(await linksOf(a.host)).toHaveLength(1);
        await a.stop();
        const frames = await framesOf(b.host, await capture.stop());
        expect(new Set(frames)).toEqual(new Set([`vrrp 10.77.0.1 ${a.host.mac}`]));
      }
    }));

  test.concurrent("vrrp_strict: as with keepalived, neither vmac_xmit_base nor a MAC address of its own counts", () =>
    withPair(async ({ a, b }) => {
      const lines = ["use_vmac mine 02:00:00:00:00:01", "vmac_xmit_base"];
      const configuration = configurationOf({ ...FAST, global: ["vrrp_strict"], lines, priority: 200 });
      for (const daemon of ["keepalived", "holdfast"] as const) {
        const capture = await b.host.capture("ip proto 112");
        await a.start(daemon, configuration);
        await a.host.vips.waitUntil(VIP, true);
        expect(await linksOf(a.host)).toEqual([`mine on eth0 ${VMAC} private UP none`]);
        await a.stop();
        expect(new Set(await framesOf(b.host, await capture.stop()))).toEqual(new Set([`vrrp 10.77.0.1 ${VMAC}`]));
      }
    }));

  test.concurrent("kill -9 of all its processes: the VIP goes with its lease, the next start takes the interface over", () =>
    withNode(async (node) => {
      const configuration = configurationOf({ ...FAST, ...USES, priority: 200 });
      await node.holdfast(configuration);
      await node.host.vips.waitUntil(VIP, true);
      await node.host.signal("SIGKILL", ({ name }) => name.startsWith("holdfast"));
      await node.host.vips.waitUntil(VIP, false);
      expect(await linksOf(node.host)).toHaveLength(1);
      await node.holdfast(configuration);
      await node.host.vips.waitUntil(VIP, true);
      await node.host.signal("SIGKILL", ({ name }) => name.startsWith("holdfast"));
      await node.host.vips.waitUntil(VIP, false);
      await node.holdfast(configurationOf({ ...FAST, priority: 200 }));
      expect(await linksOf(node.host)).toEqual([]);
      await node.stop();
      expect(await settingsOf(node.host, "eth0")).toEqual([
        "arp_ignore 0",
        "arp_filter 0",
        "accept_local 0",
        "rp_filter 0",
      ]);
    }));

  test.concurrent("the interface deleted by hand: made again, the VIP put back", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ ...FAST, ...USES, priority: 200 }));
      await node.host.vips.waitUntil(VIP, true);
      await node.host.runOrThrow(["ip", "link", "del", "vrrp.51"]);
      await node.daemon.waitForLine(/put back 10\.77\.0\.100/);
      expect(await node.host.runOrThrow(["ip", "-o", "addr", "show", "dev", "vrrp.51"])).toContain(VIP);
      expect((await node.instance()).state).toBe("MASTER");
    }));

  test.concurrent("a reload turns it on and off: the VIP moves, and nothing is left", () =>
    withNode(async (node) => {
      const plain = configurationOf({ ...FAST, priority: 200 });
      await node.holdfast(plain);
      await node.host.vips.waitUntil(VIP, true);
      for (const [configuration, device, count] of [
        [configurationOf({ ...FAST, ...USES, priority: 200 }), "vrrp.51", 1],
        [plain, "eth0", 0],
      ] as const) {
        await node.host.writeFile(CONFIGURATION_FILE, configuration);
        expect((await node.command("reload")).end).toEqual({ kind: "exited", status: 0 });
        expect((await node.instance()).state).toBe("MASTER");
        expect(await node.host.runOrThrow(["ip", "-o", "addr", "show", "dev", device])).toContain(VIP);
        expect(await linksOf(node.host)).toHaveLength(count);
      }
    }));

  test.concurrent("what comes to the virtual MAC address is forwarded, but for what is sent to the VIP itself", () =>
    withPair(async ({ a, client }) => {
      await a.host.runOrThrow(["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]);
      await a.host.runOrThrow(["sh", "-c", ANOTHER_NETWORK]);
      await a.host.runOrThrow(["nft", "-f", "-"], COUNT_FORWARDED);
      const beyond = await a.host.start(["tcpdump", "-l", "-n", "-i", "beyond"]);
      await beyond.waitForLine(/listening on beyond/);
      await a.holdfast(configurationOf({ ...FAST, ...USES, priority: 200 }));
      await a.host.vips.waitUntil(VIP, true);
      await client.runOrThrow(["ip", "route", "add", "10.99.0.0/24", "via", VIP]);
      await client.runOrThrow(["bash", "-c", `echo > /dev/udp/${VIP}/9; echo > /dev/udp/10.99.0.1/9`]);
      expect(await macOf(VIP, client)).toBe(VMAC);
      await beyond.waitForLine(/ > 10\.99\.0\.1\.9: UDP/);
      expect(await forwarded(a.host)).toEqual(["10.99.0.1"]);
    }));

  test.concurrent("a strict reverse path filter of all interfaces: the client still reaches the VIP", () =>
    withPair(async ({ a, client }) => {
      await a.host.runOrThrow(["sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=1"]);
      await a.holdfast(configurationOf({ ...FAST, ...USES, priority: 200 }));
      await a.host.vips.waitUntil(VIP, true);
      await startNginx(a.host);
      const prober = await client.ask(VIP);
      await prober.waitForAnswer({ by: "a" });
      await prober.stop();
      expect(await settingsOf(a.host, "eth0")).toContain("rp_filter 1");
      await a.stop();
      expect(await a.host.runOrThrow(["sysctl", "-n", "net.ipv4.conf.all.rp_filter"])).toBe("1\n");
      expect(await settingsOf(a.host, "eth0")).toContain("rp_filter 0");
    }));
});

/** With a host in it that need not answer. */
const ANOTHER_NETWORK = `
  ip link add beyond up type veth peer name far && ip link set far up
  ip addr add 10.99.0.254/24 dev beyond
  ip neigh add 10.99.0.1 lladdr 02:00:00:00:00:99 dev beyond
`;

const COUNT_FORWARDED = `table ip count {
  set seen {
    type ipv4_addr
    flags dynamic
  }
  chain forward {
    type filter hook forward priority 0
    iifname "vrrp.51" add @seen { ip daddr }
  }
}`;

/** Where packets went that came to the virtual interface and were forwarded. */
async function forwarded(host: Host): Promise<readonly string[]> {
  const listed = await host.runOrThrow(["nft", "list", "set", "ip", "count", "seen"]);
  return (/elements = \{ ([^}]*) \}/.exec(listed)?.[1] ?? "").split(", ").filter((address) => address !== "");
}

/** What the client finds by ARP at this moment. */
async function macOf(address: string, client: Host): Promise<string> {
  await client.run(["ip", "neigh", "flush", "all"]);
  await client.runOrThrow([
    "bash",
    "-c",
    `echo > /dev/udp/${address}/9; while ! ip neigh show ${address} | grep -q lladdr; do :; done`,
  ]);
  const shown = await client.runOrThrow(["ip", "neigh", "show", address]);
  return /lladdr (\S+)/.exec(shown)?.[1] ?? "";
}

/** The macvlan interfaces of a host. */
async function linksOf(host: Host): Promise<readonly string[]> {
  const shown: unknown = JSON.parse(await host.runOrThrow(["ip", "-d", "-j", "link", "show", "type", "macvlan"]));
  const links = Array.isArray(shown) ? shown : [];
  return links.flatMap((link) =>
    link.ifname === undefined
      ? []
      : [
          `${link.ifname} on ${link.link} ${link.address} ${link.linkinfo.info_data.mode} ${link.flags.includes("UP") ? "UP" : "DOWN"} ${link.inet6_addr_gen_mode}`,
        ],
  );
}

async function settingsOf(host: Host, device: string): Promise<readonly string[]> {
  const names = ["arp_ignore", "arp_filter", "accept_local", "rp_filter"];
  const paths = names.map((name) => `net.ipv4.conf.${device.replaceAll(".", "/")}.${name}`);
  const values = (await host.runOrThrow(["sysctl", "-n", ...paths])).trim().split("\n");
  return names.map((name, index) => `${name} ${values[index]}`);
}

/** `vrrp SOURCE MAC` or `arp ADDRESS` for each frame. */
async function framesOf(host: Host, capture: Uint8Array): Promise<readonly string[]> {
  const path = "/run/lab/read.pcap";
  await host.runOrThrow(["sh", "-c", `base64 -d > ${path}`], Buffer.from(capture).toString("base64"));
  const fields = ["-e", "vrrp.virt_rtr_id", "-e", "ip.src", "-e", "eth.src", "-e", "arp.src.proto_ipv4"];
  const listed = await host.runOrThrow(["tshark", "-r", path, "-T", "fields", "-E", "separator=|", ...fields]);
  return listed
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [vrid, source, mac, arp] = line.split("|");
      return vrid !== "" && vrid !== undefined
        ? `vrrp ${source} ${mac}`
        : arp !== ""
          ? `arp ${arp}`
          : `other ${source}`;
    });
}
