import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ip } from "../../../src/base/address.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import { instant, micros } from "../../../src/base/time.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import type { BfdInstanceSettings } from "../../../src/config/model/bfd.ts";
import type { Configuration } from "../../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../../src/config/model/instance.ts";
import { initialSession } from "../../../src/core/bfd/session.ts";
import { renderBfdData, type BfdFacts } from "../../../src/daemon/dump/bfd.ts";
import { renderData } from "../../../src/daemon/dump/data.ts";
import type { DumpFacts, InstanceFacts } from "../../../src/daemon/dump/facts.ts";
import { renderJson } from "../../../src/daemon/dump/json.ts";
import { renderStatistics } from "../../../src/daemon/dump/statistics.ts";

// The files beside this one are dumps of keepalived 2.2.7 (Debian 12, TZ=UTC), which ran keepalived.conf in a namespace for
// nine seconds: SIGUSR1, SIGRTMIN+2 half a second later, SIGRTMAX-1 and SIGUSR2. What it was doing is written down below by
// hand; the texts are compared.

let facts: DumpFacts;

beforeAll(() => {
  process.env["TZ"] = "UTC";
  facts = factsOf(load());
});

describe("dumps beside those of keepalived", () => {
  test("data: what is written is keepalived's, line for line, from the topology to the scripts", () => {
    const theirs = part(read("keepalived.data"))
      .filter((line) => !LEFT_OUT.some((pattern) => pattern.test(line)))
      // It shows its own multicast group for a master that it has never heard.
      .map((line) => line.replace("Master router = 224.0.0.18", "Master router = 0.0.0.0"));
    // Accounts become numbers when the daemon reads a file, which this test does without.
    const ours = part(renderData(facts).replace("nobody:nobody", "65534:65534"));
    expect(ours).toEqual(theirs);
  });

  test("json, version 1: the same document, field for field and in the same order", () => {
    const theirs: unknown = JSON.parse(read("keepalived.json"));
    expect(JSON.stringify(JSON.parse(renderJson(facts, 1)), undefined, 1)).toBe(JSON.stringify(theirs, undefined, 1));
  });

  test("json, version 2: the instances under vrrp, and the processes that are tracked", () => {
    const first: unknown = JSON.parse(renderJson(facts, 1));
    expect(JSON.parse(renderJson(facts, 2))).toEqual({ vrrp: first, track_process: [] });
  });

  test("stats: the same lines; 2 and 1 adverts were sent since the counters had been cleared", () => {
    const sent = new Map([
      ["VI_2", 2],
      ["VI_5", 1],
    ]);
    const counted = facts.instances.map(({ settings: { name } }) => {
      return { name, counters: { advertisementsSent: sent.get(name) ?? 0 } };
    });
    expect(renderStatistics(counted)).toBe(read("keepalived.stats"));
  });
});

// keepalived_bfd.data is of another run, of keepalived_bfd.conf beside a second keepalived with 120, 200 ms and 4 for the
// session over IPv4, the same numbers for the one over IPv6, and nobody at the third address.
describe("the dump of the bfd process beside that of keepalived", () => {
  test("the same lines; over IPv6 packets leave with the hop limit that RFC 5881 wants", () => {
    const theirs = bfdPart(read("keepalived_bfd.data"))
      .filter((line) => !LEFT_OUT_OF_BFD.test(line))
      .map((line) => line.replace("hoplimit = 64", "hoplimit = 255"));
    const { global, bfd } = load("keepalived_bfd.conf");
    const ours = renderBfdData(global, bfd.map(bfdFactsOf));
    expect(bfdPart(ours)).toEqual(theirs);
    expect(ours.split("\n").slice(0, 2)).toEqual([
      "------< Global definitions >------",
      " Network namespace = (default)",
    ]);
  });
});

const LEFT_OUT_OF_BFD = /^ +(fd_|thread_|sands_|send |max_hops)/;

function bfdPart(dump: string): readonly string[] {
  const lines = dump.split("\n");
  return lines.slice(lines.indexOf("------< BFD Data >------"));
}

