import { expect, test } from "vitest";
import { after, instant, seconds } from "../base/time.ts";
import { rest, resume, startRespawning, type RespawnState } from "./respawn.ts";

const START = instant(1_000_000_000);

test("a program that ends at once: rests 1, 2, 4, 8, 16, 32, 60, 60 seconds", () => {
  let now = START;
  let state: RespawnState = startRespawning(now);
  const pauses: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    state = rest(state, now);
    if (state.kind !== "resting") throw new Error("it rests");
    pauses.push((state.until - now) / 1_000_000);
    now = state.until;
    state = resume(state, now);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
});

test.each([
  ["a minute", 60, 1],
  ["a little less", 59.9, 2],
])("it ran for %s: the next rest", (_words, ran, pause) => {
  const again = resume(rest(startRespawning(START), START), START);
  const now = after(START, seconds(ran));
  expect(rest(again, now)).toMatchObject({ kind: "resting", until: after(now, seconds(pause)) });
});
