import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { createLinuxPacketFilter } from "../../src/linux/nftables-filter.ts";
import type { LinuxPacketFilter } from "../../src/linux/nftables-filter.ts";
import type { FilterChanges } from "../../src/ports/packet-filter.ts";
import { needs } from "../require.ts";
import { command, makeNamespaces, within } from "./namespace.ts";
import type { Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip", "nft", "arping", "bash"] })("the packet filter of a real kernel", () => {
  let namespaces: Namespaces;
  let host: string;
  let peer: string;
  let filter: LinuxPacketFilter;

  beforeEach(() => {
    namespaces = makeNamespaces();
    host = namespaces.create("host");
    peer = namespaces.create("peer");
    namespaces.join(host, "eth0", peer, "eth0");
    for (const [namespace, number] of [
      [host, 2],
      [peer, 1],
    ] as const) {
      command("ip", "-n", namespace, "addr", "add", `192.0.2.${number}/24`, "dev", "eth0");
      command("ip", "-n", namespace, "addr", "add", `2001:db8::${number}/64`, "dev", "eth0", "nodad");
    }
    command("ip", "-n", host, "addr", "add", "192.0.2.77/24", "dev", "eth0");
    command("ip", "-n", host, "addr", "add", "2001:db8::77/64", "dev", "eth0", "nodad");
    filter = createLinuxPacketFilter();
  });

  afterEach(() => {
    filter.close();
    namespaces.remove();
  });

  const prepare = (another = filter): unknown => within(host, () => another.prepare());
  const change = (changes: Partial<FilterChanges>, another = filter): unknown =>
    another.change({ guard: [], keepAlive: [], refuse: [], forget: [], ...changes });
  const nft = (...words: readonly string[]): string => command("ip", "netns", "exec", host, "nft", ...words);
  const succeeds = (...words: readonly string[]): boolean =>
    spawnSync("ip", ["netns", "exec", peer, ...words]).status === 0;
  const answersArp = (): boolean => succeeds("arping", "-q", "-f", "-c", "1", "-w", "1", "-I", "eth0", "192.0.2.77");
  /** Whether a connection is refused rather than left unanswered. The link-layer address may be known from before. */
  const answersPacket = (address: string): boolean => {
    const connect = `exec 3<>/dev/tcp/${address}/9`;
    const tried = spawnSync("ip", ["netns", "exec", peer, "timeout", "1", "bash", "-c", connect], {
      encoding: "utf8",
    });
    return tried.stderr.includes("Connection refused");
  };
  /** Asks for the link-layer address anew. */
  const answersAnew = (address: string): boolean => {
    command("ip", "-n", peer, "neigh", "flush", "dev", "eth0");
    return answersPacket(address);
  };
  const elements = (family: "ip" | "ip6" | "arp", set: string): { val: string; timeout: number; expires: number }[] => {
    const [, shown] = JSON.parse(nft("-j", "list", "set", family, "holdfast_vrrp", set)).nftables;
    return (shown.set.elem ?? []).map((element: { elem?: object } | string) =>
      typeof element === "string" ? { val: element } : element.elem,
    );
  };
  const OK = { ok: true, value: undefined };
  const VIP4 = ip("192.0.2.77");
  const VIP6 = ip("2001:db8::77");

  test("a guarded address: silent to ARP, neighbor solicitations and packets unless it is alive, the host's own is not", async () => {
    expect(prepare()).toEqual(OK);
    expect([answersArp(), answersAnew(VIP4), answersAnew(VIP6)]).toEqual([true, true, true]);
    const both = [VIP4, VIP6].map((address) => ({ address, ms: 60_000 }));
    expect(change({ guard: both })).toEqual(OK);
    expect([answersArp(), answersPacket(VIP4), answersAnew(VIP4)]).toEqual([false, false, false]);
    expect([answersPacket(VIP6), answersAnew(VIP6)]).toEqual([false, false]);
    // Nobody answers for its link-layer address either.
    expect(command("ip", "-n", peer, "-6", "neigh", "show", VIP6)).toMatch(/FAILED|INCOMPLETE/);
    expect([answersAnew("192.0.2.2"), answersAnew("2001:db8::2")]).toEqual([true, true]);
    expect(change({ keepAlive: both })).toEqual(OK);
    expect([answersArp(), answersAnew(VIP4), answersAnew(VIP6)]).toEqual([true, true, true]);
    expect(change({ forget: [VIP4, VIP6] })).toEqual(OK);
    expect([answersArp(), answersAnew(VIP4), answersAnew(VIP6)]).toEqual([true, true, true]);
  });

  test("the time of an address: ends it, though it is on the interface and nobody does anything", async () => {
    prepare();
    change({ guard: [{ address: VIP4, ms: 60_000 }], keepAlive: [{ address: VIP4, ms: 1_500 }] });
    expect(answersPacket(VIP4)).toBe(true);
    await expect.poll(() => answersPacket(VIP4), { interval: 1, timeout: 10_000 }).toBe(false);
    expect(answersArp()).toBe(false);
    expect(command("ip", "-n", host, "addr", "show", "dev", "eth0")).toContain("192.0.2.77/24");
    change({ keepAlive: [{ address: VIP4, ms: 60_000 }] });
    expect(answersPacket(VIP4)).toBe(true);
    expect(change({ keepAlive: [{ address: VIP4, ms: 0 }] })).toEqual(OK);
    expect(answersPacket(VIP4)).toBe(false);
  });

  test("an address that is renewed: has the new time, longer or shorter, in all its tables", () => {
    prepare();
    for (const ms of [5_000, 90_000, 20_000]) {
      change({
        guard: [{ address: VIP4, ms: 1_000_000 }],
        keepAlive: [
          { address: VIP4, ms },
          { address: VIP6, ms },
        ],
      });
      for (const [family, address] of [
        ["ip", VIP4],
        ["arp", VIP4],
        ["ip6", VIP6],
      ] as const) {
        const [element, ...others] = elements(family, "alive");
        expect([element?.val, element?.timeout, others]).toEqual([address, ms / 1000, []]);
        // What it had before is 70 s away at least; nft itself may take a while.
        expect(Math.abs(ms / 1000 - (element?.expires ?? 0))).toBeLessThan(ms === 5_000 ? 5 : 15);
      }
    }
    expect(elements("ip", "vips")[0]?.timeout).toBe(1_000);
  });

  test("an address that is refused: its packets are dropped both ways, and its neighbors still find it", () => {
    prepare();
    change({
      refuse: [
        { address: VIP4, ms: "forever" },
        { address: VIP6, ms: "forever" },
      ],
    });
    expect([answersArp(), answersAnew(VIP4), answersAnew(VIP6)]).toEqual([true, false, false]);
    expect(command("ip", "-n", peer, "-6", "neigh", "show", VIP6)).toMatch(/REACHABLE|STALE|DELAY/);
    expect(elements("ip6", "no_accept")).toEqual([{ val: VIP6 }]);
    expect([answersAnew("192.0.2.2"), answersAnew("2001:db8::2")]).toEqual([true, true]);
  });

  test("tables of others: as they were, while ours come and go", () => {
    nft("add table ip theirs");
    nft("add chain ip theirs input { type filter hook input priority -5; policy accept; }");
    nft("add rule ip theirs input ip saddr 198.51.100.0/24 drop");
    nft("add table inet holdfast_lvs");
    const before = nft("list", "ruleset");
    prepare();
    change({ guard: [{ address: VIP4, ms: 60_000 }] });
    expect(nft("list", "tables").trim().split("\n").toSorted()).toEqual([
      "table arp holdfast_vrrp",
      "table inet holdfast_lvs",
      "table ip holdfast_vrrp",
      "table ip theirs",
      "table ip6 holdfast_vrrp",
    ]);
    change({ forget: [VIP4] });
    expect(filter.remove()).toEqual(OK);
    expect(nft("list", "ruleset")).toBe(before);
  });

  test("prepared again, by another process after a crash: what is locked stays locked and keeps its time", () => {
    prepare();
    change({ guard: [{ address: VIP4, ms: 60_000 }], keepAlive: [{ address: VIP4, ms: 50_000 }] });
    filter.close();
    const next = createLinuxPacketFilter();
    expect(prepare(next)).toEqual(OK);
    expect(elements("ip", "vips")).toMatchObject([{ val: VIP4, timeout: 60 }]);
    expect(elements("arp", "alive")).toMatchObject([{ val: VIP4, timeout: 50 }]);
    expect(nft("list", "chain", "ip", "holdfast_vrrp", "arriving").match(/ip daddr @vips/g)).toHaveLength(1);
    next.close();
  });

  test("two processes on one host: the one that ends leaves the other's addresses locked", () => {
    const other = createLinuxPacketFilter();
    prepare();
    prepare(other);
    change({ guard: [{ address: VIP4, ms: 60_000 }] });
    change({ guard: [{ address: VIP6, ms: 60_000 }] }, other);
    change({ forget: [VIP6] }, other);
    expect(other.remove()).toEqual(OK);
    expect(elements("ip", "vips")).toMatchObject([{ val: VIP4 }]);
    change({ forget: [VIP4] });
    expect(filter.remove()).toEqual(OK);
    expect(nft("list", "tables")).toBe("");
    other.close();
  });

  test("a table of our name that is built otherwise: replaced", () => {
    nft("add table ip holdfast_vrrp");
    nft("add set ip holdfast_vrrp vips { type ipv4_addr; }");
    nft("add chain ip holdfast_vrrp arriving { type filter hook input priority 0; policy accept; }");
    expect(prepare()).toEqual(OK);
    expect(nft("list", "set", "ip", "holdfast_vrrp", "vips")).toContain("flags timeout");
    change({ guard: [{ address: VIP4, ms: 60_000 }] });
    expect(answersPacket(VIP4)).toBe(false);
  });

  test("everything flushed by somebody: ENOENT, and nothing is half done", () => {
    prepare();
    change({ guard: [{ address: VIP4, ms: 60_000 }] });
    nft("flush", "ruleset");
    expect(change({ keepAlive: [{ address: VIP4, ms: 300 }] })).toMatchObject({
      ok: false,
      error: { errno: "ENOENT" },
    });
    expect(prepare()).toEqual(OK);
    expect(change({ guard: [{ address: VIP4, ms: 60_000 }] })).toEqual(OK);
    expect(answersPacket(VIP4)).toBe(false);
  });

  test("2,500 addresses at once: all in", () => {
    prepare();
    const many = Array.from({ length: 2_500 }, (_, index) => ip(`10.0.${index >> 8}.${index & 0xff}`));
    expect(change({ keepAlive: many.map((address) => ({ address, ms: 60_000 })) })).toEqual(OK);
    expect(elements("arp", "alive")).toHaveLength(2_500);
    expect(change({ forget: many })).toEqual(OK);
    expect(elements("ip", "alive")).toHaveLength(0);
  });
});
