import { describe, expect, test } from "vitest";
import type { VarBind } from "../../base/snmp.ts";
import { after, instant, seconds, type Instant } from "../../base/time.ts";
import {
  agentDeadline,
  IDLE_AGENT,
  masterUpTime,
  stepAgent,
  type AgentEffect,
  type AgentEvent,
  type AgentSettings,
  type AgentState,
} from "./session.ts";

const SETTINGS: AgentSettings = {
  subtrees: [[1, 3, 6, 1, 2, 1, 68]],
  capabilities: [{ id: [1, 3, 6, 1, 2, 1, 68], description: "The MIB module for VRRP" }],
};

describe("opening a session (RFC 2741 section 7.1)", () => {
  test("connect, Open, then Register and AddAgentCaps with the number that the master has given", () => {
    const bench = createBench();
    expect(bench.feed({ kind: "start" })).toEqual(["connect"]);
    expect(bench.feed({ kind: "connected" })).toEqual(["open in 0"]);
    expect(bench.answer({ session: 6 })).toEqual(["report connected", "register in 6", "add-capabilities in 6"]);
    expect(bench.answer()).toEqual([]);
    expect(bench.answer()).toEqual([]);
    expect(bench.state.phase).toMatchObject({ kind: "open", session: 6 });
  });

  test("a registration that is refused: said, and the others hold", () => {
    const bench = createBench().open({ silent: true });
    expect(bench.answer({ error: 263 })).toEqual(["report refused"]);
    expect(bench.state.phase.kind).toBe("open");
  });

  test("an Open that is refused: the connection is closed, and another one made after a second", () => {
    const bench = createBench();
    bench.feed({ kind: "start" });
    bench.feed({ kind: "connected" });
    expect(bench.answer({ error: 256 })).toEqual(["report unreachable", "disconnect"]);
    expect(bench.due()).toBe(1);
  });

  test("the master's time goes on between its answers", () => {
    const bench = createBench().open({ upTime: 500 });
    bench.wait(2.5);
    expect(masterUpTime(bench.state, bench.now)).toBe(750);
    bench.feed({ kind: "disconnected", reason: "gone" });
    expect(masterUpTime(bench.state, bench.now)).toBeUndefined();
  });
});

describe("a master agent that is not there", () => {
  test("is tried after 1, 2, 4, 8 and then every 15 s, and spoken of once", () => {
    const bench = createBench();
    bench.feed({ kind: "start" });
    const pauses: (number | undefined)[] = [];
    const said: string[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      said.push(...bench.feed({ kind: "disconnected", reason: "connect ENOENT" }));
      const pause = bench.due();
      pauses.push(pause);
      bench.wait(pause ?? 0);
      said.push(...bench.feed({ kind: "deadline" }));
    }
    expect(pauses).toEqual([1, 2, 4, 8, 15, 15]);
    expect(said.filter((word) => word.startsWith("report"))).toEqual(["report unreachable"]);
    expect(said.filter((word) => word === "connect")).toHaveLength(6);
  });

  test("comes back: said once, and the next loss too; after a session of 15 s the pause is short again", () => {
    const bench = createBench().open();
    bench.wait(14);
    expect(bench.feed({ kind: "disconnected", reason: "closed" })).toEqual(["report lost", "disconnect"]);
    expect(bench.due()).toBe(1);
    bench.wait(1);
    bench.feed({ kind: "deadline" });
    bench.feed({ kind: "connected" });
    expect(bench.answer({ session: 7 })).toContain("report connected");
    bench.answer();
    bench.answer();
    bench.wait(14);
    bench.feed({ kind: "disconnected", reason: "closed" });
    expect(bench.due()).toBe(2);
    bench.wait(2);
    bench.feed({ kind: "deadline" });
    bench.feed({ kind: "connected" });
    bench.answer({ session: 8 });
    bench.answer();
    bench.answer();
    bench.keepAlive(15);
    bench.feed({ kind: "closed", reason: "it closes" });
    expect(bench.due()).toBe(1);
  });

  test("takes the connection and says nothing: given up after 5 s", () => {
    const bench = createBench();
    bench.feed({ kind: "start" });
    bench.feed({ kind: "connected" });
    expect(bench.due()).toBe(5);
    bench.wait(5);
    expect(bench.feed({ kind: "deadline" })).toEqual(["report unreachable", "disconnect"]);
  });

  test("does not even take the connection: given up after 5 s", () => {
    const bench = createBench();
    bench.feed({ kind: "start" });
    bench.wait(5);
    expect(bench.feed({ kind: "deadline" })).toEqual(["report unreachable", "disconnect"]);
  });
});