function bfdFactsOf(settings: BfdInstanceSettings): BfdFacts {
  const heard = {
    right: { discriminator: 0xb7819bab, desiredMinTx: 120_000, requiredMinRx: 200_000, multiplier: 4 },
    six: { discriminator: 0x6fffc5af, desiredMinTx: 150_000, requiredMinRx: 150_000, multiplier: 5 },
  }[settings.name];
  if (heard === undefined) {
    const silent = { session: initialSession(), transmitInterval: undefined, detectionTime: undefined };
    return { settings, localDiscriminator: 0x2f59d981, heardAtMs: undefined, ...silent };
  }
  const { discriminator, desiredMinTx, requiredMinRx, multiplier } = heard;
  const remote = {
    discriminator,
    state: "up",
    diagnostic: 0,
    demand: false,
    multiplier,
    desiredMinTx: micros(desiredMinTx),
    requiredMinRx: micros(requiredMinRx),
    heardAt: instant(0),
  } as const;
  const isSix = settings.name === "six";
  return {
    settings,
    session: { ...initialSession(), state: "up", remote },
    // Both daemons drew the same number.
    localDiscriminator: discriminator,
    transmitInterval: micros(isSix ? 150_000 : 200_000),
    detectionTime: micros(isSix ? 750_000 : 480_000),
    heardAtMs: isSix ? 1795194957420.207 : 1795194957357.132,
  };
}

/** What Holdfast has nothing of: descriptors, buffers, and inner state of scripts. */
const LEFT_OUT = [
  /^ *fd_in/,
  /^ *Rx buf size/,
  /^ {3}(Weight|Result|Init state|State = idle|VRRP instances :$)/,
];

function part(dump: string): readonly string[] {
  const lines = dump.split("\n");
  const from = lines.indexOf("------< VRRP Topology >------");
  const to = lines.indexOf("------< Interfaces >------");
  return lines.slice(from, to < 0 ? -1 : to);
}

function factsOf(configuration: Configuration): DumpFacts {
  const { global, groups, scripts } = configuration;
  return {
    global,
    instances: configuration.instances.map((settings) => ({
      settings,
      group: groups.find(({ members }) => members.includes(settings.name))?.name,
      ...happened(settings),
    })),
    groups: groups.map((settings) => ({ settings, state: "MASTER", faulty: 0, undecided: 0 })),
    scripts: scripts.map((settings) => ({ settings, verdict: settings.name === "chk_true" ? "up" : "down" })),
    interfaces: [],
  };
}

/** What each instance was doing when SIGUSR1 came, read off the log and the clock; the adverts until SIGRTMIN+2. */
function happened(settings: InstanceSettings): Omit<InstanceFacts, "settings" | "group"> {
  const master = {
    state: "MASTER",
    wanted: "MASTER",
    master: undefined,
    faults: 0,
    undecided: 0,
    masterInterval: settings.advertisementInterval,
    source: ip("10.9.0.1"),
    held: new Set([...settings.virtualAddresses, ...settings.excludedAddresses]),
    heldRouting: new Set<never>(),
    history: { upSinceMs: undefined, newMasterReason: "no-response", protocolError: "none" },
  } as const;
  switch (settings.name) {
    case "VI_1":
      return {
        ...master,
        effectivePriority: 160,
        changedAtMs: 1795187606051.873,
        wakesAtMs: 1795187610051.986,
        masterDown: micros(6_375_000),
        counters: { advertisementsSent: 3, becameMaster: 1 },
      };
    case "VI_2":
      return {
        ...master,
        effectivePriority: 90,
        changedAtMs: 1795187603324.973,
        wakesAtMs: 1795187608867.49,
        masterDown: micros(1_824_218),
        counters: { advertisementsSent: 14, becameMaster: 1 },
      };
    case "VI_5":
      return {
        ...master,
        effectivePriority: 90,
        changedAtMs: 1795187603323.278,
        wakesAtMs: 1795187609367.474,
        masterDown: micros(3_648_437),
        counters: { advertisementsSent: 7, becameMaster: 1 },
      };
    case "VI_3":
      return {
        ...master,
        state: "FAULT",
        wanted: "FAULT",
        effectivePriority: 255,
        faults: 1,
        changedAtMs: 1795187599685.19,
        wakesAtMs: undefined,
        masterDown: micros(3_003_906),
        source: ip("10.9.1.1"),
        held: new Set(),
        counters: {},
      };
    default:
      return {
        ...master,
        state: "BACKUP",
        wanted: "BACKUP",
        effectivePriority: 100,
        changedAtMs: 1795187599670.956,
        wakesAtMs: 1795187690280.522,
        masterDown: micros(90_609_375),
        source: ip("10.9.1.1"),
        held: new Set(),
        counters: {},
      };
  }
}

function load(file = "keepalived.conf"): Configuration {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const { configuration } = loadConfiguration(
    "/etc/keepalived/keepalived.conf",
    {
      read: () => succeed(new TextEncoder().encode(read(file))),
      list: () => missing,
      facts: () => missing,
    },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
  return configuration;
}

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8");
}
