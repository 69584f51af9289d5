import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mac } from "../../src/base/address.ts";
import { openLinuxDevices } from "../../src/linux/devices.ts";
import { describeFailure } from "../../src/ports/failure.ts";
import { needs } from "../require.ts";
import { command, makeNamespaces, within } from "./namespace.ts";
import type { Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip"] })("interfaces of a real kernel", () => {
  let namespaces: Namespaces;
  let host: string;

  beforeEach(() => {
    namespaces = makeNamespaces();
    host = namespaces.create("host");
    namespaces.join(host, "eth0", namespaces.create("other"), "eth0");
    command("ip", "-n", host, "link", "set", "dev", "eth0", "group", "7");
  });

  afterEach(() => namespaces.remove());

  test("an interface is told of, although nothing changed: a listener hears of it, and its group is the same", async () => {
    const opened = within(host, () => openLinuxDevices());
    if (!opened.ok) throw new Error(describeFailure(opened.error));
    const devices = opened.value;
    const listener = listenToLinks(host);
    try {
      // It listens as soon as it has heard of a change.
      for (let round = 0; (await listener.next(50)) === undefined; round++)
        command("ip", "-n", host, "link", "set", "dev", "eth0", "alias", `round${round}`);
      while ((await listener.next(50)) !== undefined);

      const [eth0] = JSON.parse(command("ip", "-n", host, "-j", "link", "show", "dev", "eth0"));
      expect(devices.tellOf(eth0.ifindex)).toEqual({ ok: true, value: undefined });
      expect(await listener.next(5_000)).toMatch(/eth0.* group 7 /);
    } finally {
      listener.close();
      devices.close();
    }
  });

  test.each([
    { asked: undefined, group: "7" },
    { asked: 9, group: "9" },
  ])("a macvlan, group $asked asked for: its group is $group, and that of the base stays 7", ({ asked, group }) => {
    const opened = within(host, () => openLinuxDevices());
    if (!opened.ok) throw new Error(describeFailure(opened.error));
    const [eth0] = JSON.parse(command("ip", "-n", host, "-j", "link", "show", "dev", "eth0"));
    const request = { name: "vrrp.5", baseIndex: eth0.ifindex, mac: mac("00:00:5e:00:01:05"), group: asked };
    expect(opened.value.createMacvlan(request)).toEqual({ ok: true, value: undefined });
    opened.value.close();
    const links = JSON.parse(command("ip", "-n", host, "-j", "link", "show"));
    expect(links.map((link: { ifname: string; group: string }) => [link.ifname, link.group])).toEqual(
      expect.arrayContaining([
        ["eth0", "7"],
        ["vrrp.5", group],
      ]),
    );
  });

  test("an interface that is not there: ENODEV", () => {
    const opened = within(host, () => openLinuxDevices());
    if (!opened.ok) throw new Error(describeFailure(opened.error));
    expect(opened.value.tellOf(999)).toMatchObject({ ok: false, error: { errno: "ENODEV" } });
    opened.value.close();
  });
});

/** `ip monitor link`, line by line; undefined when nothing comes in time. */
function listenToLinks(host: string): { next(limitMs: number): Promise<string | undefined>; close(): void } {
  const child = spawn("ip", ["-n", host, "-o", "monitor", "link"], { stdio: ["ignore", "pipe", "inherit"] });
  const waiting: string[] = [];
  let wake: (() => void) | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    waiting.push(line);
    wake?.();
  });
  return {
    async next(limitMs) {
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, limitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return waiting.shift();
    },
    close: () => void child.kill(),
  };
}
