import { describe, expect, test } from "vitest";
import { instant, micros, millis, seconds } from "../../base/time.ts";
import type { Instant } from "../../base/time.ts";
import {
  detectionTime,
  farewell,
  initialSession,
  nextBfdDeadline,
  stepSession,
  transmitInterval,
  verdictOf,
} from "./session.ts";
import type { BfdArrival, BfdEvent, BfdSession, BfdSettings, BfdStep } from "./session.ts";

const SETTINGS: BfdSettings = {
  localDiscriminator: 7,
  minTx: millis(50),
  minRx: millis(40),
  idleTx: seconds(1),
  multiplier: 3,
  passive: false,
};

describe("state machine (RFC 5880 section 6.2)", () => {
  // The diagram, row by row: session state, state in the packet, state afterwards.
  test.each([
    ["down", "down", "init"],
    ["down", "init", "up"],
    ["down", "up", "down"],
    ["down", "admin-down", "down"],
    ["init", "down", "init"],
    ["init", "init", "up"],
    ["init", "up", "up"],
    ["init", "admin-down", "down"],
    ["up", "down", "down"],
    ["up", "init", "up"],
    ["up", "up", "up"],
    ["up", "admin-down", "down"],
  ] as const)("%s hears %s: is %s", (before, heard, after) => {
    expect(receive(inState(before), { state: heard }).session.state).toBe(after);
  });

  test.each(["init", "up"] as const)("%s hears nothing for a Detection Time: is down, diagnostic 1", (state) => {
    const { session, effects } = wake(inState(state), AT + 300_000);
    expect([session.state, session.diagnostic, session.remote]).toEqual(["down", 1, undefined]);
    expect(effects[0]).toEqual({ kind: "changed", from: state, to: "down", diagnostic: 1, remoteDiagnostic: 2 });
  });

  test("up hears nothing until just before the Detection Time: stays up", () => {
    expect(wake(inState("up"), AT + 299_999).session.state).toBe("up");
  });

  test.each(["down", "admin-down"] as const)("up hears %s: diagnostic 3, neighbour signaled session down", (heard) => {
    const { session, effects } = receive(inState("up"), { state: heard });
    expect(session.diagnostic).toBe(3);
    expect(effects[0]).toEqual({ kind: "changed", from: "up", to: "down", diagnostic: 3, remoteDiagnostic: 2 });
  });

  test("comes up again: the diagnostic is 0", () => {
    const session = receive({ ...inState("down"), diagnostic: 1 }, { state: "init" }).session;
    expect(session.diagnostic).toBe(0);
  });
});

