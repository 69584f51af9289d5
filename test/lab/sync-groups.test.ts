import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { CONFIGURATION_FILE, isOf, LAB_NEEDS, pass, withPair, writeScript, type Daemon, type Pair } from "./cluster.ts";

/** One address on each of the two networks; the group holds both. */
const OUTSIDE = "10.77.0.100";
const INSIDE = "10.78.0.100";
const VIPS = [OUTSIDE, INSIDE] as const;

interface GroupSettings {
  readonly priority: number;
  readonly interval?: number;
  /** Further lines of the group. */
  readonly group?: readonly string[];
  /** Blocks in front of the group. */
  readonly blocks?: readonly string[];
  /** Members; both unless given. */
  readonly members?: readonly string[];
  /** Further lines of each instance. */
  readonly lines?: readonly string[];
}

/** Two instances, `out` on eth0 and `in` on eth1, in the group `VG`. */
function groupOf(settings: GroupSettings): string {
  const { priority, interval = 1, group = [], blocks = [], members = ["out", "in"], lines = [] } = settings;
  const instance = (name: string, device: string, vrid: number, address: string): readonly string[] => [
    `vrrp_instance ${name} {`,
    `interface ${device}`,
    `virtual_router_id ${vrid}`,
    `priority ${priority}`,
    `version 3`,
    `advert_int ${interval}`,
    ...lines,
    `virtual_ipaddress {`,
    `${address}/24`,
    `}`,
    `}`,
  ];
  const synced = members.length === 0 ? [] : [`vrrp_sync_group VG {`, `group {`, ...members, `}`, ...group, `}`];
  return [
    ...blocks,
    ...synced,
    ...instance("out", "eth0", 51, OUTSIDE),
    ...instance("in", "eth1", 52, INSIDE),
    ``,
  ].join("\n");
}

/** Both hosts and the client are on both networks. */
async function withGroupPair(scenario: (pair: Pair) => Promise<void>): Promise<void> {
  await withPair(async (pair) => {
    await pair.a.host.addInterface("eth1", "10.78.0.1/24");
    await pair.b.host.addInterface("eth1", "10.78.0.2/24");
    await pair.client.addInterface("eth1", "10.78.0.9/24");
    await scenario(pair);
  });
}

async function waitForBoth(lab: Lab, host: Host): Promise<void> {
  await host.vips.waitUntil(OUTSIDE, true);
  await host.vips.waitUntil(INSIDE, true);
  for (const vip of VIPS) await lab.waitForOnlyHolder(vip, host);
}

/** 3 x 1 s + (256 - 150) / 256 s after the last advert; what two busy processors add. */
const MASTER_DOWN_MS = 3_414;
const SLACK_MS = 1_000;

const PAIRINGS: readonly { readonly stronger: Daemon; readonly weaker: Daemon }[] = [
  { stronger: "holdfast", weaker: "holdfast" },
  { stronger: "holdfast", weaker: "keepalived" },
  { stronger: "keepalived", weaker: "holdfast" },
];

