import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { instant, micros, seconds } from "../base/time.ts";
import { memberView, stepGroup, type GroupEffect, type GroupState, type MemberView } from "./sync-group.ts";
import type { Cause } from "./vrrp/event.ts";
import type { VirtualRouter } from "./vrrp/router.ts";
import type { Backup, State } from "./vrrp/state.ts";

const PEER = ip("192.0.2.20");
const started: Cause = { code: "STARTED" };
const silent: Cause = { code: "MASTER_SILENT", master: { kind: "unheard" }, waited: seconds(3) };
const yielded: Cause = { code: "HIGHER_PRIORITY", source: PEER, priority: 150, ours: 100 };
const pulled: Cause = { code: "SYNC_GROUP", group: "G", member: "A", because: yielded };
const lost: Cause = { code: "ADDRESS_LOST", address: ip("192.0.2.100") };
const paused: Cause = { code: "PAUSED", by: "process", length: seconds(5) };
const expired: Cause = { code: "LEASE_EXPIRED", age: seconds(2) };
const mute: Cause = { code: "SILENT", length: seconds(4) };
const higher: Cause = { code: "HIGHER_ADDRESS", source: PEER, priority: 100 };
const other = { code: "OTHER_MASTER", source: PEER, priority: 150 } as const;

type Look = Partial<Omit<MemberView, "name">>;

const init: Look = { state: "initialize" };
const waits: Look = { state: "initialize", fitness: "waiting" };
const follows: Look = { state: "backup", cause: yielded, follows: other };
const listens: Look = { state: "backup", cause: yielded };
const ready: Look = { state: "backup", cause: yielded, ready: true };
const active: Look = { state: "active", cause: silent };
const healed: Look = { state: "fault" };
const faulty: Look = { fitness: "faulty" };

function member(name: string, look: Look): MemberView {
  const nothing = { cause: started, fitness: "fit", ready: false, resumes: false, follows: undefined } as const;
  return { name, state: "initialize", ...nothing, ...look };
}

const claim = (name: string): GroupEffect => ({ kind: "claim", member: name });
const admit = (name: string): GroupEffect => ({ kind: "admit", member: name });
const fault = (name: string, by: string): GroupEffect => ({ kind: "fault", member: name, by });
const sync = (to: GroupState): GroupEffect => ({ kind: "report-synchronizing", to });
const entered = (from: GroupState, to: GroupState, by: string, told = true): GroupEffect => {
  return { kind: "entered", from, to, by, told };
};

interface Row {
  readonly name: string;
  readonly from: GroupState;
  /** A, B and so on; the first one has changed unless it is said. */
  readonly members: readonly Look[];
  readonly changed?: string;
  /** The same unless it is said. */
  readonly to?: GroupState;
  readonly effects?: readonly GroupEffect[];
}

/** Orders are those in which keepalived 2.2.7 told a FIFO of the same changes. */
function holds({ from, members, changed = "A", to = from, effects = [] }: Row): void {
  const views = members.map((look, index) => member(String.fromCodePoint(65 + index), look));
  expect(stepGroup(from, views, changed)).toEqual({ state: to, effects });
}

describe("joining in", () => {
  const rows: readonly Row[] = [
    {
      name: "all are fit: the group comes first, then the members",
      from: "initialize",
      members: [init, init],
      changed: "B",
      to: "backup",
      effects: [entered("initialize", "backup", "B"), admit("B"), admit("A")],
    },
    { name: "one waits for its script: nobody joins in", from: "initialize", members: [init, waits] },
    {
      name: "all resume: the group is active",
      from: "initialize",
      members: [
        { ...init, resumes: true },
        { ...init, resumes: true },
      ],
      to: "active",
      effects: [entered("initialize", "active", "A"), admit("A"), admit("B")],
    },
    {
      name: "one has a fault: all have, and the group comes last",
      from: "initialize",
      members: [
        { ...init, ...faulty },
        { ...init, ...waits },
      ],
      to: "fault",
      effects: [fault("A", "A"), sync("fault"), fault("B", "A"), entered("initialize", "fault", "A")],
    },
    {
      name: "members that were at work before the group was configured: it is what they are, and tells nobody",
      from: "initialize",
      members: [active, active],
      to: "active",
      effects: [entered("initialize", "active", "A", false)],
    },
    { name: "a group without members: nothing", from: "initialize", members: [] },
  ];
  test.each(rows)("$name", holds);
});