describe("what is sent", () => {
  test("start, active: at once, Down, nobody known, at least a second between packets (sections 6.8.1, 6.8.3)", () => {
    const { effects, session } = step(initialSession(), { kind: "startup" }, AT);
    expect(effects).toEqual([
      {
        kind: "send",
        packet: {
          state: "down",
          diagnostic: 0,
          poll: false,
          final: false,
          detectMultiplier: 3,
          myDiscriminator: 7,
          yourDiscriminator: 0,
          desiredMinTxInterval: 1_000_000,
          requiredMinRxInterval: 40_000,
        },
      },
    ]);
    // With a chance of 0 the next one comes a quarter early.
    expect(session.transmitAt).toBe(AT + 750_000);
  });

  test("idle_tx below a second: a second all the same (section 6.8.3)", () => {
    const quick = { ...SETTINGS, idleTx: millis(100) };
    const { session } = stepSession(quick, initialSession(), { kind: "startup" }, instant(AT), 0);
    expect(session.transmitAt).toBe(AT + 750_000);
  });

  test("start, passive: nothing before the neighbour is heard (section 6.8.7)", () => {
    const passive = { ...SETTINGS, passive: true };
    const started = stepSession(passive, initialSession(), { kind: "startup" }, instant(AT), 0);
    expect([started.effects, started.session.transmitAt]).toEqual([[], undefined]);
    const event: BfdEvent = { kind: "received", packet: arrival({ state: "down" }) };
    const heard = stepSession(passive, started.session, event, instant(AT), 0);
    expect(sent(heard).map(({ state }) => state)).toEqual(["init"]);
  });

  test("passive, the neighbour falls silent: says nothing any more (section 6.8.7)", () => {
    const passive = { ...SETTINGS, passive: true };
    const silent = stepSession(passive, inState("up"), { kind: "deadline" }, instant(AT + 300_000), 0);
    expect([sent(silent), silent.session.transmitAt]).toEqual([[], undefined]);
  });

  test("active, the neighbour falls silent: tells it at once, with Your Discriminator 0 (section 6.8.1)", () => {
    expect(sent(wake(inState("up"), AT + 300_000))).toMatchObject([
      { state: "down", diagnostic: 1, yourDiscriminator: 0, desiredMinTxInterval: 1_000_000 },
    ]);
  });

  test("comes up: tells it at once with its new period and P, until F answers (sections 6.5, 6.8.3, 6.8.7)", () => {
    const up = receive(inState("down"), { state: "init" });
    expect(sent(up)).toMatchObject([{ state: "up", poll: true, final: false, desiredMinTxInterval: 50_000 }]);
    const next = wake(up.session, Number(up.session.transmitAt));
    expect(sent(next)).toMatchObject([{ poll: true }]);
    const answered = receive(next.session, { state: "up", final: true });
    expect(sent(wake(answered.session, Number(answered.session.transmitAt)))).toMatchObject([{ poll: false }]);
  });

  test("is polled: answers at once with F and without P, whatever its own poll (sections 6.5, 6.8.7)", () => {
    const polling = { ...inState("up"), polling: true };
    const answered = receive(polling, { state: "up", poll: true });
    expect(sent(answered)).toMatchObject([{ final: true, poll: false }]);
    expect(answered.session.polling).toBe(true);
  });

  test.each([
    // Multiplier, chance, then the period of 100 ms that the neighbour asks for, by hand.
    [3, 0, 75_000],
    [3, 0.999_999, 99_999],
    [1, 0, 75_000],
    [1, 0.999_999, 89_999],
  ])("multiplier %i, chance %d: the next packet after %i us (section 6.8.7)", (multiplier, chance, wait) => {
    const settings = { ...SETTINGS, multiplier };
    const due = { ...inState("up"), transmitAt: instant(AT) };
    const { session } = stepSession(settings, due, { kind: "deadline" }, instant(AT), chance);
    expect(session.transmitAt).toBe(AT + wait);
  });

  test("the neighbour wants less often than we: its wish counts; more often: ours (section 6.8.7)", () => {
    const slow = receive(inState("up"), { state: "up", requiredMinRxInterval: millis(70) }).session;
    const quick = receive(inState("up"), { state: "up", requiredMinRxInterval: millis(10) }).session;
    expect([transmitInterval(SETTINGS, slow), transmitInterval(SETTINGS, quick)]).toEqual([70_000, 50_000]);
  });

  test("the neighbour wants nothing periodic (Required Min RX 0): silent but for answers (section 6.8.7)", () => {
    const { session } = receive(inState("up"), { state: "up", requiredMinRxInterval: micros(0) });
    expect(session.transmitAt).toBeUndefined();
    expect(sent(receive(session, { state: "up", requiredMinRxInterval: micros(0), poll: true }))).toHaveLength(1);
  });

  test("the neighbour is in demand mode: silent while both are up and nothing is polled (section 6.8.7)", () => {
    const { session } = receive(inState("up"), { state: "up", demand: true });
    expect(session.transmitAt).toBeUndefined();
    const polling = receive({ ...inState("up"), polling: true }, { state: "up", demand: true }).session;
    expect(polling.transmitAt).toBeDefined();
  });

  test("a packet that asks for a quicker pace: the next one is not later than that", () => {
    const idle = { ...inState("up"), transmitAt: instant(AT + 900_000) };
    const { session } = receive(idle, { state: "up", requiredMinRxInterval: millis(50) });
    expect(session.transmitAt).toBe(AT + 37_500);
  });

  test("turned off: AdminDown with diagnostic 7, no poll (section 6.8.16)", () => {
    expect(farewell(SETTINGS, { ...inState("up"), polling: true })).toMatchObject({
      state: "admin-down",
      diagnostic: 7,
      poll: false,
      yourDiscriminator: 99,
    });
  });
});

describe("Detection Time (RFC 5880 section 6.8.4)", () => {
  test.each([
    // The neighbour's multiplier x the larger of our Required Min RX (40 ms) and its Desired Min TX.
    [2, 30, 80_000],
    [2, 60, 120_000],
    [255, 0, 10_200_000],
  ])("neighbour's multiplier %i, its Desired Min TX %i ms: %i us", (detectMultiplier, tx, time) => {
    const packet = { state: "up", detectMultiplier, desiredMinTxInterval: millis(tx) } as const;
    expect(detectionTime(SETTINGS, receive(inState("up"), packet).session)).toBe(time);
  });

  test("each packet begins it anew", () => {
    const { session } = receive(inState("up"), { state: "up" }, AT + 200_000);
    expect(wake(session, AT + 400_000).session.state).toBe("up");
  });

  test("down, and the neighbour falls silent: it is forgotten without a word (section 6.8.1)", () => {
    const { session, effects } = wake({ ...inState("down"), transmitAt: instant(AT + 900_000) }, AT + 300_000);
    expect([session.remote, effects]).toEqual([undefined, []]);
    expect(session.transmitAt).toBe(AT + 900_000);
  });
});