describe("a master agent that hangs", () => {
  test("is asked every 15 s whether it lives (Ping), and given up 5 s later", () => {
    const bench = createBench().open();
    expect(bench.due()).toBe(15);
    bench.wait(15);
    expect(bench.feed({ kind: "deadline" })).toEqual(["ping in 6"]);
    expect(bench.due()).toBe(5);
    bench.wait(5);
    expect(bench.feed({ kind: "deadline" })).toEqual(["report lost", "disconnect"]);
  });

  test("gets at most 20 traps that it has not answered; the others wait, 100 of them at most", () => {
    const bench = createBench().open();
    const sent = Array.from({ length: 500 }, () => bench.feed(trap())).flat();
    expect(sent).toHaveLength(20);
    expect([bench.state.traps.length, bench.state.awaited.length]).toEqual([100, 20]);
    expect(bench.answer()).toEqual(["notify in 6"]);
  });

  test("an answer that the session is not open: another one (RFC 2741 section 7.1.1)", () => {
    const bench = createBench().open();
    bench.feed(trap());
    expect(bench.answer({ error: 257 })).toEqual(["report lost", "disconnect"]);
  });

  test("an answer that belongs to nothing: nothing", () => {
    const bench = createBench().open();
    const event: AgentEvent = { kind: "response", session: 6, packet: 999, error: 257, upTime: 0 };
    expect(bench.feed(event)).toEqual([]);
  });
});

describe("traps", () => {
  test("that come before the session: sent when it is open, behind the registrations", () => {
    const bench = createBench();
    bench.feed({ kind: "start" });
    expect(bench.feed(trap())).toEqual([]);
    bench.feed({ kind: "connected" });
    expect(bench.answer({ session: 6 })).toEqual([
      "report connected",
      "register in 6",
      "add-capabilities in 6",
      "notify in 6",
    ]);
  });

  test("older than 30 s: not sent any more", () => {
    const bench = createBench();
    bench.feed({ kind: "start" });
    bench.feed({ kind: "disconnected", reason: "connect ENOENT" });
    bench.feed(trap());
    bench.wait(29);
    bench.feed(trap());
    bench.feed({ kind: "deadline" });
    bench.wait(1);
    bench.feed({ kind: "connected" });
    expect(bench.answer({ session: 6 }).filter((word) => word.startsWith("notify"))).toHaveLength(1);
  });
});

describe("the end of a session", () => {
  test("stop: Close, and nothing more", () => {
    const bench = createBench().open();
    expect(bench.feed({ kind: "stop" })).toEqual(["close in 6", "disconnect"]);
    expect([bench.due(), bench.feed(trap()), bench.feed({ kind: "deadline" })]).toEqual([undefined, [], []]);
  });

  test("other settings: Close and a new connection at once, and nothing is said of it", () => {
    const bench = createBench().open();
    expect(bench.feed({ kind: "reconfigured" })).toEqual(["close in 6", "disconnect", "connect"]);
    bench.feed({ kind: "connected" });
    expect(bench.answer({ session: 7 })).toEqual(["register in 7", "add-capabilities in 7"]);
  });
});

function trap(): AgentEvent {
  const bindings: readonly VarBind[] = [{ oid: [1, 3], value: { kind: "null" } }];
  return { kind: "trap", bindings };
}

interface Bench {
  readonly state: AgentState;
  readonly now: Instant;
  /** The effects in words. */
  feed(event: AgentEvent): readonly string[];
  /** Answers the oldest question. */
  answer(given?: { session?: number; error?: number; upTime?: number }): readonly string[];
  wait(time: number): void;
  /** Seconds until something is to be done. */
  due(): number | undefined;
  /** Waits, and answers every Ping. */
  keepAlive(time: number): void;
  open(given?: { silent?: boolean; upTime?: number }): Bench;
}

function createBench(): Bench {
  let state = IDLE_AGENT;
  let now = instant(0);
  const bench: Bench = {
    get state() {
      return state;
    },
    get now() {
      return now;
    },
    feed(event) {
      const step = stepAgent(SETTINGS, state, event, now);
      state = step.state;
      return step.effects.map(wordsOf);
    },
    answer({ session = 6, error = 0, upTime = 0 } = {}) {
      const packet = state.awaited[0]?.packet ?? -1;
      return bench.feed({ kind: "response", session, packet, error, upTime });
    },
    wait(time) {
      now = after(now, seconds(time));
    },
    due() {
      const at = agentDeadline(state);
      return at === undefined ? undefined : (at - now) / 1_000_000;
    },
    keepAlive(time) {
      bench.wait(time);
      bench.feed({ kind: "deadline" });
      bench.answer();
    },
    open({ silent = false, upTime = 0 } = {}) {
      bench.feed({ kind: "start" });
      bench.feed({ kind: "connected" });
      bench.answer({ session: 6, upTime });
      if (silent) return bench;
      bench.answer();
      bench.answer();
      return bench;
    },
  };
  return bench;
}

function wordsOf(effect: AgentEffect): string {
  switch (effect.kind) {
    case "send":
      return `${effect.message.kind} in ${effect.session}`;
    case "report":
      return `report ${effect.news.kind}`;
    default:
      return effect.kind;
  }
}