describe("claiming", () => {
  const rows: readonly Row[] = [
    { name: "one of two is ready: nothing happens", from: "backup", members: [ready, listens] },
    { name: "one is ready, the other follows a master: nothing happens", from: "backup", members: [ready, follows] },
    {
      name: "the last one is ready: it claims first, then the others, then the group",
      from: "backup",
      members: [ready, ready, ready],
      changed: "B",
      to: "active",
      effects: [claim("B"), sync("active"), claim("A"), claim("C"), entered("backup", "active", "B")],
    },
    {
      name: "a single member is ready: it claims",
      from: "backup",
      members: [ready],
      to: "active",
      effects: [claim("A"), sync("active"), entered("backup", "active", "A")],
    },
    { name: "all are active: nothing is left to do", from: "active", members: [active, active] },
    {
      name: "a member that has yet to join in: the others wait for it",
      from: "backup",
      members: [ready, ready, waits],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("leaving", () => {
  const yields = (name: string, because: Cause, manner: "to-successor" | "farewell" | "withdraw" | "take-back") =>
    ({ kind: "yield", member: name, by: "A", because, manner }) as const;
  const rows: readonly Row[] = [
    {
      name: "one yields to a stronger master: the others follow it to the successor",
      from: "active",
      members: [follows, active, active],
      to: "backup",
      effects: [
        sync("backup"),
        yields("B", yielded, "to-successor"),
        yields("C", yielded, "to-successor"),
        entered("active", "backup", "A"),
      ],
    },
    ...(
      [
        [higher, "to-successor"],
        [paused, "withdraw"],
        [expired, "withdraw"],
        [mute, "withdraw"],
      ] as const
    ).map(([cause, manner]): Row => ({
      name: `one leaves for ${cause.code}: the others ${manner}`,
      from: "active",
      members: [{ ...listens, cause }, active],
      to: "backup",
      effects: [sync("backup"), yields("B", cause, manner), entered("active", "backup", "A")],
    })),
    {
      name: "one has lost an address: the others leave to come back, and the group's scripts are not told (keepalived)",
      from: "active",
      members: [{ ...listens, cause: lost }, active],
      to: "backup",
      effects: [sync("backup"), yields("B", lost, "take-back"), entered("active", "backup", "A", false)],
    },
    {
      name: "the only member has lost an address: the same",
      from: "active",
      members: [{ ...listens, cause: lost }],
      to: "backup",
      effects: [sync("backup"), entered("active", "backup", "A", false)],
    },
    {
      name: "a single member yields: the group does",
      from: "active",
      members: [follows],
      to: "backup",
      effects: [sync("backup"), entered("active", "backup", "A")],
    },
    {
      name: "all have left by themselves: the group has",
      from: "active",
      members: [follows, follows],
      to: "backup",
      effects: [sync("backup"), entered("active", "backup", "A")],
    },
    {
      name: "one that did not follow: is told again",
      from: "backup",
      members: [active, { ...listens, cause: pulled }],
      effects: [{ kind: "yield", member: "A", by: "B", because: pulled, manner: "farewell" }],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("faults", () => {
  const rows: readonly Row[] = [
    {
      name: "of an active member: it first, then the others, then the group",
      from: "active",
      members: [active, { ...active, ...faulty }, active],
      changed: "B",
      to: "fault",
      effects: [fault("B", "B"), sync("fault"), fault("A", "B"), fault("C", "B"), entered("active", "fault", "B")],
    },
    {
      name: "of two members: each by itself, the others by the one that has changed",
      from: "backup",
      members: [{ ...listens, ...faulty }, { ...listens, ...faulty }, listens],
      changed: "B",
      to: "fault",
      effects: [fault("B", "B"), sync("fault"), fault("A", "A"), fault("C", "B"), entered("backup", "fault", "B")],
    },
    {
      name: "it lasts: nothing happens",
      from: "fault",
      members: [{ ...healed, ...faulty }, healed],
      changed: "B",
    },
    {
      name: "it is over: all listen, and then the group does",
      from: "fault",
      members: [healed, healed],
      to: "backup",
      effects: [admit("A"), sync("backup"), admit("B"), entered("fault", "backup", "A")],
    },
    {
      name: "it is over, but another member waits for its script: all stay",
      from: "fault",
      members: [healed, { ...healed, fitness: "waiting" }],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("a member that joins an active group in a reload (ours: keepalived gives up mastership)", () => {
  const joined: Look = { state: "backup", cause: started };
  const rows: readonly Row[] = [
    { name: "it is new: it is admitted", from: "active", members: [init, active], effects: [admit("A")] },
    { name: "it listens: the others go on", from: "active", members: [joined, active] },
    {
      name: "it hears nobody and is ready: it claims",
      from: "active",
      members: [{ ...joined, ready: true }, active],
      effects: [claim("A")],
    },
    {
      name: "it follows another master: the others leave",
      from: "active",
      members: [{ ...joined, follows: other }, active],
      to: "backup",
      effects: [
        sync("backup"),
        { kind: "yield", member: "B", by: "A", because: other, manner: "farewell" },
        entered("active", "backup", "A"),
      ],
    },
    { name: "it waits for its script: the others go on", from: "active", members: [waits, active] },
    {
      name: "it waits for its script, and another yields: the rest follows",
      from: "active",
      members: [follows, active, waits],
      to: "backup",
      effects: [
        sync("backup"),
        { kind: "yield", member: "B", by: "A", because: yielded, manner: "to-successor" },
        entered("active", "backup", "A"),
      ],
    },
  ];
  test.each(rows)("$name", holds);
});

describe("how a member looks to its group", () => {
  const router: VirtualRouter = {
    vrid: 51,
    family: "ipv4",
    version: 2,
    priority: 100,
    source: ip("192.0.2.10"),
    advertisementInterval: seconds(1),
    preemptMode: true,
    preemptDelay: micros(0),
    downTimerAdverts: 3,
    strongestBackup: 255,
    quickPreempt: false,
    answersLowerPriority: true,
    answersHigherPriority: false,
    synced: true,
    announce: {
      delay: micros(0),
      repeat: 1,
      refresh: micros(0),
      refreshRepeat: 1,
      lowerPriorityDelay: micros(0),
      extraPeriod: micros(0),
      lowerPriorityRepeat: 0,
    },
  };
  const heard = (priority: number): Backup => ({
    kind: "backup",
    activeDownAt: instant(9),
    activeAdverInterval: seconds(1),
    master: { kind: "heard", source: PEER, priority, at: instant(1) },
    preemption: { kind: "idle" },
  });
  const rows: readonly [string, Partial<VirtualRouter>, State, number | undefined][] = [
    ["a stronger master: follows it", {}, heard(150), 150],
    ["an equal master: follows it", {}, heard(100), 100],
    ["a weaker one: follows nobody", {}, heard(99), undefined],
    ["a weaker one, nopreempt: follows it", { preemptMode: false }, heard(99), 99],
    ["a weaker one, nopreempt, owner: follows nobody", { preemptMode: false, priority: 255 }, heard(99), undefined],
    [
      "a weaker one, preempt_delay runs: follows it",
      {},
      { ...heard(99), preemption: { kind: "delayed", until: instant(5) } },
      99,
    ],
    ["a stronger one that fell silent, ready: follows nobody", {}, { ...heard(150), ready: true }, undefined],
    [
      "a fault: follows nobody",
      {},
      { kind: "fault", causes: [{ kind: "interface-down", interface: "eth0" }] },
      undefined,
    ],
  ];
  test.each(rows)("%s", (_name, given, state, priority) => {
    const own = { name: "A", cause: started, fitness: "fit", resumes: false } as const;
    const view = memberView({ ...router, ...given }, state, own);
    expect(view.follows?.priority).toBe(priority);
    expect(view.ready).toBe(state.kind === "backup" && state.ready === true);
  });
});
