import { gratuitousArp, parsePcap, vrrpSource, type Packet } from "../src/lab/pcap.ts";
import type { Prober } from "../src/lab/prober.ts";
import { BFD_CUT } from "./bfd-cut.ts";
import { bothAnsweredMs, RollCall } from "../src/lab/roll-call.ts";
import { BUSY_PROCESSORS } from "./busy-processors.ts";
import { configurationOf, masterDownMs, VIP, vipsOf, type Settings } from "./configuration.ts";
import type { Value } from "./figures.ts";
import { CONFIGURATION_FILE, pass, type Daemon, type Pair } from "./pair.ts";
import { flood } from "./flood.ts";
import { MANY_ADDRESSES } from "./many-addresses.ts";
import { manyInstances } from "./many-instances.ts";
import { giveOwnNode } from "./own-node.ts";
import { PROCESS_DEATH } from "./process-death.ts";
import type { Measurement, Work } from "./work.ts";

/** All works, in the order of the table. */
export const WORKS: readonly Work[] = [
  plannedStop("planned-stop", "holdfast", 20),
  plannedStop("planned-stop-mixed", "keepalived", 60),
  {
    name: "crash",
    rows: [
      { work: "kill -9 of everything, three instances: two holders", unit: "ms", target: { atMost: 0 } },
      { work: "the same: VIPs gone from the dead node after", unit: "ms", target: { atMost: 2_800 } },
    ],
    partner: "holdfast",
    withService: false,
    width: 5,
    measured: "together",
    ready: (pair) => bootPair(pair, { instances: THREE }),
    measure: crash,
  },
  {
    name: "hang",
    rows: [{ work: "SIGSTOP of everything for 14 s, then SIGCONT: two holders", unit: "ms", target: { atMost: 0 } }],
    partner: "holdfast",
    withService: false,
    width: 5,
    measured: "together",
    ready: (pair) => bootPair(pair, { lines: ["nopreempt"] }),
    measure: hang,
  },
  {
    name: "vip-deleted",
    rows: [{ work: "VIP deleted by hand on the master: outage at the client", unit: "ms", target: { atMost: 50 } }],
    partner: "holdfast",
    withService: true,
    width: 4,
    measured: "one-by-one",
    ready: (pair) => bootPair(pair),
    measure: vipDeleted,
  },
  {
    name: "bad-reload",
    rows: [{ work: "reload of a file with a missing parameter: two holders", unit: "ms", target: { atMost: 0 } }],
    partner: "holdfast",
    withService: false,
    width: 5,
    measured: "together",
    ready: (pair) => bootPair(pair),
    measure: badReload,
  },
  {
    name: "fast-crash",
    rows: [
      {
        work: "crash at advert_int 0.1: take-over beyond the protocol's master-down time",
        unit: "ms",
        target: { atMost: 5 },
      },
    ],
    partner: "holdfast",
    withService: false,
    width: 1,
    measured: "one-by-one",
    ready: (pair) => bootPair(pair, FAST),
    measure: fastCrash,
  },
  silence("SIGKILL", 0.1, 0),
  silence("SIGSTOP", 0.1, 0),
  silence("SIGKILL", 0.01, 20),
  silence("SIGSTOP", 0.01, 20),
  PROCESS_DEATH,
  BFD_CUT,
  MANY_ADDRESSES,
  BUSY_PROCESSORS,
  flood("flood", "others"),
  flood("flood-own-vrid", "own"),
  manyInstances("255-instances", { instances: 255, interfaces: 1, interval: 1 }, 5),
  manyInstances("4000-instances", { instances: 4_000, interfaces: 16, interval: 1 }, 20, 200),
  {
    name: "memory",
    rows: [{ work: "memory of all processes (PSS), one instance, master", unit: "MB", target: { atMost: 70 } }],
    partner: "holdfast",
    withService: false,
    width: 5,
    measured: "one-by-one",
    furnish: giveOwnNode,
    ready: async ({ stronger }) => {
      await stronger.start(configurationOf({ priority: STRONGER }));
      await stronger.host.vips.waitUntil(VIP, true);
      await pass(MEMORY_SETTLING_MS);
    },
    measure: async ({ stronger }) => ({ values: [await stronger.memoryMb()] }),
  },
  {
    name: "start",
    rows: [{ work: "start to master beyond the protocol's wait", unit: "ms", target: { atMost: 300 } }],
    partner: "holdfast",
    withService: false,
    width: 1,
    measured: "one-by-one",
    ready: async () => {},
    measure: async ({ stronger }) => {
      const launchedAt = await stronger.start(configurationOf({ priority: STRONGER }));
      const heldAt = await stronger.host.vips.waitUntil(VIP, true);
      return { values: [heldAt - launchedAt - masterDownMs({ priority: STRONGER })] };
    },
  },
];