needs(LAB_NEEDS)("sync groups over two networks", () => {
  test.concurrent.for(PAIRINGS)(
    "$stronger over $weaker: planned stop, return, an interface of one member lost and back",
    ({ stronger, weaker }) =>
      withGroupPair(async ({ lab, a, b, client }) => {
        await Promise.all([startNginx(a.host), startNginx(b.host)]);
        const strong = groupOf({ priority: 200 });
        await Promise.all([a.start(stronger, strong), b.start(weaker, groupOf({ priority: 150 }))]);
        await waitForBoth(lab, a.host);
        const probers = await Promise.all(VIPS.map((vip) => client.ask(vip)));
        for (const prober of probers) await prober.waitForAnswer({ by: "a" });

        const stoppedMs = Date.now();
        await a.stop();
        await waitForBoth(lab, b.host);
        for (const prober of probers) {
          await prober.waitForAnswer({ by: "b", sinceMs: Date.now() });
          const { longestOutageMs } = await prober.measure(stoppedMs);
          // Only Holdfast keeps the addresses until the other one has them.
          expect(longestOutageMs).toBeLessThan(stronger === "holdfast" ? 100 : 414 + SLACK_MS);
        }

        const startedMs = Date.now();
        await a.start(stronger, strong);
        await waitForBoth(lab, a.host);
        for (const prober of probers) {
          await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
          const { longestOutageMs } = await prober.measure(startedMs);
          expect(longestOutageMs).toBeLessThan(weaker === "holdfast" ? 100 : SLACK_MS);
        }
        // What a busy keepalived needs to let go is its own affair.
        const patienceMs = weaker === "holdfast" ? 250 : SLACK_MS;
        for (const vip of VIPS) expect(lab.twoHoldersMs(vip, startedMs)).toBeLessThan(patienceMs);

        const downMs = Date.now();
        await a.host.setLink("down", "eth1");
        await waitForBoth(lab, b.host);
        expect(Date.now() - downMs).toBeLessThan(MASTER_DOWN_MS + SLACK_MS);
        for (const vip of VIPS) expect(lab.twoHoldersMs(vip, downMs)).toBeLessThan(250);
        if (stronger === "holdfast") {
          const status = await a.status();
          expect(status.groups).toMatchObject([
            { name: "VG", state: "FAULT", members: ["out", "in"], cause: { evidence: { member: "in" } } },
          ]);
          expect(status.instances).toMatchObject([
            { name: "out", state: "FAULT", cause: { text: expect.stringContaining("sync group VG: in has a fault") } },
            { name: "in", state: "FAULT" },
          ]);
        }
        if (weaker === "holdfast") expect((await b.status()).groups).toMatchObject([{ name: "VG", state: "MASTER" }]);

        await a.host.setLink("up", "eth1");
        await waitForBoth(lab, a.host);
        for (const prober of probers) await prober.stop();
      }),
  );

  test.concurrent("the cable of one network pulled at the master: both addresses move, and it knows why", () =>
    withGroupPair(async ({ lab, a, b }) => {
      await a.holdfast(groupOf({ priority: 200, interval: 0.3 }));
      await b.holdfast(groupOf({ priority: 150, interval: 0.3 }));
      await waitForBoth(lab, a.host);
      await a.host.setCable("pulled");
      await waitForBoth(lab, b.host);
      const { stdout } = await a.command("events");
      expect(stdout).toMatch(/VG \(group\) +MASTER -> FAULT +out: interface eth0 is down/);
      expect(stdout).toMatch(/in +MASTER -> FAULT +sync group VG: out has a fault/);
      const { stdout: status } = await b.command("status");
      expect(status).toMatch(/VG {2}MASTER {2}sync group, since /);
      expect(status).toMatch(/members +out MASTER, in MASTER/);
    }));

  test.concurrent("a member whose network is cut between the nodes: nothing moves, for the other one hears its master", () =>
    withGroupPair(async ({ lab, a, b }) => {
      await a.holdfast(groupOf({ priority: 200, interval: 0.3 }));
      await b.holdfast(groupOf({ priority: 150, interval: 0.3 }));
      await waitForBoth(lab, a.host);
      const heal = await b.host.lose("adverts", a.host);
      await pass(3, b.host);
      for (const vip of VIPS) expect(lab.holders(vip)).toEqual(["a"]);
      expect((await b.status()).groups).toMatchObject([{ state: "BACKUP" }]);
      await heal();
    }));

  test.concurrent("kill -9 of the master: both addresses move after master-down, and nobody has two holders", () =>
    withGroupPair(async ({ lab, a, b }) => {
      const strong = groupOf({ priority: 200 });
      await a.holdfast(strong);
      await b.holdfast(groupOf({ priority: 150 }));
      await waitForBoth(lab, a.host);
      const crashedMs = Date.now();
      await a.host.signal("SIGKILL", isOf("holdfast"));
      await waitForBoth(lab, b.host);
      for (const vip of VIPS) expect(lab.twoHoldersMs(vip, crashedMs)).toBe(0);
      expect(Date.now() - crashedMs).toBeLessThan(MASTER_DOWN_MS + SLACK_MS);
    }));

  test.concurrent("the vrrp process killed: it is restarted and resumes both, and the client sees nothing", () =>
    withGroupPair(async ({ lab, a, b }) => {
      await a.holdfast(groupOf({ priority: 200 }));
      await b.holdfast(groupOf({ priority: 150 }));
      await waitForBoth(lab, a.host);
      const sinceMs = Date.now();
      const mark = a.daemon.mark();
      await a.host.signal("SIGKILL", ({ name }) => name === "holdfast_vrrp");
      await a.daemon.waitForLine(/Startup complete/, { after: mark });
      await pass(4, a.host);
      for (const vip of VIPS) {
        expect(lab.holders(vip)).toEqual(["a"]);
        expect(b.host.vips.tenures(vip).filter(({ fromMs }) => fromMs >= sinceMs)).toEqual([]);
      }
      expect((await a.status()).groups).toMatchObject([{ state: "MASTER" }]);
    }));
});

