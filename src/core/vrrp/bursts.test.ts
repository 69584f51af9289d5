import { describe, test } from "vitest";
import {
  active,
  at,
  extra,
  followUp,
  holds,
  refresh,
  router,
  type Row,
  second,
} from "../../../test/fixtures/virtual-router.ts";
import { micros } from "../../base/time.ts";
import type { Event } from "./event.ts";
import type { VirtualRouter } from "./router.ts";

describe("active, announcements are to be timed otherwise", () => {
  const previous = router;
  const announcing = (announcements: Partial<VirtualRouter["announce"]>): Pick<VirtualRouter, "announce"> => ({
    announce: { ...router.announce, ...announcements },
  });
  const event: Event = { kind: "announcing-changed", previous };
  const rows: readonly Row[] = [
    {
      name: "a second burst waits, its delay is 2 s longer: comes 2 s later, as often as is configured now",
      given: announcing({ delay: micros(7_000_000), repeat: 9, refresh: micros(0) }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: { ...active, bursts: [{ ...second(105_000_000), repeat: 9 }] },
    },
    {
      name: "a second burst waits, its delay is 4 s shorter: comes now",
      given: announcing({ delay: micros(1_000_000), refresh: micros(0) }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: { ...active, bursts: [second(100_000_000)] },
    },
    {
      name: "a second burst waits, none is configured any more: does not come",
      given: announcing({ delay: micros(0), refresh: micros(0) }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: { ...active, bursts: [] },
    },
    {
      name: "a burst after a weaker master waits: follows its own times",
      given: announcing({ lowerPriorityDelay: micros(8_000_000), lowerPriorityRepeat: 2, refresh: micros(0) }),
      state: { ...active, bursts: [followUp(104_000_000)] },
      event,
      becomes: { ...active, bursts: [{ ...followUp(105_000_000), repeat: 2 }] },
    },
    {
      name: "a refresh where none was: begins a period from now, and the second burst stays",
      given: announcing({ refresh: micros(10_000_000), refreshRepeat: 3 }),
      state: { ...active, bursts: [second(103_000_000)] },
      event,
      becomes: {
        ...active,
        bursts: [
          second(103_000_000),
          { at: at(110_000_000), repeat: 3, period: micros(10_000_000), reason: "refresh" },
        ],
      },
    },
    {
      name: "a shorter period of the refresh: the next one comes sooner",
      given: announcing({ refresh: micros(4_000_000) }),
      state: active,
      event,
      becomes: {
        ...active,
        bursts: [second(103_000_000), { at: at(104_000_000), repeat: 2, period: micros(4_000_000), reason: "refresh" }],
      },
    },
    {
      name: "a longer period of the refresh: the next one comes when it was going to",
      given: announcing({ refresh: micros(60_000_000) }),
      state: active,
      event,
      becomes: {
        ...active,
        bursts: [
          second(103_000_000),
          { at: at(120_000_000), repeat: 2, period: micros(60_000_000), reason: "refresh" },
        ],
      },
    },
    {
      name: "a refresh and extra announcements are configured no more: none comes",
      given: announcing({ refresh: micros(0) }),
      state: { ...active, bursts: [refresh(120_000_000), extra(110_000_000)] },
      event,
      becomes: { ...active, bursts: [] },
    },
    {
      name: "extra announcements are configured: the first comes after their period",
      given: announcing({ refresh: micros(0), extraPeriod: micros(100_000_000) }),
      state: { ...active, bursts: [] },
      event,
      becomes: { ...active, bursts: [extra(200_000_000)] },
    },
  ];
  test.each(rows)("$name", holds);
});
