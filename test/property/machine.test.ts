import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressFromBytes, ip, type IpAddress } from "../../src/base/address.ts";
import { after, earliest, instant, micros, millis, seconds, type Instant, type Micros } from "../../src/base/time.ts";
import type { Event } from "../../src/core/vrrp/event.ts";
import { step } from "../../src/core/vrrp/machine.ts";
import { type FaultCause, type State, nextDeadline } from "../../src/core/vrrp/state.ts";
import type { VirtualRouter } from "../../src/core/vrrp/router.ts";
import type { Step } from "../../src/core/vrrp/step.ts";

const duration = (longest: Micros): fc.Arbitrary<Micros> => fc.integer({ min: 0, max: longest }).map(micros);
const intervalOf = (version: 2 | 3): fc.Arbitrary<Micros> =>
  version === 2
    ? fc.integer({ min: 1, max: 255 }).map((count) => seconds(count))
    : fc.integer({ min: 1, max: 4_095 }).map((count) => millis(count * 10));

const announceTiming = fc.record({
  delay: duration(seconds(60)),
  repeat: fc.integer({ min: 1, max: 10 }),
  refresh: duration(seconds(60)),
  refreshRepeat: fc.integer({ min: 1, max: 10 }),
  lowerPriorityDelay: duration(seconds(60)),
  lowerPriorityRepeat: fc.integer({ min: 0, max: 10 }),
  extraPeriod: duration(seconds(60)),
});

const routerOf = (version: 2 | 3, source: IpAddress): fc.Arbitrary<VirtualRouter> =>
  fc.record({
    vrid: fc.constant(51),
    family: fc.constant("ipv4" as const),
    version: fc.constant(version),
    priority: fc.integer({ min: 1, max: 255 }),
    source: fc.constant(source),
    advertisementInterval: intervalOf(version),
    preemptMode: fc.boolean(),
    preemptDelay: fc.oneof(fc.constant(micros(0)), duration(seconds(1_000))),
    downTimerAdverts: fc.integer({ min: 1, max: 100 }),
    strongestBackup: fc.integer({ min: 1, max: 255 }),
    quickPreempt: fc.boolean(),
    answersLowerPriority: fc.boolean(),
    answersHigherPriority: fc.boolean(),
    synced: fc.constant(false),
    announce: announceTiming,
  });
const SELF = ip("192.0.2.10");
const router = fc.constantFrom(2 as const, 3 as const).chain((version) => routerOf(version, SELF));

/** How much later something happens, by itself or measured from what the machine waits for; never before now. */
type Pace =
  | { readonly kind: "after"; readonly wait: Micros }
  | { readonly kind: "around-deadline"; readonly by: number };

/** Something that happens; a new configuration or priority comes with its event. */
type Happening =
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "new-priority"; readonly priority: number }
  | { readonly kind: "new-configuration"; readonly router: VirtualRouter };

interface Move {
  readonly pace: Pace;
  readonly happening: Happening;
}

interface Turn {
  readonly router: VirtualRouter;
  readonly before: State;
  readonly event: Event;
  readonly now: Instant;
  readonly result: Step;
}

