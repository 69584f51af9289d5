import { describe, expect, test } from "vitest";
import type { Tenure } from "../src/lab/vip-watch.ts";
import { boundsOf } from "./bounds.ts";
import { explain, notJudged, type Finding } from "./explain.ts";
import type { Fault, FaultRecord } from "./fault.ts";
import type { History, RoundRecord, Span } from "./history.ts";
import type { Service } from "./services.ts";

/*
 * Histories written by hand, in ms. a and b run Holdfast, c runs keepalived; version 3, advert_int 1, and the weakest has
 * priority 100. By RFC 9568 6.1 its Skew_Time is 156/256 s = 609 ms, and it waits 3 609 ms for a silent master.
 */
const WEB = { name: "web", version: 3, advertIntervalMs: 1_000 } as const;
/** Its weakest waits 3 * 100 ms + 156/256 * 100 ms = 361 ms, one with priority 254 waits 301 ms. */
const FAST = { name: "fast", version: 3, advertIntervalMs: 100 } as const;
const NODES = [
  { name: "a", daemon: "holdfast" },
  { name: "b", daemon: "holdfast" },
  { name: "c", daemon: "keepalived" },
] as const;

describe("a Holdfast that is killed", () => {
  const killed = fault({ kind: "kill", node: "a", which: "all" }, 10_000, 18_000);
  const rounds = [round([killed], 22_000)];

  test("the address goes with its lease, and the next comes within Active_Down_Interval: explained", () => {
    const [gap, ...rest] = findings({ a: [[0, 12_300], [19_000]], b: [[13_414, 19_004]] }, rounds);
    expect(gap).toMatchObject({ interval: { kind: "nobody", fromMs: 12_300, untilMs: 13_414 }, unexplained: [] });
    expect(gap?.reasons.map(({ why }) => why)).toEqual(["kill on a which all: the wait of the others"]);
    expect(rest.flatMap(({ unexplained }) => unexplained)).toEqual([]);
  });

  test("the next comes 400 ms too late: not explained", () => {
    // It is dead from 10 010 on; then 3 609.375 ms, and 100 ms for those who watch.
    const late = { a: [[0, 12_300]], b: [[14_119.375]] } as const;
    expect(unexplained(late, rounds)).toEqual([{ fromMs: 13_719.375, untilMs: 14_119.375 }]);
  });

  test("the address outlives it until the next has come: not explained", () => {
    expect(unexplained({ a: [[0, 13_500]], b: [[13_414]] }, rounds)).toEqual([{ fromMs: 13_414, untilMs: 13_500 }]);
  });

  test("its return: both hold the address for 250 ms at most, all in all", () => {
    const first: [number, number] = [19_000, 19_240];
    expect(unexplained({ a: [[0, 13_414], [19_000]], b: [[13_414, 19_200]] }, rounds)).toEqual([]);
    expect(unexplained({ a: [[0, 13_414], [19_000]], b: [[13_414, 19_500]] }, rounds)).toHaveLength(1);
    const twice = { a: [[0, 13_414], first, [20_000]], b: [[13_414, 20_240]] } as const;
    expect(unexplained(twice, rounds)).toEqual([{ fromMs: 20_000, untilMs: 20_240 }]);
  });

  test("a backup that is killed: whatever happens to the holder is not explained", () => {
    const backup = [round([fault({ kind: "kill", node: "b", which: "all" }, 10_000, 18_000)], 22_000)];
    expect(unexplained({ a: [[0, 11_000], [11_500]], b: [] }, backup)).toHaveLength(1);
  });

  test("its vrrp process alone: the next one goes on with the address, unless four died young, one after the other", () => {
    const deaths = [2_000, 10_000, 18_000, 26_000, 40_000];
    const rounds = deaths.map((atMs) =>
      round([fault({ kind: "kill", node: "a", which: "vrrp" }, atMs, atMs)], atMs + 5_000),
    );
    const gaps = { a: [[0, 28_300], [29_000, 42_300], [43_000]] } as const;
    const fourth = { fromMs: 28_300, untilMs: 29_000 };
    const fifth = { fromMs: 42_300, untilMs: 43_000 };
    expect(unexplained(gaps, rounds)).toEqual([fourth]);
    expect(unexplained(gaps, rounds.slice(1))).toEqual([fourth, fifth]);
  });

  test("while it was dead a stronger one came and did not wait: explained for the rest of its lease only", () => {
    const stop = fault({ kind: "stop", node: "b" }, 8_000, 10_500);
    const both = [round([stop, killed], 22_000)];
    expect(unexplained({ a: [[0, 12_500]], b: [[11_000]] }, both)).toEqual([]);
    expect(unexplained({ a: [[0, 13_500]], b: [[11_000]] }, both)).toHaveLength(1);
  });
});

