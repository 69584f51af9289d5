import { describe, test } from "vitest";
import {
  adv,
  at,
  backup,
  heard,
  holds,
  left,
  type Row,
  unheard,
  until,
} from "../../../test/fixtures/virtual-router.ts";
import { ip } from "../../base/address.ts";
import { micros } from "../../base/time.ts";
import type { Backup } from "./state.ts";

describe("backup, an advert", () => {
  const delay = { preemptDelay: micros(60_000_000) };
  const version2 = { version: 2 } as const;
  const backup2: Backup = { ...backup, activeAdverInterval: micros(2_000_000) };
  const obeyed: Backup = { ...backup, activeDownAt: at(118_046_875), activeAdverInterval: micros(5_000_000) };
  const rows: readonly Row[] = [
    {
      name: "priority 0: the timer falls to the skew of the interval learnt before (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(0),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: left(100_000_000) },
    },
    {
      name: "priority 0, version 2: the timer falls to a skew of one second's fraction (RFC 3768 section 6.4.2)",
      given: version2,
      state: backup2,
      event: adv(0),
      becomes: { ...backup2, activeDownAt: at(100_609_375), master: left(100_000_000) },
    },
    {
      name: "priority 0, no preemption: the timer falls to the skew all the same",
      given: { preemptMode: false },
      state: backup,
      event: adv(0),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: left(100_000_000) },
    },
    {
      name: "priority 0 during preempt_delay: the delay runs on beside the skew",
      given: delay,
      state: { ...backup, preemption: until(130_000_000) },
      event: adv(0),
      becomes: {
        ...backup,
        activeDownAt: at(101_828_125),
        master: left(100_000_000),
        preemption: until(130_000_000),
      },
    },
    {
      name: "stronger: a full timer by the master's interval, which is learnt (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(150),
      becomes: { ...obeyed, master: heard(150, 100_000_000) },
    },
    {
      name: "stronger, version 2: a full timer by the own interval (RFC 3768 section 6.4.2)",
      given: version2,
      state: backup2,
      event: adv(150),
      becomes: { ...backup2, activeDownAt: at(106_609_375), master: heard(150, 100_000_000) },
    },
    {
      name: "equal from a lower address: obeyed, addresses do not count here (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(100, ip("192.0.2.9")),
      becomes: { ...obeyed, master: heard(100, 100_000_000, ip("192.0.2.9")) },
    },
    {
      name: "weaker by one: discarded, and the timer runs on (RFC 9568 section 6.4.2)",
      state: backup,
      event: adv(99),
      becomes: { ...backup, master: heard(99, 100_000_000) },
    },
    {
      name: "its master falls below it, quick_preempt: one skew of the interval learnt before is left",
      given: { quickPreempt: true },
      state: backup,
      event: adv(99),
      // 156/256 of 3 s.
      becomes: { ...backup, activeDownAt: at(101_828_125), master: heard(99, 100_000_000) },
    },
    {
      name: "its master falls below it from its own priority, quick_preempt: the same",
      given: { quickPreempt: true },
      state: { ...backup, master: heard(100, 99_000_000) },
      event: adv(99),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: heard(99, 100_000_000) },
    },
    {
      name: "its master falls below it, quick_preempt, the timer ends sooner: runs on",
      given: { quickPreempt: true },
      state: { ...backup, activeDownAt: at(101_000_000) },
      event: adv(99),
      becomes: { ...backup, activeDownAt: at(101_000_000), master: heard(99, 100_000_000) },
    },
    {
      name: "its master was the weaker one before, quick_preempt: the timer runs on",
      given: { quickPreempt: true },
      state: { ...backup, master: heard(99, 99_000_000) },
      event: adv(98),
      becomes: { ...backup, master: heard(98, 100_000_000) },
    },
    {
      name: "another than its master is weaker, quick_preempt: the timer runs on",
      given: { quickPreempt: true },
      state: backup,
      event: adv(99, ip("192.0.2.30")),
      becomes: { ...backup, master: heard(99, 100_000_000, ip("192.0.2.30")) },
    },
    {
      name: "nobody was heard before, quick_preempt: the timer runs on",
      given: { quickPreempt: true },
      state: { ...backup, master: unheard },
      event: adv(99),
      becomes: { ...backup, master: heard(99, 100_000_000) },
    },
    {
      name: "weaker by one after a farewell: the skew runs on",
      state: { ...backup, activeDownAt: at(101_828_125), master: left(99_900_000) },
      event: adv(99),
      becomes: { ...backup, activeDownAt: at(101_828_125), master: heard(99, 100_000_000) },
    },
    {
      name: "weaker, no preemption: obeyed (RFC 9568 section 6.4.2)",
      given: { preemptMode: false },
      state: backup,
      event: adv(1),
      becomes: { ...obeyed, master: heard(1, 100_000_000) },
    },
    {
      name: "weaker, no preemption, with preempt_delay: obeyed without a delay",
      given: { preemptMode: false, ...delay },
      state: backup,
      event: adv(99),
      becomes: { ...obeyed, master: heard(99, 100_000_000) },
    },
    {
      name: "weaker, preempt_delay: obeyed, and the delay begins (keepalived)",
      given: delay,
      state: backup,
      event: adv(99),
      becomes: { ...obeyed, master: heard(99, 100_000_000), preemption: until(160_000_000) },
    },
    {
      name: "weaker again, preempt_delay is running: obeyed, and the delay does not begin anew (keepalived)",
      given: delay,
      state: { ...backup, preemption: until(130_000_000) },
      event: adv(99),
      becomes: { ...obeyed, master: heard(99, 100_000_000), preemption: until(130_000_000) },
    },
    {
      name: "equal, preempt_delay is running: obeyed, and the delay is off (keepalived)",
      given: delay,
      state: { ...backup, preemption: until(130_000_000) },
      event: adv(100),
      becomes: { ...obeyed, master: heard(100, 100_000_000) },
    },
    {
      name: "owner hears 254: discarded",
      given: { priority: 255 },
      state: backup,
      event: adv(254),
      becomes: { ...backup, master: heard(254, 100_000_000) },
    },
    {
      name: "owner hears another owner: obeyed for three intervals and the smallest skew, rounded up",
      given: { priority: 255 },
      state: backup,
      event: adv(255),
      becomes: { ...obeyed, activeDownAt: at(115_019_532), master: heard(255, 100_000_000) },
    },
    {
      name: "owner, neither preemption nor without delay: discards a weaker one all the same (RFC 9568 section 6.1)",
      given: { priority: 255, preemptMode: false, ...delay },
      state: backup,
      event: adv(254),
      becomes: { ...backup, master: heard(254, 100_000_000) },
    },
    {
      name: "owner, preempt_delay: an owner does not wait",
      given: { priority: 255, ...delay },
      state: backup,
      event: adv(254),
      becomes: { ...backup, master: heard(254, 100_000_000) },
    },
  ];
  test.each(rows)("$name", holds);
});
