import { afterEach, beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { beforeFirstLifetime } from "../../src/daemon/vrrp/prefix-route.ts";
import { openLinuxKernel } from "../../src/linux/kernel.ts";
import type { LinuxKernel } from "../../src/linux/kernel.ts";
import { describeFailure } from "../../src/ports/failure.ts";
import type { AddressRecord, AddressRequest, KernelEvent } from "../../src/ports/kernel.ts";
import { needs } from "../require.ts";
import { command, makeNamespaces, within } from "./namespace.ts";
import type { Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip"] })("IPv6 addresses of a real kernel", () => {
  let namespaces: Namespaces;
  let host: string;
  let kernel: LinuxKernel;
  let device: number;

  beforeEach(() => {
    namespaces = makeNamespaces();
    host = namespaces.create("host");
    namespaces.join(host, "eth0", namespaces.create("peer"), "eth0");
    command("ip", "-n", host, "addr", "add", "2001:db8::2/64", "dev", "eth0", "nodad");
    const opened = within(host, openLinuxKernel);
    if (!opened.ok) throw new Error(describeFailure(opened.error));
    kernel = opened.value;
    const interfaces = kernel.interfaces();
    device = (interfaces.ok && interfaces.value.find(({ name }) => name === "eth0")?.index) || 0;
  });

  afterEach(() => {
    kernel.close();
    namespaces.remove();
  });

  const vip = (changes: Partial<AddressRequest> = {}): AddressRequest => ({
    interfaceIndex: device,
    address: ip("2001:db8::77"),
    prefixLength: 64,
    peer: undefined,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    flags: IFA_F_NODAD,
    validLifetime: 7,
    preferredLifetime: 0,
    ...changes,
  });

  const shownAt = (address: string): Record<string, unknown> | undefined =>
    JSON.parse(command("ip", "-n", host, "-j", "-6", "addr", "show", "dev", "eth0"))[0].addr_info.find(
      (info: Record<string, unknown>) => info["local"] === address,
    );
  const routes = (): Record<string, unknown>[] => JSON.parse(command("ip", "-n", host, "-j", "-6", "route", "show"));
  const recordOf = (address: string): AddressRecord | undefined => {
    const addresses = kernel.addresses();
    return addresses.ok ? addresses.value.find((record) => record.address === address) : undefined;
  };

  const eventOf = (arrived: (event: KernelEvent) => boolean, action: () => void): Promise<KernelEvent> =>
    new Promise((resolve, reject) => {
      const opened = within(host, () =>
        kernel.openMonitor(() => {
          const event = opened.ok ? opened.value.receive().find(arrived) : undefined;
          if (event === undefined || !opened.ok) return;
          opened.value.close();
          resolve(event);
        }),
      );
      if (!opened.ok) return reject(new Error(describeFailure(opened.error)));
      action();
    });

  test("add, IFA_F_NODAD and nothing preferred: usable at once and no source for others, as ip shows it", () => {
    expect(kernel.addAddress(vip())).toEqual({ ok: true, value: undefined });
    const info = shownAt("2001:db8::77");
    expect(info).toMatchObject({ prefixlen: 64, nodad: true, deprecated: true, preferred_life_time: 0 });
    expect(info).not.toHaveProperty("tentative");
    expect([6, 7]).toContain(info?.["valid_life_time"]);
    expect(recordOf("2001:db8::77")).toMatchObject({ prefixLength: 64, tentative: false, protocol: 0x48 });
    // The host's own address is the source of what it sends, however close the VIP is to the target.
    const [route] = JSON.parse(command("ip", "-n", host, "-j", "-6", "route", "get", "2001:db8::76"));
    expect(route).toMatchObject({ prefsrc: "2001:db8::2" });
  });

  test("add, without IFA_F_NODAD: tentative, until the kernel tells that it is not", async () => {
    const settled = (event: KernelEvent): boolean =>
      event.kind === "address-added" && event.record.address === "2001:db8::78" && !event.record.tentative;
    await eventOf(settled, () => {
      kernel.addAddress(vip({ address: ip("2001:db8::78"), flags: 0, validLifetime: "forever" }));
      expect(shownAt("2001:db8::78")).toMatchObject({ tentative: true });
      expect(recordOf("2001:db8::78")?.tentative).toBe(true);
    });
    expect(shownAt("2001:db8::78")).not.toHaveProperty("tentative");
  });

  test("add, an address that is there with another mask: refused with EEXIST, and not removed by our mask", () => {
    expect(kernel.addAddress(vip({ address: ip("2001:db8::2"), prefixLength: 128 }))).toMatchObject({
      ok: false,
      error: { errno: "EEXIST" },
    });
    const removed = kernel.removeAddress({ interfaceIndex: device, address: ip("2001:db8::2"), prefixLength: 128 });
    expect(removed).toMatchObject({ ok: false, error: { errno: "EADDRNOTAVAIL" } });
    expect(shownAt("2001:db8::2")).toMatchObject({ prefixlen: 64, valid_life_time: 0xffff_ffff });
  });

  test("renew, then let it run out: the host's own route to its prefix has no end and stays", async () => {
    kernel.addAddress(vip());
    expect(kernel.renewAddresses([vip({ validLifetime: 1 })])).toEqual([{ ok: true, value: undefined }]);
    const gone = (event: KernelEvent): boolean =>
      event.kind === "address-removed" && event.record.address === "2001:db8::77";
    await eventOf(gone, () => undefined);
    const own = routes().filter(({ dst }) => dst === "2001:db8::/64");
    expect(own).toHaveLength(1);
    expect(own[0]).not.toHaveProperty("expires");
  });

  test("renew, a first lifetime for an address that had none: with its preparation the host's own route stays", () => {
    const permanent = vip({ validLifetime: "forever", preferredLifetime: "forever" });
    kernel.addAddress(permanent);
    const preparation = beforeFirstLifetime(vip(), "forever");
    expect(preparation).toBeDefined();
    kernel.renewAddresses(preparation === undefined ? [] : [preparation, vip()]);
    expect(shownAt("2001:db8::77")).toMatchObject({ deprecated: true });
    expect(shownAt("2001:db8::77")).not.toHaveProperty("noprefixroute");
    expect(routes().filter(({ dst }) => dst === "2001:db8::/64")[0]).not.toHaveProperty("expires");
    // What the kernel does without it is why it is there.
    kernel.renewAddresses([permanent, vip()]);
    expect(routes().filter(({ dst }) => dst === "2001:db8::/64")[0]).toHaveProperty("expires");
  });

  test("net.ipv6.conf.*.forwarding: listed, and told when it changes", async () => {
    const forwards = (): boolean | undefined => {
      const interfaces = kernel.interfaces();
      return interfaces.ok ? interfaces.value.find(({ index }) => index === device)?.forwardsIpv6 : undefined;
    };
    expect(forwards()).toBe(false);
    const event = await eventOf(
      ({ kind }) => kind === "forwarding-changed",
      () => command("ip", "netns", "exec", host, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/eth0/forwarding"),
    );
    expect(event).toEqual({ kind: "forwarding-changed", index: device, forwards: true });
    expect(forwards()).toBe(true);
  });
});

/** linux/if_addr.h. */
const IFA_F_NODAD = 0x02;
