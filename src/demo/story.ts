import { scheduler } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import type { Happening, Tell } from "./happening.ts";
import type { DemoNode } from "./node.ts";
import { VIP } from "./node-files.ts";

/** One thing that is done to the cluster, and what is expected of it. */
export interface Step {
  /** For programs. */
  readonly name: string;
  readonly title: string;
  /** Why it goes as it goes: sentences for people. */
  readonly why: string;
  /** The longest time without an answer that is as expected. */
  readonly outageLimitMs: number;
  /** The longest time that both nodes may have the address. */
  readonly twoHoldersLimitMs: number;
}

export type Outcome =
  | { readonly kind: "measured"; readonly ok: boolean; readonly outageMs: number; readonly twoHoldersMs: number }
  /** What was awaited did not come. */
  | { readonly kind: "failed"; readonly problem: string }
  /** A step before it failed. */
  | { readonly kind: "not-run" };

export interface Played {
  readonly step: Step;
  readonly outcome: Outcome;
  /** Milliseconds since 1970, until when everything that belongs to it was told. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the audience is told besides what happens. */
export interface Audience {
  readonly tell: Tell;
  /** Comes before anything of a step happens. Steps are numbered from 1. */
  readonly begin: (step: Step, number: number) => void;
  /** The next step waits for it. */
  readonly end: (played: Pick<Played, "step" | "outcome">) => Promise<void>;
}

/** Starts Holdfast on both nodes and waits until the client is answered by the stronger one. */
export async function startCluster({ lab, lb1, lb2, prober }: Cluster, tell: Tell): Promise<void> {
  tell(action(`starts Holdfast on ${lb1.name} and ${lb2.name}: /etc/init.d/keepalived start`));
  const startedMs = Date.now();
  await lb1.start();
  await lb1.waitForState("BACKUP", startedMs);
  await lb2.start();
  await lab.waitForOnlyHolder(VIP, lb1.host);
  await prober.waitForAnswer({ by: lb1.page, sinceMs: startedMs });
}

/** Plays every step, up to the first that fails to come to its end. One that ends worse than expected does not stop it. */
export async function playStory(cluster: Cluster, audience: Audience): Promise<Played[]> {
  const played: Played[] = [];
  let broken = false;
  for (const [index, { act, ...step }] of STEPS.entries()) {
    const fromMs = Date.now();
    if (broken) {
      played.push({ step, outcome: { kind: "not-run" }, fromMs, untilMs: fromMs });
      continue;
    }
    audience.begin(step, index + 1);
    const outcome = await playStep(cluster, step, act, audience.tell);
    broken = outcome.kind === "failed";
    await audience.end({ step, outcome });
    played.push({ step, outcome, fromMs, untilMs: Date.now() });
  }
  return played;
}

async function playStep(cluster: Cluster, step: Step, act: Act, tell: Tell): Promise<Outcome> {
  const { lab, prober } = cluster;
  const sinceMs = Date.now();
  try {
    const successor = await act(cluster, tell, sinceMs);
    await lab.waitForOnlyHolder(VIP, successor.host, STEP_PATIENCE_MS);
    await prober.waitForAnswer({ by: successor.page, sinceMs: Date.now() });
    const { longestOutageMs } = await prober.measure(sinceMs);
    // Rounded up: 0 is to mean never.
    const outageMs = Math.ceil(longestOutageMs);
    const twoHoldersMs = Math.ceil(lab.twoHoldersMs(VIP, sinceMs));
    const ok = outageMs <= step.outageLimitMs && twoHoldersMs <= step.twoHoldersLimitMs;
    return { kind: "measured", ok, outageMs, twoHoldersMs };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { kind: "failed", problem: [problem, cluster.lb1.lastWords(), cluster.lb2.lastWords()].join("\n") };
  }
}

function action(text: string): Happening {
  return { atMs: Date.now(), who: "demo", text, tone: "action" };
}

/** Does it, and names the node that is to have the address afterwards. */
type Act = (cluster: Cluster, tell: Tell, sinceMs: number) => Promise<DemoNode>;

async function startAgain({ lb1 }: Cluster, tell: Tell): Promise<DemoNode> {
  tell(action(`starts Holdfast on ${lb1.name} again: /etc/init.d/keepalived start`));
  await lb1.start();
  return lb1;
}

/** Longer than any step should take, so that a failure ends the demo within its time. */
const STEP_PATIENCE_MS = 25_000;
const HANG_MS = 8_000;

/** A planned change: a question that is under way may be lost, and whoever asks again is answered. Generous for a busy machine. */
const HAND_OVER_LIMIT_MS = 500;
/**
 * keepalived's files at work: up to 2 s until the next check, 10 s until the third has failed, 3.6 s until lb2 has missed
 * the adverts of a stronger master. The rest is for a busy machine.
 */
const CHECK_LIMIT_MS = 17_000;
/** Three adverts of 1 s and the skew of priority 99, 0.61 s. The rest is for a busy machine. */
const MASTER_DOWN_LIMIT_MS = 4_000;
/** The one that goes keeps the address until it has heard the other announce it, 200 ms at most. Generous for a busy machine. */
const OVERLAP_LIMIT_MS = 500;

const STEPS: readonly (Step & { readonly act: Act })[] = [
  {
    name: "nginx-dies",
    title: "nginx on lb1 dies and cannot start",
    why:
      "check_nginx.sh tries to start it, in vain, and sleeps beyond its time limit. The third failure lowers lb1's\n" +
      "priority below lb2's, and lb2 takes over 3.6 s after the last advert that was stronger. So does keepalived.",
    outageLimitMs: CHECK_LIMIT_MS,
    twoHoldersLimitMs: OVERLAP_LIMIT_MS,
    act: async ({ lb1, lb2 }, tell) => {
      tell(action(`misspells a word in nginx.conf of ${lb1.name} and kills nginx there`));
      await lb1.breakWebServer();
      return lb2;
    },
  },
  {
    name: "nginx-mended",
    title: "nginx on lb1 is mended",
    why:
      "check_nginx.sh starts it. Two successes give lb1 its priority back, and it takes the address back. For a\n" +
      "moment both have it: lb2 keeps it until lb1 has announced itself, so that somebody always answers.",
    outageLimitMs: HAND_OVER_LIMIT_MS,
    twoHoldersLimitMs: OVERLAP_LIMIT_MS,
    act: async ({ lb1 }, tell) => {
      tell(action(`corrects nginx.conf of ${lb1.name}`));
      await lb1.mendWebServer();
      return lb1;
    },
  },
  {
    name: "planned-stop",
    title: "Holdfast on lb1 is stopped as planned",
    why: "lb1 says farewell, and keeps the address until lb2 has announced that it has it.",
    outageLimitMs: HAND_OVER_LIMIT_MS,
    twoHoldersLimitMs: OVERLAP_LIMIT_MS,
    act: async ({ lb1, lb2 }, tell) => {
      tell(action(`stops Holdfast on ${lb1.name}: /etc/init.d/keepalived stop`));
      await lb1.stop();
      return lb2;
    },
  },
  {
    name: "planned-return",
    title: "Holdfast on lb1 is started again",
    why: "lb1 listens first. It finds a weaker master and takes the address back.",
    outageLimitMs: HAND_OVER_LIMIT_MS,
    twoHoldersLimitMs: OVERLAP_LIMIT_MS,
    act: startAgain,
  },
  {
    name: "crash",
    title: "Holdfast on lb1 is killed (kill -9)",
    why:
      "Nobody is left on lb1 to remove the address, so its kernel does it when the lease on it runs out. lb2 takes\n" +
      "over when it has missed three adverts. At no time do both have the address.",
    outageLimitMs: MASTER_DOWN_LIMIT_MS,
    twoHoldersLimitMs: 0,
    act: async ({ lb1, lb2 }, tell) => {
      tell(action(`kills every process of Holdfast on ${lb1.name}: kill -9`));
      await lb1.signal("SIGKILL");
      return lb2;
    },
  },
  {
    name: "crash-return",
    title: "Holdfast on lb1 is started again",
    why: "As after a planned stop.",
    outageLimitMs: HAND_OVER_LIMIT_MS,
    twoHoldersLimitMs: OVERLAP_LIMIT_MS,
    act: startAgain,
  },
  {
    name: "hang",
    title: `Holdfast on lb1 hangs for ${HANG_MS / 1000} s (kill -STOP)`,
    why:
      "As with kill -9, the lease runs out and lb2 takes over. lb1, which was master when it fell asleep, does not\n" +
      "act as one when it wakes up.",
    outageLimitMs: MASTER_DOWN_LIMIT_MS,
    twoHoldersLimitMs: 0,
    act: async ({ lab, lb1, lb2 }, tell, sinceMs) => {
      tell(action(`stops every process of Holdfast on ${lb1.name}: kill -STOP`));
      await lb1.signal("SIGSTOP");
      await lab.waitForOnlyHolder(VIP, lb2.host, STEP_PATIENCE_MS);
      await scheduler.wait(Math.max(0, sinceMs + HANG_MS - Date.now()));
      const wokenMs = Date.now();
      tell(action("lets them go on: kill -CONT"));
      await lb1.signal("SIGCONT");
      await lb1.waitForState("BACKUP", wokenMs);
      return lb2;
    },
  },
  {
    name: "hang-return",
    title: "lb1 takes the address back",
    why: "It has listened first, as after a start.",
    outageLimitMs: HAND_OVER_LIMIT_MS,
    twoHoldersLimitMs: OVERLAP_LIMIT_MS,
    act: ({ lb1 }) => Promise.resolve(lb1),
  },
];