const pace: fc.Arbitrary<Pace> = fc.oneof(
  fc.record({ kind: fc.constant("after" as const), wait: duration(seconds(20)) }),
  fc.record({ kind: fc.constant("around-deadline" as const), by: fc.constantFrom(-1, 0, 0, 0, 1, 50_000) }),
  fc.record({
    kind: fc.constant("around-deadline" as const),
    by: fc.integer({ min: -10_000_000, max: 4_000_000_000 }),
  }),
);
const faultCause = fc.constantFrom<FaultCause>(
  { kind: "script", name: "chk_nginx", detail: "exited with 1" },
  { kind: "tracked-interface", interface: "eth1", detail: "is down" },
  { kind: "interface-down", interface: "eth0" },
  { kind: "no-source-address", interface: "eth0", family: "ipv4" },
);
const sender = fc.constantFrom(ip("192.0.2.9"), SELF, ip("192.0.2.100"));
const advertisement = fc.constantFrom(2 as const, 3 as const).chain((version) =>
  fc.record({
    kind: fc.constant("advertisement" as const),
    priority: fc.oneof(fc.constantFrom(0, 255), fc.integer({ min: 0, max: 255 })),
    interval: intervalOf(version),
    source: sender,
  }),
);
/** What announcements were timed by before; the rest of it plays no part. */
const ANNOUNCED_BEFORE: VirtualRouter = {
  vrid: 51,
  family: "ipv4",
  version: 3,
  priority: 100,
  source: SELF,
  advertisementInterval: seconds(1),
  preemptMode: true,
  preemptDelay: micros(0),
  downTimerAdverts: 3,
  strongestBackup: 255,
  quickPreempt: false,
  answersLowerPriority: true,
  answersHigherPriority: false,
  synced: false,
  announce: {
    delay: seconds(5),
    repeat: 5,
    refresh: micros(0),
    refreshRepeat: 1,
    lowerPriorityDelay: seconds(3),
    lowerPriorityRepeat: 5,
    extraPeriod: micros(0),
  },
};
const simpleEvent = fc.constantFrom<Event>(
  { kind: "startup" },
  { kind: "startup" },
  { kind: "resume" },
  { kind: "shutdown", reason: "SIGTERM" },
  { kind: "fault-cleared" },
  { kind: "reconfigured" },
  { kind: "announcing-changed", previous: ANNOUNCED_BEFORE },
  { kind: "paused", by: "process", length: seconds(5) },
  { kind: "lease-expired", age: seconds(2) },
  { kind: "address-lost", address: ip("192.0.2.200") },
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Happening>({ kind: "event", event: { kind: "deadline" } }) },
  { weight: 6, arbitrary: advertisement.map((event): Happening => ({ kind: "event", event })) },
  { weight: 3, arbitrary: simpleEvent.map((event): Happening => ({ kind: "event", event })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(faultCause, fc.array(faultCause, { maxLength: 2 }))
      .map(([first, others]): Happening => ({ kind: "event", event: { kind: "fault", causes: [first, ...others] } })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 255 }).map((priority): Happening => ({ kind: "new-priority", priority })),
  },
  { weight: 1, arbitrary: router.map((changed): Happening => ({ kind: "new-configuration", router: changed })) },
);
const moves = fc.array(fc.record<Move>({ pace, happening }), { minLength: 1, maxLength: 60, size: "max" });

/** Leads the machine from its start through all moves. Time never goes back, as the driver promises. */
function walk(start: VirtualRouter, list: readonly Move[]): Turn[] {
  let current = start;
  let state: State = step(current, { kind: "initialize" }, { kind: "startup" }, instant(0)).state;
  let now = instant(0);
  return list.map(({ pace: next, happening: what }) => {
    const from = next.kind === "after" ? now : (nextDeadline(state) ?? now);
    const by = next.kind === "after" ? next.wait : next.by;
    now = instant(Math.max(now, from + by));
    const previous = current;
    if (what.kind === "new-priority") current = { ...current, priority: what.priority };
    if (what.kind === "new-configuration") current = what.router;
    const event: Event =
      what.kind === "event"
        ? what.event
        : what.kind === "new-priority"
          ? { kind: "priority-changed", previous }
          : { kind: "reconfigured" };
    const before = freeze(state);
    const result = step(freeze(current), before, freeze(event), now);
    state = result.state;
    return { router: current, before, event, now, result };
  });
}

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
}

/** Any life of a router, each turn of it looked at. */
function always(law: (turn: Turn) => void): void {
  fc.assert(
    fc.property(router, moves, (start, list) => {
      for (const turn of walk(start, list)) law(turn);
    }),
    { numRuns: 400 },
  );
}

