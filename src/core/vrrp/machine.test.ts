// Over 400 lines: every state meets every event here, and rows that belong together stay together.
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { ip, type IpAddress } from "../../base/address.ts";
import { instant, micros } from "../../base/time.ts";
import type { Cause, Effect, Event, YieldManner } from "./event.ts";
import { step } from "./machine.ts";
import {
  type Active,
  type Backup,
  type Burst,
  type Fault,
  type FaultCause,
  type FaultCauses,
  type State,
  nextDeadline,
} from "./state.ts";
import type { VirtualRouter } from "./router.ts";

/**
 * The router of all rows unless they say otherwise. An interval of 2 s tells the skews of the versions apart: version 2
 * has 156/256 of one second, version 3 156/256 of the interval. All numbers below are worked out by hand from
 *   RFC 9568 section 6.1: Skew_Time = (256 - Priority) * Active_Adver_Interval / 256,
 *                         Active_Down_Interval = 3 * Active_Adver_Interval + Skew_Time;
 *   RFC 3768 section 6.1: Skew_Time = (256 - Priority) / 256 s,
 *                         Master_Down_Interval = 3 * Advertisement_Interval + Skew_Time.
 * Adver_Timer ends on the beat, at the next multiple of the interval: here at the even seconds.
 */
const router: VirtualRouter = {
  vrid: 51,
  family: "ipv4",
  version: 3,
  priority: 100,
  source: ip("192.0.2.10"),
  advertisementInterval: micros(2_000_000),
  preemptMode: true,
  preemptDelay: micros(0),
  downTimerAdverts: 3,
  strongestBackup: 255,
  quickPreempt: false,
  answersLowerPriority: true,
  answersHigherPriority: false,
  synced: false,
  announce: {
    delay: micros(5_000_000),
    repeat: 4,
    refresh: micros(30_000_000),
    refreshRepeat: 2,
    lowerPriorityDelay: micros(7_000_000),
    lowerPriorityRepeat: 3,
    extraPeriod: micros(0),
  },
};
const quiet = { ...router.announce, delay: micros(0), refresh: micros(0) };

const at = (microseconds: number) => instant(microseconds);
const NOW = at(100_000_000);
const NEIGHBOR = ip("192.0.2.20");

const second = (when: number): Burst => ({ at: at(when), repeat: 4, period: micros(0), reason: "claim" });
const refresh = (when: number): Burst => ({ at: at(when), repeat: 2, period: micros(30_000_000), reason: "refresh" });
const followUp = (when: number): Burst => ({ at: at(when), repeat: 3, period: micros(0), reason: "reassert" });

const extra = (when: number): Burst => ({ at: at(when), repeat: 1, period: micros(100_000_000), reason: "extra" });

const unheard = { kind: "unheard" } as const;
const idle = { kind: "idle" } as const;
const until = (when: number) => ({ kind: "delayed", until: at(when) }) as const;
const heard = (priority: number, when: number, source = NEIGHBOR) =>
  ({ kind: "heard", source, priority, at: at(when) }) as const;
const left = (when: number) => ({ kind: "left", source: NEIGHBOR, at: at(when) }) as const;

const because: Cause = { code: "HIGHER_PRIORITY", source: NEIGHBOR, priority: 150, ours: 100 };

const script: FaultCause = { kind: "script", name: "chk_nginx", detail: "exited with 1" };
const trackedInterface: FaultCause = { kind: "tracked-interface", interface: "eth1", detail: "is down" };
const interfaceDown: FaultCause = { kind: "interface-down", interface: "eth0" };
const interfaceMissing: FaultCause = { kind: "interface-missing", interface: "eth0" };
const noSource: FaultCause = { kind: "no-source-address", interface: "eth0", family: "ipv4" };

const initialize: State = { kind: "initialize" };
/** Follows a stronger master with an interval of 3 s, last heard 10.828125 s before its timer ends. */
const backup: Backup = {
  kind: "backup",
  activeDownAt: at(104_000_000),
  activeAdverInterval: micros(3_000_000),
  master: heard(150, 93_171_875),
  preemption: idle,
};
/** Its timer ends between two beats, where no advert sets it, so that each row shows whether it was set anew. */
const active: Active = {
  kind: "active",
  adverAt: at(101_500_000),
  advertisedAt: at(99_500_000),
  trustedUntil: at(105_507_812),
  bursts: [second(103_000_000), refresh(120_000_000)],
};
const fault: Fault = { kind: "fault", causes: [script] };

/** A backup that starts listening now: 3 * 2 s + 156/256 * 2 s. */
const listening = {
  kind: "backup",
  activeDownAt: at(107_218_750),
  activeAdverInterval: micros(2_000_000),
  master: unheard,
  preemption: idle,
} as const;

const send = (priority: number): Effect => ({ kind: "send-advertisement", priority });
const announce = (repeat: number): Effect => ({ kind: "announce-addresses", repeat });
const handOver = (when: number): Effect => ({ kind: "hand-over-addresses", until: at(when) });
const add: Effect = { kind: "add-addresses" };
const remove: Effect = { kind: "remove-addresses" };

const startup: Event = { kind: "startup" };
const resume: Event = { kind: "resume" };
const shutdown: Event = { kind: "shutdown", reason: "SIGTERM" };
const deadline: Event = { kind: "deadline" };
const cleared: Event = { kind: "fault-cleared" };
const reconfigured: Event = { kind: "reconfigured" };
const paused: Event = { kind: "paused", by: "suspend", length: micros(14_000_000) };
const leaseExpired: Event = { kind: "lease-expired", age: micros(1_900_001) };
const addressLost: Event = { kind: "address-lost", address: ip("192.0.2.100") };
const priorityChanged = (previous: number): Event => ({
  kind: "priority-changed",
  previous: { ...router, priority: previous },
});
const unsent = (before: State): Event => ({ kind: "unsent", before });
const groupClaim: Event = { kind: "group-claim" };
const groupChallenged: Event = { kind: "group-challenged" };
const groupYield = (manner: YieldManner): Event => ({
  kind: "group-yield",
  group: "VG_1",
  member: "VI_2",
  because,
  manner,
});
const broken = (...causes: FaultCauses): Event => ({ kind: "fault", causes });
/** An advert with an interval of 5 s, which is neither ours nor the one that was learnt. */
const adv = (priority: number, source: IpAddress = NEIGHBOR): Event => ({
  kind: "advertisement",
  priority,
  interval: micros(5_000_000),
  source,
});

interface Row {
  readonly name: string;
  readonly given?: Partial<VirtualRouter>;
  readonly state: State;
  readonly event: Event;
  /** NOW unless it is said. */
  readonly now?: number;
  /** The same state unless it is said. */
  readonly becomes?: State;
  readonly effects?: readonly Effect[];
  readonly cause?: Cause;
}

function holds({ given, state, event, now, becomes, effects, cause }: Row): void {
  const result = step({ ...router, ...given }, state, event, now === undefined ? NOW : at(now));
  expect(result).toEqual({ state: becomes ?? state, effects: effects ?? [], cause });
}

describe("initialize", () => {
  const rows: readonly Row[] = [
    {
      name: "startup: listens for Active_Down_Interval (RFC 9568 section 6.4.1)",
      state: initialize,
      event: startup,
      becomes: listening,
      cause: { code: "STARTED" },
    },
    {
      name: "startup, version 2: listens for Master_Down_Interval (RFC 3768 section 6.4.1)",
      given: { version: 2 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: at(106_609_375) },
      cause: { code: "STARTED" },
    },
    {
      name: "startup, five adverts may be missed: listens for 5 intervals and the skew (keepalived's down_timer_adverts)",
      given: { downTimerAdverts: 5 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: at(111_218_750) },
      cause: { code: "STARTED" },
    },
    {
      name: "startup, priority 254: is not the owner, listens",
      given: { priority: 254 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: at(106_015_625) },
      cause: { code: "STARTED" },
    },
    {
      name: "startup, owner: is a backup for no time (RFC 9568 section 6.4.1; keepalived starts in BACKUP)",
      given: { priority: 255 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: NOW },
      cause: { code: "STARTED" },
    },
    {
      name: "resume: is the master again at once",
      state: initialize,
      event: resume,
      becomes: {
        kind: "active",
        adverAt: at(102_000_000),
        advertisedAt: NOW,
        trustedUntil: at(106_007_812),
        bursts: [second(105_000_000), refresh(130_000_000)],
      },
      effects: [send(100), add, announce(4)],
      cause: { code: "RESUMED" },
    },
    {
      name: "resume, neither a second burst nor a refresh configured: none to come",
      given: { announce: quiet },
      state: initialize,
      event: resume,
      becomes: {
        kind: "active",
        adverAt: at(102_000_000),
        advertisedAt: NOW,
        trustedUntil: at(106_007_812),
        bursts: [],
      },
      effects: [send(100), add, announce(4)],
      cause: { code: "RESUMED" },
    },
    {
      name: "fault: is in fault with all that is broken",
      state: initialize,
      event: broken(interfaceDown, script),
      becomes: { kind: "fault", causes: [interfaceDown, script] },
      cause: { code: "FAULT", causes: [interfaceDown, script] },
    },
  ];
  test.each(rows)("$name", holds);
});

