import { unreachable } from "../src/base/assert.ts";
import type { Bounds } from "./bounds.ts";
import { describeFault, nodeOf, serviceOf, type Daemon, type FaultRecord } from "./fault.ts";
import { holdersWithin, type History, type Interval, type RoundRecord, type Span } from "./history.ts";

/** A time in which nobody, or more than one, may hold the address, and why. */
export interface Allowance extends Span {
  readonly kind: Interval["kind"];
  /** The address on the hosts, or the answers on the wire. */
  readonly records: readonly RecordName[];
  /** Of the whole time no more than this; undefined: all of it. */
  readonly atMostMs?: number;
  /** One of several has to be this node. */
  readonly node?: string;
  readonly why: string;
  /** It is keepalived's, and Holdfast would not need it. */
  readonly isPeers: boolean;
}

export type RecordName = "seats" | "answers";

/** Lists what the faults of a round excuse. */
export function allowancesOf(round: RoundRecord, history: History, bounds: Bounds): Allowance[] {
  if (round.faults.length === 0) {
    // The boot: nothing is promised before everybody has started.
    const boot = { fromMs: round.fromMs, untilMs: round.settledMs, records: BOTH, why: "the boot", isPeers: false };
    return [
      { ...boot, kind: "nobody" },
      { ...boot, kind: "several" },
    ];
  }
  const { service } = history;
  const own = round.faults.filter(({ fault }) => (serviceOf(fault) ?? service) === service);
  return own.flatMap((record) => new Excuses(record, { round, history, bounds }).list());
}

interface Surroundings {
  readonly round: RoundRecord;
  readonly history: History;
  readonly bounds: Bounds;
}

/** The rules, one for each kind of fault. */
class Excuses {
  readonly #record: FaultRecord;
  readonly #round: RoundRecord;
  readonly #history: History;
  readonly #bounds: Bounds;
  readonly #node: string;
  readonly #daemon: Daemon;
  /** The node of the fault held the address when it began, or came to hold it before it was mended. */
  readonly #held: boolean;

  constructor(record: FaultRecord, { round, history, bounds }: Surroundings) {
    this.#record = record;
    this.#round = round;
    this.#history = history;
    this.#bounds = bounds;
    this.#node = nodeOf(record.fault) ?? "";
    this.#daemon = history.nodes.find(({ name }) => name === this.#node)?.daemon ?? "holdfast";
    const { underWay } = bounds;
    this.#held = this.#heldWithin({ fromMs: record.beginMs - underWay, untilMs: record.doneMs + underWay });
  }

