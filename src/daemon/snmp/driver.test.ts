import { describe, expect, test } from "vitest";
import { formatOid, type Oid } from "../../base/snmp.ts";
import { seconds } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { SnmpSettings } from "../../config/model/snmp.ts";
import type { StreamEndpoint, StreamListener } from "../../ports/streams.ts";
import { decodeAgentx } from "../../wire/agentx/decode.ts";
import { encodeAgentx } from "../../wire/agentx/encode.ts";
import type { AgentxBody, AgentxPdu } from "../../wire/agentx/pdu.ts";
import type { SnmpFacts } from "../snmp-facts.ts";
import { handClock } from "../../../test/fixtures/hand-clock.ts";
import { EMPTY_MODEL } from "../../../test/fixtures/empty-model.ts";
import { startSnmpDriver } from "./driver.ts";

const ROUTER_ID: Oid = [1, 3, 6, 1, 4, 1, 9586, 100, 5, 1, 2, 0];

describe("SNMP driver, session", () => {
  test("a Unix socket by default; all that is served is registered", () => {
    const bench = createBench();
    expect(bench.endpoints).toEqual([{ kind: "unix", path: "/var/agentx/master" }]);
    bench.open();
    const registered = bench.sent.flatMap((pdu) => (pdu.kind === "register" ? [formatOid(pdu.subtree)] : []));
    expect(registered).toEqual(["1.3.6.1.4.1.9586.100.5.1", "1.3.6.1.4.1.9586.100.5.2"]);
    expect(bench.lines).toEqual(["info SNMP: connected to the master agent at /var/agentx/master"]);
  });

  test("a reload to another place: the session is closed and another one opened there", () => {
    const bench = createBench().open();
    bench.reload({ master: { kind: "tcp", host: "::1", port: 705 } });
    expect(bench.sent.at(-1)).toMatchObject({ kind: "close", reason: "shutdown" });
    expect(bench.endpoints.at(-1)).toEqual({ kind: "tcp", host: "::1", port: 705 });
  });

  test("a reload that changes nothing of it, traps at most: the session goes on", () => {
    const bench = createBench().open();
    bench.reload({ traps: true });
    expect(bench.endpoints).toHaveLength(1);
  });

  test("bytes that are no AgentX: the connection is closed, said, and made anew", () => {
    const bench = createBench().open();
    bench.receives(Uint8Array.of(7));
    expect(bench.lines.at(-1)).toBe(
      "warn SNMP: lost the master agent at /var/agentx/master: it has sent version 7 of AgentX; trying again",
    );
    bench.pass(1);
    expect(bench.endpoints).toHaveLength(2);
  });

  test("a connection that takes nothing any more: closed", () => {
    const bench = createBench().open();
    bench.full = true;
    bench.says({ kind: "test-set", bindings: [] });
    expect(bench.lines.at(-1)).toContain("it takes nothing any more");
  });

  test("stop: what came last is told, the session closed, then it is over", () => {
    const bench = createBench({ traps: true }).open();
    bench.stop();
    bench.driver.tell({ kind: "group-state", name: "G", state: "STOP" });
    bench.pass(1);
    expect(bench.sent.slice(-2).map(({ kind }) => kind)).toEqual(["notify", "close"]);
    expect(bench.stopped).toBe(true);
    expect(bench.alarms).toBe(0);
  });
});

describe("SNMP driver, questions", () => {
  test("the first one asks for facts, and those within half a second do not", () => {
    const bench = createBench().open();
    bench.asks(ROUTER_ID);
    expect([bench.asked, bench.answers.length]).toEqual([1, 0]);
    bench.learn();
    bench.asks(ROUTER_ID);
    bench.asks(ROUTER_ID);
    expect([bench.asked, bench.answers]).toEqual([1, ["lab", "lab", "lab"]]);
    bench.pass(0.5);
    bench.asks(ROUTER_ID);
    expect(bench.asked).toBe(2);
  });

  test("facts in parts: none is told before the last has come", () => {
    const bench = createBench().open();
    bench.asks(ROUTER_ID);
    bench.driver.learn(FACTS, true);
    expect(bench.answers).toEqual([]);
    bench.learn();
    expect(bench.answers).toEqual(["lab"]);
  });

  test("several that come in one piece, and one in pieces: each is answered, in its order", () => {
    const bench = createBench().open();
    bench.learn();
    const pieces = [1, 2, 3].map((packet) => get(packet, ROUTER_ID));
    const all = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    bench.receives(all.subarray(0, 70));
    bench.receives(all.subarray(70));
    const packets = bench.sent.flatMap((pdu) => (pdu.kind === "response" ? [pdu.packet] : []));
    expect(packets).toEqual([1, 2, 3]);
  });

  test("something has happened since: the question waits for newer facts, which are asked for at their pace", () => {
    const bench = createBench().open();
    bench.asks(ROUTER_ID);
    bench.learn();
    bench.driver.tell({ kind: "group-state", name: "G", state: "MASTER" });
    bench.asks(ROUTER_ID);
    expect([bench.asked, bench.answers.length]).toEqual([1, 1]);
    bench.pass(0.5);
    expect(bench.asked).toBe(2);
    bench.learn();
    expect(bench.answers).toHaveLength(2);
  });

  test("no facts come: older ones are told after 0.7 s, and from 3 s of age on there is an error", () => {
    const bench = createBench().open();
    bench.learn();
    bench.pass(1);
    bench.asks(ROUTER_ID);
    bench.pass(0.69);
    expect(bench.answers).toEqual([]);
    bench.pass(0.01);
    expect(bench.answers).toEqual(["lab"]);
    bench.pass(1.3);
    bench.asks(ROUTER_ID);
    bench.pass(0.7);
    expect(bench.answers).toEqual(["lab", "error 5"]);
    expect(bench.asked).toBeLessThanOrEqual(5);
  });

  test("hundreds that wait: a hundred do, the others get an error at once", () => {
    const bench = createBench().open();
    for (let count = 0; count < 150; count += 1) bench.asks(ROUTER_ID);
    expect(bench.answers).toEqual(Array.from({ length: 50 }, () => "error 5"));
    expect(bench.asked).toBe(1);
  });

  test("the connection ends: those that wait are forgotten", () => {
    const bench = createBench().open();
    bench.asks(ROUTER_ID);
    bench.closes("it has closed the connection");
    bench.learn();
    expect(bench.answers).toEqual([]);
  });

  test("TestSet: notWritable for the first variable; CleanupSet is not answered (RFC 2741 section 7.2.4)", () => {
    const bench = createBench().open();
    const value = { kind: "integer", value: 2 } as const;
    bench.says({ kind: "test-set", bindings: [{ oid: ROUTER_ID, value }] });
    expect(bench.sent.at(-1)).toMatchObject({ kind: "response", error: 17, index: 1 });
    const before = bench.sent.length;
    bench.says({ kind: "cleanup-set" });
    expect(bench.sent).toHaveLength(before);
  });
});

