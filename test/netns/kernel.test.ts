import { afterEach, beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { openLinuxKernel } from "../../src/linux/kernel.ts";
import type { LinuxKernel } from "../../src/linux/kernel.ts";
import { describeFailure } from "../../src/ports/failure.ts";
import type { AddressRequest, KernelEvent, KernelMonitor } from "../../src/ports/kernel.ts";
import { needs } from "../require.ts";
import { command, makeNamespaces, within } from "./namespace.ts";
import type { Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip"] })("addresses and interfaces of a real kernel", () => {
  let namespaces: Namespaces;
  let host: string;
  let kernel: LinuxKernel;
  let device: number;

  beforeEach(() => {
    namespaces = makeNamespaces();
    host = namespaces.create("host");
    namespaces.join(host, "eth0", namespaces.create("peer"), "eth0");
    command("ip", "-n", host, "addr", "add", "192.0.2.2/24", "dev", "eth0");
    kernel = openKernel();
    const interfaces = kernel.interfaces();
    device = (interfaces.ok && interfaces.value.find(({ name }) => name === "eth0")?.index) || 0;
  });

  afterEach(() => {
    kernel.close();
    namespaces.remove();
  });

  const vip = (changes: Partial<AddressRequest> = {}): AddressRequest => ({
    interfaceIndex: device,
    address: ip("192.0.2.77"),
    prefixLength: 24,
    peer: undefined,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    flags: 0,
    validLifetime: 7,
    preferredLifetime: 7,
    ...changes,
  });

  const openKernel = (): LinuxKernel => {
    const opened = within(host, openLinuxKernel);
    if (!opened.ok) throw new Error(describeFailure(opened.error));
    return opened.value;
  };

  const shown = (): Record<string, unknown>[] =>
    JSON.parse(command("ip", "-n", host, "-j", "addr", "show", "dev", "eth0"))[0].addr_info;
  const shownAt = (address: string): Record<string, unknown> | undefined =>
    shown().find((info) => info["local"] === address);

  /** Gathers events until one is of the kind that is waited for. */
  const monitorUntil = (arrived: (event: KernelEvent) => boolean, action: () => void): Promise<KernelEvent[]> =>
    new Promise((resolve, reject) => {
      const events: KernelEvent[] = [];
      const opened = within(host, () =>
        kernel.openMonitor(() => {
          events.push(...monitor.receive());
          if (!events.some(arrived)) return;
          monitor.close();
          resolve(events);
        }),
      );
      if (!opened.ok) return reject(new Error(describeFailure(opened.error)));
      const monitor: KernelMonitor = opened.value;
      action();
    });

  /** Within its first two seconds an interface gets its link-local address, and the kernel tells of that, too. */
  const ofAddress = (address: string, events: readonly KernelEvent[]): readonly KernelEvent[] =>
    events.filter((event) => "record" in event && event.record.address === address);

  test("interfaces, a veth pair that is up: listed as ip shows them", () => {
    const interfaces = kernel.interfaces();
    const shownLink = JSON.parse(command("ip", "-n", host, "-j", "link", "show", "dev", "eth0"))[0];
    expect(interfaces.ok && interfaces.value.map(({ name }) => name)).toEqual(["lo", "eth0"]);
    expect(interfaces.ok && interfaces.value[1]).toEqual({
      index: shownLink.ifindex,
      name: "eth0",
      up: true,
      running: true,
      multicast: true,
      loopback: false,
      noArp: false,
      mtu: 1500,
      mac: shownLink.address,
      forwardsIpv6: false,
    });
  });

  test("add, an address with lifetime, label, broadcast and scope: as ip shows it, marked as ours", () => {
    const request = vip({
      address: ip("198.51.100.77"),
      broadcast: ip("198.51.100.255"),
      label: "eth0:7",
      scope: 253,
      preferredLifetime: 0,
    });
    expect(kernel.addAddress(request)).toEqual({ ok: true, value: undefined });
    const info = shownAt("198.51.100.77");
    expect(info).toMatchObject({ prefixlen: 24, scope: "link", label: "eth0:7", broadcast: "198.51.100.255" });
    expect(info).toMatchObject({ deprecated: true, preferred_life_time: 0 });
    expect([6, 7]).toContain(info?.["valid_life_time"]);
    const addresses = kernel.addresses();
    expect(addresses.ok && addresses.value.find(({ address }) => address === "198.51.100.77")).toMatchObject({
      interfaceIndex: device,
      prefixLength: 24,
      secondary: false,
      protocol: 0x48,
    });
  });

  test("add, an address inside the subnet of the host's own: secondary; in another scope: refused with the reason", () => {
    expect(kernel.addAddress(vip({ scope: 253 }))).toMatchObject({
      ok: false,
      error: { errno: "EINVAL", message: expect.stringContaining("scope") },
    });
    kernel.addAddress(vip());
    const addresses = kernel.addresses();
    const record = addresses.ok ? addresses.value.find(({ address }) => address === "192.0.2.77") : undefined;
    expect(record?.secondary).toBe(true);
  });

  test("add, an address that is there: refused with EEXIST, whoever added it", () => {
    kernel.addAddress(vip());
    expect(kernel.addAddress(vip())).toMatchObject({ ok: false, error: { errno: "EEXIST" } });
    const foreign = kernel.addAddress(vip({ address: ip("192.0.2.2") }));
    expect(foreign).toMatchObject({ ok: false, error: { errno: "EEXIST" } });
    expect(shownAt("192.0.2.2")?.["valid_life_time"]).toBe(0xffff_ffff);
  });

  test("add, an interface that is not there: refused with ENODEV", () => {
    const refused = kernel.addAddress(vip({ interfaceIndex: 999 }));
    expect(refused).toMatchObject({ ok: false, error: { errno: "ENODEV" } });
    expect(!refused.ok && refused.error.operation).toBe("add 192.0.2.77/24 to interface 999");
  });

  test("add, without the capability: EPERM, and the failure says which one", () => {
    process.seteuid?.(65_534);
    const refused = kernel.addAddress(vip({ interfaceIndex: 999 }));
    process.seteuid?.(0);
    expect(refused).toMatchObject({
      ok: false,
      error: { errno: "EPERM", operation: "add 192.0.2.77/24 to interface 999 (needs CAP_NET_ADMIN)" },
    });
  });

  test("add, an IPv6 address with preferred lifetime 0: there at once without duplicate detection", () => {
    const request = vip({ address: ip("2001:db8::77"), prefixLength: 64, flags: 0x02, preferredLifetime: 0 });
    expect(kernel.addAddress(request).ok).toBe(true);
    expect(shownAt("2001:db8::77")).toMatchObject({ nodad: true, deprecated: true });
  });

  test("remove: gone; once more: EADDRNOTAVAIL", () => {
    kernel.addAddress(vip());
    expect(kernel.removeAddress(vip())).toEqual({ ok: true, value: undefined });
    expect(shownAt("192.0.2.77")).toBeUndefined();
    expect(kernel.removeAddress(vip())).toMatchObject({ ok: false, error: { errno: "EADDRNOTAVAIL" } });
  });

  test("renew, a thousand addresses of which one is wrong: each has its answer and its new lifetime", () => {
    const requests = Array.from({ length: 1_000 }, (_, index) =>
      vip({ address: ip(`10.0.${index >> 8}.${index & 255}`), prefixLength: 32, validLifetime: 100 }),
    );
    for (const request of requests) expect(kernel.addAddress(request).ok).toBe(true);
    const renewals = requests.map((request, index) =>
      index === 300 ? { ...request, interfaceIndex: 999 } : { ...request, validLifetime: 5_000 },
    );
    const started = performance.now();
    const answers = kernel.renewAddresses(renewals);
    console.log(`1,000 renewals in ${(performance.now() - started).toFixed(1)} ms`);
    expect(answers).toHaveLength(1_000);
    expect(answers.flatMap((answer, index) => (answer.ok ? [] : [[index, answer.error.errno]]))).toEqual([
      [300, "ENODEV"],
    ]);
    const lifetimes = shown().flatMap((info) =>
      String(info["local"]).startsWith("10.") ? [Number(info["valid_life_time"])] : [],
    );
    expect(lifetimes.filter((lifetime) => lifetime > 4_900)).toHaveLength(999);
  });

  test("monitor, renewals: hears of those by somebody else, and of its own only where a lifetime has no end", async () => {
    kernel.addAddress(vip());
    const other = openKernel();
    const events = await monitorUntil(
      (event) => event.kind === "address-removed",
      () => {
        kernel.renewAddresses([vip({ validLifetime: 100 })]);
        other.renewAddresses([vip({ validLifetime: 200 })]);
        kernel.renewAddresses([vip({ validLifetime: "forever" })]);
        kernel.renewAddresses([vip({ validLifetime: 300 })]);
        kernel.removeAddress(vip());
      },
    );
    other.close();
    const lifetimes = events.map((event) => event.kind === "address-added" && event.record.validLifetime);
    expect(lifetimes).toEqual([200, "forever", false]);
  });

  test("monitor, a lifetime that runs out: the kernel removes the address and says so", async () => {
    const events = await monitorUntil(
      (event) => event.kind === "address-removed",
      () => kernel.addAddress(vip({ validLifetime: 1, preferredLifetime: 1 })),
    );
    const own = ofAddress("192.0.2.77", events);
    expect(own.map(({ kind }) => kind)).toEqual(["address-added", "address-removed"]);
    expect(own[1]).toMatchObject({ record: { interfaceIndex: device, address: "192.0.2.77", protocol: 0x48 } });
    expect(shownAt("192.0.2.77")).toBeUndefined();
  });

  test("monitor, an address that somebody else deletes: reported", async () => {
    kernel.addAddress(vip());
    const events = await monitorUntil(
      (event) => event.kind === "address-removed",
      () => command("ip", "-n", host, "addr", "del", "192.0.2.77/24", "dev", "eth0"),
    );
    expect(ofAddress("192.0.2.77", events)).toMatchObject([{ kind: "address-removed", record: { prefixLength: 24 } }]);
  });

  test("monitor, an interface that goes down, comes back and is deleted: reported in order", async () => {
    const gone = (event: KernelEvent): boolean => event.kind === "interface-removed" && event.name === "eth0";
    const events = await monitorUntil(gone, () => {
      command("ip", "-n", host, "link", "set", "eth0", "down");
      command("ip", "-n", host, "link", "set", "eth0", "up");
      command("ip", "-n", host, "link", "del", "eth0");
    });
    const states = events.flatMap((event) =>
      event.kind === "interface-changed" && event.interface.name === "eth0"
        ? [`${event.interface.up ? "up" : "down"} ${event.interface.running ? "running" : "stopped"}`]
        : [],
    );
    const changes = states.filter((state, index) => state !== states[index - 1]);
    expect(changes).toEqual(expect.arrayContaining(["down stopped", "up running"]));
    expect(changes.indexOf("down stopped")).toBeLessThan(changes.lastIndexOf("up running"));
    expect(events.at(-1)).toEqual({ kind: "interface-removed", index: device, name: "eth0" });
  });

  test("monitor, an interface that leaves a bridge: it is not reported as removed", async () => {
    const up = (event: KernelEvent): boolean => event.kind === "interface-changed" && event.interface.name === "last";
    const events = await monitorUntil(up, () => {
      command("ip", "-n", host, "link", "add", "br0", "type", "bridge");
      command("ip", "-n", host, "link", "set", "eth0", "master", "br0");
      command("ip", "-n", host, "link", "set", "eth0", "nomaster");
      command("ip", "-n", host, "link", "add", "last", "type", "bridge");
    });
    expect(events.filter(({ kind }) => kind === "interface-removed")).toEqual([]);
  });

  test("monitor, more events than its buffer holds: overrun, and it goes on afterwards", async () => {
    kernel.addAddress(vip());
    const other = openKernel();
    const burst = Array.from({ length: 1_000 }, () => vip({ validLifetime: 3_000 }));
    let repetition: ReturnType<typeof setInterval> | undefined;
    const events = await monitorUntil(
      (event) => event.kind === "address-removed",
      () => {
        for (let round = 0; round < 40; round++) other.renewAddresses(burst);
        // The kernel loses events until the whole queue has been read, so one removal might be among them.
        repetition = setInterval(() => {
          kernel.removeAddress(vip());
          kernel.addAddress(vip());
        }, 50);
      },
    );
    clearInterval(repetition);
    other.close();
    expect(events.some(({ kind }) => kind === "overrun")).toBe(true);
    // What was queued before is older than what whoever was told of the overrun has read since.
    const stale = events.filter((event) => event.kind === "address-added" && Number(event.record.validLifetime) > 100);
    expect(stale).toEqual([]);
  });
});