describe("a keepalived that is killed or hangs", () => {
  const killed = [round([fault({ kind: "kill", node: "c", which: "all" }, 10_000, 18_000)], 24_000)];
  const frozen = [round([fault({ kind: "freeze", node: "c", which: "all" }, 10_000, 18_000)], 24_000)];

  test("it keeps the address beside the next: explained, as keepalived's, until it is started again", () => {
    const [both, ...others] = findings({ c: [[0, 17_950], [20_000]], b: [[13_414, 20_004]] }, killed);
    expect(both).toMatchObject({ interval: { kind: "several", hosts: ["b", "c"] }, unexplained: [] });
    expect(both?.reasons[0]).toMatchObject({ isPeers: true });
    expect(others.flatMap((finding) => finding.unexplained)).toEqual([]);
    expect(unexplained({ c: [[0, 19_000]], b: [[13_414]] }, killed)).toHaveLength(1);
  });

  test("two others hold the address meanwhile: not keepalived's fault", () => {
    expect(unexplained({ a: [[0]], b: [[13_414]], c: [] }, killed)).toHaveLength(1);
  });

  test("it wakes: it may go on for one interval more, as the weaker one does, and no longer", () => {
    expect(unexplained({ c: [[0]], b: [[13_414, 19_100]] }, frozen)).toEqual([]);
    expect(unexplained({ c: [[0]], b: [[13_414, 19_800]] }, frozen)).toHaveLength(1);
  });
});

describe("a change in good order", () => {
  const stopOf = (node: string): RoundRecord[] => [round([fault({ kind: "stop", node }, 10_000, 15_000)], 20_000)];

  test("Holdfast leaves when its successor is heard: both for a moment, and never nobody", () => {
    expect(unexplained({ a: [[0, 10_560]], b: [[10_410]] }, stopOf("a"))).toEqual([]);
    expect(unexplained({ a: [[0, 10_900]], b: [[10_410]] }, stopOf("a"))).toHaveLength(1);
    expect(unexplained({ a: [[0, 10_300]], b: [[10_410]] }, stopOf("a"))).toHaveLength(1);
  });

  test("keepalived leaves at once: nobody for one Skew_Time, as keepalived's", () => {
    const [gap] = findings({ c: [[0, 10_010]], b: [[10_430]] }, stopOf("c"));
    expect(gap).toMatchObject({ unexplained: [], reasons: [{ isPeers: true }] });
    expect(unexplained({ c: [[0, 10_010]], b: [[10_900]] }, stopOf("c"))).toHaveLength(1);
  });

  test("a farewell that may have been lost: the others wait their whole time", () => {
    const loss = fault({ kind: "loss", permille: 500 }, 9_000, 15_000);
    const lost = [round([loss, fault({ kind: "stop", node: "a" }, 10_000, 15_000)], 20_000)];
    expect(unexplained({ a: [[0, 11_000]], b: [[13_500]] }, lost)).toEqual([]);
  });
});

