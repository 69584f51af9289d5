import { expect, test } from "vitest";
import { CLIENT, MASTER, startSnmp, startSnmpd, type SnmpService } from "../../src/lab/snmp.ts";
import { needs } from "../require.ts";
import { configurationOf, isHoldfast, LAB_NEEDS, pass, VIP, withNode, withPair, type Daemon } from "./cluster.ts";

const NEEDS = { root: true, tools: [...LAB_NEEDS.tools, "snmpd", "snmpwalk", "snmptrapd"] } as const;
const ON = ["enable_snmp_vrrp", "enable_snmp_rfc", "enable_traps", `snmp_socket ${MASTER}`];
const CONNECTED = /SNMP: connected to the master agent at /;
const SUBTREES = ["1.3.6.1.2.1.68", "1.3.6.1.2.1.207", "1.3.6.1.4.1.9586"];
const STATE = "1.3.6.1.4.1.9586.100.5.2.3.1.4.1";
const MASTER_STATE = `${STATE} = INTEGER: 2`;

needs(NEEDS)("SNMP", () => {
  test.concurrent("the whole story of a node, walks and traps: what keepalived says (keepalived 2.2.7)", async () => {
    const [keepalived, holdfast] = await Promise.all((["keepalived", "holdfast"] as const).map(story));
    expect(holdfast?.walk).toEqual(keepalived?.walk);
    expect(holdfast?.walk.length).toBeGreaterThan(150);
    expect(holdfast?.traps).toEqual(keepalived?.traps);
    expect(holdfast?.traps.length).toBeGreaterThan(8);
  });

  test.concurrent("snmpd ends and comes again: registered again, and one line for each", () =>
    withNode(async (node) => {
      const service = await startSnmp(node.host);
      await node.holdfast(configurationOf({ priority: 200, global: ON }));
      await node.daemon.waitForLine(CONNECTED);
      await becomesMaster(service);
      await service.snmpd.stop();
      await node.daemon.waitForLine(/SNMP: lost the master agent at 127\.0\.0\.1:705: .*; trying again/);
      // The first attempts are in vain.
      await pass(2.5, node.host);
      await startSnmpd(node.host);
      await node.daemon.waitForLine(CONNECTED, { after: node.daemon.lines.findIndex((line) => line.includes("lost")) });
      expect(await service.walk(STATE)).toEqual([MASTER_STATE]);
      expect(node.log().filter((line) => line.includes("SNMP: "))).toHaveLength(3);
    }));

  test.concurrent(
    "snmpd hangs: adverts go on, the address stays, and it is found again when it goes on",
    () =>
      withPair(async ({ lab, a, b }) => {
        const service = await startSnmp(a.host);
        await a.holdfast(configurationOf({ priority: 200, interval: 0.3, global: ON }));
        await b.holdfast(configurationOf({ priority: 100, interval: 0.3 }));
        await lab.waitForOnlyHolder(VIP, a.host);
        await becomesMaster(service);
        const sinceMs = Date.now();
        service.snmpd.signal("SIGSTOP");
        await a.daemon.waitForLine(/SNMP: lost the master agent .*: it does not answer/, { withinMs: 30_000 });
        service.snmpd.signal("SIGCONT");
        const mark = a.daemon.mark();
        await a.daemon.waitForLine(CONNECTED, { after: mark, withinMs: 30_000 });
        expect(await service.walk(STATE)).toEqual([MASTER_STATE]);
        expect(lab.holders(VIP)).toEqual(["a"]);
        expect(b.host.vips.tenures(VIP).filter(({ fromMs }) => fromMs >= sinceMs)).toEqual([]);
      }),
    90_000,
  );

  test.concurrent("the snmp process is killed: another one answers, and the address stays where it is", () =>
    withNode(async (node) => {
      const service = await startSnmp(node.host, "/run/agentx.sock");
      const global = ["enable_snmp_vrrp", "snmp_socket unix:/run/agentx.sock"];
      await node.holdfast(configurationOf({ priority: 200, global }));
      await node.daemon.waitForLine(CONNECTED);
      await becomesMaster(service);
      const mark = node.daemon.mark();
      await node.host.signal("SIGKILL", isHoldfast("snmp"));
      await node.daemon.waitForLine(CONNECTED, { after: mark });
      expect(await service.walk(STATE)).toEqual([MASTER_STATE]);
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
      expect((await node.status()).daemon.processes.map(({ name, state }) => `${name} ${state}`)).toEqual([
        "supervisor running",
        "vrrp running",
        "snmp running",
      ]);
    }));

  test.concurrent("nobody can tell any more, the supervisor hangs: an error instead of what was true once", () =>
    withNode(async (node) => {
      const service = await startSnmp(node.host);
      await node.holdfast(configurationOf({ priority: 200, global: ON }));
      await becomesMaster(service);
      await node.host.signal("SIGSTOP", isHoldfast("supervisor"));
      const asking = `snmpget ${CLIENT.map((word) => `'${word}'`).join(" ")} 127.0.0.1 ${STATE} 2>&1`;
      await node.host.runOrThrow(["timeout", "20", "sh", "-c", `until ${asking} | grep -q genError; do :; done`]);
      await node.host.signal("SIGCONT", isHoldfast("supervisor"));
      await becomesMaster(service);
    }));

  test.concurrent("-x and -A: all tables without a word in the file, and no traps", () =>
    withNode(async (node) => {
      const service = await startSnmp(node.host);
      await node.launch(configurationOf({ priority: 200, version: 2 }), "-x", "-A", MASTER);
      await node.daemon.waitForLine(CONNECTED);
      await becomesMaster(service);
      const found = await Promise.all(SUBTREES.map((subtree) => service.walk(subtree)));
      expect(found.map((lines) => lines.length > 5)).toEqual([true, true, true]);
      expect(service.snmptrapd.lines.join("\n")).not.toContain("9586");
    }));

  test.concurrent("snmpset: refused as not writable, and nothing changes", () =>
    withNode(async (node) => {
      const service = await startSnmp(node.host);
      await node.holdfast(configurationOf({ priority: 200, global: ON }));
      await becomesMaster(service);
      const priority = "1.3.6.1.4.1.9586.100.5.2.3.1.7.1";
      const { stderr } = await node.host.run(["snmpset", ...CLIENT, "127.0.0.1", priority, "i", "50"]);
      expect(stderr).toContain("notWritable");
      expect(await service.walk(priority)).toEqual([`${priority} = INTEGER: 200`]);
    }));

  test.concurrent("not asked for: there is no snmp process", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ priority: 200, global: ["enable_traps"] }));
      await node.daemon.waitForLine(/Entering MASTER STATE/);
      expect((await node.host.processes()).map(({ name }) => name)).not.toContain("holdfast_snmp");
    }));
});