describe("any life of a router", () => {
  test("never throws, changes none of its arguments, and gives the same answer twice", () => {
    always(({ router: given, before, event, now, result }) => {
      expect(step(given, before, event, now)).toEqual(result);
    });
  });

  test("a cause for every change of the kind of its state, and for nothing else", () => {
    always(({ before, result }) => {
      expect(result.cause !== undefined).toBe(result.state.kind !== before.kind);
    });
  });

  test("adverts: its own priority, or 0 as the farewell of an active one, never both", () => {
    always(({ router: given, before, result }) => {
      const priorities = result.effects.flatMap((effect) =>
        effect.kind === "send-advertisement" ? [effect.priority] : [],
      );
      expect(priorities.length).toBeLessThanOrEqual(1);
      for (const priority of priorities) {
        expect(priority >= 0 && priority <= 255).toBe(true);
        const leaves = before.kind === "active" && result.state.kind !== "active";
        expect(priority === given.priority || (priority === 0 && leaves)).toBe(true);
      }
    });
  });

  test("addresses: added on becoming active and only then, given back once on ceasing to be, and only then", () => {
    always(({ before, result }) => {
      const kinds = result.effects.map(({ kind }) => kind);
      const was = before.kind === "active";
      const is = result.state.kind === "active";
      const given = kinds.filter((kind) => kind === "remove-addresses" || kind === "hand-over-addresses");
      expect(kinds.filter((kind) => kind === "add-addresses").length).toBe(!was && is ? 1 : 0);
      expect(given.length).toBe(was && !is ? 1 : 0);
      if (!was && !is) expect(kinds).toEqual([]);
    });
  });

  test("a hand-over: begins now and takes three seconds at most", () => {
    always(({ now, result }) => {
      for (const effect of result.effects) {
        if (effect.kind !== "hand-over-addresses") continue;
        expect(effect.until).toBeGreaterThan(now);
        expect(effect.until).toBeLessThanOrEqual(now + 3_000_000);
      }
    });
  });

  test("a deadline that is met: the next one is later, or the router is something else now", () => {
    always(({ before, event, now, result }) => {
      const wanted = nextDeadline(before);
      if (event.kind !== "deadline" || wanted === undefined || now < wanted) return;
      if (result.state.kind === before.kind) expect(nextDeadline(result.state)).toBeGreaterThan(now);
      else expect(result.cause).toBeDefined();
    });
  });

  test("a wake-up before the deadline, or where none is wanted: nothing happens", () => {
    always(({ before, event, now, result }) => {
      const wanted = nextDeadline(before);
      if (event.kind !== "deadline" || (wanted !== undefined && now >= wanted)) return;
      expect(result).toEqual({ state: before, effects: [], cause: undefined });
    });
  });

  test("backup and active want a deadline, the others none; announcements to come stay few", () => {
    always(({ result: { state } }) => {
      expect(nextDeadline(state) !== undefined).toBe(state.kind === "backup" || state.kind === "active");
      if (state.kind === "active") expect(state.bursts.length).toBeLessThanOrEqual(4);
      if (state.kind === "fault") expect(state.causes.length).toBeGreaterThan(0);
    });
  });

  test("no event but a resumption and a deadline makes a master", () => {
    always(({ before, event, result }) => {
      if (before.kind === "active" || result.state.kind !== "active") return;
      expect(["resume", "deadline"]).toContain(event.kind);
    });
  });
});

test("a backup that hears an equal or stronger master at each of its intervals: stays a backup for ever", () => {
  const ours = router.filter(({ priority }) => priority < 255);
  fc.assert(
    fc.property(ours, fc.array(fc.integer({ min: 0, max: 254 }), { maxLength: 40 }), (given, strengths) => {
      const interval = given.advertisementInterval;
      let state = step(given, { kind: "initialize" }, { kind: "startup" }, instant(0)).state;
      let now = instant(0);
      for (const more of strengths) {
        now = after(now, interval);
        state = step(given, state, { kind: "deadline" }, now).state;
        const priority = Math.min(255, given.priority + more);
        state = step(given, state, { kind: "advertisement", priority, interval, source: ip("192.0.2.1") }, now).state;
        expect(state.kind).toBe("backup");
      }
    }),
  );
});