describe("backup, its timer", () => {
  /** On a beat. */
  const claimedAt = (when: number, ...bursts: readonly Burst[]): Active => ({
    kind: "active",
    adverAt: at(when + 2_000_000),
    advertisedAt: at(when),
    trustedUntil: at(when + 6_007_812),
    bursts,
  });
  const inTime = claimedAt(104_000_000, second(109_000_000), refresh(134_000_000));
  const claims = [send(100), add, announce(4)];
  /** Where somebody serves until it hears our advert. */
  const relieves = [add, send(100), announce(4)];
  const rows: readonly Row[] = [
    { name: "a microsecond early: nothing happens", state: backup, event: deadline, now: 103_999_999 },
    {
      name: "in time: advert, addresses, announcement, and its own interval again (RFC 9568 section 6.4.2)",
      state: backup,
      event: deadline,
      now: 104_000_000,
      becomes: inTime,
      effects: claims,
      cause: { code: "MASTER_SILENT", master: heard(150, 93_171_875), waited: micros(10_828_125) },
    },
    {
      name: "late, between two beats: the next advert is on the beat, the announcements count from now",
      state: backup,
      event: deadline,
      now: 110_300_000,
      becomes: {
        ...claimedAt(110_300_000, second(115_300_000), refresh(140_300_000)),
        adverAt: at(112_000_000),
      },
      effects: claims,
      cause: { code: "MASTER_SILENT", master: heard(150, 93_171_875), waited: micros(10_828_125) },
    },
    {
      name: "version 2, nobody was heard: says so, and how long it waited",
      given: { version: 2 },
      state: { ...listening, activeDownAt: at(104_000_000) },
      event: deadline,
      now: 104_000_000,
      becomes: { ...inTime, trustedUntil: at(110_003_906) },
      effects: claims,
      cause: { code: "MASTER_SILENT", master: unheard, waited: micros(6_609_375) },
    },
    {
      name: "the master had left: says so, and the next advert is on the beat",
      state: { ...backup, activeDownAt: at(101_828_125), master: left(100_000_000) },
      event: deadline,
      now: 101_828_125,
      becomes: {
        ...claimedAt(101_828_125, second(106_828_125), refresh(131_828_125)),
        adverAt: at(102_000_000),
      },
      effects: relieves,
      cause: { code: "MASTER_LEFT", source: NEIGHBOR },
    },
    {
      name: "a weaker master is still heard: pre-empts it",
      state: { ...backup, master: heard(99, 103_500_000) },
      event: deadline,
      now: 104_000_000,
      becomes: inTime,
      effects: relieves,
      cause: { code: "MASTER_WEAKER", source: NEIGHBOR, priority: 99, delayed: false },
    },
    {
      name: "a weaker master has missed two adverts: pre-empts it",
      state: { ...backup, master: heard(99, 99_000_000) },
      event: deadline,
      now: 104_000_000,
      becomes: inTime,
      effects: relieves,
      cause: { code: "MASTER_WEAKER", source: NEIGHBOR, priority: 99, delayed: false },
    },
    {
      name: "a weaker master was heard, but not for three adverts: it was silent",
      state: { ...backup, activeAdverInterval: micros(2_000_000), master: heard(99, 98_000_000) },
      event: deadline,
      now: 104_000_000,
      becomes: inTime,
      effects: claims,
      cause: { code: "MASTER_SILENT", master: heard(99, 98_000_000), waited: micros(7_218_750) },
    },
    {
      name: "a stronger and faster master was silent for three of its adverts: silent, not weaker",
      given: { advertisementInterval: micros(10_000_000) },
      state: { ...backup, activeAdverInterval: micros(1_000_000), master: heard(200, 100_390_625) },
      event: deadline,
      now: 104_000_000,
      becomes: {
        kind: "active",
        // The beat of 10 s.
        adverAt: at(110_000_000),
        advertisedAt: at(104_000_000),
        trustedUntil: at(134_039_062),
        bursts: [second(109_000_000), refresh(134_000_000)],
      },
      effects: claims,
      cause: { code: "MASTER_SILENT", master: heard(200, 100_390_625), waited: micros(3_609_375) },
    },
    {
      name: "owner, nobody was heard: claims as the owner, without waiting (RFC 9568 section 6.4.1)",
      given: { priority: 255 },
      state: { ...listening, activeDownAt: NOW },
      event: deadline,
      becomes: claimedAt(100_000_000, second(105_000_000), refresh(130_000_000)),
      effects: [send(255), add, announce(4)],
      cause: { code: "ADDRESS_OWNER" },
    },
    {
      name: "owner, a weaker master is heard: pre-empts it",
      given: { priority: 255 },
      state: { ...listening, activeDownAt: NOW, master: heard(254, 99_999_000) },
      event: deadline,
      becomes: claimedAt(100_000_000, second(105_000_000), refresh(130_000_000)),
      effects: [add, send(255), announce(4)],
      cause: { code: "MASTER_WEAKER", source: NEIGHBOR, priority: 254, delayed: false },
    },
    {
      name: "preempt_delay, a microsecond before it ends: nothing happens",
      given: { preemptDelay: micros(60_000_000) },
      state: { ...backup, activeDownAt: at(106_000_000), preemption: until(102_000_000) },
      event: deadline,
      now: 101_999_999,
    },
    {
      name: "preempt_delay ends before the timer: pre-empts although weaker adverts go on (keepalived)",
      given: { preemptDelay: micros(60_000_000) },
      state: {
        ...backup,
        activeDownAt: at(106_000_000),
        master: heard(90, 101_000_000),
        preemption: until(102_000_000),
      },
      event: deadline,
      now: 102_000_000,
      becomes: claimedAt(102_000_000, second(107_000_000), refresh(132_000_000)),
      effects: relieves,
      cause: { code: "MASTER_WEAKER", source: NEIGHBOR, priority: 90, delayed: true },
    },
    {
      name: "preempt_delay is still running when the timer ends: the weaker master is gone, takes over",
      given: { preemptDelay: micros(60_000_000) },
      state: { ...backup, master: heard(90, 93_171_875), preemption: until(150_000_000) },
      event: deadline,
      now: 104_000_000,
      becomes: inTime,
      effects: claims,
      cause: { code: "MASTER_SILENT", master: heard(90, 93_171_875), waited: micros(10_828_125) },
    },
  ];
  test.each(rows)("$name", holds);
});