function plannedStop(name: string, partner: Daemon, atMost: number): Work {
  const of = partner === "holdfast" ? "" : ", peer keepalived";
  return {
    name,
    rows: [
      { work: `planned stop${of}: outage at the client`, unit: "ms", target: { atMost } },
      { work: `the same: two holders meanwhile`, unit: "ms", target: undefined },
    ],
    partner,
    withService: true,
    width: 4,
    measured: "one-by-one",
    ready: (pair) => bootPair(pair),
    measure: async (pair) => {
      const { lab, stronger, weaker } = pair;
      const prober = await askSteadily(pair);
      const sinceMs = Date.now();
      stronger.program.signal("SIGTERM");
      await lab.waitForOnlyHolder(VIP, weaker.host);
      await prober.waitForAnswer({ by: "b" });
      await pass(AFTERMATH_MS);
      const { longestOutageMs } = await prober.measure(sinceMs);
      await prober.stop();
      return { values: [longestOutageMs, lab.twoHoldersMs(VIP, sinceMs)] };
    },
  };
}

function silence(signal: "SIGKILL" | "SIGSTOP", interval: number, atMost: number): Work {
  const deed = signal === "SIGKILL" ? "kill -9" : "SIGSTOP";
  return {
    name: `${signal === "SIGKILL" ? "crash" : "hang"}-${interval}`,
    rows: [
      { work: `${deed} of everything at advert_int ${interval}: two nodes answer`, unit: "ms", target: { atMost } },
    ],
    partner: "holdfast",
    withService: false,
    width: 1,
    measured: "one-by-one",
    ready: (pair) => bootPair(pair, { interval }),
    measure: async ({ stronger, weaker, client }) => {
      const call = await RollCall.open(client, VIP, [stronger.host, weaker.host]);
      await pass(AFTERMATH_MS);
      const sinceMs = await stronger.signal(signal);
      await weaker.host.vips.waitUntil(VIP, true);
      await pass(LONG_SILENCE_MS);
      const answers = await call.stop();
      const [{ name: leaving }, { name: coming }] = [stronger.host, weaker.host];
      const goesOn = answers.findLast(({ by }) => by === leaving);
      const end = answers.at(-1);
      if (goesOn === undefined || end === undefined) throw new Error("Nobody answered");
      // Who still answers after all that time will go on for ever.
      const isForEver = goesOn.atMs > end.atMs - AFTERMATH_MS;
      return { values: [isForEver ? null : bothAnsweredMs(answers, leaving, coming, sinceMs)] };
    },
  };
}

async function crash({ lab, stronger, weaker }: Pair): Promise<Measurement> {
  const vips = vipsOf(THREE);
  const sinceMs = await stronger.signal("SIGKILL");
  for (const vip of vips) await weaker.host.vips.waitUntil(vip, true);
  await pass(FOR_EVER_MS);
  const shared = vips.map((vip) => twoHolders(lab, vip, sinceMs));
  const lived = vips.map((vip) => {
    const until = stronger.host.vips.tenures(vip).at(-1)?.untilMs;
    return until === undefined ? null : until - sinceMs;
  });
  return { values: [longest(shared), longest(lived)] };
}

async function hang({ lab, stronger, weaker }: Pair): Promise<Measurement> {
  const sinceMs = await stronger.signal("SIGSTOP");
  await weaker.host.vips.waitUntil(VIP, true);
  await pass(Math.max(0, sinceMs + HANG_MS - Date.now()));
  await stronger.signal("SIGCONT");
  await pass(AWAKE_MS);
  return { values: [twoHolders(lab, VIP, sinceMs)] };
}