interface Story {
  readonly walk: readonly string[];
  readonly traps: readonly string[];
}

/** A start, a walk as master, a stop. */
async function story(daemon: Daemon): Promise<Story> {
  const told: { walk: readonly string[]; traps: readonly string[] } = { walk: [], traps: [] };
  await withNode(async (node) => {
    const service = await startSnmp(node.host);
    await node.start(daemon, STORY);
    await becomesMaster(service);
    await node.daemon.waitForLine(/VRRP_Script\(good\) succeeded/);
    await pass(0.7, node.host);
    const walks = [];
    for (const subtree of SUBTREES) walks.push(...(await service.walk(subtree)));
    told.walk = walks.filter((line) => !DIFFERENT.some((pattern) => pattern.test(line)));
    await node.stop();
    await service.snmptrapd.waitForLine(/100\.5\.2\.1\.1\.3 = INTEGER: 5/);
    told.traps = service.snmptrapd.lines
      .flatMap((line) => /snmpTrapOID|\.1\.3\.6\.1\.6\.3\.1\.1\.4\.1\.0 = OID: (.*)/.exec(line)?.[1] ?? [])
      .filter((line) => !line.startsWith(".1.3.6.1.4.1.8072") && !line.startsWith(".1.3.6.1.6.3"))
      // Those of different instances come in another order.
      .toSorted();
  });
  return told;
}

/** Waits until the first instance is said to be master. */
async function becomesMaster({ walk }: SnmpService): Promise<void> {
  const started = Date.now();
  while (Date.now() - started < 30_000) {
    const lines: readonly string[] = await walk(STATE).catch(() => []);
    if (lines.includes(MASTER_STATE)) return;
  }
  throw new Error("The first instance is never said to be master");
}

/** What differs, as docs/limits.md says, or is of the moment: times, MAC addresses. */
const DIFFERENT: readonly RegExp[] = [
  /\.100\.5\.1\.1\.0 /, // the version
  /\.100\.5\.1\.3\.[1236]\.0 /, // a mail server that there is none of
  /\.100\.5\.2\.3\.1\.11\./, // whether its own interface is tracked
  /\.100\.5\.2\.6\.1\.11\.2/, // which addresses are advertised
  /^1\.3\.6\.1\.2\.1\.68\.1\.3\.1\.13\./, // times
  /^1\.3\.6\.1\.2\.1\.207\.1\.1\.1\.1\.12\./,
];

const STORY = [
  "global_defs {",
  "router_id lab",
  ...ON,
  "script_user root",
  "enable_script_security",
  "}",
  "vrrp_script good {",
  "script /usr/bin/true",
  "interval 1",
  "}",
  "vrrp_sync_group G {",
  "group {",
  "web",
  "}",
  'notify_master "/usr/bin/true up"',
  "}",
  "vrrp_instance web {",
  "interface eth0",
  "virtual_router_id 51",
  "priority 200",
  "virtual_ipaddress {",
  `${VIP}/24 label eth0:1`,
  "}",
  "virtual_routes {",
  "10.99.0.0/16 via 10.77.0.9 dev eth0 metric 5",
  "}",
  "virtual_rules {",
  "from 10.98.0.0/16 table 98 priority 98",
  "}",
  "}",
  "vrrp_instance six {",
  "interface eth0",
  "virtual_router_id 52",
  "version 3",
  "priority 150",
  "advert_int 0.5",
  "track_script {",
  "good weight 10",
  "}",
  "virtual_ipaddress {",
  "10.77.0.101",
  "10.77.0.102",
  "}",
  "}",
  "",
].join("\n");
