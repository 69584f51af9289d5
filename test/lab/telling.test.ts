import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { MailStatus } from "../../src/api/contract.ts";
import type { Host } from "../../src/lab/host.ts";
import type { Program } from "../../src/lab/program.ts";
import { needs } from "../require.ts";
import {
  configurationOf,
  LAB_NEEDS,
  pass,
  VIP,
  withNode,
  withPair,
  writeScript,
  type Daemon,
  type Node,
} from "./cluster.ts";

const FAST = { interval: 0.3 } as const;
const FIFO = "/run/ka.fifo";
const GREEN = "/run/lab/green";

needs(LAB_NEEDS)("FIFOs", () => {
  test.concurrent("BACKUP, MASTER, another priority, FAULT, BACKUP, MASTER: the very bytes that keepalived writes", async () => {
    const stories = await Promise.all((["keepalived", "holdfast"] as const).map(fifoStory));
    expect(stories[1]).toEqual(stories[0]);
    expect(stories[0]).toEqual([
      'INSTANCE "web" BACKUP 100',
      'INSTANCE "web" MASTER 100',
      'INSTANCE "web" MASTER_PRIORITY 110',
      'INSTANCE "web" FAULT 110',
      'INSTANCE "web" BACKUP 110',
      'INSTANCE "web" MASTER 110',
    ]);
  });

  test.concurrent("its program: gets the path, reads to the very end, and the FIFO is gone afterwards", () =>
    withNode(async (node) => {
      const notes = await notesOf(node.host);
      await writeScript(node.host, "/etc/keepalived/reader.sh", `echo "args $*" >> ${NOTES}`, `cat "$2" >> ${NOTES}`);
      const global = [`notify_fifo ${FIFO}`, `notify_fifo_script "/etc/keepalived/reader.sh -v"`];
      await node.holdfast(configurationOf({ ...FAST, priority: 200, global }));
      await notes.waitForLine(/MASTER/);
      expect(await node.host.run(["stat", "-c", "%F %a %U", FIFO])).toMatchObject({ stdout: "fifo 600 root\n" });
      await node.stop();
      expect(await node.host.readFile(NOTES)).toBe(
        `args -v ${FIFO}\n` + ["BACKUP", "MASTER", "STOP"].map((state) => `INSTANCE "web" ${state} 200\n`).join(""),
      );
      expect((await node.host.run(["test", "-e", FIFO])).end).toEqual({ kind: "exited", status: 1 });
    }));

  test.concurrent("a reload: a FIFO that stays goes on, states are told again, one that is gone is closed", () =>
    withNode(async (node) => {
      const global = ["fifo_write_vrrp_states_on_reload", `vrrp_notify_fifo ${FIFO}`];
      const configuration = configurationOf({ ...FAST, priority: 200, global });
      await node.holdfast(configuration);
      const reader = await node.host.start(["cat", FIFO]);
      await reader.waitForLine(/MASTER/);
      const mark = reader.mark();
      await reload(node, configuration);
      await reader.waitForLine(/^INSTANCE "web" MASTER 200$/, { after: mark });
      await reload(node, configurationOf({ ...FAST, priority: 200 }));
      expect(await reader.waitForEnd()).toEqual({ kind: "exited", status: 0 });
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
    }));

  test.concurrent("nobody reads: told in the log, and mastership is not touched", () =>
    withNode(async (node) => {
      const long = "x".repeat(200);
      const global = [`vrrp_notify_fifo ${FIFO}`, "fifo_write_vrrp_states_on_reload"];
      const configuration = configurationOf({ ...FAST, priority: 200, global }).replace(
        "vrrp_instance web",
        `vrrp_instance ${long}`,
      );
      await node.holdfast(configuration);
      await node.host.vips.waitUntil(VIP, true);
      await node.host.run(["sh", "-c", `dd if=/dev/zero of=${FIFO} bs=4096 count=64 oflag=nonblock 2>/dev/null`]);
      await reload(node, configuration);
      await node.daemon.waitForLine(/FIFO \/run\/ka\.fifo is full, nobody reads it/);
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
    }));
});

