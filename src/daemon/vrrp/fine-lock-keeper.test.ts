import { beforeEach, describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import { after, instant, micros, millis, type Instant } from "../../base/time.ts";
import type { FilterChanges } from "../../ports/packet-filter.ts";
import { FineLockKeeper, type LockTerms } from "./fine-lock-keeper.ts";

const START = instant(1_000_000_000);
const VIP = ip("192.0.2.7");
const OTHER = ip("192.0.2.8");

/** advert_int 0.1: others wait for 300.39 ms at least, and the lease has 2 s. */
const QUICK: LockTerms = {
  lock: { kind: "timed", window: micros(300_390), coversProtocol: true },
  lease: { kind: "timed", seconds: 2, coversProtocol: false },
  accept: true,
};
const SLOW: LockTerms = {
  lock: { kind: "off", because: "lease-suffices" },
  lease: { kind: "timed", seconds: 2, coversProtocol: true },
  accept: true,
};

let now: Instant;
/** What happens while the kernel is asked. */
let meanwhile: () => void;
let refusal: string | undefined;
let preparations: number;
let changes: FilterChanges[];
let lines: string[];
let keeper: FineLockKeeper;
let owner: { advertisedAt: Instant };

beforeEach(() => {
  now = START;
  meanwhile = () => {};
  refusal = undefined;
  preparations = 0;
  changes = [];
  lines = [];
  owner = { advertisedAt: START };
  keeper = new FineLockKeeper({
    filter: {
      prepare: () => {
        preparations += 1;
        return refusal === undefined || refusal === "ENOENT" ? succeed(undefined) : fail(failure(refusal));
      },
      change: (change) => {
        meanwhile();
        if (refusal !== undefined) {
          const errno = refusal;
          if (errno === "ENOENT") refusal = undefined;
          return fail(failure(errno));
        }
        changes.push(change);
        return succeed(undefined);
      },
      remove: () => succeed(undefined),
    },
    clock: {
      now: () => now,
      boottime: () => now,
      outside: () => undefined,
      wallClockMs: () => 0,
      alarm: () => ({ set: () => {}, clear: () => {}, close: () => {} }),
    },
    log: { write: (level, text) => lines.push(`${level} ${text}`) },
  });
});

describe("a claim and what follows", () => {
  beforeEach(() => keeper.prepare([QUICK]));

  test("cover: guarded for longer than the lease, alive until the end of the window", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    expect(changes).toEqual([
      {
        guard: [{ address: VIP, ms: 17_000 }],
        keepAlive: [{ address: VIP, ms: 300 }],
        refuse: [],
        forget: [],
      },
    ]);
    expect(keeper.renewalDueAt()).toBe(after(START, millis(5_000)));
  });

  test("an advert: the window again, less what passed since; no guard, for it is young", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    owner.advertisedAt = after(START, millis(100));
    expect(keeper.renewalDueAt()).toBe(owner.advertisedAt);
    now = after(START, millis(102));
    keeper.renew();
    expect(changes[1]).toEqual({ guard: [], keepAlive: [{ address: VIP, ms: 298 }], refuse: [], forget: [] });
    expect(keeper.renewalDueAt()).toBe(after(START, millis(5_000)));
  });

  test("no advert for five seconds, as where the network is down: guarded again, and not alive", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    now = after(START, millis(5_000));
    keeper.renew();
    expect(changes[1]).toEqual({ guard: [{ address: VIP, ms: 17_000 }], keepAlive: [], refuse: [], forget: [] });
  });

  test("an advert that is too old: what the address has is better than less than a tick of the kernel", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    owner.advertisedAt = after(START, millis(100));
    now = after(START, millis(391));
    keeper.renew();
    expect(changes[1]?.keepAlive).toEqual([]);
  });

  test("a stop of this process within the change, longer than the window: what came to life again ends at once", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    owner.advertisedAt = after(START, millis(100));
    now = owner.advertisedAt;
    meanwhile = () => {
      now = after(START, millis(900));
      meanwhile = () => {};
    };
    keeper.renew();
    expect(changes.slice(1).map(({ keepAlive }) => keepAlive)).toEqual([
      [{ address: VIP, ms: 300 }],
      [{ address: VIP, ms: 0 }],
    ]);
  });

  test("a hand-over: alive until its end, and adverts change nothing any more", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    keeper.limit(owner, after(START, millis(90)));
    expect(changes[1]).toEqual({ guard: [], keepAlive: [{ address: VIP, ms: 90 }], refuse: [], forget: [] });
    owner.advertisedAt = after(START, millis(50));
    expect(keeper.renewalDueAt()).toBe(after(START, millis(5_000)));
  });

  test("a release: forgotten, once", () => {
    keeper.cover(owner, [VIP, OTHER], QUICK, now);
    keeper.release(owner, [OTHER]);
    keeper.release(owner);
    keeper.release(owner);
    expect(changes.slice(1).map(({ forget }) => forget)).toEqual([[OTHER], [VIP]]);
    expect(keeper.renewalDueAt()).toBeUndefined();
  });

  test("two owners of one address: alive as long as either, and forgotten with the last", () => {
    const other = { advertisedAt: START };
    const slower: LockTerms = { ...QUICK, lock: { kind: "timed", window: millis(600), coversProtocol: true } };
    keeper.cover(other, [VIP], slower, now);
    keeper.cover(owner, [VIP], QUICK, now);
    expect(changes[1]?.keepAlive).toEqual([{ address: VIP, ms: 600 }]);
    keeper.release(other);
    expect(changes).toHaveLength(2);
    keeper.release(owner);
    expect(changes[2]?.forget).toEqual([VIP]);
  });

  test("a reload that makes adverts slow: the lock opens, the lease suffices", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    keeper.cover(owner, [VIP], SLOW, now);
    expect(changes[1]).toEqual({ guard: [], keepAlive: [], refuse: [], forget: [VIP] });
  });

  test("a reload that adds and removes an address: one change, and the old advert counts", () => {
    keeper.cover(owner, [VIP], QUICK, now);
    now = after(START, millis(80));
    keeper.cover(owner, [OTHER], QUICK, START);
    expect(changes[1]).toEqual({
      guard: [{ address: OTHER, ms: 17_000 }],
      keepAlive: [{ address: OTHER, ms: 220 }],
      refuse: [],
      forget: [VIP],
    });
  });

  test("no_accept: refused as long as it is guarded; without a lease for ever", () => {
    keeper.cover(owner, [VIP], { ...SLOW, accept: false }, now);
    expect(changes[0]).toEqual({ guard: [], keepAlive: [], refuse: [{ address: VIP, ms: 17_000 }], forget: [] });
    const permanent: LockTerms = {
      lock: { kind: "off", because: "permanent" },
      lease: { kind: "permanent" },
      accept: false,
    };
    keeper.cover(owner, [VIP], permanent, now);
    expect(changes[1]).toEqual({ guard: [], keepAlive: [], refuse: [{ address: VIP, ms: "forever" }], forget: [VIP] });
  });
});