test("a master that is woken in time and hears nobody: adverts once per interval and stays", () => {
  fc.assert(
    fc.property(router, fc.integer({ min: 1, max: 200 }), (given, turns) => {
      let { state } = step(given, { kind: "initialize" }, { kind: "resume" }, instant(0));
      const sentAt: number[] = [];
      for (let turn = 0; turn < turns; turn++) {
        const now = nextDeadline(state) ?? instant(0);
        const result = step(given, state, { kind: "deadline" }, now);
        state = result.state;
        if (result.effects.some(({ kind }) => kind === "send-advertisement")) sentAt.push(now);
      }
      expect(state.kind).toBe("active");
      expect(sentAt).toEqual(sentAt.map((_, index) => (index + 1) * given.advertisementInterval));
    }),
  );
});

describe("a LAN without loss", () => {
  interface Host {
    readonly router: VirtualRouter;
    readonly startsAt: Instant;
    state: State;
  }

  const lans = fc
    .constantFrom<[2 | 3, Micros]>([2, seconds(1)], [3, millis(10)], [3, millis(700)], [3, seconds(3)])
    .chain(([version, interval]) => {
      const host = fc.record({
        bytes: fc.uint8Array({ minLength: 4, maxLength: 4 }),
        model: routerOf(version, SELF),
        priority: fc.oneof(fc.constantFrom(100, 255), fc.integer({ min: 1, max: 254 })),
        startsAt: duration(micros(10 * interval)),
      });
      const selector = ({ bytes }: { bytes: Uint8Array }) => bytes.join(".");
      return fc.uniqueArray(host, { minLength: 2, maxLength: 4, selector }).map((members) => {
        const plain = {
          preemptMode: true,
          preemptDelay: micros(0),
          downTimerAdverts: 3,
          advertisementInterval: interval,
        };
        const lan = members.map(({ bytes, model, priority, startsAt }): Host => {
          const announce = { ...model.announce, refresh: micros(0), extraPeriod: micros(0) };
          return {
            router: { ...model, ...plain, announce, priority, source: addressFromBytes(bytes) },
            startsAt: instant(startsAt),
            state: { kind: "initialize" },
          };
        });
        return { lan, interval };
      });
    });

  /** Lets events happen in their order, up to `end`. What is sent arrives at once. */
  function run(lan: readonly Host[], end: Instant): void {
    for (let turns = 0; turns < 10_000; turns++) {
      const wanted = lan.map((host) => (host.state.kind === "initialize" ? host.startsAt : nextDeadline(host.state)));
      const now = earliest(...wanted);
      const host = lan[wanted.indexOf(now)];
      if (host === undefined || now === undefined || now > end) return;
      const event: Event = { kind: host.state.kind === "initialize" ? "startup" : "deadline" };
      const queue = [{ host, event }];
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) queue.push(...happen(lan, next, now));
    }
    throw new Error("events without end");
  }

  function happen(lan: readonly Host[], { host, event }: { host: Host; event: Event }, now: Instant) {
    const { source, advertisementInterval: interval } = host.router;
    const { state, effects } = step(host.router, host.state, event, now);
    host.state = state;
    const adverts = effects.flatMap((effect) => (effect.kind === "send-advertisement" ? [effect.priority] : []));
    const others = lan.filter((other) => other !== host);
    return adverts.flatMap((priority) =>
      others.map((other) => ({ host: other, event: { kind: "advertisement", priority, interval, source } as const })),
    );
  }

  const highest = (lan: readonly Host[]) => Math.max(...lan.map(({ router: { priority } }) => priority));
  const masters = (lan: readonly Host[]) => lan.filter(({ state }) => state.kind === "active");

  test("any start: four intervals later one master, none is stronger; it crashes: the same again", () => {
    fc.assert(
      fc.property(lans, fc.nat(), ({ lan, interval }, phase) => {
        // Each skew is shorter than the interval: in version 2 it is a fraction of one second.
        const settled = after(instant(0), micros(14 * interval + (phase % interval)));
        run(lan, settled);
        expect(masters(lan).map(({ router: { priority } }) => priority)).toEqual([highest(lan)]);

        const survivors = lan.filter((host) => host.state.kind !== "active");
        run(survivors, after(settled, micros(4 * interval)));
        expect(masters(survivors).map(({ router: { priority } }) => priority)).toEqual([highest(survivors)]);
      }),
      { numRuns: 200 },
    );
  });
});
