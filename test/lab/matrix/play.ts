import type { InstanceStatus } from "../../../src/api/contract.ts";
import { startNginx } from "../../../src/lab/services.ts";
import { openPair, pass, type Pair } from "../cluster.ts";
import { addIpv6Addresses } from "../ipv6-hosts.ts";
import { whyLeftOut, type Cell, type Scenario } from "./cells.ts";
import { intervalSecondsOf, vipOf, type NodeName } from "./routers.ts";
import { Holding, openSeat, type Holders, type Seat } from "./seat.ts";

/** What came of a scenario. */
export interface Outcome {
  /** Who held the address at its end. */
  readonly holders: Holders;
  /** Times of a change of master; undefined where there was none. */
  readonly change?: Change;
}

export interface Change {
  /** From what made the other node take the address until it had it: from the end of what made it. */
  readonly afterMs: number;
  /** The same from its beginning: a kill takes its time on a busy machine. */
  readonly afterBeginningMs: number;
  /** For how long both held it since the beginning. */
  readonly sharedMs: number;
  /** The longest time in it in which a client got no answer. */
  readonly outageMs: number;
}

/** What came of all scenarios of a pair. */
export interface Played {
  /** A scenario without outcome was not reached. */
  readonly outcomes: ReadonlyMap<Scenario, Outcome>;
  /** What each node has written to its log. */
  readonly logs: Readonly<Record<NodeName, readonly string[]>>;
  /** What each Holdfast said of its instances before node a crashed. */
  readonly status: Readonly<Record<NodeName, readonly InstanceStatus[]>>;
  /** What was awaited in vain. */
  readonly failure: Error | undefined;
}

/**
 * Makes a pair for each cell, leads all of them through all scenarios at once and removes them. None is made or removed
 * meanwhile: that keeps the kernel from changing addresses, on all hosts, for up to a second.
 */
export async function playTogether(cells: readonly Cell[]): Promise<ReadonlyMap<Cell, Played>> {
  const opened = await Promise.allSettled(cells.map(() => openPair()));
  try {
    const played = await Promise.all(
      cells.map(async (cell, index) => {
        const pair = opened[index];
        if (pair?.status !== "fulfilled") throw new Error(`No lab could be opened: ${pair?.reason}`);
        return [cell, await play(cell, pair.value)] as const;
      }),
    );
    return new Map(played);
  } finally {
    await Promise.all(opened.flatMap((pair) => (pair.status === "fulfilled" ? [pair.value.lab.close()] : [])));
  }
}

async function play(cell: Cell, pair: Pair): Promise<Played> {
  const { a, b, client } = pair;
  const outcomes = new Map<Scenario, Outcome>();
  const seats: Seat[] = [];
  let status: Played["status"] = { a: [], b: [] };
  let failure: Error | undefined;
  try {
    if (cell.family === 6) await addIpv6Addresses(a.host, b.host, client);
    await Promise.all([startNginx(a.host), startNginx(b.host)]);
    const first = await openSeat(cell, "a", a, b);
    const second = await openSeat(cell, "b", b, a);
    seats.push(first, second);
    await startTogether(cell, first, second, outcomes);
    status = { a: await statusOf(first), b: await statusOf(second) };
    await crashReturnStop(cell, first, second, pair, outcomes);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  const [first, second] = seats;
  return { outcomes, status, failure, logs: { a: first?.log() ?? [], b: second?.log() ?? [] } };
}

// Both start, elect a master, do not hear one another for a while, and hear one another again.
async function startTogether(cell: Cell, a: Seat, b: Seat, outcomes: Map<Scenario, Outcome>): Promise<void> {
  const holding = (scenario: Scenario): Holding => new Holding(vipOf(cell, scenario), [a, b]);
  const [plain, tie] = [holding("election"), holding("tie")];
  await Promise.all([a.start(), b.start()]);
  const settledMs = Date.now() + SETTLING_MS[cell.version];
  await plain.until("a");
  // Virtual routers that disagree go on hearing one another: keepalived 2.2 says so little there that each advert counts.
  const agreed = a.routers.filter(({ scenario }) => scenario === "election" || scenario === "tie");
  const mend = await Promise.all([a, b].map(({ node }) => node.host.loseAdvertsOf(...agreed.map(({ vrid }) => vrid))));
  const bothMaster = (): Promise<unknown> => Promise.all([plain, tie].map((held) => held.until("a and b")));
  await bothMaster();
  // What was heard just before the cut has its consequences first, and each has adverted: vrrpd does not know its own address
  // before its second advert.
  await pass(intervalSecondsOf(cell) + 0.3, a.node.host);
  await bothMaster();
  await Promise.all(mend.map((heard) => heard()));
  outcomes.set("tie", { holders: await tie.until("a", "b") });
  outcomes.set("election", { holders: await plain.until("a", "b") });
  // Whoever does not believe what it hears takes over; whoever loses patience between two adverts comes and goes.
  await pass(Math.max(0, settledMs - Date.now()) / 1000, a.node.host);
  for (const scenario of DISAGREEMENTS) {
    if (whyLeftOut(cell, scenario) !== undefined) continue;
    outcomes.set(scenario, { holders: holding(scenario).bySince(settledMs - LOOK_BACK_MS) });
  }
}

async function crashReturnStop(
  cell: Cell,
  a: Seat,
  b: Seat,
  { client }: Pair,
  outcomes: Map<Scenario, Outcome>,
): Promise<void> {
  const vip = vipOf(cell, "fail-over");
  const plain = new Holding(vip, [a, b]);
  const prober = await client.ask(vip, { everyMs: 20 });
  await prober.waitForAnswer({ by: "a" });
  const conclude = async (scenario: Scenario, takenMs: number, begunMs: number, doneMs = begunMs): Promise<void> => {
    const { by: holders } = plain;
    const [afterMs, afterBeginningMs] = [takenMs - doneMs, takenMs - begunMs];
    const { longestOutageMs: outageMs } = await prober.measure(begunMs);
    outcomes.set(scenario, {
      holders,
      change: { afterMs, afterBeginningMs, sharedMs: plain.sharedMs(begunMs), outageMs },
    });
  };

  const crashMs = Date.now();
  await a.crash();
  const crashedMs = Date.now();
  const takenMs = await b.vips.waitUntil(vip, true);
  await prober.waitForAnswer({ by: "b" });
  await conclude("fail-over", takenMs, crashMs, crashedMs);

  await a.start();
  const startedMs = Date.now();
  await plain.until("a");
  const backMs = await a.vips.waitUntil(vip, true);
  await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
  await conclude("return", backMs, startedMs);

  const stoppedMs = Date.now();
  await a.stop();
  await plain.until("b");
  const succeededMs = await b.vips.waitUntil(vip, true);
  await prober.waitForAnswer({ by: "b", sinceMs: Date.now() });
  await conclude("priority 0", succeededMs, stoppedMs);
  await prober.stop();
}

async function statusOf({ implementation, node }: Seat): Promise<readonly InstanceStatus[]> {
  return implementation === "holdfast" ? (await node.status()).instances : [];
}

const DISAGREEMENTS: readonly Scenario[] = ["password", "interval", "addresses", "plain checksum", "mixed checksums"];
/** Longer than the longest interval of a master that is followed. */
const LOOK_BACK_MS = 1_200;
/**
 * The longest Master_Down_Interval, 6.4 s in version 2 and 3.2 s in version 3, an interval in case that a first advert is lost,
 * and some time.
 */
const SETTLING_MS = { 2: 9_000, 3: 6_000 } as const;