needs(LAB_NEEDS)("trackers of a sync group", () => {
  const WELL = "/run/lab/well";
  const check = (weight: number): readonly string[] => [
    `vrrp_script well {`,
    `script "/usr/bin/test -e ${WELL}"`,
    `interval 1`,
    `weight ${weight}`,
    `}`,
  ];
  const tracked = (weight: number) => ({
    interval: 0.3,
    blocks: check(weight),
    group: ["track_script {", "well", "}"],
  });

  test.concurrent.for([
    { daemon: "holdfast", weight: 0 },
    { daemon: "holdfast", weight: -100 },
    { daemon: "keepalived", weight: -100 },
  ] as const)(
    "$daemon, a track_script of the group with weight $weight fails: both addresses move, and come back with it",
    ({ daemon, weight }) =>
      withGroupPair(async ({ lab, a, b }) => {
        for (const node of [a, b]) await node.host.writeFile(WELL, "");
        await a.start(daemon, groupOf({ priority: 200, ...tracked(weight) }));
        await b.holdfast(groupOf({ priority: 150, ...tracked(weight) }));
        await waitForBoth(lab, a.host);
        await a.host.runOrThrow(["rm", WELL]);
        await waitForBoth(lab, b.host);
        if (daemon === "holdfast") {
          const state = weight === 0 ? "FAULT" : "BACKUP";
          const instances = [{ state }, { state }];
          expect(await a.status()).toMatchObject({ groups: [{ state }], instances });
          expect((await a.instance()).effectivePriority).toBe(weight === 0 ? 200 : 100);
        }
        await a.host.writeFile(WELL, "");
        await waitForBoth(lab, a.host);
      }),
  );
});

needs(LAB_NEEDS)("scripts of a sync group", () => {
  const NOTES = "/run/lab/notes";
  const NOTE = "/etc/keepalived/note.sh";
  const CONFIGURATION = groupOf({
    priority: 200,
    interval: 0.3,
    group: [
      `notify "${NOTE} any"`,
      `notify_master "${NOTE} master"`,
      `notify_backup "${NOTE} backup"`,
      `notify_fault "${NOTE} fault"`,
      `notify_stop "${NOTE} stop"`,
    ],
  });

  /** A start, a fault of one member, its end and a stop, as the scripts are told of it. */
  async function storyOf(daemon: Daemon): Promise<readonly string[]> {
    let told = "";
    await withGroupPair(async ({ a: node }) => {
      await writeScript(node.host, NOTE, `echo "$@" >> ${NOTES}`);
      await node.host.writeFile(NOTES, "");
      const notes = await node.host.start(["tail", "-n", "+1", "-f", NOTES]);
      await node.start(daemon, CONFIGURATION);
      await notes.waitForLine(/any GROUP VG MASTER/);
      const up = notes.mark();
      await node.host.setLink("down");
      await notes.waitForLine(/any GROUP VG FAULT/, { after: up });
      const down = notes.mark();
      await node.host.setLink("up");
      await notes.waitForLine(/any GROUP VG MASTER/, { after: down });
      await node.stop();
      await notes.waitForLine(/any GROUP VG STOP/);
      told = await node.host.readFile(NOTES);
    });
    return told.split("\n").filter((line) => line !== "");
  }

  test.concurrent("the same story as keepalived's, GROUP NAME STATE 0, and the specific one first", async () => {
    const [ours, theirs] = await Promise.all([storyOf("holdfast"), storyOf("keepalived")]);
    expect(ours).toEqual(
      ["backup", "master", "fault", "backup", "master", "stop"].flatMap((state) => [
        state,
        `any GROUP VG ${state.toUpperCase()} 0`,
      ]),
    );
    // keepalived starts both at once, and they end in any order.
    expect(theirs.toSorted()).toEqual(ours.toSorted());
  });
});

