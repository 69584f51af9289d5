import { describe, test } from "vitest";
import {
  add,
  announce,
  at,
  backup,
  broken,
  deadline,
  fault,
  heard,
  holds,
  initialize,
  left,
  listening,
  NEIGHBOR,
  NOW,
  paused,
  priorityChanged,
  reconfigured,
  refresh,
  router,
  type Row,
  script,
  second,
  send,
  shutdown,
  unheard,
  until,
} from "../../../test/fixtures/virtual-router.ts";
import { micros } from "../../base/time.ts";
import type { Active, Backup, Burst } from "./state.ts";

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