describe("a network that is cut", () => {
  const cut = [round([fault({ kind: "cut", node: "a", direction: "both" }, 10_000, 16_000)], 21_000)];

  test("both sides have a holder, and after it for one interval: explained for the hosts", () => {
    expect(unexplained({ a: [[0]], b: [[13_414, 17_000]] }, cut)).toEqual([]);
    expect(unexplained({ a: [[0]], b: [[13_414, 17_800]] }, cut)).toHaveLength(1);
  });

  test("on the wire: nobody until the other comes, never both before the end", () => {
    expect(onTheWire({ a: [[0, 10_000], [16_010]], b: [[13_420, 16_700]] }, cut)).toEqual([]);
    expect(onTheWire({ a: [[0]], b: [[13_420, 16_700]] }, cut)).toHaveLength(1);
  });

  test("a deaf holder, while a stronger one comes back: both until it hears again; without another fault it stays alone", () => {
    const deaf = fault({ kind: "cut", node: "c", direction: "in" }, 10_000, 16_000);
    const back = fault({ kind: "link-down", node: "a" }, 5_000, 7_000);
    const times = { a: [[0, 5_010], [11_000]], c: [[8_600, 17_000]] } as const;
    expect(unexplained(times, [round([back, deaf], 21_000)])).toEqual([]);
    expect(unexplained({ a: [[11_000]], c: [[0, 17_000]] }, [round([deaf], 21_000)])).toHaveLength(1);
  });

  test("a backup that cannot be heard: nothing is explained by that", () => {
    const mute = [round([fault({ kind: "cut", node: "b", direction: "out" }, 10_000, 16_000)], 21_000)];
    expect(unexplained({ a: [[0]], b: [[13_414, 16_500]] }, mute)).toHaveLength(1);
  });

  test("by unicast, where nobody can find it: it is deaf, too, and up to a second longer", () => {
    const mute = [round([fault({ kind: "cut", node: "b", direction: "out" }, 10_000, 16_000)], 21_000)];
    const unicast = boundsOf(WEB, { ...WEAKEST, transport: "unicast" });
    const both = (untilMs: number): Span[] =>
      explain(historyOf({ seats: { a: [[0]], b: [[15_900, untilMs]] }, answers: ALWAYS_ONE }, mute, [], WEB), {
        boundsOf: () => unicast,
        patience: unicast,
      }).flatMap((finding) => finding.unexplained);
    expect(both(18_200)).toEqual([]);
    expect(both(18_500)).toHaveLength(1);
  });
});

test.each([
  { kind: "flood" },
  { kind: "cpu-load", node: "a", loops: 3 },
  { kind: "bad-reload", node: "a" },
  { kind: "runtime-full", node: "a" },
] as const)("$kind: nothing is explained by that", (harmless) => {
  const rounds = [round([fault(harmless, 10_000, 14_000)], 16_000)];
  expect(unexplained({ a: [[0, 11_000], [11_200]] }, rounds)).toHaveLength(1);
  expect(unexplained({ a: [[0]], b: [[11_000, 11_010]] }, rounds)).toHaveLength(1);
});

test("a flood: keepalived may take a living master for dead, as its own fault; Holdfast may not", () => {
  const rounds = [round([fault({ kind: "flood" }, 10_000, 14_000)], 20_000)];
  expect(findings({ a: [[0]], c: [[12_000, 15_000]] }, rounds)).toMatchObject([{ reasons: [{ isPeers: true }] }]);
  expect(unexplained({ a: [[0]], c: [[12_000, 15_000]] }, rounds)).toEqual([]);
  expect(unexplained({ a: [[0]], b: [[12_000, 12_010]] }, rounds)).toHaveLength(1);
});

test("a flood, adverts every 0.1 s: whoever lacks the processor may lose mastership, for 0.72 s in all", () => {
  const rounds = [round([fault({ kind: "flood" }, 10_000, 14_000)], 20_000)];
  expect(unexplainedOfFast({ seats: { a: [[0, 12_000]], b: [[12_600]] } }, rounds)).toEqual([]);
  expect(unexplainedOfFast({ seats: { a: [[0, 12_000]], b: [[12_900]] } }, rounds)).toHaveLength(1);
  expect(unexplainedOfFast({ seats: { a: [[0]], b: [[12_000, 12_600]] } }, rounds)).toEqual([]);
  expect(unexplainedOfFast({ seats: { a: [[0]], b: [[12_000, 12_900]] } }, rounds)).toHaveLength(1);
});

test("between the rounds: neither a gap nor a moment with two is explained", () => {
  const rounds = [round([fault({ kind: "stop", node: "a" }, 10_000, 15_000)], 20_000)];
  expect(unexplained({ a: [[0, 30_000], [30_200]] }, rounds)).toEqual([{ fromMs: 30_000, untilMs: 30_200 }]);
  expect(unexplained({ a: [[0]], b: [[30_000, 30_010]] }, rounds)).toEqual([{ fromMs: 30_000, untilMs: 30_010 }]);
});

