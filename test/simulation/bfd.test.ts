import { describe, expect, test } from "vitest";
import { millis, seconds } from "../../src/base/time.ts";
import { createBfdWorld, DETECTION, type BfdWorld } from "./bfd-hosts.ts";

describe("BFD on a simulated LAN", () => {
  test("two hosts start: up within two idle intervals, at the pace of 10 ms (RFC5880-6.8.3)", () => {
    const { world, a, b } = startBoth(1);
    world.runFor(seconds(2));
    expect([a.verdict, b.verdict]).toEqual(["up", "up"]);
    expect(a.status()).toMatchObject([{ state: "Up", transmitIntervalMs: 10, detectionTimeMs: 30 }]);
  });

  test("nothing happens for a minute: stays up, and jitter keeps every packet in its Detection Time", () => {
    const { world, a, b } = startBoth(2);
    world.runFor(seconds(60));
    expect([a.told, b.told]).toEqual([
      ["unknown", "up"],
      ["unknown", "up"],
    ]);
    // 60 s at 7.5 to 10 ms, once up.
    const sent = a.status()[0]?.counters["sent"] ?? 0;
    expect(sent).toBeGreaterThan(5_800);
    expect(sent).toBeLessThan(8_000);
  });

  test("one direction is cut: down on both sides, one by its silence, the other because it is told", () => {
    const { world, lan, a, b } = startBoth(3);
    world.runFor(seconds(2));
    lan.cut("a", "b");
    world.runFor(DETECTION);
    expect([a.verdict, b.verdict]).toEqual(["down", "down"]);
    expect(b.log.at(-1)).toContain("Local diagnostic - Control Detection Time Expired");
    expect(a.log.at(-1)).toContain(
      "Neighbor Signaled Session Down, Remote diagnostic - Control Detection Time Expired",
    );
    lan.mend();
    world.runFor(seconds(3));
    expect([a.verdict, b.verdict]).toEqual(["up", "up"]);
  });

  test("the neighbour never comes: unknown for multiplier x idle_tx, then down", () => {
    const { world, a } = createBfdWorld(4);
    a.begin();
    world.runFor(millis(2_990));
    expect(a.verdict).toBe("unknown");
    world.runFor(millis(20));
    expect(a.verdict).toBe("down");
  });

  test("both ends passive: nobody speaks, and both are down", () => {
    const { world, a, b } = startBoth(5, { passive: true });
    world.runFor(seconds(10));
    expect([a.verdict, b.verdict]).toEqual(["down", "down"]);
    expect(a.status()[0]?.counters["sent"]).toBeUndefined();
  });

  test("one end passive: up", () => {
    const { world, a, b } = startBoth(6, { passive: true });
    a.change({ passive: false });
    world.runFor(seconds(3));
    expect([a.verdict, b.verdict]).toEqual(["up", "up"]);
  });

  test("shut down: the neighbour is told at once, and does not wait for silence", () => {
    const { world, a, b } = startBoth(7);
    world.runFor(seconds(2));
    a.shutDown();
    world.runFor(millis(2));
    expect(b.verdict).toBe("down");
    expect(b.log.at(-1)).toContain("Remote diagnostic - Administratively Down");
  });

  test("crash and restart: whoever tracks it here holds to what was known, and is never told that it is down", () => {
    const { world, a } = startBoth(8);
    world.runFor(seconds(2));
    a.crash();
    world.runFor(millis(300));
    a.begin();
    expect(a.verdict).toBe("up");
    world.runFor(seconds(4));
    expect([a.verdict, a.told]).toEqual(["up", ["unknown", "up", "unknown", "up"]]);
  });

  test("the process stands still for a second: it reads what lies in its socket before it judges", () => {
    const { world, a, b } = startBoth(9);
    world.runFor(seconds(2));
    a.stop();
    world.runFor(seconds(1));
    a.resume();
    world.runFor(millis(5));
    // The neighbour has told of its own Detection Time meanwhile; it is not silence that brought ours down.
    expect(a.log.join("\n")).not.toContain("Local diagnostic - Control Detection Time Expired");
    world.runFor(seconds(4));
    expect([a.verdict, b.verdict]).toEqual(["up", "up"]);
  });

  test("reload to a slower pace and back: polled, never down", () => {
    const { world, a, b } = startBoth(10);
    world.runFor(seconds(2));
    a.change({ minTx: millis(200), minRx: millis(150) });
    world.runFor(seconds(2));
    expect(b.status()).toMatchObject([{ transmitIntervalMs: 150, detectionTimeMs: 600 }]);
    a.change({ minTx: millis(10), minRx: millis(10) });
    world.runFor(seconds(2));
    expect(b.status()).toMatchObject([{ transmitIntervalMs: 10, detectionTimeMs: 30 }]);
    expect([a.told.length, b.told.length]).toEqual([2, 2]);
  });

  test("faults of every kind, 40 seeds: nothing is up without a way, and up again once all is mended", () => {
    for (let seed = 100; seed < 140; seed++) {
      const simulation = startBoth(seed);
      for (let step = 0; step < 30; step++) {
        disturb(simulation);
        simulation.world.runFor(millis(20 + simulation.random.below(400)));
        const { a, b, lan, world } = simulation;
        if (lan.isCut("b", "a") && a.running && b.running && a.machine.standstill === undefined) {
          // Its own figure: a neighbour that was last heard at its idle pace may be silent for three seconds.
          const detectionTimeMs = a.status()[0]?.detectionTimeMs ?? 0;
          world.runFor(millis(detectionTimeMs + 2));
          const isSilent = lan.isCut("b", "a") && a.stopped === false;
          if (isSilent) expect([seed, step, a.status()[0]?.state]).not.toEqual([seed, step, "Up"]);
        }
      }
      heal(simulation);
      simulation.world.runFor(seconds(5));
      expect([seed, simulation.a.verdict, simulation.b.verdict]).toEqual([seed, "up", "up"]);
    }
  }, 30_000);
});

function startBoth(seed: number, settings: Parameters<typeof createBfdWorld>[2] = {}): BfdWorld {
  const world = createBfdWorld(seed, 0, settings);
  world.a.begin();
  world.b.begin();
  return world;
}

function disturb({ random, lan, a, b }: BfdWorld): void {
  const host = random.chance(1, 2) ? a : b;
  switch (random.below(8)) {
    case 0:
      return lan.cut("a", "b");
    case 1:
      return lan.cut("b", "a");
    case 2:
      return lan.mend();
    case 3:
      return host.crash();
    case 4:
      return host.begin();
    case 5:
      return host.stop();
    case 6:
      return host.resume();
    default:
      lan.quality = { ...lan.quality, lossPermille: random.below(600) };
  }
}

function heal({ lan, a, b }: BfdWorld): void {
  lan.mend();
  lan.quality = { ...lan.quality, lossPermille: 0 };
  for (const host of [a, b]) {
    host.resume();
    host.begin();
  }
}
