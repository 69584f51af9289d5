import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { millis, seconds } from "../../base/time.ts";
import type { BfdInstanceSettings } from "../../config/model/bfd.ts";
import type { BfdNews } from "../bfd-news.ts";
import { BfdSet, type TrackedSessions } from "./bfd-set.ts";

describe("BfdSet", () => {
  test("nothing was told yet: unknown", () => {
    const { set } = createSet();
    expect([set.verdictOf("peer"), set.detailOf("peer")]).toEqual(["unknown", "not known yet"]);
  });

  test("told that it is up: said for each instance that tracks it, in keepalived's words, and in the journal", () => {
    const { set, lines, journal, changes } = createSet();
    set.learn([up("peer")]);
    expect(set.verdictOf("peer")).toBe("up");
    expect(lines).toEqual(["VRRP_Instance(V1) Tracked BFD instance peer is UP"]);
    expect(journal).toEqual(["BFD_UP"]);
    expect(changes()).toBe(1);
  });

  test("told the same again: nothing follows", () => {
    const { set, changes } = createSet();
    set.learn([up("peer")]);
    set.learn([up("peer")]);
    expect(changes()).toBe(1);
  });

  test("a process that has just started does not know: what was known holds, and nothing follows", () => {
    const { set, changes } = createSet();
    set.learn([up("peer")]);
    set.learn([{ name: "peer", verdict: "unknown", detail: "Down, and was never up" }]);
    expect([set.verdictOf("peer"), changes()]).toEqual(["up", 1]);
  });

  test("several at once: one change", () => {
    const { set, changes } = createSet();
    set.learn([up("peer"), up("other")]);
    expect(changes()).toBe(1);
  });

  test("a reload that keeps the session, at another pace: what was known holds", () => {
    const { set } = createSet();
    set.learn([up("peer")]);
    set.configure(modelOf({ ...PEER, minTx: millis(500) }));
    expect(set.verdictOf("peer")).toBe("up");
  });

  test.each<[string, Partial<BfdInstanceSettings>]>([
    ["neighbour", { neighbor: ip("10.0.0.9") }],
    ["source", { source: ip("10.0.0.1") }],
    ["kind", { multihop: true }],
    ["name", { name: "new" }],
  ])("a reload that gives it another %s: what was known of the other one is forgotten", (_, change) => {
    const { set } = createSet();
    set.learn([up("peer")]);
    set.configure(modelOf({ ...PEER, ...change }));
    expect(set.verdictOf("peer")).toBe("unknown");
  });
});

function createSet(): { set: BfdSet; lines: string[]; journal: string[]; changes: () => number } {
  const lines: string[] = [];
  const journal: string[] = [];
  let changes = 0;
  const set = new BfdSet(() => void (changes += 1), {
    log: { write: (_level, text) => void lines.push(text) },
    journal: { append: ({ cause }) => void journal.push(cause.code) },
  });
  set.configure(modelOf(PEER));
  return { set, lines, journal, changes: () => changes };
}

function up(name: string): BfdNews {
  return { name, verdict: "up", detail: "Up" };
}

function modelOf(session: BfdInstanceSettings): TrackedSessions {
  const tracking = (name: string, bfd: string): TrackedSessions["instances"][number] => ({
    name,
    trackBfd: [{ bfd, weight: 0, reverse: false }],
  });
  return { bfd: [session], instances: [tracking("V1", "peer"), tracking("V2", "else")] };
}

const PEER: BfdInstanceSettings = {
  name: "peer",
  place: { file: "a.conf", line: 1, column: 1 },
  neighbor: ip("10.0.0.2"),
  source: undefined,
  minTx: millis(10),
  minRx: millis(10),
  idleTx: seconds(1),
  multiplier: 3,
  passive: false,
  hopLimit: 255,
  leastHopLimit: 255,
  multihop: false,
};