needs(LAB_NEEDS)("sync groups in FIFOs", () => {
  test.concurrent("the group first at the start, then its member first: the very lines of keepalived", async () => {
    const [ours, theirs] = await Promise.all([fifoOf("holdfast"), fifoOf("keepalived")]);
    expect(ours).toEqual(theirs);
    expect(theirs).toEqual([
      'GROUP "VG" BACKUP 0',
      'INSTANCE "out" BACKUP 200',
      'INSTANCE "out" MASTER 200',
      'GROUP "VG" MASTER 0',
      'INSTANCE "out" FAULT 200',
      'GROUP "VG" FAULT 0',
      'INSTANCE "out" BACKUP 200',
      'GROUP "VG" BACKUP 0',
      'INSTANCE "out" MASTER 200',
      'GROUP "VG" MASTER 0',
    ]);
  });
});

/** What a FIFO tells of a group whose only member loses its link and has it again. */
async function fifoOf(daemon: Daemon): Promise<readonly string[]> {
  let told: readonly string[] = [];
  await withGroupPair(async ({ a }) => {
    const blocks = ["global_defs {", "vrrp_notify_fifo /run/ka.fifo", "}"];
    const whole = groupOf({ priority: 200, interval: 0.3, blocks, members: ["out"] });
    await a.start(daemon, whole.slice(0, whole.indexOf("vrrp_instance in")));
    const reader = await a.host.start(["cat", "/run/ka.fifo"]);
    await reader.waitForLine(/GROUP "VG" MASTER/);
    const mark = reader.mark();
    await a.host.setLink("down");
    await reader.waitForLine(/GROUP "VG" FAULT/);
    await a.host.setLink("up");
    await reader.waitForLine(/GROUP "VG" MASTER/, { after: mark });
    told = [...reader.lines];
  });
  return told;
}

needs(LAB_NEEDS)("reloads of sync groups", () => {
  test.concurrent("a member joins, leaves, the group goes and comes: what is master stays so, without a gap", () =>
    withGroupPair(async ({ lab, a, b }) => {
      const reload = async (...members: readonly string[]): Promise<void> => {
        await a.host.writeFile(CONFIGURATION_FILE, groupOf({ priority: 200, interval: 0.3, members }));
        expect((await a.command("reload")).end).toEqual({ kind: "exited", status: 0 });
      };
      await a.holdfast(groupOf({ priority: 200, interval: 0.3, members: ["out"] }));
      await b.holdfast(groupOf({ priority: 150, interval: 0.3 }));
      await waitForBoth(lab, a.host);
      const sinceMs = Date.now();
      const groups = async (): Promise<unknown> => (await a.status()).groups;
      await reload("out", "in");
      expect(await groups()).toMatchObject([{ state: "MASTER", members: ["out", "in"] }]);
      await reload("in");
      expect(await groups()).toMatchObject([{ state: "MASTER", members: ["in"] }]);
      await reload();
      expect(await groups()).toEqual([]);
      await reload("in", "out");
      expect(await groups()).toMatchObject([{ state: "MASTER", members: ["in", "out"] }]);
      for (const vip of VIPS) {
        expect(a.host.vips.tenures(vip)).toHaveLength(1);
        expect(b.host.vips.tenures(vip).filter(({ fromMs }) => fromMs > sinceMs)).toEqual([]);
      }
      await a.host.setLink("down");
      await waitForBoth(lab, b.host);
    }));
});
