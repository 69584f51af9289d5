import { describe, expect, test } from "vitest";
import type { InstanceStatus, StatusDocument } from "../api/contract.ts";
import { createPaint } from "./paint.ts";
import { renderStatus } from "./render-status.ts";
import { describeTime } from "./times.ts";

describe("renderStatus", () => {
  test("a peer that is not obeyed, and somebody else's virtual router: both are named", () => {
    const peers = MASTER.peers.map((peer) => ({
      ...peer,
      refusedBecause: "PASSWORD",
      intervalMs: null,
      jitterMs: null,
    }));
    const stranger = {
      interface: "eth0",
      vrid: 9,
      family: "ipv4" as const,
      address: "192.0.2.77",
      priority: 100,
      adverts: 3,
      lastHeardMsAgo: 700,
      intervalMs: 1_000,
    };
    const shown = plain(document({ instances: [{ ...MASTER, peers }], strangers: [stranger] }));
    expect(shown).toContain("  peer      192.0.2.12, priority 90, heard 0.4 s ago, 34 adverts accepted");
    expect(shown).toContain("3 BAD_CHECKSUM  NOT OBEYED: PASSWORD\n");
    expect(shown).toContain("VRID 9 from 192.0.2.77 on eth0, priority 100, heard 0.7 s ago\n");
  });

  test("a master that is well: one block, nothing alarming", () => {
    expect(plain(document())).toBe(
      lines(
        "Holdfast 0.1.0, pid 4711, running for 2 h 3 min",
        `Configuration /etc/keepalived/keepalived.conf, read ${local(-7_380)}`,
        "Process vrrp running, pid 4712",
        "",
        `VI_1  MASTER  since ${local(-3_600)} (1 h)`,
        "  cause     no advert was heard for 3.6 s",
        "  address   192.0.2.1/24 on eth0  held, lease runs 1.5 s more",
        "  address   192.0.2.9/32 on eth1 (not advertised)  there before us, left alone",
        "  priority  100",
        "  master    this node",
        "  network   eth0, VRID 51, VRRPv2, adverts every 1 s",
        "  script    chk_nginx up: exited with status 0, weight -20",
        "  interface eth1 up, weight +5 reversed",
        "  peer      192.0.2.12, priority 90, heard 0.4 s ago, every 1000 ms, jitter 4 ms, 34 adverts accepted; discarded: 3 BAD_CHECKSUM",
      ),
    );
  });

  test("a backup that still holds, and one in FAULT: who is master, what is lost", () => {
    const backup: InstanceStatus = {
      ...MASTER,
      name: "VI_2",
      state: "BACKUP",
      effectivePriority: 80,
      master: { address: "192.0.2.12", priority: 90, heardMsAgo: 400 },
      fineLock: { state: "off", windowMs: null, detail: "not needed: leases end before a backup takes over" },
      accept: true,
      trackers: [],
      peers: [],
    };
    const fault: InstanceStatus = { ...backup, name: "VI_3", state: "FAULT", master: null, virtualAddresses: [LOST] };
    const text = plain(document({ instances: [backup, fault] }));
    expect(text).toContain("  address   192.0.2.1/24 on eth0  still held, lease runs 1.5 s more\n");
    expect(text).toContain("  priority  80, configured 100\n");
    expect(text).toContain("  master    192.0.2.12, priority 90, heard 0.4 s ago\n");
    expect(text).toContain("  address   192.0.2.1/24 on eth0  not held\n");
    expect(text).toContain("  master    nobody is heard\n");
  });

  test("adverts every 250 and every 50 ms: told to the centisecond that advert_int has", () => {
    const every = (advertisementIntervalMs: number): string =>
      plain(document({ instances: [{ ...MASTER, advertisementIntervalMs }] }));
    expect(every(250)).toContain("adverts every 0.25 s\n");
    expect(every(50)).toContain("adverts every 0.05 s\n");
  });

  test("adverts that cannot be sent: told with the reason; an older daemon does not tell, and nothing is said", () => {
    const sendFailure = "Cannot send an advert: Operation not permitted (EPERM)";
    expect(plain(document({ instances: [{ ...MASTER, sendFailure }] }))).toContain(
      "  adverts   the latest could not be sent: Cannot send an advert: Operation not permitted (EPERM)\n",
    );
    expect(plain(document())).not.toContain("could not be sent");
  });

  test("a master without its address: shouted", () => {
    const text = plain(document({ instances: [{ ...MASTER, virtualAddresses: [LOST] }] }));
    expect(text).toContain("  address   192.0.2.1/24 on eth0  NOT HELD\n");
  });

  test("mails that wait: how many, for whom and why; none waits: nothing is said", () => {
    const mail = { server: "mail.example.org:25", waiting: 2, failure: "connect ECONNREFUSED", nextAttemptAt: at(60) };
    const withMail = (daemonMail: StatusDocument["daemon"]["mail"]): string =>
      plain({ ...document(), daemon: { ...DAEMON, mail: daemonMail } });
    expect(withMail(mail)).toContain(
      `2 mails wait for mail.example.org:25: connect ECONNREFUSED; next attempt ${local(60)}\n`,
    );
    expect(withMail({ ...mail, waiting: 1, failure: null, nextAttemptAt: null })).toContain(
      "1 mail waits for mail.example.org:25\n",
    );
    expect(withMail({ ...mail, waiting: 0, failure: null, nextAttemptAt: null })).not.toContain("mail");
  });

  test("a refused reload: stands before the instances, with every reason", () => {
    const refusedReload = { at: at(-300), reasons: ["a.conf:3:5: PRIORITY is out of range", "a.conf:9:1: no vrid"] };
    const text = plain(document({ daemon: { ...DAEMON, refusedReload } }));
    expect(text.split("\n").slice(3, 6)).toEqual([
      "RELOAD REFUSED 5 min ago: what runs is older than the file, because of",
      "  a.conf:3:5: PRIORITY is out of range",
      "  a.conf:9:1: no vrid",
    ]);
  });

  test("a vrrp process that does not answer: what was known is shown as old", () => {
    const processes = [{ name: "vrrp" as const, pid: 4712, state: "silent" as const, silentMs: 1_300, restarts: 2 }];
    const text = plain(
      document({
        daemon: { ...DAEMON, processes },
        instances: [],
        lastKnown: { at: at(-12), instances: [MASTER], groups: [], strangers: [] },
      }),
    );
    expect(text).toContain("Process vrrp silent for 1.3 s, pid 4712, restarted 2 times\n");
    expect(text).toContain("The vrrp process does not answer. What follows was true 12 s ago and may be wrong now.\n");
    expect(text).toContain(`VI_1  MASTER  since ${local(-3_600)} (1 h)\n`);
  });

  test("BFD sessions: one that is up with its pace, one that is down with the reason", () => {
    const up: StatusDocument["bfd"][number] = {
      name: "gateway",
      neighbor: "192.0.2.254",
      source: "192.0.2.11",
      multihop: false,
      state: "Up",
      verdict: "up",
      since: at(-3_600),
      detail: "Up",
      diagnostic: "No Diagnostic",
      localDiscriminator: 1,
      remote: { state: "Up", diagnostic: "No Diagnostic", discriminator: 2, multiplier: 3, lastHeardMsAgo: 4 },
      transmitIntervalMs: 10,
      detectionTimeMs: 30,
      counters: {},
    };
    const detail = "Down (Control Detection Time Expired)";
    const quiet = { source: null, multihop: true, remote: null, transmitIntervalMs: 1_000, detectionTimeMs: null };
    const down = { ...up, ...quiet, name: "far", state: "Down", verdict: "down", since: at(-60), detail } as const;
    expect(plain(document({ bfd: [up, down] })).split("\n\n")[2]).toBe(
      lines(
        `BFD gateway  Up  since ${local(-3_600)} (1 h)`,
        "  neighbor  192.0.2.254 from 192.0.2.11",
        "  pace      sends every 10 ms, down after 30 ms of silence",
        `BFD far  Down  since ${local(-60)} (1 min)`,
        "  neighbor  192.0.2.254, multihop",
        `  cause     ${detail}`,
      ),
    );
  });

  test("a sync group: its state, why, and the state of each member", () => {
    const cause = { code: "FAULT", text: "VI_1: interface eth0 is down", evidence: { member: "VI_1" } };
    const group = { name: "VG_1", state: "FAULT" as const, since: at(-3_600), cause, members: ["VI_1", "VI_9"] };
    expect(plain(document({ groups: [group] }))).toContain(
      `VG_1  FAULT  sync group, since ${local(-3_600)} (1 h)\n` +
        "  cause     VI_1: interface eth0 is down\n" +
        "  members   VI_1 MASTER, VI_9\n",
    );
  });

  test("nothing is known: says so", () => {
    expect(plain(document({ instances: [] })).endsWith("\nNo instance is known.\n")).toBe(true);
  });

  test("on a terminal: the state is colored, and nothing else is different", () => {
    const painted = renderStatus(document(), { paint: createPaint(true), nowMs: NOW });
    expect(painted).toContain("\u001b[1mVI_1\u001b[0m  \u001b[32mMASTER\u001b[0m");
    expect(painted.replace(/\u001b\[\d+m/g, "")).toBe(plain(document()));
  });

  test("a name with an escape sequence: cannot drive the terminal", () => {
    const evil = document({ instances: [{ ...MASTER, name: "a\u001b]0;x\u0007\nb" }] });
    expect(plain(evil)).toContain("a?]0;x??b  MASTER");
    expect(renderStatus(evil, { paint: createPaint(true), nowMs: NOW })).toContain("a?]0;x??b");
  });
});

function plain(status: StatusDocument): string {
  return renderStatus(status, { paint: createPaint(false), nowMs: NOW });
}

function document(change: Partial<StatusDocument> = {}): StatusDocument {
  return {
    version: 1,
    daemon: DAEMON,
    instances: [MASTER],
    groups: [],
    strangers: [],
    bfd: [],
    lastKnown: null,
    ...change,
  };
}

/** So many seconds from now. */
function at(seconds: number): string {
  return new Date(NOW + seconds * 1_000).toISOString();
}

function local(seconds: number): string {
  return describeTime(at(seconds));
}

function lines(...text: readonly string[]): string {
  return `${text.join("\n")}\n`;
}

const NOW = Date.UTC(2026, 10, 20, 12);

const DAEMON: StatusDocument["daemon"] = {
  pid: 4711,
  holdfast: "0.1.0",
  startedAt: at(-7_380),
  configurationFile: "/etc/keepalived/keepalived.conf",
  configuredAt: at(-7_380),
  refusedReload: null,
  processes: [
    { name: "supervisor", pid: 4711, state: "running", silentMs: null, restarts: 0 },
    { name: "vrrp", pid: 4712, state: "running", silentMs: null, restarts: 0 },
  ],
  mail: null,
};

const HELD = {
  address: "192.0.2.1/24",
  device: "eth0",
  held: true,
  foreign: false,
  excluded: false,
  leaseUntil: at(1.5),
};
const LOST = { ...HELD, held: false, leaseUntil: null };

const MASTER: InstanceStatus = {
  name: "VI_1",
  interface: "eth0",
  vrid: 51,
  family: "ipv4",
  protocolVersion: 2,
  state: "MASTER",
  priority: 100,
  effectivePriority: 100,
  since: at(-3_600),
  cause: { code: "MASTER_SILENT", text: "no advert was heard for 3.6 s", evidence: {} },
  advertisementIntervalMs: 1_000,
  sendFailure: null,
  master: null,
  virtualAddresses: [
    HELD,
    { address: "192.0.2.9/32", device: "eth1", held: true, foreign: true, excluded: true, leaseUntil: null },
  ],
  fineLock: { state: "off", windowMs: null, detail: "not needed: leases end before a backup takes over" },
  accept: true,
  trackers: [
    {
      kind: "script",
      name: "chk_nginx",
      state: "up",
      value: null,
      weight: -20,
      reverse: false,
      contribution: 0,
      detail: "exited with status 0",
    },
    {
      kind: "interface",
      name: "eth1",
      state: "up",
      value: null,
      weight: 5,
      reverse: true,
      contribution: -5,
      detail: "",
    },
  ],
  peers: [
    {
      address: "192.0.2.12",
      priority: 90,
      protocolVersion: 2,
      lastHeardMsAgo: 400,
      intervalMs: 1_000,
      jitterMs: 4,
      accepted: 34,
      discarded: { BAD_CHECKSUM: 3 },
      refusedBecause: null,
    },
  ],
  counters: {},
};