describe("backup, an advert", () => {
  const delay = { preemptDelay: micros(60_000_000) };
  const version2 = { version: 2 } as const;
  const backup2: Backup = { ...backup, activeAdverInterval: micros(2_000_000) };
  const obeyed: Backup = { ...backup, activeDownAt: at(118_046_875), activeAdverInterval: micros(5_000_000) };
  const rows: readonly Row[] = [
    {
      name: "priority 0: the timer falls to the skew of the interval learnt before (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(0),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: left(100_000_000) },
    },
    {
      name: "priority 0, version 2: the timer falls to a skew of one second's fraction (RFC 3768 section 6.4.2)",
      given: version2,
      state: backup2,
      event: adv(0),
      becomes: { ...backup2, activeDownAt: at(100_609_375), master: left(100_000_000) },
    },
    {
      name: "priority 0, no preemption: the timer falls to the skew all the same",
      given: { preemptMode: false },
      state: backup,
      event: adv(0),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: left(100_000_000) },
    },
    {
      name: "priority 0 during preempt_delay: the delay runs on beside the skew",
      given: delay,
      state: { ...backup, preemption: until(130_000_000) },
      event: adv(0),
      becomes: {
        ...backup,
        activeDownAt: at(101_828_125),
        master: left(100_000_000),
        preemption: until(130_000_000),
      },
    },
    {
      name: "stronger: a full timer by the master's interval, which is learnt (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(150),
      becomes: { ...obeyed, master: heard(150, 100_000_000) },
    },
    {
      name: "stronger, version 2: a full timer by the own interval (RFC 3768 section 6.4.2)",
      given: version2,
      state: backup2,
      event: adv(150),
      becomes: { ...backup2, activeDownAt: at(106_609_375), master: heard(150, 100_000_000) },
    },
    {
      name: "equal from a lower address: obeyed, addresses do not count here (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(100, ip("192.0.2.9")),
      becomes: { ...obeyed, master: heard(100, 100_000_000, ip("192.0.2.9")) },
    },
    {
      name: "weaker by one: discarded, and the timer runs on (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(99),
      becomes: { ...backup, master: heard(99, 100_000_000) },
    },
    {
      name: "its master falls below it, quick_preempt: one skew of the interval learnt before is left",
      given: { quickPreempt: true },
      state: backup,
      event: adv(99),
      // 156/256 of 3 s.
      becomes: { ...backup, activeDownAt: at(101_828_125), master: heard(99, 100_000_000) },
    },
    {
      name: "its master falls below it from its own priority, quick_preempt: the same",
      given: { quickPreempt: true },
      state: { ...backup, master: heard(100, 99_000_000) },
      event: adv(99),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: heard(99, 100_000_000) },
    },
    {
      name: "its master falls below it, quick_preempt, the timer ends sooner: runs on",
      given: { quickPreempt: true },
      state: { ...backup, activeDownAt: at(101_000_000) },
      event: adv(99),
      becomes: { ...backup, activeDownAt: at(101_000_000), master: heard(99, 100_000_000) },
    },
    {
      name: "its master was the weaker one before, quick_preempt: the timer runs on",
      given: { quickPreempt: true },
      state: { ...backup, master: heard(99, 99_000_000) },
      event: adv(98),
      becomes: { ...backup, master: heard(98, 100_000_000) },
    },
    {
      name: "another than its master is weaker, quick_preempt: the timer runs on",
      given: { quickPreempt: true },
      state: backup,
      event: adv(99, ip("192.0.2.30")),
      becomes: { ...backup, master: heard(99, 100_000_000, ip("192.0.2.30")) },
    },
    {
      name: "nobody was heard before, quick_preempt: the timer runs on",
      given: { quickPreempt: true },
      state: { ...backup, master: unheard },
      event: adv(99),
      becomes: { ...backup, master: heard(99, 100_000_000) },
    },
    {
      name: "weaker by one after a farewell: the skew runs on",
      state: { ...backup, activeDownAt: at(101_828_125), master: left(99_900_000) },
      event: adv(99),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: heard(99, 100_000_000) },
    },
    {
      name: "weaker, no preemption: obeyed (RFC 9568 section 6.4.2)",
      given: { preemptMode: false },
      state: backup,
      event: adv(1),
      becomes: { ...obeyed, master: heard(1, 100_000_000) },
    },
    {
      name: "weaker, no preemption, with preempt_delay: obeyed without a delay",
      given: { preemptMode: false, ...delay },
      state: backup,
      event: adv(99),
      becomes: { ...obeyed, master: heard(99, 100_000_000) },
    },
    {
      name: "weaker, preempt_delay: obeyed, and the delay begins (keepalived)",
      given: delay,
      state: backup,
      event: adv(99),
      becomes: { ...obeyed, master: heard(99, 100_000_000), preemption: until(160_000_000) },
    },
    {
      name: "weaker again, preempt_delay is running: obeyed, and the delay does not begin anew (keepalived)",
      given: delay,
      state: { ...backup, preemption: until(130_000_000) },
      event: adv(99),
      becomes: { ...obeyed, master: heard(99, 100_000_000), preemption: until(130_000_000) },
    },
    {
      name: "equal, preempt_delay is running: obeyed, and the delay is off (keepalived)",
      given: delay,
      state: { ...backup, preemption: until(130_000_000) },
      event: adv(100),
      becomes: { ...obeyed, master: heard(100, 100_000_000) },
    },
    {
      name: "owner hears 254: discarded",
      given: { priority: 255 },
      state: backup,
      event: adv(254),
      becomes: { ...backup, master: heard(254, 100_000_000) },
    },
    {
      name: "owner hears another owner: obeyed for three intervals and the smallest skew, rounded up",
      given: { priority: 255 },
      state: backup,
      event: adv(255),
      becomes: { ...obeyed, activeDownAt: at(115_019_532), master: heard(255, 100_000_000) },
    },
    {
      name: "owner, neither preemption nor without delay: discards a weaker one all the same (RFC 9568 section 6.1)",
      given: { priority: 255, preemptMode: false, ...delay },
      state: backup,
      event: adv(254),
      becomes: { ...backup, master: heard(254, 100_000_000) },
    },
    {
      name: "owner, preempt_delay: an owner does not wait",
      given: { priority: 255, ...delay },
      state: backup,
      event: adv(254),
      becomes: { ...backup, master: heard(254, 100_000_000) },
    },
  ];
  test.each(rows)("$name", holds);
});

describe("backup, anything else", () => {
  const version2 = { version: 2 } as const;
  /** Follows a master of version 2, last heard 6.609375 s before its timer ends. */
  const backup2: Backup = { ...backup, activeAdverInterval: micros(2_000_000), master: heard(150, 97_390_625) };
  /** Follows a master whose interval is ours. */
  const follower: Backup = { ...backup, activeAdverInterval: micros(2_000_000), preemption: until(130_000_000) };
  const rows: readonly Row[] = [
    {
      name: "shutdown: leaves without a word (RFC 9568 section 6.4.2)",
      state: backup,
      event: shutdown,
      becomes: initialize,
      cause: { code: "SHUTDOWN", reason: "SIGTERM" },
    },
    {
      name: "priority rises from 100 to 150: the running timer ends earlier by the difference of the skews (keepalived)",
      given: { priority: 150 },
      state: backup,
      event: priorityChanged(100),
      becomes: { ...backup, activeDownAt: at(103_414_063) },
    },
    {
      name: "priority falls from 100 to 50: the running timer ends later by the difference of the skews (keepalived)",
      given: { priority: 50 },
      state: backup,
      event: priorityChanged(100),
      becomes: { ...backup, activeDownAt: at(104_585_938) },
    },
    {
      name: "priority rises from 100 to 150, version 2: the difference is a fraction of one second",
      given: { ...version2, priority: 150 },
      state: backup2,
      event: { kind: "priority-changed", previous: { ...router, ...version2 } },
      becomes: { ...backup2, activeDownAt: at(103_804_688) },
    },
    {
      name: "fault: is in fault, and has nothing to give back",
      state: backup,
      event: broken(script),
      becomes: fault,
      cause: { code: "FAULT", causes: [script] },
    },
    {
      name: "reconfigured: listens anew, remembers whom it heard, and a delay is off",
      given: { priority: 100, downTimerAdverts: 4 },
      state: follower,
      event: reconfigured,
      becomes: { ...listening, activeDownAt: at(109_218_750), master: heard(150, 93_171_875) },
    },
    {
      name: "reconfigured, version 2: listens for three of the new intervals and the skew",
      given: { ...version2, advertisementInterval: micros(4_000_000) },
      state: follower,
      event: reconfigured,
      becomes: {
        ...listening,
        activeDownAt: at(112_609_375),
        activeAdverInterval: micros(4_000_000),
        master: heard(150, 93_171_875),
      },
    },
    {
      name: "paused: what was heard before proves nothing, listens anew",
      state: follower,
      event: paused,
      becomes: { ...listening, master: heard(150, 93_171_875) },
    },
    {
      name: "paused when its timer would have ended: listens anew instead of claiming",
      state: { ...follower, activeDownAt: at(99_000_000) },
      event: paused,
      becomes: { ...listening, master: heard(150, 93_171_875) },
    },
    {
      name: "paused, the master is slower: listens for a whole interval of the master's",
      state: backup,
      event: paused,
      becomes: { ...backup, activeDownAt: at(110_828_125) },
    },
    {
      name: "reconfigured, the master is slower: listens for a whole interval of the master's",
      state: backup,
      event: reconfigured,
      becomes: { ...backup, activeDownAt: at(110_828_125) },
    },
    {
      name: "reconfigured, nobody was heard: listens for a whole new interval of its own",
      given: { advertisementInterval: micros(4_000_000) },
      state: listening,
      event: reconfigured,
      becomes: { ...listening, activeDownAt: at(114_437_500), activeAdverInterval: micros(4_000_000) },
    },
    {
      name: "paused, owner: listens for a whole interval too",
      given: { priority: 255 },
      state: { ...listening, activeDownAt: at(103_000_000) },
      event: paused,
      becomes: { ...listening, activeDownAt: at(106_007_813) },
    },
    {
      name: "reconfigured, owner that has withdrawn: listens for a whole interval too",
      given: { priority: 255 },
      state: { ...listening, activeDownAt: at(103_000_000) },
      event: reconfigured,
      becomes: { ...listening, activeDownAt: at(106_007_813) },
    },
    {
      name: "priority falls to that of the master during preempt_delay: the delay is off",
      given: { priority: 90, preemptDelay: micros(60_000_000) },
      state: {
        ...backup,
        activeDownAt: at(109_828_125),
        master: heard(90, 99_000_000),
        preemption: until(100_500_000),
      },
      event: priorityChanged(100),
      becomes: { ...backup, activeDownAt: at(109_945_313), master: heard(90, 99_000_000) },
    },
    {
      // 100 s + 3 * 3 s + 166 / 256 * 3 s.
      name: "priority falls below the master's whose adverts left the timer running: they count now",
      given: { priority: 90 },
      state: { ...backup, master: heard(99, 100_000_000) },
      event: priorityChanged(100),
      becomes: { ...backup, activeDownAt: at(110_945_313), master: heard(99, 100_000_000) },
    },
    {
      name: "priority falls but stays above the master's during preempt_delay: the delay runs on",
      given: { priority: 91, preemptDelay: micros(60_000_000) },
      state: { ...backup, master: heard(90, 99_000_000), preemption: until(150_000_000) },
      event: priorityChanged(100),
      becomes: {
        ...backup,
        activeDownAt: at(104_105_469),
        master: heard(90, 99_000_000),
        preemption: until(150_000_000),
      },
    },
  ];
  test.each(rows)("$name", holds);
});

