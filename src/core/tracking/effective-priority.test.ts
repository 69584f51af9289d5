import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { effectivePriority } from "./effective-priority.ts";
import type { TrackedItem, TrackedState } from "./effective-priority.ts";

function script(verdict: TrackedState["verdict"], weight: number, reverse = false): TrackedItem {
  return { kind: "script", name: `chk_${verdict}_${weight}`, weight, reverse, verdict };
}

describe("one weighted item on a base of 100", () => {
  const rows: readonly [number, boolean, TrackedState["verdict"], number][] = [
    // weight, reverse, verdict, effective priority
    [20, false, "up", 120],
    [20, false, "down", 100],
    [20, false, "unknown", 100],
    [-30, false, "up", 100],
    [-30, false, "down", 70],
    [-30, false, "unknown", 100],
    [20, true, "up", 80],
    [20, true, "down", 100],
    [20, true, "unknown", 100],
    [-30, true, "up", 100],
    [-30, true, "down", 130],
    [-30, true, "unknown", 100],
  ];
  test.each(rows)(
    "weight %i, reverse %s, %s: %i (as keepalived 2.2.7 advertises)",
    (weight, reverse, verdict, effective) => {
      const item = script(verdict, weight, reverse);
      expect(effectivePriority(100, [item])).toEqual({
        kind: "priority",
        effective,
        contributions: [{ item, amount: effective - 100 }],
      });
    },
  );
});

describe("the number in a file on a base of 100", () => {
  const rows: readonly [number, number, boolean, number | "fault"][] = [
    // value, weight, reverse, effective priority
    [0, 1, false, 100],
    [10, 1, false, 110],
    [10, -5, false, 50],
    [10, 2, true, 80],
    [-200, 1, false, 1],
    [-200, -5, false, 254],
    [-200, 2, true, 254],
    [16, -5, false, 20],
    [-60, 1, false, 40],
    [200, -5, false, "fault"],
    [200, 2, true, "fault"],
    [-253, 1, false, 1],
    [-254, 1, false, "fault"],
    [254, -1, false, "fault"],
    [-127, 2, false, "fault"],
    [2_147_483_647, 254, false, 254],
    [0, 0, false, 100],
    [1, 0, false, "fault"],
    [-1, 0, false, "fault"],
    [0, 0, true, "fault"],
    [7, 0, true, 100],
  ];
  test.each(rows)(
    "%i with weight %i, reverse %s: %s (as keepalived 2.2.7 advertises)",
    (value, weight, reverse, effective) => {
      const verdict = effectivePriority(100, [{ kind: "file", name: "state", weight, reverse, value }]);
      expect(verdict.kind === "priority" ? verdict.effective : verdict.kind).toBe(effective);
    },
  );

  test("a product above 253 adds 253, so that another tracker can still take away", () => {
    const file: TrackedItem = { kind: "file", name: "state", weight: 1, reverse: false, value: 5_000 };
    expect(effectivePriority(10, [file, script("down", -50)])).toMatchObject({ effective: 213 });
  });

  test("on an owner: a weighted file has no effect, not even FAULT", () => {
    const file: TrackedItem = { kind: "file", name: "state", weight: 1, reverse: false, value: -254 };
    expect(effectivePriority(255, [file])).toEqual({ kind: "priority", effective: 255, contributions: [] });
  });
});

describe("items of weight 0", () => {
  const well = script("up", 0);
  const failed = script("down", 0);
  const unknown = script("unknown", 0);

  test("all well: the base, and no contribution", () => {
    expect(effectivePriority(100, [well])).toEqual({ kind: "priority", effective: 100, contributions: [] });
  });

  test("one failed: FAULT because of it", () => {
    expect(effectivePriority(100, [well, failed])).toEqual({ kind: "fault", causes: [failed] });
  });

  test("several failed: all are causes, in their order", () => {
    const link: TrackedItem = { kind: "interface", name: "eth1", weight: 0, reverse: false, verdict: "down" };
    expect(effectivePriority(100, [link, well, failed])).toEqual({ kind: "fault", causes: [link, failed] });
  });

  test("one unknown: it is waited for", () => {
    expect(effectivePriority(100, [well, unknown])).toEqual({ kind: "unknown", waitingFor: [unknown] });
  });

  test("one unknown and one failed: FAULT, for it is certain already", () => {
    expect(effectivePriority(100, [unknown, failed])).toEqual({ kind: "fault", causes: [failed] });
  });

  test("reversed: success is FAULT, failure is well, and unknown is waited for", () => {
    const wrong = script("up", 0, true);
    expect(effectivePriority(100, [wrong])).toEqual({ kind: "fault", causes: [wrong] });
    expect(effectivePriority(100, [script("down", 0, true)]).kind).toBe("priority");
    expect(effectivePriority(100, [script("unknown", 0, true)]).kind).toBe("unknown");
  });

  test("an unknown item of another weight is not waited for", () => {
    expect(effectivePriority(100, [script("unknown", 5)]).kind).toBe("priority");
  });
});

describe("sums", () => {
  const rows: readonly { name: string; base: number; items: readonly TrackedItem[]; effective: number }[] = [
    { name: "no items: the base", base: 37, items: [], effective: 37 },
    {
      name: "several: their sum",
      base: 100,
      items: [script("up", 20), script("down", -50), script("up", 3)],
      effective: 73,
    },
    { name: "above 254: 254, since 255 is the owner's", base: 200, items: [script("up", 90)], effective: 254 },
    { name: "below 1: 1, since 0 says farewell", base: 100, items: [script("down", -200)], effective: 1 },
    {
      name: "out of range on the way, but not at the end: no harm",
      base: 100,
      items: [script("down", -200), script("up", 150)],
      effective: 50,
    },
    { name: "255, weighted failure: stays 255", base: 255, items: [script("down", -100)], effective: 255 },
    { name: "255, weighted success: stays 255", base: 255, items: [script("up", 100)], effective: 255 },
    { name: "254, no items: stays 254", base: 254, items: [], effective: 254 },
  ];
  test.each(rows)("$name", ({ base, items, effective }) => {
    expect(effectivePriority(base, items)).toMatchObject({ kind: "priority", effective });
  });

  test("255: a failed item of weight 0 is FAULT for the owner too, and an unknown one is waited for", () => {
    expect(effectivePriority(255, [script("down", 0)]).kind).toBe("fault");
    expect(effectivePriority(255, [script("unknown", 0)]).kind).toBe("unknown");
  });

  test("255: weighted items are no contributions", () => {
    expect(effectivePriority(255, [script("down", -100)])).toMatchObject({ contributions: [] });
  });

  test("any weighted items: within 1-254, and the order does not matter", () => {
    const verdict = fc.constantFrom("unknown" as const, "up" as const, "down" as const);
    const weight = fc.integer({ min: -253, max: 253 }).filter((value) => value !== 0);
    const item = fc.tuple(verdict, weight, fc.boolean()).map(([one, two, three]) => script(one, two, three));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 254 }), fc.array(item), (base, items) => {
        const forward = effectivePriority(base, items);
        const backward = effectivePriority(base, items.toReversed());
        if (forward.kind !== "priority" || backward.kind !== "priority") throw new Error("expected a priority");
        expect(forward.effective).toBe(backward.effective);
        expect(forward.effective).toBeGreaterThanOrEqual(1);
        expect(forward.effective).toBeLessThanOrEqual(254);
      }),
    );
  });
});