  list(): Allowance[] {
    const { fault } = this.#record;
    switch (fault.kind) {
      case "kill":
        return this.#kill(fault.which);
      case "freeze":
        return this.#freeze();
      case "stop":
        return [...this.#leave(this.#record.beginMs, this.#record.doneMs), ...this.#comeBack()];
      case "link-down":
      case "cable-pulled":
        return [...this.#silence(), ...this.#comeBack()];
      case "cut":
        return this.#cut(fault.direction);
      case "vip-deleted":
        return this.#deleted();
      case "foreign-vip":
        return [this.#several({ ...this.#whileItLasts(), why: "somebody else added it there" })];
      case "reload":
        return this.#moves();
      case "script-fails": {
        const { beginMs, mendMs } = this.#record;
        return [...this.#leave(beginMs, mendMs + this.#bounds.scriptFails), ...this.#comeBack()];
      }
      case "number-written":
        return this.#moves();
      case "loss":
        return this.#loss();
      case "flood":
        return this.#flood();
      case "bad-reload":
      case "cpu-load":
      case "runtime-full":
        return [];
      default:
        return unreachable(fault);
    }
  }

  #kill(which: "all" | "vrrp" | "supervisor"): Allowance[] {
    const { beginMs, mendedMs } = this.#record;
    const { down, respawn } = this.#bounds;
    if (which === "supervisor") {
      // The other process sees it and leaves in good order.
      return [...this.#leave(beginMs, beginMs + LEAVING), ...this.#comeBack()];
    }
    if (!this.#held) return [];
    if (which === "vrrp" && this.#daemon === "holdfast") {
      // The next process finds the address and goes on. After too many young deaths it waits first, and adverts may be so fast
      // that others are quicker.
      if (this.#bounds.respawn < this.#bounds.quickestDown && !this.#diedOften()) return [];
    }
    if (this.#daemon === "holdfast") return [...this.#silence(), ...this.#leaseRunsOn(), ...this.#comeBack()];
    const until = which === "vrrp" ? beginMs + respawn : mendedMs;
    return [
      this.#nobody({
        fromMs: beginMs,
        untilMs: Math.max(until, beginMs) + down,
        atMostMs: down,
        why: "the wait after it",
      }),
      this.#several({ fromMs: beginMs, untilMs: until, why: "keepalived leaves its addresses behind", isPeers: true }),
      ...this.#comeBack(),
    ];
  }

  #freeze(): Allowance[] {
    const { beginMs, mendMs, mendedMs } = this.#record;
    const { advertInterval, handOver } = this.#bounds;
    if (this.#daemon === "holdfast") {
      return this.#held ? [...this.#silence(), ...this.#leaseRunsOn(), ...this.#comeBack()] : [];
    }
    const woken = mendedMs + advertInterval + handOver;
    if (this.#held) {
      const why = "keepalived holds the address while it hangs";
      return [this.#several({ fromMs: beginMs, untilMs: woken, why, isPeers: true }), ...this.#comeBack()];
    }
    const why = "keepalived claims when it wakes, and then looks what it has received";
    return [this.#several({ fromMs: mendMs, untilMs: woken, why, isPeers: true })];
  }

  #cut(direction: "in" | "out" | "both"): Allowance[] {
    const { beginMs, mendMs, mendedMs } = this.#record;
    const { advertInterval, handOver, down, resolution } = this.#bounds;
    // The weaker of the two hears the other, or the other hears it, within one interval after the end.
    const untilMs = mendedMs + resolution + advertInterval + handOver;
    // By unicast nothing comes from those who ask in vain for the link-layer address of one that cannot be heard.
    const isDeaf = direction !== "out" || resolution > 0;
    const isMute = direction !== "in";
    const list: Allowance[] = [];
    if (this.#held) {
      if (isMute) {
        list.push(
          this.#nobody({ fromMs: beginMs, untilMs: beginMs + down, records: WIRE, why: "the wait of the others" }),
        );
        list.push(this.#several({ fromMs: beginMs, untilMs, records: HOSTS, why: "it cannot be heard" }));
        list.push(this.#several({ fromMs: mendMs, untilMs, records: WIRE, why: "it could not be heard" }));
      } else {
        list.push(this.#nobody({ fromMs: beginMs, untilMs: mendedMs, records: WIRE, why: "no question reaches it" }));
        if (this.#round.faults.length > 1) {
          list.push(
            this.#several({ fromMs: beginMs, untilMs, records: HOSTS, why: "it does not hear who relieves it" }),
          );
          list.push(this.#several({ fromMs: mendMs, untilMs, records: WIRE, why: "it did not hear who relieved it" }));
        }
      }
    } else if (isDeaf) {
      list.push(this.#several({ fromMs: beginMs, untilMs, records: HOSTS, why: "it hears nobody" }));
      list.push(this.#several({ fromMs: mendMs, untilMs, records: WIRE, why: "it heard nobody" }));
    }
    return list;
  }

  #deleted(): Allowance[] {
    const { beginMs, doneMs } = this.#record;
    const { repair, skew } = this.#bounds;
    if (this.#daemon === "holdfast") {
      return [
        this.#nobody({ fromMs: beginMs, untilMs: doneMs + repair, atMostMs: repair, why: "until it is put back" }),
      ];
    }
    const why = "keepalived gives up and claims anew";
    return [
      this.#nobody({ fromMs: beginMs, untilMs: doneMs + LEAVING + skew, atMostMs: skew, why, isPeers: true }),
      ...this.#comeBack(),
    ];
  }

  /** Adverts are lost, so anybody may take a living master for dead, or miss a farewell. */
  #loss(): Allowance[] {
    const { beginMs, mendedMs } = this.#record;
    const { advertInterval, handOver, down } = this.#bounds;
    return [
      this.#several({
        fromMs: beginMs,
        untilMs: mendedMs + down + advertInterval + handOver,
        why: "adverts were lost",
        isAnybodys: true,
      }),
    ];
  }

  /**
   * A keepalived that writes a line for each invalid advert falls behind, and counts from what it has read so far. It is real-time
   * here, as those are who read its lines: all in turns of 100 ms, and two of them outlast three adverts of a tenth of a second.
   */
  #flood(): Allowance[] {
    const { beginMs, mendedMs } = this.#record;
    const { down, handOver, advertInterval } = this.#bounds;
    const span = { fromMs: beginMs, untilMs: mendedMs + down + handOver };
    const why = "keepalived falls behind with what it receives";
    const behind = this.#history.nodes
      .filter(({ daemon }) => daemon === "keepalived")
      .map(({ name }) => this.#several({ ...span, why, isPeers: true, of: name }));
    if (3 * advertInterval > TURNS) return behind;
    const crowded = {
      ...span,
      atMostMs: 2 * down,
      why: "those who write and read a line for each have the processors",
    };
    return [...behind, this.#nobody(crowded), this.#several({ ...crowded, isAnybodys: true })];
  }

  /** It leaves in good order at some time of a span. */
  #leave(fromMs: number, untilMs: number): Allowance[] {
    if (!this.#heldWithin({ fromMs: fromMs - this.#bounds.underWay, untilMs })) return [];
    const { handOver, skew, down } = this.#bounds;
    const span = { fromMs, untilMs: untilMs + LEAVING };
    const several = this.#several({ ...span, atMostMs: handOver, why: "until the successor is heard" });
    const missed = this.#round.faults.some(({ fault }) => fault.kind === "loss" || fault.kind === "cut");
    const wait = missed ? down : skew;
    const rivals = this.#rivals({ fromMs, untilMs: untilMs + LEAVING + wait });
    if (this.#daemon === "holdfast" && !missed) return [several, ...rivals];
    const why = missed ? "the farewell may have been lost" : "keepalived leaves before its successor comes";
    return [
      several,
      ...rivals,
      this.#nobody({ fromMs, untilMs: untilMs + LEAVING + wait, atMostMs: wait, why, isPeers: !missed }),
    ];
  }

  /** It falls silent at once, and its address goes before anybody comes. */
  #silence(): Allowance[] {
    const { beginMs, doneMs } = this.#record;
    if (!this.#held) return [];
    const span = { fromMs: beginMs, untilMs: doneMs + this.#bounds.down };
    return [this.#nobody({ ...span, why: "the wait of the others" }), ...this.#rivals(span)];
  }

  /** Two others claim within one another's first advert. The weaker one leaves when it hears it. */
  #rivals(span: Span): Allowance[] {
    const { hasRivals, handOver } = this.#bounds;
    const why = "two of the others claimed at once";
    return hasRivals ? [this.#several({ ...span, atMostMs: handOver, why, isAnybodys: true })] : [];
  }

  /** Somebody stronger who comes meanwhile does not wait for silence. Where adverts are fast, nobody waits for the lease. */
  #leaseRunsOn(): Allowance[] {
    const { beginMs } = this.#record;
    const { lease, lock } = this.#bounds;
    const untilMs = beginMs + lease;
    if (lock < lease) {
      const why = "its lease runs on, and its packets are locked";
      return [
        this.#several({ fromMs: beginMs, untilMs, records: HOSTS, why }),
        this.#several({ fromMs: beginMs, untilMs: beginMs + lock, records: WIRE, why: "its lock is yet to end" }),
      ];
    }
    const comes = this.#round.faults.some((other) => {
      if (other === this.#record) return false;
      return [other.beginMs, other.mendMs].some((atMs) => atMs > beginMs - this.#bounds.settling && atMs < untilMs);
    });
    return comes
      ? [this.#several({ fromMs: beginMs, untilMs, why: "its lease runs on beside a stronger node that came" })]
      : [];
  }

  /** After the end somebody stronger relieves whoever holds the address by then. */
  #comeBack(): Allowance[] {
    const { mendMs } = this.#record;
    const untilMs = this.#round.settledMs;
    const why = "the return of the strongest";
    return [this.#several({ fromMs: mendMs, untilMs, atMostMs: this.#bounds.handOver, why, isAnybodys: true })];
  }

  /** Priorities change, and change back. */
  #moves(): Allowance[] {
    const { beginMs } = this.#record;
    const span = { fromMs: beginMs, untilMs: this.#round.settledMs };
    return [
      this.#several({
        ...span,
        atMostMs: 2 * this.#bounds.handOver,
        why: "the stronger relieves the weaker",
        isAnybodys: true,
      }),
    ];
  }

  #whileItLasts(): Span {
    return { fromMs: this.#record.beginMs, untilMs: this.#record.mendedMs };
  }

  /** Of the same node's vrrp process so many were killed, or hung, one young after the other, that the next outlives a lease. */
  #diedOften(): boolean {
    const { beginMs } = this.#record;
    const deaths = this.#history.rounds
      .flatMap(({ faults }) => faults)
      .filter(({ fault }) => (fault.kind === "kill" || fault.kind === "freeze") && fault.which === "vrrp")
      .filter(({ fault, beginMs: atMs }) => nodeOf(fault) === this.#node && atMs <= beginMs)
      .map(({ beginMs: atMs }) => atMs)
      .toSorted((left, right) => right - left);
    const last = deaths.findIndex((atMs, index) => atMs - (deaths[index + 1] ?? -Infinity) > YOUNG);
    return last >= QUICK_STARTS;
  }

  #heldWithin(span: Span): boolean {
    return holdersWithin(this.#history.seats, span).includes(this.#node);
  }

  #nobody(excuse: Excuse): Allowance {
    return this.#excuse("nobody", excuse);
  }

  #several(excuse: Excuse): Allowance {
    return this.#excuse("several", excuse);
  }

  #excuse(kind: Allowance["kind"], excuse: Excuse): Allowance {
    const {
      fromMs,
      untilMs,
      atMostMs,
      records = BOTH,
      why,
      isPeers = false,
      of = this.#node,
      isAnybodys = false,
    } = excuse;
    const limit = atMostMs === undefined ? {} : { atMostMs };
    const node = kind === "several" && !isAnybodys ? { node: of } : {};
    const text = `${describeFault(this.#record.fault)}: ${why}`;
    return { kind, fromMs, untilMs, ...limit, ...node, records, why: text, isPeers };
  }
}

interface Excuse extends Span {
  readonly why: string;
  readonly atMostMs?: number;
  readonly records?: readonly RecordName[];
  readonly isPeers?: boolean;
  /** Which node has to be one of several; that of the fault unless given. */
  readonly of?: string;
  /** Any node may be one of several. */
  readonly isAnybodys?: boolean;
}

const BOTH = ["seats", "answers"] as const;
const HOSTS = ["seats"] as const;
const WIRE = ["answers"] as const;
/** Two turns of real-time programs beside another (/proc/sys/kernel/sched_rr_timeslice_ms), and one of our own. */
const TURNS = 300;
/** A daemon that is asked to leave does so. */
const LEAVING = 1_000;
/** A child that dies before it has lived for a minute makes its successor wait; the rest is for its start and its death. */
const YOUNG = 70_000;
/** After so many young deaths in a row, and the first, the next start is soon enough for the lease. */
const QUICK_STARTS = 4;