function get(packet: number, name: Oid): Uint8Array {
  return encodeAgentx({ session: 6, transaction: packet, packet, kind: "get", names: [name] });
}

const FACTS: SnmpFacts = {
  atMs: 0,
  instances: [],
  groups: [],
  scripts: [],
  files: [],
  processes: [],
  bfd: [],
  interfaces: [],
  strangers: 0,
};

function modelOf(snmp: Partial<SnmpSettings>): Configuration {
  const { global } = EMPTY_MODEL;
  return {
    ...EMPTY_MODEL,
    global: { ...global, routerId: "lab", snmp: { ...global.snmp, keepalived: true, ...snmp } },
  };
}

function createBench(settings: Partial<SnmpSettings> = {}) {
  const clock = handClock();
  const endpoints: StreamEndpoint[] = [];
  const sent: AgentxPdu[] = [];
  const lines: string[] = [];
  const state = { asked: 0, stopped: false, full: false };
  let listener: StreamListener | undefined;
  const driver = startSnmpDriver(modelOf(settings), {
    clock,
    hostName: "host",
    release: "1.2.3",
    log: { write: (level, text) => void lines.push(`${level} ${text}`) },
    askFacts: () => {
      state.asked += 1;
    },
    streams: {
      connect: (endpoint, heard) => {
        endpoints.push(endpoint);
        listener = heard;
        return {
          send: (bytes) => {
            if (state.full) return false;
            const pdu = decodeAgentx(bytes);
            if (pdu.ok) sent.push(pdu.value);
            return true;
          },
          close: () => {},
        };
      },
    },
  });
  const bench = {
    driver,
    endpoints,
    sent,
    lines,
    get asked() {
      return state.asked;
    },
    get stopped() {
      return state.stopped;
    },
    get alarms() {
      return clock.set;
    },
    set full(full: boolean) {
      state.full = full;
    },
    /** What was asked for by Get: texts, or errors. */
    get answers() {
      return sent.flatMap((pdu) => {
        if (pdu.kind !== "response") return [];
        if (pdu.error !== 0) return [`error ${pdu.error}`];
        return pdu.bindings.map(({ value }) => (value.kind === "octets" ? String.fromCharCode(...value.value) : ""));
      });
    },
    open() {
      listener?.connected();
      bench.answersAll();
      bench.answersAll();
      return bench;
    },
    /** The master answers what it was told. */
    answersAll() {
      for (const { packet, kind } of sent.slice()) {
        if (kind !== "response") bench.says({ kind: "response", upTime: 0, error: 0, index: 0, bindings: [] }, packet);
      }
    },
    says(body: AgentxBody, packet = 77) {
      bench.receives(encodeAgentx({ session: 6, transaction: 1, packet, ...body }));
    },
    receives(bytes: Uint8Array) {
      listener?.received(bytes);
    },
    closes(reason: string) {
      listener?.closed(reason);
    },
    asks(name: Oid) {
      bench.says({ kind: "get", names: [name] });
    },
    learn() {
      driver.learn(FACTS, false);
    },
    reload(snmp: Partial<SnmpSettings>) {
      driver.reload(modelOf({ ...settings, ...snmp }));
    },
    pass(time: number) {
      clock.pass(seconds(time));
    },
    stop() {
      driver.stop(() => {
        state.stopped = true;
      });
    },
  };
  return bench;
}
