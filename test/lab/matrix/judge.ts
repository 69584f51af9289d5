import type { Cell, Scenario } from "./cells.ts";
import { expectationOf, expectationOfKeepalived, tellingOf } from "./expectations.ts";
import type { Change, Outcome, Played } from "./play.ts";
import { intervalSecondsOf, routersOf, type NodeName } from "./routers.ts";

/**
 * Says in sentences what is wrong with what came of a scenario.
 *
 * @param peer What came of the same scenario with two keepaliveds; undefined: they cannot do it.
 */
export function faultsOf(cell: Cell, scenario: Scenario, played: Played, peer: Outcome | undefined): readonly string[] {
  const outcome = played.outcomes.get(scenario);
  if (outcome === undefined) return [`not reached: ${played.failure?.message ?? "nobody knows why"}`];
  const { holders } = expectationOf(cell, scenario);
  const faults: string[] = [];
  if (outcome.holders !== holders) faults.push(`held by ${outcome.holders}, not by ${holders}`);
  if (holders === expectationOfKeepalived(cell, scenario) && peer !== undefined && outcome.holders !== peer.holders) {
    faults.push(`held by ${outcome.holders}; with two keepaliveds by ${peer.holders}`);
  }
  if (outcome.change !== undefined) faults.push(...faultsOfTimes(cell, scenario, outcome.change));
  for (const node of ["a", "b"] as const) faults.push(...faultsOfWords(cell, scenario, node, played));
  return faults;
}

function faultsOfTimes(cell: Cell, scenario: Scenario, change: Change): string[] {
  const { afterMs, afterBeginningMs, sharedMs, outageMs } = change;
  const { least, most, shared, outage } = boundsOf(cell, scenario);
  return [
    ...(afterBeginningMs >= least ? [] : [`taken after ${afterBeginningMs} ms, not ${least} at least`]),
    ...(afterMs <= most ? [] : [`taken after ${afterMs} ms, not ${most} at most`]),
    ...(sharedMs <= shared ? [] : [`held by both for ${sharedMs} ms, not ${shared} at most`]),
    ...(outageMs <= outage ? [] : [`unanswered for ${outageMs} ms, not ${outage} at most`]),
  ];
}

/** In milliseconds. */
interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly shared: number;
  readonly outage: number;
}

function boundsOf(cell: Cell, scenario: Scenario): Bounds {
  const interval = intervalSecondsOf(cell) * 1000;
  const skew = skewMs(interval, 150);
  switch (scenario) {
    case "fail-over": {
      // The last advert came up to one interval before the crash.
      const most = 3 * interval + skew + SLACK_MS;
      return { least: 2 * interval + skew - 50, most, shared: cell.a === "holdfast" ? 0 : most, outage: most };
    }
    case "return": {
      const longest = 3 * interval + skewMs(interval, 200);
      const shared = PLANNED_OVERLAP_MS + firstAdvertLostMs(cell, "a");
      // keepalived adverts before it adds the address, and may be kept waiting for that. The start is told a little after it.
      const outage = cell.a === "holdfast" ? SEAMLESS_MS : SLACK_MS;
      return { least: longest - 500, most: longest + SLACK_MS, shared, outage };
    }
    default: {
      const isHoldfast = cell.a === "holdfast";
      const most = skew + SLACK_MS;
      const shared = isHoldfast ? PLANNED_OVERLAP_MS + firstAdvertLostMs(cell, "b") : BARELY_MS;
      return { least: skew - 10, most, shared, outage: isHoldfast ? SEAMLESS_MS : most };
    }
  }
}

/** Over IPv6 vrrpd does not get its first advert out: it has not been told the address of the interface that just came up. */
function firstAdvertLostMs(cell: Cell, newcomer: NodeName): number {
  return cell.family === 6 && cell[newcomer] === "vrrpd" ? intervalSecondsOf(cell) * 1000 : 0;
}

function faultsOfWords(cell: Cell, scenario: Scenario, node: NodeName, { logs, status }: Played): string[] {
  const name = routersOf(cell, node).find((router) => router.scenario === scenario)?.name;
  const instance = status[node].find((candidate) => candidate.name === name);
  const telling = tellingOf(cell, scenario, node);
  if (telling !== undefined) {
    const { line, counter, times } = telling;
    const counted = instance?.counters[counter] ?? 0;
    return [
      ...(logs[node].some((text) => line.test(text)) ? [] : [`node ${node} did not write ${line}`]),
      ...(counted >= times ? [] : [`node ${node} counted ${counter} ${counted} times, not ${times} at least`]),
    ];
  }
  if (!AGREED.has(scenario) || cell[node] === "vrrpd") return [];
  const others = new RegExp(`\\((?!${name}\\))\\w+\\)|bogus VRRP packet`);
  const complaints = logs[node].filter((line) => COMPLAINT.test(line) && !others.test(line));
  const faults = complaints.map((line) => `node ${node} wrote: ${line}`);
  // A weaker one may have said nothing yet.
  for (const { address, protocolVersion, discarded } of instance?.peers ?? []) {
    if (Object.keys(discarded).length > 0)
      faults.push(`node ${node} discarded ${JSON.stringify(discarded)} of ${address}`);
    if (protocolVersion !== cell.version) faults.push(`node ${node} heard version ${protocolVersion} of ${address}`);
  }
  return faults;
}

/** Skew_Time of RFC 9568 section 6.1; at one second version 2 has the same. */
function skewMs(intervalMs: number, priority: number): number {
  return ((256 - priority) / 256) * intervalMs;
}

/** What nobody is to say of virtual routers that agree. */
const COMPLAINT = /invalid|mismatch|wrong|bogus|bad |expected|incorrect|error|fail|received an/i;
const AGREED: ReadonlySet<Scenario> = new Set(["election", "tie", "plain checksum"]);

/** For two busy processors. */
const SLACK_MS = 1_500;
/** Both hold the address until the successor's announcement is heard, or 200 ms after its first advert. */
const PLANNED_OVERLAP_MS = 250;
/** Of one that removes its addresses before another has heard its farewell: what the kernels' messages are apart. */
const BARELY_MS = 20;
/** What a client may take for the time of an answer. */
const SEAMLESS_MS = 100;
