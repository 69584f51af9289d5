import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import {
  active,
  addressLost,
  adv,
  at,
  backup,
  broken,
  cleared,
  deadline,
  fault,
  groupChallenged,
  groupClaim,
  groupYield,
  holds,
  initialize,
  interfaceDown,
  leaseExpired,
  NOW,
  paused,
  priorityChanged,
  reconfigured,
  resume,
  router,
  shutdown,
  startup,
  unsent,
} from "../../../test/fixtures/virtual-router.ts";
import type { Event } from "./event.ts";
import { step } from "./machine.ts";
import type { Backup, State } from "./state.ts";

describe("events that mean nothing in a state", () => {
  /** The compiler demands every kind of event here. */
  const EVENTS: { readonly [Kind in Event["kind"]]: Event } = {
    startup,
    resume,
    shutdown,
    deadline,
    advertisement: adv(150),
    "priority-changed": priorityChanged(90),
    fault: broken(interfaceDown),
    "fault-cleared": cleared,
    reconfigured,
    paused,
    "announcing-changed": { kind: "announcing-changed", previous: router },
    "lease-expired": leaseExpired,
    "address-lost": addressLost,
    "group-claim": groupClaim,
    "group-challenged": groupChallenged,
    "group-yield": groupYield("farewell"),
    unsent: unsent(backup),
  };
  /** Its timer is that of the priority 90, which changes. */
  const slower: Backup = { ...backup, activeDownAt: at(104_117_188) };
  const meaningless: readonly [State, readonly Event["kind"][]][] = [
    [
      initialize,
      [
        "shutdown",
        "deadline",
        "advertisement",
        "priority-changed",
        "fault-cleared",
        "reconfigured",
        "announcing-changed",
        "paused",
        "lease-expired",
        "address-lost",
        "group-claim",
        "group-challenged",
        "group-yield",
        "unsent",
      ],
    ],
    [
      slower,
      [
        "startup",
        "resume",
        "deadline",
        "fault-cleared",
        "announcing-changed",
        "lease-expired",
        "address-lost",
        "group-claim",
        "group-challenged",
        "group-yield",
      ],
    ],
    [
      active,
      ["startup", "resume", "deadline", "priority-changed", "fault-cleared", "announcing-changed", "group-claim"],
    ],
    [
      fault,
      [
        "startup",
        "resume",
        "deadline",
        "advertisement",
        "priority-changed",
        "reconfigured",
        "announcing-changed",
        "paused",
        "lease-expired",
        "address-lost",
        "group-claim",
        "group-challenged",
        "group-yield",
        "unsent",
      ],
    ],
  ];
  const rows = meaningless.flatMap(([state, kinds]) => kinds.map((kind) => ({ state, event: EVENTS[kind] })));
  test.each(rows)("$state.kind, $event.kind: nothing happens, at any priority", ({ state, event }) => {
    holds({ name: "", state, event });
    holds({ name: "", given: { version: 2, priority: 255, preemptMode: false }, state, event });
  });

  test("all others change the state or have effects", () => {
    for (const [state, kinds] of meaningless) {
      for (const event of Object.values(EVENTS)) {
        const { state: next, effects } = step(router, state, event, NOW);
        const means = !isDeepStrictEqual(next, state) || effects.length > 0;
        expect([state.kind, event.kind, means]).toEqual([state.kind, event.kind, !kinds.includes(event.kind)]);
      }
    }
  });
});
