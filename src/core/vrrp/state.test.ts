import { describe, expect, test } from "vitest";
import {
  active,
  at,
  backup,
  fault,
  followUp,
  initialize,
  refresh,
  until,
} from "../../../test/fixtures/virtual-router.ts";
import { nextDeadline, type State } from "./state.ts";

describe("the next deadline", () => {
  const rows: readonly { name: string; state: State; expected: number | undefined }[] = [
    { name: "initialize: none", state: initialize, expected: undefined },
    { name: "fault: none", state: fault, expected: undefined },
    { name: "backup: its timer", state: backup, expected: 104_000_000 },
    { name: "backup that is ready: none", state: { ...backup, ready: true }, expected: undefined },
    {
      name: "backup, a delay that ends before the timer: the delay",
      state: { ...backup, preemption: until(103_000_000) },
      expected: 103_000_000,
    },
    {
      name: "backup, a delay that ends after the timer: the timer",
      state: { ...backup, preemption: until(105_000_000) },
      expected: 104_000_000,
    },
    { name: "active: its advert", state: active, expected: 101_500_000 },
    {
      name: "active, the last adverts could not be sent: the end of what the one before them promised",
      state: { ...active, adverAt: at(106_000_000), bursts: [] },
      expected: 105_507_812,
    },
    { name: "active without announcements: its advert", state: { ...active, bursts: [] }, expected: 101_500_000 },
    {
      name: "active, an announcement before the advert, not the first in the list: the announcement",
      state: { ...active, bursts: [refresh(120_000_000), followUp(101_000_000)] },
      expected: 101_000_000,
    },
  ];
  test.each(rows)("$name", ({ state, expected }) => {
    expect(nextDeadline(state)).toBe(expected);
  });
});