describe("reload while it is up (RFC 5880 section 6.8.3)", () => {
  const reload = (session: BfdSession, settings: BfdSettings): BfdStep =>
    stepSession(settings, session, { kind: "reconfigured", former: SETTINGS }, instant(AT), 0);

  test("slower packets: polls, and keeps the pace until the neighbour has answered", () => {
    const slower = { ...SETTINGS, minTx: millis(200) };
    const asked = reload(inState("up"), slower);
    expect(sent(asked)).toMatchObject([{ poll: true, desiredMinTxInterval: 200_000 }]);
    expect(transmitInterval(slower, asked.session)).toBe(100_000);
    const packet = arrival({ state: "up", final: true });
    const agreed = stepSession(slower, asked.session, { kind: "received", packet }, instant(AT), 0);
    expect(transmitInterval(slower, agreed.session)).toBe(200_000);
  });

  test("a lower Required Min RX: detects as before until the neighbour has answered", () => {
    const slow = { ...SETTINGS, minRx: millis(400) };
    const quick = { ...SETTINGS, minRx: millis(20) };
    const asked = stepSession(quick, inState("up"), { kind: "reconfigured", former: slow }, instant(AT), 0);
    expect(detectionTime(quick, asked.session)).toBe(1_200_000);
    const packet = arrival({ state: "up", final: true, desiredMinTxInterval: millis(10) });
    const agreed = stepSession(quick, asked.session, { kind: "received", packet }, instant(AT), 0);
    expect(detectionTime(quick, agreed.session)).toBe(60_000);
  });

  test("nothing that the neighbour must agree to: no poll", () => {
    const { session } = reload({ ...inState("up"), transmitAt: instant(AT + 1) }, { ...SETTINGS, multiplier: 9 });
    expect([session.polling, session.transmitAt]).toEqual([false, AT + 1]);
  });

  test("passive no more: speaks first", () => {
    const former = { ...SETTINGS, passive: true };
    const waiting = stepSession(former, initialSession(), { kind: "startup" }, instant(AT), 0).session;
    const woken = stepSession(SETTINGS, waiting, { kind: "reconfigured", former }, instant(AT), 0);
    expect(sent(woken)).toHaveLength(1);
  });
});

describe("verdict", () => {
  const started = step(initialSession(), { kind: "startup" }, AT).session;

  test("just opened: unknown, for as long as an idle neighbour may be silent (3 x 1 s)", () => {
    expect(verdictOf(wake(started, AT + 2_999_999).session)).toBe("unknown");
    expect(verdictOf(wake(started, AT + 3_000_000).session)).toBe("down");
  });

  test("comes up in that time: up, and down at once when it fails", () => {
    const up = receive(started, { state: "init" }, AT).session;
    expect(verdictOf(up)).toBe("up");
    expect(verdictOf(receive(up, { state: "down" }, AT).session)).toBe("down");
  });

  test("the next deadline is the earliest of packet, Detection Time and that time", () => {
    expect(nextBfdDeadline(SETTINGS, started)).toBe(AT + 750_000);
    expect(nextBfdDeadline(SETTINGS, { ...started, transmitAt: undefined })).toBe(AT + 3_000_000);
    expect(nextBfdDeadline(SETTINGS, { ...inState("up"), transmitAt: undefined })).toBe(AT + 300_000);
  });
});

const AT = 5_000_000;

/** A session whose neighbour was heard at `AT`: multiplier 3, Desired Min TX and Required Min RX 100 ms. */
function inState(state: BfdSession["state"]): BfdSession {
  const { session } = receive(initialSession(), { state: "up" }, AT);
  return { ...session, state, transmitAt: instant(AT + 100_000) };
}

function arrival(packet: Partial<BfdArrival>): BfdArrival {
  return {
    state: "down",
    diagnostic: 2,
    poll: false,
    final: false,
    demand: false,
    detectMultiplier: 3,
    myDiscriminator: 99,
    desiredMinTxInterval: millis(100),
    requiredMinRxInterval: millis(100),
    ...packet,
  };
}

function step(session: BfdSession, event: BfdEvent, at: number): BfdStep {
  return stepSession(SETTINGS, session, event, instant(at), 0);
}

function receive(session: BfdSession, packet: Partial<BfdArrival>, at: Instant | number = AT): BfdStep {
  return step(session, { kind: "received", packet: arrival(packet) }, at);
}

function wake(session: BfdSession, at: number): BfdStep {
  return step(session, { kind: "deadline" }, at);
}

function sent(taken: BfdStep) {
  return taken.effects.flatMap((effect) => (effect.kind === "send" ? [effect.packet] : []));
}
