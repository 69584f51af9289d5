import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mac } from "../../src/base/address.ts";
import { openLinuxDevices, type LinuxDevices } from "../../src/linux/devices.ts";
import { openLinuxKernel, type LinuxKernel } from "../../src/linux/kernel.ts";
import { describeFailure } from "../../src/ports/failure.ts";
import { needs } from "../require.ts";
import { command, makeNamespaces, within, type Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip"] })("interfaces that are made on others, in a real kernel", () => {
  let namespaces: Namespaces;
  let host: string;
  let devices: LinuxDevices;
  let kernel: LinuxKernel;

  beforeEach(() => {
    namespaces = makeNamespaces();
    host = namespaces.create("host");
    namespaces.join(host, "eth0", namespaces.create("other"), "eth0");
    [devices, kernel] = within(host, () => {
      const [opened, asked] = [openLinuxDevices(), openLinuxKernel()];
      if (!opened.ok) throw new Error(describeFailure(opened.error));
      if (!asked.ok) throw new Error(describeFailure(asked.error));
      return [opened.value, asked.value];
    });
  });

  afterEach(() => {
    devices.close();
    kernel.close();
    namespaces.remove();
  });

  const baseIndex = (): number => JSON.parse(command("ip", "-n", host, "-j", "link", "show", "eth0"))[0].ifindex;

  test.each([
    ["macvlan", ["link", "eth0", "name", "x", "type", "macvlan", "mode", "private"]],
    ["ipvlan", ["link", "eth0", "name", "x", "type", "ipvlan", "mode", "l2"]],
    ["vrf", ["x", "type", "vrf", "table", "100"]],
  ] as const)("whether the kernel has %s: as when ip(8) tries to make one, and nothing is made", (kind, words) => {
    const before = command("ip", "-n", host, "link");
    const has = devices.has(kind);
    expect(command("ip", "-n", host, "link")).toBe(before);
    expect(has).toEqual({ ok: true, value: spawnSync("ip", ["-n", host, "link", "add", ...words]).status === 0 });
  });

  test("an ipvlan: with its base, mode, flags and group, or refused where the kernel has none", () => {
    const created = devices.createIpvlan({ name: "ours", baseIndex: baseIndex(), flags: 2, group: 7 });
    const has = devices.has("ipvlan");
    if (has.ok && !has.value) {
      expect(created).toMatchObject({ ok: false, error: { errno: "EOPNOTSUPP" } });
      return;
    }
    expect(created.ok).toBe(true);
    const [shown] = JSON.parse(command("ip", "-n", host, "-d", "-j", "link", "show", "ours"));
    expect(shown).toMatchObject({
      link: "eth0",
      group: "7",
      linkinfo: { info_kind: "ipvlan", info_data: { mode: "l2" } },
    });
    expect(JSON.stringify(shown)).toContain("vepa");
    const listed = kernel.interfaces();
    const found = listed.ok ? listed.value.find(({ name }) => name === "ours") : undefined;
    expect(found?.ipvlan).toEqual({ baseIndex: baseIndex(), mode: 0, flags: 2 });
  });

  test("a macvlan on an interface that is not there: ENODEV", () => {
    const request = { name: "ours", baseIndex: 4_000, mac: mac("00:00:5e:00:01:33"), group: undefined };
    expect(devices.createMacvlan(request)).toMatchObject({ ok: false, error: { errno: "ENODEV" } });
  });

  test("an interface that is not in a VRF: taken out of none", () => {
    expect(devices.setVrf(baseIndex(), undefined)).toEqual({ ok: true, value: undefined });
  });
});