test("an address that was deleted by hand: put back at once by Holdfast, claimed anew by keepalived", () => {
  const deleted = (node: string): RoundRecord[] => [
    round([fault({ kind: "vip-deleted", node, service: "web" }, 10_000, 10_000)], 15_000),
  ];
  expect(unexplained({ a: [[0, 10_000], [10_100]] }, deleted("a"))).toEqual([]);
  expect(unexplained({ a: [[0, 10_000], [10_600]] }, deleted("a"))).toHaveLength(1);
  expect(unexplained({ c: [[0, 10_000], [10_600]] }, deleted("c"))).toEqual([]);
});

test("an address that somebody added: with that node only, and as long as it is there", () => {
  const foreign = [round([fault({ kind: "foreign-vip", node: "b", service: "web" }, 10_000, 12_000)], 16_000)];
  expect(unexplained({ a: [[0]], b: [[10_010, 12_010]] }, foreign)).toEqual([]);
  expect(unexplained({ a: [[0]], b: [[10_010, 12_500]] }, foreign)).toHaveLength(1);
  expect(unexplained({ a: [[0]], c: [[10_010, 12_010]] }, foreign)).toHaveLength(1);
});

test("an address of another service that was deleted or added: nothing is explained by that", () => {
  const rounds = (what: Fault): RoundRecord[] => [round([fault(what, 10_000, 12_000)], 16_000)];
  const gap = { a: [[0, 10_000], [10_120]] } as const;
  expect(unexplained(gap, rounds({ kind: "vip-deleted", node: "a", service: "six" }))).toHaveLength(1);
  const both = { a: [[0]], b: [[10_010, 12_010]] } as const;
  expect(unexplained(both, rounds({ kind: "foreign-vip", node: "b", service: "fast" }))).toHaveLength(1);
});

describe("adverts every 0.1 s, and a Holdfast that is killed", () => {
  const killed = [round([fault({ kind: "kill", node: "a", which: "all" }, 10_000, 18_000)], 22_000)];

  test("nobody answers until the next comes: explained for 361 ms and what watchers need, no longer", () => {
    expect(unexplainedOfFast({ answers: { a: [[0, 10_005]], b: [[10_420]] } }, killed)).toEqual([]);
    expect(unexplainedOfFast({ answers: { a: [[0, 10_005]], b: [[10_700]] } }, killed)).toHaveLength(1);
  });

  test("its lease runs on beside the next on the hosts, not on the wire", () => {
    expect(unexplainedOfFast({ seats: { a: [[0, 12_550]], b: [[10_350]] } }, killed)).toEqual([]);
    expect(unexplainedOfFast({ seats: { a: [[0, 12_800]], b: [[10_350]] } }, killed)).toHaveLength(1);
    expect(unexplainedOfFast({ answers: { a: [[0, 12_550]], b: [[10_350]] } }, killed)).toHaveLength(1);
  });

  test("its vrrp process alone: others are quicker than the next one", () => {
    const one = [round([fault({ kind: "kill", node: "a", which: "vrrp" }, 10_000, 10_000)], 15_000)];
    const times = { a: [[0, 10_005], [11_000]], b: [[10_380, 11_040]] } as const;
    expect(unexplainedOfFast({ answers: times }, one)).toEqual([]);
    expect(onTheWire(times, one)).toEqual([{ fromMs: 10_005, untilMs: 10_380 }]);
  });
});

test("adverts every 0.1 s, a backup that is deaf: it claims soon, and both hold the address until it hears again", () => {
  const deaf = [round([fault({ kind: "cut", node: "c", direction: "in" }, 10_000, 17_000)], 20_000)];
  expect(unexplainedOfFast({ seats: { a: [[0]], c: [[10_291, 17_060]] } }, deaf)).toEqual([]);
  expect(unexplainedOfFast({ seats: { a: [[0]], c: [[10_291, 17_600]] } }, deaf)).toHaveLength(1);
});

test("two that were left claim within 3 ms: explained where waits differ by 2 ms, not where they differ by 20 ms", () => {
  const stop = [round([fault({ kind: "stop", node: "c" }, 10_000, 15_000)], 20_000)];
  const seats = { a: [[10_061]], b: [[10_064, 10_067]], c: [[0, 10_010]] } as const;
  expect(unexplainedOfFast({ seats }, stop)).toEqual([]);
  expect(unexplained(seats, stop)).toEqual([{ fromMs: 10_064, untilMs: 10_067 }]);
});

