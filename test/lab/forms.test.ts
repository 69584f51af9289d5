import { expect, test } from "vitest";
import { needs } from "../require.ts";
import { configurationOf, LAB_NEEDS, withPair } from "./cluster.ts";

/** What keepalived.conf(5) of 2.4 allows, and keepalived 2.2.7 does not know. */
needs(LAB_NEEDS)("forms of keepalived 2.4", () => {
  test.concurrent("version 3 and no_virtual_ipaddress: one is master and its adverts hold the other back", () =>
    withPair(async ({ a, b }) => {
      const settings = (priority: number): string =>
        configurationOf({ priority, addresses: [], lines: ["no_virtual_ipaddress"] });
      await Promise.all([a.start("holdfast", settings(200)), b.start("holdfast", settings(100))]);
      await a.daemon.waitForLine(/Entering MASTER STATE/);
      await b.daemon.waitForLine(/hearing 10\.77\.0\.1, priority 200/);
      expect(await b.instance()).toMatchObject({ state: "BACKUP", protocolVersion: 3 });
      await a.stop();
      await b.daemon.waitForLine(/Entering MASTER STATE/);
    }));

  test.concurrent("a colon before the group: the script has its user's further groups, by id(1)", () =>
    withPair(async ({ a }) => {
      await a.host.runOrThrow(["sh", "-c", "echo 'lab-x:x:4711:nobody' >> /etc/group; mkdir -m 777 /run/told"]);
      const told = (name: string, account: string): string =>
        `notify_${name} "/bin/sh -c 'id -G > /run/told/${name}'" ${account}`;
      const lines = [told("backup", "nobody :"), told("master", "nobody :daemon"), told("stop", "nobody daemon")];
      await a.holdfast(configurationOf({ priority: 200, lines }));
      await a.daemon.waitForLine(/Entering MASTER STATE/);
      await a.stop();
      const groups = async (name: string): Promise<string> =>
        (await a.host.runOrThrow(["cat", `/run/told/${name}`])).trim();
      const [own, daemon] = [
        await a.host.runOrThrow(["id", "-g", "nobody"]),
        await a.host.runOrThrow(["id", "-g", "daemon"]),
      ];
      expect(await groups("backup")).toBe(`${own.trim()} 4711`);
      expect(await groups("master")).toBe(`${daemon.trim()} 4711`);
      expect(await groups("stop")).toBe(daemon.trim());
    }));
});
