// What a member of a sync group does: it waits for the others, and leaves with them.
import { describe, test } from "vitest";
import {
  active,
  add,
  adv,
  announce,
  at,
  backup,
  because,
  broken,
  deadline,
  followUp,
  groupChallenged,
  groupClaim,
  groupYield,
  handOver,
  heard,
  holds,
  idle,
  interfaceDown,
  left,
  listening,
  NEIGHBOR,
  NOW,
  paused,
  refresh,
  remove,
  type Row,
  second,
  send,
  until,
} from "../../../test/fixtures/virtual-router.ts";
import { micros } from "../../base/time.ts";
import type { Cause } from "./event.ts";
import type { Active, Backup } from "./state.ts";

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
