// Adverts that were not sent, or could not be.
import { describe, test } from "vitest";
import {
  active,
  add,
  addressLost,
  adv,
  announce,
  at,
  broken,
  cleared,
  deadline,
  fault,
  followUp,
  handOver,
  heard,
  holds,
  initialize,
  leaseExpired,
  left,
  listening,
  NEIGHBOR,
  NOW,
  paused,
  priorityChanged,
  reconfigured,
  refresh,
  remove,
  resume,
  router,
  type Row,
  script,
  second,
  send,
  shutdown,
  startup,
  unsent,
} from "../../../test/fixtures/virtual-router.ts";
import { micros } from "../../base/time.ts";
import type { Active, Backup } from "./state.ts";

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
      event: unsent(listening),
      becomes: { ...hopeful, alone: true },
    },
    {
      name: "the claim cannot, beside a weaker master that serves: takes it back, and listens anew",
      given: mute,
      state: hopeful,
      event: unsent(served),
      becomes: anew(served.master),
      effects: [remove],
      cause: { code: "UNHEARD", source: NEIGHBOR, priority: 90, unsent: why },
    },
    {
      name: "the claim cannot, and the weaker master has missed three adverts: serves alone",
      given: mute,
      state: hopeful,
      event: unsent({ ...served, master: heard(90, 94_000_000) }),
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
