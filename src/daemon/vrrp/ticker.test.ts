import { describe, expect, test } from "vitest";
import { handClock } from "../../../test/fixtures/hand-clock.ts";
import { instant, type Instant } from "../../base/time.ts";
import { Ticker } from "./ticker.ts";

describe("Ticker", () => {
  test("nothing is due: four times a second", () => {
    const { clock, ticks, ticker } = bench();
    ticker.schedule();
    clock.pass(1_000_000);
    expect(ticks).toEqual([250_000, 500_000, 750_000, 1_000_000]);
  });

  test("something is due before that: then, and the beat goes on", () => {
    const { clock, ticks, ticker } = bench({ dueAt: 100_000 });
    ticker.schedule();
    clock.pass(300_000);
    expect(ticks).toEqual([100_000, 250_000]);
  });

  test("packets that come all the time do not put it off", () => {
    const { clock, ticks, ticker } = bench();
    for (let packet = 0; packet < 30; packet += 1) {
      ticker.schedule();
      clock.pass(10_000);
    }
    expect(ticks).toEqual([250_000]);
  });

  test("hurried twice, and scheduled after it: at once, once", () => {
    const { clock, ticks, ticker } = bench();
    ticker.hurry();
    ticker.hurry();
    ticker.schedule();
    clock.pass(1_000);
    expect(ticks).toEqual([0]);
  });

  test("closed: never, whoever asks", () => {
    const { clock, ticks, ticker } = bench();
    ticker.schedule();
    ticker.close();
    ticker.hurry();
    ticker.schedule();
    clock.pass(1_000_000);
    expect(ticks).toEqual([]);
    expect(clock.set).toBe(0);
  });
});

/** A ticker that does what the driver does with it, and when it ticked, in microseconds. What is due is done by that. */
function bench({ dueAt }: { readonly dueAt?: number } = {}) {
  const clock = handClock();
  const ticks: number[] = [];
  let due: Instant | undefined = dueAt === undefined ? undefined : instant(dueAt);
  const ticker = new Ticker({
    clock,
    onTick: () => {
      ticker.begin();
      ticks.push(Number(clock.now()));
      due = undefined;
      ticker.schedule();
    },
    dueAt: () => due,
  });
  return { clock, ticks, ticker };
}
