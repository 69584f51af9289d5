import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instant, micros, seconds } from "../../src/base/time.ts";
import { initialSession, nextBfdDeadline, stepSession } from "../../src/core/bfd/session.ts";
import type { BfdEvent, BfdSettings } from "../../src/core/bfd/session.ts";
import { parseBfdControl, serializeBfdControl } from "../../src/wire/bfd.ts";
import { readHex } from "../vectors/wire/read-vector.ts";

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const state = fc.constantFrom("admin-down", "down", "init", "up" as const);
const packet = fc.record({
  diagnostic: fc.integer({ min: 0, max: 31 }),
  state,
  poll: fc.boolean(),
  final: fc.boolean(),
  controlPlaneIndependent: fc.boolean(),
  demand: fc.boolean(),
  detectMultiplier: fc.integer({ min: 1, max: 255 }),
  myDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
  yourDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
  desiredMinTxInterval: word.map(micros),
  requiredMinRxInterval: word.map(micros),
  requiredMinEchoRxInterval: word.map(micros),
});

describe("BFD control packets", () => {
  test("any bytes: read or refused, never thrown at", () => {
    const damaged = fc.tuple(fc.nat(23), fc.integer({ min: 0, max: 255 }), fc.nat(30)).map(([at, byte, cut]) =>
      readHex("bfd-frr-final")
        .map((old, index) => (index === at ? byte : old))
        .slice(0, cut),
    );
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), damaged), (bytes) => void parseBfdControl(bytes)));
  });

  test("what is written is read as the same", () => {
    fc.assert(
      fc.property(packet, (value) => {
        expect(parseBfdControl(serializeBfdControl(value))).toEqual({ ok: true, value });
      }),
    );
  });
});

describe("BFD session, any course of events", () => {
  const settings = fc.record({
    localDiscriminator: fc.constant(1),
    minTx: fc.integer({ min: 1_000, max: 4_000_000 }).map(micros),
    minRx: fc.integer({ min: 1_000, max: 4_000_000 }).map(micros),
    idleTx: fc.constant(seconds(1)),
    multiplier: fc.integer({ min: 1, max: 255 }),
    passive: fc.boolean(),
  });
  const event = fc.oneof(
    packet.map((value): BfdEvent => ({ kind: "received", packet: value })),
    fc.constant<BfdEvent>({ kind: "deadline" }),
  );
  const course = fc.array(
    fc.tuple(event, fc.nat(3_000_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
    {
      maxLength: 40,
    },
  );

  test("no packet of ours says Up while the session is not, nor asks and answers in one, and every change is told", () => {
    fc.assert(
      fc.property(settings, course, (wanted: BfdSettings, events) => {
        let now = instant(0);
        let { session } = stepSession(wanted, initialSession(), { kind: "startup" }, now, 0);
        for (const [happening, wait, chance] of events) {
          now = instant(now + wait);
          const before = session.state;
          const step = stepSession(wanted, session, happening, now, chance);
          session = step.session;
          const changes = step.effects.filter(({ kind }) => kind === "changed");
          expect(changes.length).toBe(before === session.state ? 0 : 1);
          for (const effect of step.effects) {
            if (effect.kind !== "send") continue;
            expect(effect.packet.state).toBe(session.state);
            expect(effect.packet.poll && effect.packet.final).toBe(false);
            if (session.state !== "up") expect(effect.packet.desiredMinTxInterval).toBeGreaterThanOrEqual(1_000_000);
          }
        }
      }),
    );
  });

  test("once its deadlines have been met no deadline lies in the past: it never spins", () => {
    fc.assert(
      fc.property(settings, course, (wanted: BfdSettings, events) => {
        let now = instant(0);
        let { session } = stepSession(wanted, initialSession(), { kind: "startup" }, now, 0);
        for (const [happening, wait, chance] of events) {
          now = instant(now + wait);
          session = stepSession(wanted, session, happening, now, chance).session;
          session = stepSession(wanted, session, { kind: "deadline" }, now, chance).session;
          session = stepSession(wanted, session, { kind: "deadline" }, now, chance).session;
          const next = nextBfdDeadline(wanted, session);
          if (next !== undefined) expect(next).toBeGreaterThan(now);
        }
      }),
    );
  });
});