needs(LAB_NEEDS)("notify, the rest of it", () => {
  test.concurrent("a master hears a weaker one: its script, without arguments, and the FIFO", () =>
    withPair(async ({ lab, a, b }) => {
      const notes = await notesOf(a.host);
      await writeScript(a.host, NOTE, `echo "$# $*" >> ${NOTES}`);
      const lines = [`notify_master_rx_lower_pri "${NOTE} lower"`];
      const global = [`vrrp_notify_fifo ${FIFO}`];
      await a.holdfast(configurationOf({ ...FAST, priority: 200, global, lines }));
      await b.holdfast(configurationOf({ ...FAST, priority: 100 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      const reader = await a.host.start(["cat", FIFO]);
      const mend = await b.host.lose("adverts", a.host);
      await reader.waitForLine(/^INSTANCE "web" MASTER_RX_LOWER_PRI 200$/);
      await notes.waitForLine(/^1 lower$/);
      await mend();
      await lab.waitForOnlyHolder(VIP, a.host);
    }));

  test.concurrent.each([
    ["with notify_deleted", ["notify_deleted"], "DELETED"],
    ["without", [], "FAULT"],
  ])("removed by a reload %s", (_words, lines, state) =>
    withNode(async (node) => {
      const notes = await notesOf(node.host);
      await writeScript(node.host, NOTE, `echo "$*" >> ${NOTES}`);
      const whole = configurationOf({ ...FAST, priority: 200, lines: [`notify ${NOTE}`, ...lines] });
      await node.holdfast(whole);
      await node.host.vips.waitUntil(VIP, true);
      await reload(
        node,
        configurationOf({ ...FAST, priority: 200, addresses: ["10.77.0.101/24"] }).replace(" 51", " 52"),
      );
      await notes.waitForLine(new RegExp(`^INSTANCE web ${state} 200$`));
    }),
  );
});

needs(LAB_NEEDS)("mail", () => {
  test.concurrent("BACKUP, MASTER, FAULT: envelope, headers and body as keepalived's", async () => {
    const [theirs, ours] = await Promise.all((["keepalived", "holdfast"] as const).map(mailStory));
    expect(ours).toEqual(theirs);
    expect(theirs).toMatchObject([
      {
        from: "ka@example.org",
        to: ["x@example.org", "y@example.org"],
        subject: "[lab] VRRP Instance web - Entering BACKUP state",
      },
      {
        subject: "[lab] VRRP Instance web - Entering MASTER state",
        body: "=> VRRP Instance is now owning VRRP VIPs <=",
      },
      { subject: "[lab] VRRP Instance web - Entering FAULT state" },
    ]);
  });

  test.concurrent("a dead mail server: mails wait, the status says why, and all arrive in order when it is back", () =>
    withNode(async (node) => {
      await node.holdfast(configurationOf({ ...FAST, priority: 200, global: MAIL }));
      await node.host.vips.waitUntil(VIP, true);
      await node.daemon.waitForLine(/Remote SMTP server .*ECONNREFUSED.* next attempt in 15 s/);
      await waitForMail(node, ({ waiting, nextAttemptAt }) => waiting === 2 && nextAttemptAt !== null);
      expect((await node.status()).daemon.mail?.failure).toContain("ECONNREFUSED");
      expect((await node.command("status")).stdout).toMatch(/2 mails wait for 127\.0\.0\.1:2525: .*ECONNREFUSED/);
      // While it waits nobody is there who could need memory.
      await pass(1.5, node.host);
      expect((await node.host.processes()).filter(({ name }) => name === "holdfast_mail")).toEqual([]);
      const server = await startMailServer(node.host);
      await server.waitForLine(/Entering MASTER state/, { withinMs: 20_000 });
      expect(subjects(server)).toEqual(["Entering BACKUP state", "Entering MASTER state"]);
      await waitForMail(node, ({ waiting, failure }) => waiting === 0 && failure === null);
      expect((await node.command("events")).stdout).toMatch(/MAIL_WAITS|mails? waits?/);
      await node.stop();
      await server.waitForLine(/Stopping/);
    }));

  test.concurrent("stopped while mails wait: on the disk, and sent by the next run before its own", () =>
    withNode(async (node) => {
      const configuration = configurationOf({ ...FAST, priority: 200, global: MAIL });
      await node.holdfast(configuration);
      await node.host.vips.waitUntil(VIP, true);
      await node.daemon.waitForLine(/next attempt in/);
      expect(await node.stop()).toEqual({ kind: "exited", status: 0 });
      const server = await startMailServer(node.host);
      await node.holdfast(configuration);
      const all = ["BACKUP state", "MASTER state", "Stopping", "BACKUP state", "MASTER state"];
      await server.waitForLine(/Stopping/);
      const mark = server.lines.findIndex((line) => line.includes("Stopping"));
      await server.waitForLine(/Entering MASTER/, { after: mark });
      expect(subjects(server)).toEqual(all.map((what) => (what === "Stopping" ? what : `Entering ${what}`)));
    }));

  test.concurrent("a mail server that never says a word: adverts, mastership and the stop do not wait for it", () =>
    withNode(async (node) => {
      await startMailServer(node.host, "mute");
      await node.holdfast(configurationOf({ ...FAST, priority: 200, global: MAIL }));
      await node.host.vips.waitUntil(VIP, true);
      await pass(2, node.host);
      expect(node.host.vips.tenures(VIP)).toHaveLength(1);
      const before = performance.now();
      expect(await node.stop()).toEqual({ kind: "exited", status: 0 });
      expect(performance.now() - before).toBeLessThan(3_500);
      expect(await node.host.readFile(QUEUE)).toContain("Stopping");
    }));

  test.concurrent("the mail process is killed: what it had is sent by another", () =>
    withNode(async (node) => {
      const mute = await startMailServer(node.host, "mute");
      await node.holdfast(configurationOf({ ...FAST, priority: 200, global: MAIL }));
      await node.host.vips.waitUntil(VIP, true);
      await waitForMail(node, ({ waiting }) => waiting === 2);
      expect(await node.host.signal("SIGKILL", ({ name }) => name === "holdfast_mail")).toBe(1);
      await mute.stop();
      const server = await startMailServer(node.host);
      await server.waitForLine(/Entering MASTER/, { withinMs: 20_000 });
      expect(subjects(server)).toEqual(["Entering BACKUP state", "Entering MASTER state"]);
    }));
});

/** What a FIFO tells of a node to whom everything happens. */
async function fifoStory(daemon: Daemon): Promise<readonly string[]> {
  const told: string[] = [];
  await withNode(async (node) => {
    const blocks = ["vrrp_script green {", `script "/usr/bin/test -e ${GREEN}"`, "interval 1", "weight 10", "}"];
    const lines = ["track_script {", "green", "}"];
    const global = [`vrrp_notify_fifo ${FIFO}`, "vrrp_notify_priority_changes on"];
    await node.start(daemon, configurationOf({ ...FAST, priority: 100, blocks, lines, global }));
    const reader = await node.host.start(["cat", FIFO]);
    await reader.waitForLine(/MASTER/);
    await node.host.writeFile(GREEN, "");
    await reader.waitForLine(/MASTER_PRIORITY/);
    const mark = reader.mark();
    await node.host.setLink("down");
    await reader.waitForLine(/FAULT/);
    await node.host.setLink("up");
    await reader.waitForLine(/MASTER/, { after: mark });
    told.push(...reader.lines);
    await node.stop();
  });
  return told;
}

/** The mails of a node that becomes master and loses its link. */
async function mailStory(daemon: Daemon): Promise<readonly unknown[]> {
  const mails: unknown[] = [];
  await withNode(async (node) => {
    const server = await startMailServer(node.host);
    await node.start(daemon, configurationOf({ ...FAST, priority: 200, global: MAIL }));
    await server.waitForLine(/Entering MASTER/);
    await node.host.setLink("down");
    await server.waitForLine(/Entering FAULT/);
    mails.push(...server.lines.slice(1).map((line): unknown => JSON.parse(line)));
    await node.stop();
  });
  return mails;
}

async function startMailServer(host: Host, ...mode: readonly string[]): Promise<Program> {
  const server = await host.start([process.execPath, MAIL_SERVER, "2525", ...mode]);
  await server.waitForLine(/listening/);
  return server;
}

/** What the mails say that a server got. */
function subjects({ lines }: Program): readonly (string | undefined)[] {
  return lines.slice(1).map((line) => / - ([^"]+)"/.exec(line)?.[1]);
}

/** Asks for the status until its mails are as wanted: nothing else tells. */
async function waitForMail(node: Node, fits: (mail: MailStatus) => boolean): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { mail } = (await node.status()).daemon;
    if (mail !== null && fits(mail)) return;
    if (tries === 30) throw new Error(`the status of the mails stays ${JSON.stringify(mail)}`);
    await pass(0.2, node.host);
  }
}

async function reload(node: Node, configuration: string): Promise<void> {
  const mark = node.daemon.mark();
  await node.host.writeFile("/etc/keepalived/keepalived.conf", configuration);
  node.daemon.signal("SIGHUP");
  await node.daemon.waitForLine(/Reload complete/, { after: mark });
}

/** The notes as they are written, line by line. */
async function notesOf(host: Host): Promise<Program> {
  await host.writeFile(NOTES, "");
  return host.start(["tail", "-n", "+1", "-F", NOTES]);
}

const MAIL_SERVER = fileURLToPath(new URL("../fixtures/programs/mail-server.mjs", import.meta.url));
const NOTES = "/run/lab/notes";
const NOTE = "/etc/keepalived/note.sh";
const QUEUE = "/var/lib/holdfast/mail-queue.json";
const MAIL = [
  "notification_email {",
  "x@example.org",
  "y@example.org",
  "}",
  "notification_email_from ka@example.org",
  "smtp_server 127.0.0.1 2525",
  "smtp_helo_name lb.example.org",
  "smtp_alert",
];