describe("active, its timer and announcements", () => {
  const rows: readonly Row[] = [
    { name: "a microsecond early: nothing happens", state: active, event: deadline, now: 101_499_999 },
    {
      name: "in time on the beat: one advert, the next a whole interval later (RFC 9568 section 6.4.3)",
      state: { ...active, adverAt: at(102_000_000) },
      event: deadline,
      now: 102_000_000,
      becomes: { ...active, adverAt: at(104_000_000), advertisedAt: at(102_000_000), trustedUntil: at(108_007_812) },
      effects: [send(100)],
    },
    {
      name: "in time between two beats: one advert, the next on the beat, sooner than an interval later",
      state: active,
      event: deadline,
      now: 101_500_000,
      becomes: { ...active, adverAt: at(102_000_000), advertisedAt: at(101_500_000), trustedUntil: at(107_507_812) },
      effects: [send(100)],
    },
    {
      name: "late by 1.2 s, past a beat: one advert, none for the beat that is gone, and the next on the beat",
      state: { ...active, bursts: [refresh(120_000_000)] },
      event: deadline,
      now: 102_700_000,
      becomes: {
        kind: "active",
        adverAt: at(104_000_000),
        advertisedAt: at(102_700_000),
        trustedUntil: at(108_707_812),
        bursts: [refresh(120_000_000)],
      },
      effects: [send(100)],
    },
    {
      name: "late by a whole interval: announces again, for a backup that missed the advert before may have served",
      state: { ...active, bursts: [refresh(120_000_000)] },
      event: deadline,
      now: 103_500_000,
      becomes: {
        kind: "active",
        adverAt: at(104_000_000),
        advertisedAt: at(103_500_000),
        trustedUntil: at(109_507_812),
        bursts: [refresh(120_000_000), followUp(110_500_000)],
      },
      effects: [send(100), announce(3)],
    },
    {
      name: "late by a microsecond less: announces nothing",
      state: { ...active, bursts: [] },
      event: deadline,
      now: 103_499_999,
      becomes: {
        kind: "active",
        adverAt: at(104_000_000),
        advertisedAt: at(103_499_999),
        trustedUntil: at(109_507_811),
        bursts: [],
      },
      effects: [send(100)],
    },
    {
      name: "late by a whole interval, garp_lower_prio_repeat 0: announces nothing",
      given: { announce: { ...router.announce, lowerPriorityRepeat: 0 } },
      state: { ...active, bursts: [] },
      event: deadline,
      now: 103_500_000,
      becomes: {
        kind: "active",
        adverAt: at(104_000_000),
        advertisedAt: at(103_500_000),
        trustedUntil: at(109_507_812),
        bursts: [],
      },
      effects: [send(100)],
    },
    {
      name: "in time where no advert may be missed: goes on",
      given: { downTimerAdverts: 1 },
      state: { ...active, adverAt: at(102_000_000), advertisedAt: NOW, trustedUntil: at(102_007_812), bursts: [] },
      event: deadline,
      now: 102_000_000,
      becomes: {
        kind: "active",
        adverAt: at(104_000_000),
        advertisedAt: at(102_000_000),
        trustedUntil: at(104_007_812),
        bursts: [],
      },
      effects: [send(100)],
    },
    {
      name: "owner: adverts with 255",
      given: { priority: 255 },
      state: active,
      event: deadline,
      now: 101_500_000,
      becomes: { ...active, adverAt: at(102_000_000), advertisedAt: at(101_500_000), trustedUntil: at(107_507_812) },
      effects: [send(255)],
    },
    {
      name: "the second burst is due: announces once more and not again",
      state: { ...active, adverAt: at(103_400_000), advertisedAt: at(101_400_000), trustedUntil: at(107_407_812) },
      event: deadline,
      now: 103_000_000,
      becomes: {
        kind: "active",
        adverAt: at(103_400_000),
        advertisedAt: at(101_400_000),
        trustedUntil: at(107_407_812),
        bursts: [refresh(120_000_000)],
      },
      effects: [announce(4)],
    },
    {
      name: "a burst a microsecond ahead: waits",
      state: { ...active, adverAt: at(103_400_000), advertisedAt: at(101_400_000), trustedUntil: at(107_407_812) },
      event: deadline,
      now: 102_999_999,
    },
    {
      name: "a refresh is due, a second late: announces, and the next is a period from now",
      state: {
        ...active,
        adverAt: at(121_900_000),
        advertisedAt: at(119_900_000),
        trustedUntil: at(125_907_812),
        bursts: [refresh(120_000_000)],
      },
      event: deadline,
      now: 121_000_000,
      becomes: {
        kind: "active",
        adverAt: at(121_900_000),
        advertisedAt: at(119_900_000),
        trustedUntil: at(125_907_812),
        bursts: [refresh(151_000_000)],
      },
      effects: [announce(2)],
    },
    {
      name: "an extra announcement is due: one on each further interface, and the next is a period from now (keepalived)",
      state: {
        ...active,
        adverAt: at(121_900_000),
        advertisedAt: at(119_900_000),
        trustedUntil: at(125_907_812),
        bursts: [extra(120_000_000)],
      },
      event: deadline,
      now: 120_000_000,
      becomes: {
        kind: "active",
        adverAt: at(121_900_000),
        advertisedAt: at(119_900_000),
        trustedUntil: at(125_907_812),
        bursts: [extra(220_000_000)],
      },
      effects: [{ kind: "announce-extra" }],
    },
    {
      name: "all is due at once: the advert first, then each announcement in its order",
      state: { ...active, adverAt: at(103_000_000), bursts: [second(103_000_000), refresh(102_000_000)] },
      event: deadline,
      now: 103_000_000,
      becomes: {
        kind: "active",
        adverAt: at(104_000_000),
        advertisedAt: at(103_000_000),
        trustedUntil: at(109_007_812),
        bursts: [refresh(133_000_000)],
      },
      effects: [send(100), announce(4), announce(2)],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("active, an advert", () => {
  const yields = handOver(100_200_000);
  const higher = { code: "HIGHER_PRIORITY", source: NEIGHBOR, ours: 100 } as const;
  const obeyed: Backup = { ...listening, activeDownAt: at(118_046_875), activeAdverInterval: micros(5_000_000) };
  const calm: Active = { ...active, bursts: [refresh(120_000_000)] };
  const asserted: Active = {
    kind: "active",
    adverAt: at(102_000_000),
    advertisedAt: NOW,
    trustedUntil: at(106_007_812),
    bursts: [refresh(120_000_000), followUp(107_000_000)],
  };
  const rows: readonly Row[] = [
    {
      name: "priority 0: answers at once, and its timer starts anew (RFC 9568 section 6.4.3)",
      state: active,
      event: adv(0),
      becomes: { ...active, adverAt: at(102_000_000), advertisedAt: NOW, trustedUntil: at(106_007_812) },
      effects: [send(100)],
    },
    {
      name: "priority 0, the owner: answers with 255",
      given: { priority: 255 },
      state: active,
      event: adv(0),
      becomes: { ...active, adverAt: at(102_000_000), advertisedAt: NOW, trustedUntil: at(106_007_812) },
      effects: [send(255)],
    },
    {
      name: "stronger by one: follows it by its interval, and serves 200 ms on (RFC 9568 section 6.4.3)",
      state: active,
      event: adv(101),
      becomes: { ...obeyed, master: heard(101, 100_000_000) },
      effects: [yields],
      cause: { ...higher, priority: 101 },
    },
    {
      name: "stronger, version 2: follows it by the own interval (RFC 3768 section 6.4.3)",
      given: { version: 2 },
      state: active,
      event: adv(150),
      becomes: { ...listening, activeDownAt: at(106_609_375), master: heard(150, 100_000_000) },
      effects: [yields],
      cause: { ...higher, priority: 150 },
    },
    {
      name: "stronger, no preemption: yields all the same, Preempt_Mode is a backup's (RFC 9568 section 6.4.3)",
      given: { preemptMode: false },
      state: active,
      event: adv(150),
      becomes: { ...obeyed, master: heard(150, 100_000_000) },
      effects: [yields],
      cause: { ...higher, priority: 150 },
    },
    {
      name: "stronger, higher_prio_send_advert: one last advert before it yields (keepalived)",
      given: { answersHigherPriority: true },
      state: active,
      event: adv(150),
      becomes: { ...obeyed, master: heard(150, 100_000_000) },
      effects: [send(100), yields],
      cause: { ...higher, priority: 150 },
    },
    {
      name: "stronger, although its address is lower: yields",
      state: active,
      event: adv(101, ip("192.0.2.1")),
      becomes: { ...obeyed, master: heard(101, 100_000_000, ip("192.0.2.1")) },
      effects: [yields],
      cause: { code: "HIGHER_PRIORITY", source: ip("192.0.2.1"), priority: 101, ours: 100 },
    },
    {
      name: "equal, its address is higher as a number but not as text: yields (RFC 9568 section 6.4.3)",
      given: { source: ip("192.0.2.9") },
      state: active,
      event: adv(100, ip("192.0.2.10")),
      becomes: { ...obeyed, master: heard(100, 100_000_000, ip("192.0.2.10")) },
      effects: [yields],
      cause: { code: "HIGHER_ADDRESS", source: ip("192.0.2.10"), priority: 100 },
    },
    {
      name: "equal, its address is lower as a number but not as text: asserts itself",
      state: calm,
      event: adv(100, ip("192.0.2.9")),
      becomes: asserted,
      effects: [send(100), announce(3)],
    },
    {
      name: "equal, the first byte decides: 10.255.255.255 is lower than 192.0.2.10",
      state: calm,
      event: adv(100, ip("10.255.255.255")),
      becomes: asserted,
      effects: [send(100), announce(3)],
    },
    {
      name: "equal over IPv6, its address is higher as a number but not as text: yields",
      given: { family: "ipv6", source: ip("fe80::9") },
      state: active,
      event: adv(100, ip("fe80::10")),
      becomes: { ...obeyed, master: heard(100, 100_000_000, ip("fe80::10")) },
      effects: [yields],
      cause: { code: "HIGHER_ADDRESS", source: ip("fe80::10"), priority: 100 },
    },
    {
      name: "equal from the own address: a loop or a twin, nobody yields to itself (keepalived)",
      state: active,
      event: adv(100, ip("192.0.2.10")),
    },
    {
      name: "two owners, the other's address is higher: yields with the smallest skew (keepalived)",
      given: { priority: 255 },
      state: active,
      event: adv(255),
      becomes: { ...obeyed, activeDownAt: at(115_019_532), master: heard(255, 100_000_000) },
      effects: [yields],
      cause: { code: "HIGHER_ADDRESS", source: NEIGHBOR, priority: 255 },
    },
    {
      name: "weaker by one: advert, announcement, a later one, and its timer starts anew (keepalived)",
      state: calm,
      event: adv(99),
      becomes: asserted,
      effects: [send(100), announce(3)],
    },
    {
      name: "weaker, heard between two beats: asserts itself at once, and the beat stays",
      state: calm,
      event: adv(99),
      now: 100_300_000,
      becomes: {
        kind: "active",
        adverAt: at(102_000_000),
        advertisedAt: at(100_300_000),
        trustedUntil: at(106_307_812),
        bursts: [refresh(120_000_000), followUp(107_300_000)],
      },
      effects: [send(100), announce(3)],
    },
    {
      name: "weaker, although its address is higher: asserts itself",
      state: calm,
      event: adv(99, ip("203.0.113.250")),
      becomes: asserted,
      effects: [send(100), announce(3)],
    },
    {
      name: "weaker, version 2: asserts itself too (keepalived; RFC 3768 section 6.4.3 stays silent)",
      given: { version: 2 },
      state: calm,
      event: adv(99),
      becomes: { ...asserted, trustedUntil: at(106_003_906) },
      effects: [send(100), announce(3)],
    },
    {
      name: "weaker again: the later announcement is put off, not doubled",
      state: { ...calm, bursts: [refresh(120_000_000), followUp(104_000_000)] },
      event: adv(99),
      becomes: asserted,
      effects: [send(100), announce(3)],
    },
    {
      name: "weaker, no delay configured: announces once",
      given: { announce: { ...router.announce, lowerPriorityDelay: micros(0) } },
      state: calm,
      event: adv(99),
      becomes: { ...asserted, bursts: [refresh(120_000_000)] },
      effects: [send(100), announce(3)],
    },
    {
      name: "weaker, the second burst after the claim is to come: it stays (keepalived)",
      state: active,
      event: adv(99),
      becomes: { ...asserted, bursts: [second(103_000_000), refresh(120_000_000), followUp(107_000_000)] },
      effects: [send(100), announce(3)],
    },
    {
      name: "weaker, garp_lower_prio_repeat 0: an advert and no announcement, and what is to come stays (keepalived)",
      given: { announce: { ...router.announce, lowerPriorityRepeat: 0 } },
      state: active,
      event: adv(99),
      becomes: { ...asserted, bursts: active.bursts },
      effects: [send(100)],
    },
    {
      name: "weaker, lower_prio_no_advert: announces without an advert, and its timer runs on (keepalived)",
      given: { answersLowerPriority: false },
      state: calm,
      event: adv(99),
      becomes: { ...calm, bursts: [refresh(120_000_000), followUp(107_000_000)] },
      effects: [announce(3)],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("active, anything else", () => {
  const handedOver = [send(0), handOver(101_992_188)];
  const cutOff = [send(0), remove];
  const faulty = (...causes: FaultCauses) => ({
    event: broken(...causes),
    becomes: { kind: "fault", causes } as const,
    cause: { code: "FAULT", causes } as const,
  });
  const rows: readonly Row[] = [
    {
      name: "shutdown: says farewell and hands over within the longest skew (RFC 9568 section 6.4.3)",
      state: active,
      event: shutdown,
      becomes: initialize,
      effects: handedOver,
      cause: { code: "SHUTDOWN", reason: "SIGTERM" },
    },
    {
      name: "shutdown, version 2: within one second",
      given: { version: 2 },
      state: active,
      event: shutdown,
      becomes: initialize,
      effects: [send(0), handOver(101_000_000)],
      cause: { code: "SHUTDOWN", reason: "SIGTERM" },
    },
    {
      name: "shutdown, an interval of 40.95 s: within three seconds",
      given: { advertisementInterval: micros(40_950_000) },
      state: active,
      event: shutdown,
      becomes: initialize,
      effects: [send(0), handOver(103_000_000)],
      cause: { code: "SHUTDOWN", reason: "SIGTERM" },
    },
    { name: "a script failed: says farewell and hands over", state: active, ...faulty(script), effects: handedOver },
    {
      name: "a tracked interface failed: says farewell and hands over",
      state: active,
      ...faulty(trackedInterface, script),
      effects: handedOver,
    },
    {
      name: "the own interface is down: says farewell and removes, nobody could be served",
      state: active,
      ...faulty(interfaceDown),
      effects: cutOff,
    },
    { name: "the own interface is gone: the same", state: active, ...faulty(interfaceMissing), effects: cutOff },
    { name: "no source address is left: the same", state: active, ...faulty(noSource), effects: cutOff },
    {
      name: "a script and the own interface: the same",
      state: active,
      ...faulty(script, interfaceDown),
      effects: cutOff,
    },
    {
      name: "paused: removes without a farewell, and listens for a whole interval",
      state: active,
      event: paused,
      becomes: listening,
      effects: [remove],
      cause: { code: "PAUSED", by: "suspend", length: micros(14_000_000) },
    },
    {
      name: "paused, owner: listens for a whole interval too",
      given: { priority: 255 },
      state: active,
      event: paused,
      becomes: { ...listening, activeDownAt: at(106_007_813) },
      effects: [remove],
      cause: { code: "PAUSED", by: "suspend", length: micros(14_000_000) },
    },
    {
      name: "lease expired: removes without a farewell, and listens for a whole interval",
      state: active,
      event: leaseExpired,
      becomes: listening,
      effects: [remove],
      cause: { code: "LEASE_EXPIRED", age: micros(1_900_001) },
    },
    {
      name: "an address was taken: farewell, and back after the skew unless another is quicker (keepalived)",
      state: active,
      event: addressLost,
      becomes: { ...listening, activeDownAt: at(101_218_750) },
      effects: cutOff,
      cause: { code: "ADDRESS_LOST", address: ip("192.0.2.100") },
    },
    {
      name: "an address was taken, version 2: back after a skew of one second's fraction",
      given: { version: 2 },
      state: active,
      event: addressLost,
      becomes: { ...listening, activeDownAt: at(100_609_375) },
      effects: cutOff,
      cause: { code: "ADDRESS_LOST", address: ip("192.0.2.100") },
    },
    {
      name: "an address was taken, owner: back after the smallest skew",
      given: { priority: 255 },
      state: active,
      event: addressLost,
      becomes: { ...listening, activeDownAt: at(100_007_813) },
      effects: cutOff,
      cause: { code: "ADDRESS_LOST", address: ip("192.0.2.100") },
    },
    {
      name: "reconfigured: tells it at once, and the next advert follows the new interval",
      given: { advertisementInterval: micros(4_000_000), priority: 120 },
      state: active,
      event: reconfigured,
      becomes: { ...active, adverAt: at(104_000_000), advertisedAt: NOW, trustedUntil: at(112_015_625) },
      effects: [send(120)],
    },
    {
      name: "reconfigured between two beats: tells it at once, and the next advert is on the new interval's beat",
      given: { advertisementInterval: micros(3_000_000) },
      state: active,
      event: reconfigured,
      becomes: { ...active, adverAt: at(102_000_000), advertisedAt: NOW, trustedUntil: at(109_011_718) },
      effects: [send(100)],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("active, announcements are to be timed otherwise", () => {
  const previous = router;
  const announcing = (announcements: Partial<VirtualRouter["announce"]>): Pick<VirtualRouter, "announce"> => ({
    announce: { ...router.announce, ...announcements },
  });
  const event: Event = { kind: "announcing-changed", previous };
  const rows: readonly Row[] = [
    {
      name: "a second burst waits, its delay is 2 s longer: comes 2 s later, as often as is configured now",
      given: announcing({ delay: micros(7_000_000), repeat: 9, refresh: micros(0) }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: { ...active, bursts: [{ ...second(105_000_000), repeat: 9 }] },
    },
    {
      name: "a second burst waits, its delay is 4 s shorter: comes now",
      given: announcing({ delay: micros(1_000_000), refresh: micros(0) }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: { ...active, bursts: [second(100_000_000)] },
    },
    {
      name: "a second burst waits, none is configured any more: does not come",
      given: announcing({ delay: micros(0), refresh: micros(0) }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: { ...active, bursts: [] },
    },
    {
      name: "a burst after a weaker master waits: follows its own times",
      given: announcing({ lowerPriorityDelay: micros(8_000_000), lowerPriorityRepeat: 2, refresh: micros(0) }),
      state: { ...active, bursts: [followUp(104_000_000)] },
      event,
      becomes: { ...active, bursts: [{ ...followUp(105_000_000), repeat: 2 }] },
    },
    {
      name: "a refresh where none was: begins a period from now, and the second burst stays",
      given: announcing({ refresh: micros(10_000_000), refreshRepeat: 3 }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: {
        ...active,
        bursts: [
          second(103_000_000),
          { at: at(110_000_000), repeat: 3, period: micros(10_000_000), reason: "refresh" },
        ],
      },
    },
    {
      name: "a shorter period of the refresh: the next one comes sooner",
      given: announcing({ refresh: micros(4_000_000) }),
      state: active,
      event,
      becomes: {
        ...active,
        bursts: [second(103_000_000), { at: at(104_000_000), repeat: 2, period: micros(4_000_000), reason: "refresh" }],
      },
    },
    {
      name: "a longer period of the refresh: the next one comes when it was going to",
      given: announcing({ refresh: micros(60_000_000) }),
      state: active,
      event,
      becomes: {
        ...active,
        bursts: [
          second(103_000_000),
          { at: at(120_000_000), repeat: 2, period: micros(60_000_000), reason: "refresh" },
        ],
      },
    },
    {
      name: "a refresh and extra announcements are configured no more: none comes",
      given: announcing({ refresh: micros(0) }),
      state: { ...active, bursts: [refresh(120_000_000), extra(110_000_000)] },
      event,
      becomes: { ...active, bursts: [] },
    },
    {
      name: "extra announcements are configured: the first comes after their period",
      given: announcing({ refresh: micros(0), extraPeriod: micros(100_000_000) }),
      state: { ...active, bursts: [] },
      event,
      becomes: { ...active, bursts: [extra(200_000_000)] },
    },
  ];
  test.each(rows)("$name", holds);
});

describe("active, silent for as long as three adverts", () => {
  // The last advert went out at 99.5 s, so its word holds for 6 s and the skew of an owner, 7.812 ms.
  const heldAt = (when: number): Backup => ({ ...listening, activeDownAt: at(when + 7_218_750) });
  const late = 105_600_000;
  const silent = { code: "SILENT", length: micros(6_100_000) } as const;
  const withdrawn = { state: active, now: late, becomes: heldAt(late), effects: [remove], cause: silent };
  const calm: Active = { ...active, bursts: [] };
  const rows: readonly Row[] = [
    {
      name: "a microsecond less: stays, and announces again",
      state: calm,
      event: deadline,
      now: 105_507_811,
      becomes: {
        kind: "active",
        adverAt: at(106_000_000),
        advertisedAt: at(105_507_811),
        trustedUntil: at(111_515_623),
        bursts: [followUp(112_507_811)],
      },
      effects: [send(100), announce(3)],
    },
    {
      name: "to the microsecond, the strongest backup has 100: stays, for its skew is longer (timer_expired_backup)",
      given: { strongestBackup: 100 },
      state: calm,
      event: deadline,
      now: 105_507_811,
      becomes: {
        kind: "active",
        adverAt: at(106_000_000),
        advertisedAt: at(105_507_811),
        // 6 s and 156/256 of 2 s.
        trustedUntil: at(112_726_561),
        bursts: [followUp(112_507_811)],
      },
      effects: [send(100), announce(3)],
    },
    {
      name: "to the microsecond: withdraws",
      ...withdrawn,
      event: deadline,
      now: 105_507_812,
      becomes: heldAt(105_507_812),
      cause: { code: "SILENT", length: micros(6_007_812) },
    },
    { name: "its timer: withdraws, and listens instead of sending", ...withdrawn, event: deadline },
    {
      name: "its timer, the owner: withdraws, and listens for a whole interval",
      given: { priority: 255 },
      ...withdrawn,
      becomes: { ...listening, activeDownAt: at(111_607_813) },
      event: deadline,
    },
    {
      name: "its timer, ten adverts may be missed: goes on",
      given: { downTimerAdverts: 10 },
      state: { ...calm, trustedUntil: at(119_507_812) },
      event: deadline,
      now: late,
      becomes: {
        kind: "active",
        adverAt: at(106_000_000),
        advertisedAt: at(late),
        trustedUntil: at(125_607_812),
        bursts: [],
      },
      effects: [send(100)],
    },
    {
      name: "a stronger advert: removes at once, and follows it",
      ...withdrawn,
      event: adv(150),
      becomes: {
        ...heldAt(late),
        activeDownAt: at(123_646_875),
        activeAdverInterval: micros(5_000_000),
        master: heard(150, late),
      },
    },
    {
      name: "a weaker advert: removes at once, and does not answer it",
      ...withdrawn,
      event: adv(99),
      becomes: { ...heldAt(late), master: heard(99, late) },
    },
    {
      name: "a farewell: removes at once, and takes over after the skew",
      ...withdrawn,
      event: adv(0),
      becomes: { ...heldAt(late), activeDownAt: at(106_818_750), master: left(late) },
    },
    {
      name: "shutdown: removes at once, and a farewell is not its to say any more",
      ...withdrawn,
      event: shutdown,
      becomes: initialize,
      cause: { code: "SHUTDOWN", reason: "SIGTERM" },
    },
    {
      name: "fault: removes at once",
      ...withdrawn,
      event: broken(script),
      becomes: fault,
      cause: { code: "FAULT", causes: [script] },
    },
    { name: "an address was taken: removes the others too", ...withdrawn, event: addressLost },
    { name: "startup: withdraws", ...withdrawn, event: startup },
    { name: "resume: withdraws", ...withdrawn, event: resume },
    { name: "a fault cleared: withdraws", ...withdrawn, event: cleared },
    {
      name: "paused: says exactly that",
      ...withdrawn,
      event: paused,
      cause: { code: "PAUSED", by: "suspend", length: micros(14_000_000) },
    },
    {
      name: "lease expired: says exactly that",
      ...withdrawn,
      event: leaseExpired,
      cause: { code: "LEASE_EXPIRED", age: micros(1_900_001) },
    },
    { name: "reconfigured: withdraws", ...withdrawn, event: reconfigured },
    {
      name: "reconfigured with a shorter interval while the old word holds: tells the new one and stays",
      given: { advertisementInterval: micros(1_000_000) },
      state: calm,
      event: reconfigured,
      now: 104_000_000,
      becomes: {
        kind: "active",
        adverAt: at(105_000_000),
        advertisedAt: at(104_000_000),
        trustedUntil: at(107_003_906),
        bursts: [],
      },
      effects: [send(100)],
    },
    {
      name: "the priority changes before a shorter interval is told, while the old word holds: stays",
      given: { advertisementInterval: micros(1_000_000), priority: 120 },
      state: calm,
      event: priorityChanged(100),
      now: 104_000_000,
    },
    {
      name: "the priority changes: withdraws, and the difference of the skews is not counted twice",
      given: { priority: 254 },
      ...withdrawn,
      event: priorityChanged(1),
      becomes: { ...heldAt(late), activeDownAt: at(111_615_625) },
    },
  ];
  test.each(rows)("$name", holds);
});

describe("adverts that cannot be sent", () => {
  const why = "Cannot send an advert: Operation not permitted (EPERM)";
  const mute = { unsent: why };
  /** The advert of this turn was taken to be sent, and the one before it was. */
  const hopeful: Active = { ...active, adverAt: at(102_000_000), advertisedAt: NOW, trustedUntil: at(106_007_812) };
  const alone: Active = { ...active, alone: true };
  const served: Backup = { ...listening, activeDownAt: NOW, master: heard(90, 99_500_000) };
  const anew = (master: Backup["master"]): Backup => ({ ...listening, master });
  const rows: readonly Row[] = [
    {
      name: "one cannot: what the one before it promised is all there is",
      given: mute,
      state: hopeful,
      event: unsent(active),
      becomes: { ...active, adverAt: at(102_000_000) },
    },
    {
      name: "the claim cannot: serves alone, for nobody was heard",
      given: mute,
      state: hopeful,
      event: unsent(backup),
      becomes: { ...hopeful, alone: true },
    },
    {
      name: "alone, the next one cannot either: serves on",
      given: mute,
      state: hopeful,
      event: unsent(alone),
      becomes: { ...hopeful, alone: true },
    },
    {
      name: "alone, its timer: tries again, and is not alone unless it is told so",
      given: mute,
      state: { ...alone, bursts: [] },
      event: deadline,
      now: 101_500_000,
      becomes: {
        ...active,
        adverAt: at(102_000_000),
        advertisedAt: at(101_500_000),
        trustedUntil: at(107_507_812),
        bursts: [],
      },
      effects: [send(100)],
    },
    {
      name: "none for as long as three adverts: withdraws, and says why",
      given: mute,
      state: active,
      event: deadline,
      now: 105_507_812,
      becomes: { ...listening, activeDownAt: at(105_507_812 + 7_218_750) },
      effects: [remove],
      cause: { code: "SILENT", length: micros(6_007_812), unsent: why },
    },
    {
      name: "the lease ran out, since adverts renew it: says why",
      given: mute,
      state: active,
      event: leaseExpired,
      becomes: listening,
      effects: [remove],
      cause: { code: "SILENT", length: micros(500_000), unsent: why },
    },
    {
      name: "active, a weaker master is heard: follows it, since it cannot be told",
      given: mute,
      state: active,
      event: adv(90),
      // 3 * 5 s and 156/256 of 5 s: the interval of that master.
      becomes: {
        ...listening,
        activeDownAt: at(118_046_875),
        activeAdverInterval: micros(5_000_000),
        master: heard(90, 100_000_000),
      },
      effects: [handOver(100_200_000)],
      cause: { code: "UNHEARD", source: NEIGHBOR, priority: 90, unsent: why },
    },
    { name: "active, an echo from the own address: stays", given: mute, state: active, event: adv(100, router.source) },
    {
      name: "backup, its timer ends beside a weaker master: an advert first, before anything is claimed",
      given: mute,
      state: served,
      event: deadline,
      effects: [send(100)],
    },
    {
      name: "backup, that advert cannot be sent: leaves the weaker master alone and listens anew",
      given: mute,
      state: served,
      event: unsent(served),
      becomes: anew(served.master),
    },
    {
      name: "backup, that advert was sent: claims",
      state: { ...served, master: heard(90, 99_500_000) },
      event: deadline,
      becomes: {
        kind: "active",
        adverAt: at(102_000_000),
        advertisedAt: NOW,
        trustedUntil: at(106_007_812),
        bursts: [second(105_000_000), refresh(130_000_000)],
      },
      effects: [add, send(100), announce(4)],
      cause: { code: "MASTER_WEAKER", source: NEIGHBOR, priority: 90, delayed: false },
    },
    {
      name: "backup, its timer ends and nobody is heard: claims all the same, as in a network that is cut",
      given: mute,
      state: { ...served, master: heard(90, 94_000_000) },
      event: deadline,
      becomes: {
        kind: "active",
        adverAt: at(102_000_000),
        advertisedAt: NOW,
        trustedUntil: at(106_007_812),
        bursts: [second(105_000_000), refresh(130_000_000)],
      },
      effects: [send(100), add, announce(4)],
      cause: { code: "MASTER_SILENT", master: heard(90, 94_000_000), waited: micros(7_218_750) },
    },
    {
      name: "in a sync group, its timer ends beside a weaker master: is not ready before an advert was sent",
      given: { ...mute, synced: true },
      state: served,
      event: deadline,
      effects: [send(100)],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("fault", () => {
  const rows: readonly Row[] = [
    {
      name: "another fault: holds what is broken, whole",
      state: fault,
      event: broken(interfaceDown, noSource),
      becomes: { kind: "fault", causes: [interfaceDown, noSource] },
    },
    {
      name: "cleared: listens for a whole interval (keepalived)",
      state: fault,
      event: cleared,
      becomes: listening,
      cause: { code: "FAULT_CLEARED" },
    },
    {
      name: "cleared, version 2: listens for a whole interval",
      given: { version: 2 },
      state: fault,
      event: cleared,
      becomes: { ...listening, activeDownAt: at(106_609_375) },
      cause: { code: "FAULT_CLEARED" },
    },
    {
      name: "shutdown: leaves without a word",
      state: fault,
      event: shutdown,
      becomes: initialize,
      cause: { code: "SHUTDOWN", reason: "SIGTERM" },
    },
  ];
  test.each(rows)("$name", holds);
});

describe("in a sync group", () => {
  const ready: Backup = { ...backup, ready: true };
  const synced = { synced: true } as const;
  const sync: Cause = { code: "SYNC_GROUP", group: "VG_1", member: "VI_2", because };
  const claimed: Active = {
    kind: "active",
    adverAt: at(102_000_000),
    advertisedAt: NOW,
    trustedUntil: at(106_007_812),
    bursts: [second(105_000_000), refresh(130_000_000)],
  };
  const rows: readonly Row[] = [
    {
      name: "backup, its timer ends: is ready, and does not claim",
      given: synced,
      state: backup,
      event: deadline,
      now: 104_000_000,
      becomes: ready,
    },
    {
      name: "backup, preempt_delay ends: is ready",
      given: { ...synced, preemptDelay: micros(60_000_000) },
      state: { ...backup, master: heard(90, 99_000_000), preemption: until(100_000_000) },
      event: deadline,
      becomes: { ...backup, master: heard(90, 99_000_000), preemption: until(100_000_000), ready: true },
    },
    { name: "ready, later deadlines: nothing happens", given: synced, state: ready, event: deadline, now: 200_000_000 },
    {
      name: "ready, all others are: claims",
      given: synced,
      state: { ...ready, master: heard(150, 80_000_000) },
      event: groupClaim,
      becomes: claimed,
      effects: [send(100), add, announce(4)],
      cause: { code: "MASTER_SILENT", master: heard(150, 80_000_000), waited: micros(10_828_125) },
    },
    {
      name: "ready, all others are, a weaker master adverts: relieves it, with the addresses first",
      given: synced,
      state: { ...ready, master: heard(90, 99_000_000) },
      event: groupClaim,
      becomes: claimed,
      effects: [add, send(100), announce(4)],
      cause: { code: "MASTER_WEAKER", source: NEIGHBOR, priority: 90, delayed: false },
    },
    {
      // 100 s + 3 * 5 s + 156/256 * 5 s.
      name: "ready, a stronger master adverts: is not ready any more, and follows it",
      given: synced,
      state: ready,
      event: adv(150),
      becomes: {
        kind: "backup",
        activeDownAt: at(118_046_875),
        activeAdverInterval: micros(5_000_000),
        master: heard(150, 100_000_000),
        preemption: idle,
      },
    },
    {
      name: "ready, a weaker master adverts: stays ready",
      given: synced,
      state: ready,
      event: adv(90),
      becomes: { ...ready, master: heard(90, 100_000_000) },
    },
    {
      name: "ready after preempt_delay, the weaker master adverts again: stays ready",
      given: { ...synced, preemptDelay: micros(60_000_000) },
      state: { ...ready, preemption: until(99_000_000) },
      event: adv(90),
      becomes: {
        kind: "backup",
        activeDownAt: at(118_046_875),
        activeAdverInterval: micros(5_000_000),
        master: heard(90, 100_000_000),
        preemption: until(99_000_000),
        ready: true,
      },
    },
    {
      name: "ready, a first weaker master adverts, preempt_delay: waits for the delay",
      given: { ...synced, preemptDelay: micros(60_000_000) },
      state: ready,
      event: adv(90),
      becomes: {
        kind: "backup",
        activeDownAt: at(118_046_875),
        activeAdverInterval: micros(5_000_000),
        master: heard(90, 100_000_000),
        preemption: until(160_000_000),
      },
    },
    {
      // 100 s + 156/256 * 3 s.
      name: "ready, a master says farewell: waits for the skew",
      given: synced,
      state: ready,
      event: adv(0),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: left(100_000_000) },
    },
    {
      // 100 s + 3 * 3 s + 156/256 * 3 s.
      name: "ready, the process stood still: listens anew",
      given: synced,
      state: ready,
      event: paused,
      becomes: { ...backup, activeDownAt: at(110_828_125) },
    },
    {
      name: "active, another member yields to its successor: serves until that one is heard, without a farewell",
      given: synced,
      state: active,
      event: groupYield("to-successor"),
      becomes: listening,
      effects: [handOver(100_200_000)],
      cause: sync,
    },
    {
      // 255/256 * 2 s, rounded up.
      name: "active, another member leaves and nobody knows: says farewell and hands over",
      given: synced,
      state: active,
      event: groupYield("farewell"),
      becomes: listening,
      effects: [send(0), handOver(101_992_188)],
      cause: sync,
    },
    {
      name: "active, another member cannot know who is master: lets go without a word",
      given: synced,
      state: active,
      event: groupYield("withdraw"),
      becomes: listening,
      effects: [remove],
      cause: sync,
    },
    {
      // 100 s + 156/256 * 2 s.
      name: "active, another member has lost an address: says farewell and is back after the skew",
      given: synced,
      state: active,
      event: groupYield("take-back"),
      becomes: { ...listening, activeDownAt: at(101_218_750) },
      effects: [send(0), remove],
      cause: sync,
    },
    {
      name: "active, owner, another member yields: listens as long as others do",
      given: { ...synced, priority: 255 },
      state: active,
      event: groupYield("withdraw"),
      // 100 s + 3 * 2 s + 1/256 * 2 s, rounded up.
      becomes: { ...listening, activeDownAt: at(106_007_813) },
      effects: [remove],
      cause: sync,
    },
    {
      name: "active, another member has a fault: says farewell and hands over, for its own network is well",
      given: synced,
      state: active,
      event: broken({ kind: "sync-group", group: "VG_1", member: "VI_2", causes: [interfaceDown] }),
      becomes: {
        kind: "fault",
        causes: [{ kind: "sync-group", group: "VG_1", member: "VI_2", causes: [interfaceDown] }],
      },
      effects: [send(0), handOver(101_992_188)],
      cause: {
        code: "FAULT",
        causes: [{ kind: "sync-group", group: "VG_1", member: "VI_2", causes: [interfaceDown] }],
      },
    },
    {
      name: "active, another member has heard a weaker master: announces its addresses, now and later",
      given: synced,
      state: active,
      event: groupChallenged,
      becomes: { ...active, bursts: [...active.bursts, followUp(107_000_000)] },
      effects: [announce(3)],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("events that mean nothing in a state", () => {
  /** The compiler demands every kind of event here. */
  const EVENTS: { readonly [Kind in Event["kind"]]: Event } = {
    startup,
    resume,
    shutdown,
    deadline,
    advertisement: adv(150),
    "priority-changed": priorityChanged(90),
    fault: broken(interfaceDown),
    "fault-cleared": cleared,
    reconfigured,
    paused,
    "announcing-changed": { kind: "announcing-changed", previous: router },
    "lease-expired": leaseExpired,
    "address-lost": addressLost,
    "group-claim": groupClaim,
    "group-challenged": groupChallenged,
    "group-yield": groupYield("farewell"),
    unsent: unsent(backup),
  };
  /** Its timer is that of the priority 90, which changes. */
  const slower: Backup = { ...backup, activeDownAt: at(104_117_188) };
  const meaningless: readonly [State, readonly Event["kind"][]][] = [
    [
      initialize,
      [
        "shutdown",
        "deadline",
        "advertisement",
        "priority-changed",
        "fault-cleared",
        "reconfigured",
        "announcing-changed",
        "paused",
        "lease-expired",
        "address-lost",
        "group-claim",
        "group-challenged",
        "group-yield",
        "unsent",
      ],
    ],
    [
      slower,
      [
        "startup",
        "resume",
        "deadline",
        "fault-cleared",
        "announcing-changed",
        "lease-expired",
        "address-lost",
        "group-claim",
        "group-challenged",
        "group-yield",
      ],
    ],
    [
      active,
      ["startup", "resume", "deadline", "priority-changed", "fault-cleared", "announcing-changed", "group-claim"],
    ],
    [
      fault,
      [
        "startup",
        "resume",
        "deadline",
        "advertisement",
        "priority-changed",
        "reconfigured",
        "announcing-changed",
        "paused",
        "lease-expired",
        "address-lost",
        "group-claim",
        "group-challenged",
        "group-yield",
        "unsent",
      ],
    ],
  ];
  const rows = meaningless.flatMap(([state, kinds]) => kinds.map((kind) => ({ state, event: EVENTS[kind] })));
  test.each(rows)("$state.kind, $event.kind: nothing happens, at any priority", ({ state, event }) => {
    holds({ name: "", state, event });
    holds({ name: "", given: { version: 2, priority: 255, preemptMode: false }, state, event });
  });

  test("all others change the state or have effects", () => {
    for (const [state, kinds] of meaningless) {
      for (const event of Object.values(EVENTS)) {
        const { state: next, effects } = step(router, state, event, NOW);
        const means = !isDeepStrictEqual(next, state) || effects.length > 0;
        expect([state.kind, event.kind, means]).toEqual([state.kind, event.kind, !kinds.includes(event.kind)]);
      }
    }
  });
});

describe("the next deadline", () => {
  const rows: readonly { name: string; state: State; expected: number | undefined }[] = [
    { name: "initialize: none", state: initialize, expected: undefined },
    { name: "fault: none", state: fault, expected: undefined },
    { name: "backup: its timer", state: backup, expected: 104_000_000 },
    { name: "backup that is ready: none", state: { ...backup, ready: true }, expected: undefined },
    {
      name: "backup, a delay that ends before the timer: the delay",
      state: { ...backup, preemption: until(103_000_000) },
      expected: 103_000_000,
    },
    {
      name: "backup, a delay that ends after the timer: the timer",
      state: { ...backup, preemption: until(105_000_000) },
      expected: 104_000_000,
    },
    { name: "active: its advert", state: active, expected: 101_500_000 },
    {
      name: "active, the last adverts could not be sent: the end of what the one before them promised",
      state: { ...active, adverAt: at(106_000_000), bursts: [] },
      expected: 105_507_812,
    },
    { name: "active without announcements: its advert", state: { ...active, bursts: [] }, expected: 101_500_000 },
    {
      name: "active, an announcement before the advert, not the first in the list: the announcement",
      state: { ...active, bursts: [refresh(120_000_000), followUp(101_000_000)] },
      expected: 101_000_000,
    },
  ];
  test.each(rows)("$name", ({ state, expected }) => {
    expect(nextDeadline(state)).toBe(expected);
  });
});
