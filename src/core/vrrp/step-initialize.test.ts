import { describe, test } from "vitest";
import {
  add,
  announce,
  at,
  broken,
  holds,
  initialize,
  interfaceDown,
  listening,
  NOW,
  refresh,
  resume,
  router,
  type Row,
  script,
  second,
  send,
  startup,
} from "../../../test/fixtures/virtual-router.ts";
import { micros } from "../../base/time.ts";

const quiet = { ...router.announce, delay: micros(0), refresh: micros(0) };

describe("initialize", () => {
  const rows: readonly Row[] = [
    {
      name: "startup: listens for Active_Down_Interval (RFC 9568 section 6.4.1)",
      state: initialize,
      event: startup,
      becomes: listening,
      cause: { code: "STARTED" },
    },
    {
      name: "startup, version 2: listens for Master_Down_Interval (RFC 3768 section 6.4.1)",
      given: { version: 2 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: at(106_609_375) },
      cause: { code: "STARTED" },
    },
    {
      name: "startup, five adverts may be missed: listens for 5 intervals and the skew (keepalived's down_timer_adverts)",
      given: { downTimerAdverts: 5 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: at(111_218_750) },
      cause: { code: "STARTED" },
    },
    {
      name: "startup, priority 254: is not the owner, listens",
      given: { priority: 254 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: at(106_015_625) },
      cause: { code: "STARTED" },
    },
    {
      name: "startup, owner: is a backup for no time (RFC 9568 section 6.4.1; keepalived starts in BACKUP)",
      given: { priority: 255 },
      state: initialize,
      event: startup,
      becomes: { ...listening, activeDownAt: NOW },
      cause: { code: "STARTED" },
    },
    {
      name: "resume: is the master again at once",
      state: initialize,
      event: resume,
      becomes: {
        kind: "active",
        adverAt: at(102_000_000),
        advertisedAt: NOW,
        trustedUntil: at(106_007_812),
        bursts: [second(105_000_000), refresh(130_000_000)],
      },
      effects: [send(100), add, announce(4)],
      cause: { code: "RESUMED" },
    },
    {
      name: "resume, neither a second burst nor a refresh configured: none to come",
      given: { announce: quiet },
      state: initialize,
      event: resume,
      becomes: {
        kind: "active",
        adverAt: at(102_000_000),
        advertisedAt: NOW,
        trustedUntil: at(106_007_812),
        bursts: [],
      },
      effects: [send(100), add, announce(4)],
      cause: { code: "RESUMED" },
    },
    {
      name: "fault: is in fault with all that is broken",
      state: initialize,
      event: broken(interfaceDown, script),
      becomes: { kind: "fault", causes: [interfaceDown, script] },
      cause: { code: "FAULT", causes: [interfaceDown, script] },
    },
  ];
  test.each(rows)("$name", holds);
});