describe("a packet filter that does not do as asked", () => {
  test("none on this host: said once, with what follows from it, and nothing is asked of it", () => {
    refusal = "EOPNOTSUPP";
    keeper.prepare([QUICK, { ...SLOW, accept: false }, QUICK]);
    keeper.prepare([QUICK]);
    keeper.cover(owner, [VIP], QUICK, now);
    keeper.release(owner);
    keeper.close();
    expect(lines).toEqual([
      "warn Cannot filter: refused (EOPNOTSUPP): adverts come faster than leases end, so a crash can leave two holders for up to 2 s; no_accept has no effect, the addresses answer",
    ]);
    expect(changes).toEqual([]);
    expect(keeper.health.kind).toBe("missing");
  });

  test("none on this host, where it was only asked for: no warning", () => {
    refusal = "EPERM";
    const asked: LockTerms = { ...SLOW, lock: { kind: "timed", window: millis(3_000), coversProtocol: true } };
    keeper.prepare([asked]);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["info"]);
  });

  test("nothing that needs it: never asked for", () => {
    keeper.prepare([SLOW]);
    keeper.cover(owner, [VIP], SLOW, now);
    expect([preparations, changes.length, keeper.health.kind]).toEqual([0, 0, "unused"]);
  });

  test("everything removed by somebody: made anew with all that is held", () => {
    const other = { advertisedAt: START };
    keeper.prepare([QUICK]);
    keeper.cover(owner, [VIP], QUICK, now);
    keeper.cover(other, [OTHER], QUICK, now);
    owner.advertisedAt = after(START, millis(100));
    now = owner.advertisedAt;
    refusal = "ENOENT";
    keeper.renew();
    expect(preparations).toBe(2);
    expect(changes[2]).toEqual({
      guard: [
        { address: VIP, ms: 17_000 },
        { address: OTHER, ms: 17_000 },
      ],
      keepAlive: [
        { address: VIP, ms: 300 },
        { address: OTHER, ms: 200 },
      ],
      refuse: [],
      forget: [],
    });
    expect(lines).toHaveLength(1);
  });

  test("refused again and again: one line, tried again after 100 ms, and well again", () => {
    keeper.prepare([QUICK]);
    keeper.cover(owner, [VIP], QUICK, now);
    refusal = "ENOMEM";
    for (const ms of [100, 200]) {
      now = owner.advertisedAt = after(START, millis(ms));
      keeper.renew();
      expect(keeper.renewalDueAt()).toBe(after(now, millis(100)));
      expect(keeper.health.kind).toBe("failing");
    }
    refusal = undefined;
    now = after(START, millis(300));
    keeper.renew();
    expect(changes.at(-1)?.keepAlive).toEqual([{ address: VIP, ms: 200 }]);
    expect([keeper.health.kind, lines]).toEqual(["working", ["error Cannot filter: refused (ENOMEM)"]]);
  });
});

function failure(errno: string): { operation: string; errno: string; message: string } {
  return { operation: "filter", errno, message: "refused" };
}