async function vipDeleted(pair: Pair): Promise<Measurement> {
  const { stronger, weaker } = pair;
  const prober = await askSteadily(pair);
  const mark = stronger.program.mark();
  const sinceMs = Date.now();
  await stronger.host.runOrThrow(["ip", "addr", "del", `${VIP}/24`, "dev", "eth0"]);
  await pass(AFTERMATH_MS);
  await stronger.host.vips.waitUntil(VIP, true);
  await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
  await pass(AFTERMATH_MS);
  const { longestOutageMs } = await prober.measure(sinceMs);
  await prober.stop();
  const stepsDown = stronger.program.lines.slice(mark).some((line) => /Entering (BACKUP|FAULT) STATE/.test(line));
  const isLost = stepsDown || weaker.host.vips.tenures(VIP).some(({ fromMs }) => fromMs >= sinceMs);
  return { values: [longestOutageMs], ...(isLost ? { objection: "mastership lost" } : {}) };
}

async function badReload({ lab, stronger, weaker }: Pair): Promise<Measurement> {
  const sound = configurationOf({ priority: STRONGER });
  await stronger.host.writeFile(CONFIGURATION_FILE, sound.replace(/priority .*/, "priority"));
  const sinceMs = Date.now();
  stronger.program.signal("SIGHUP");
  await pass(masterDownMs({ priority: WEAKER }) + FOR_EVER_MS);
  const isKept = stronger.program.isRunning && lab.holders(VIP).includes("a") && !lab.holders(VIP).includes("b");
  const objection = stronger.program.isRunning ? "mastership lost" : "the daemon died";
  const moved = isKept && weaker.host.vips.tenures(VIP).every(({ fromMs }) => fromMs < sinceMs);
  return { values: [twoHolders(lab, VIP, sinceMs)], ...(moved ? {} : { objection }) };
}

async function fastCrash({ stronger, weaker, client }: Pair): Promise<Measurement> {
  const capture = await client.capture("vrrp or arp");
  await pass(AFTERMATH_MS);
  await stronger.signal("SIGKILL");
  await weaker.host.vips.waitUntil(VIP, true);
  await pass(AFTERMATH_MS);
  const packets = parsePcap(await capture.stop());
  return { values: [takeOverMs(packets, weaker.host.mac) - masterDownMs({ priority: WEAKER, ...FAST })] };
}

/** From the last advert of the dead master to the first gratuitous ARP of its successor, both as the client got them. */
function takeOverMs(packets: readonly Packet[], successor: string): number {
  const last = packets.findLast(({ frame }) => vrrpSource(frame) === "10.77.0.1");
  const announced = packets.find(({ frame }) => {
    const arp = gratuitousArp(frame);
    return arp?.mac === successor && arp.address === VIP;
  });
  if (last === undefined || announced === undefined)
    throw new Error("The capture lacks the advert or the announcement");
  return announced.atMs - last.atMs;
}

function bootPair(pair: Pair, common: Omit<Settings, "priority"> = {}): Promise<void> {
  const stronger = configurationOf({ ...common, priority: STRONGER });
  const weaker = configurationOf({ ...common, priority: WEAKER });
  return pair.boot(stronger, weaker, vipsOf(common.instances ?? 1));
}

/** Starts the client and lets it ask for a while: what runs for the first time takes its time. */
async function askSteadily({ client }: Pair): Promise<Prober> {
  const prober = await client.ask(VIP, { everyMs: ASK_EVERY_MS });
  await prober.waitForAnswer({ by: "a" });
  await pass(AFTERMATH_MS);
  return prober;
}

/** Null while two hosts hold the address still: it would go on for ever. */
function twoHolders(lab: Pair["lab"], vip: string, sinceMs: number): Value {
  return lab.holders(vip).length > 1 ? null : lab.twoHoldersMs(vip, sinceMs);
}

function longest(values: readonly Value[]): Value {
  return values.includes(null) ? null : Math.max(...values.map((value) => value ?? 0));
}

const STRONGER = 100;
const WEAKER = 99;
const THREE = 3;
const FAST = { interval: 0.1 } as const;
const ASK_EVERY_MS = 2;
/** Longer than what comes after the moment that is measured. */
const AFTERMATH_MS = 500;
const HANG_MS = 14_000;
/** After a hang: longer than the weaker node would wait, were it to lose its master again. */
const AWAKE_MS = 4_000;
/** What has not ended by then does not end. */
const FOR_EVER_MS = 5_000;
/** Longer than a lease where adverts come faster than leases can end. */
const LONG_SILENCE_MS = 4_000;
const MEMORY_SETTLING_MS = 6_000;