test("adverts every 0.1 s, a relief in good order: both for 150 ms at most", () => {
  const stop = [round([fault({ kind: "stop", node: "a" }, 10_000, 15_000)], 20_000)];
  expect(unexplainedOfFast({ seats: { a: [[0, 10_200]], b: [[10_060]] } }, stop)).toEqual([]);
  expect(unexplainedOfFast({ seats: { a: [[0, 10_400]], b: [[10_060]] } }, stop)).toHaveLength(1);
});

describe("a machine that gives no processor", () => {
  const rounds = [round([fault({ kind: "flood" }, 10_000, 14_000)], 16_000)];
  const gap = { a: [[0, 30_000], [30_400]] } as const;

  test("for 350 ms: that and the second after it are not judged", () => {
    const delays = [{ fromMs: 30_000, untilMs: 30_350 }];
    expect(notJudged(delays, boundsOf(WEB, WEAKEST))).toEqual([{ fromMs: 30_000, untilMs: 31_350 }]);
    expect(findings(gap, rounds, delays)).toMatchObject([{ unexplained: [], notJudgedMs: 400 }]);
  });

  test("for 350 ms, long before: no excuse", () => {
    expect(findings(gap, rounds, [{ fromMs: 25_000, untilMs: 25_350 }])).toMatchObject([{ unexplained: [{}] }]);
  });

  test("for 200 ms: bounds are longer by that", () => {
    const killed = [round([fault({ kind: "kill", node: "a", which: "all" }, 10_000, 18_000)], 22_000)];
    const late = { a: [[0, 12_300]], b: [[13_800]] } as const;
    expect(findings(late, killed)).toMatchObject([{ unexplained: [{}] }]);
    expect(findings(late, killed, [{ fromMs: 13_000, untilMs: 13_200 }])).toMatchObject([{ unexplained: [] }]);
  });
});

interface TimesOf {
  readonly seats: Times;
  readonly answers: Times;
}

type Times = Readonly<Record<string, readonly (readonly [number, number?])[]>>;

function fault(what: Fault, beginMs: number, mendMs: number): FaultRecord {
  return { fault: what, beginMs, doneMs: beginMs + 10, mendMs: Math.max(mendMs, beginMs + 10), mendedMs: mendMs + 20 };
}

function round(faults: readonly FaultRecord[], settledMs: number): RoundRecord {
  return { fromMs: Math.min(...faults.map(({ beginMs }) => beginMs)), faults, settledMs };
}

function findings(seats: Times, rounds: readonly RoundRecord[], delays: readonly Span[] = []): Finding[] {
  return explainTimes({ seats, answers: ALWAYS_ONE }, rounds, delays);
}

function unexplainedOfFast(times: Partial<TimesOf>, rounds: readonly RoundRecord[]): Span[] {
  const found = explainTimes({ seats: ALWAYS_ONE, answers: ALWAYS_ONE, ...times }, rounds, [], FAST);
  return found.flatMap((finding) => finding.unexplained);
}

function unexplained(seats: Times, rounds: readonly RoundRecord[]): Span[] {
  return findings(seats, rounds).flatMap((finding) => finding.unexplained);
}

function onTheWire(answers: Times, rounds: readonly RoundRecord[]): Span[] {
  return explainTimes({ seats: { a: [[0]] }, answers }, rounds, []).flatMap((finding) => finding.unexplained);
}

function explainTimes(
  times: TimesOf,
  rounds: readonly RoundRecord[],
  delays: readonly Span[],
  service: Pick<Service, "name" | "version" | "advertIntervalMs"> = WEB,
): Finding[] {
  const bounds = boundsOf(service, WEAKEST);
  return explain(historyOf(times, rounds, delays, service), { boundsOf: () => bounds, patience: bounds });
}

function historyOf(
  { seats, answers }: TimesOf,
  rounds: readonly RoundRecord[],
  delays: readonly Span[],
  service: Pick<Service, "name">,
): History {
  const tenures = (times: Times): Map<string, Tenure[]> =>
    new Map(
      Object.entries(times).map(([name, list]) => [name, list.map(([fromMs, untilMs]) => ({ fromMs, untilMs }))]),
    );
  return {
    service: service.name,
    fromMs: 1_000,
    untilMs: 60_000,
    nodes: NODES,
    rounds,
    seats: tenures(seats),
    answers: tenures(answers),
    delays,
  };
}

const WEAKEST = { transport: "multicast", preemptDelay: 0, weakestPriority: 100 } as const;
const ALWAYS_ONE: Times = { a: [[0]] };
