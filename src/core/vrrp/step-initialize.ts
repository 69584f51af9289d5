import { unreachable } from "../../base/assert.ts";
import type { Instant } from "../../base/time.ts";
import { claim, claimEffects } from "./claim.ts";
import type { Event } from "./event.ts";
import { listen } from "./listen.ts";
import type { VirtualRouter } from "./router.ts";
import type { Initialize } from "./state.ts";
import { change, stay, type Step } from "./step.ts";

/** It takes no part yet, or no more: RFC 9568 section 6.4.1. */
export function stepInitialize(router: VirtualRouter, state: Initialize, event: Event, now: Instant): Step {
  switch (event.kind) {
    case "startup":
      return change(listen(router, now), { code: "STARTED" });
    case "resume":
      return change(claim(router, now), { code: "RESUMED" }, claimEffects(router));
    case "fault":
      return change({ kind: "fault", causes: event.causes }, { code: "FAULT", causes: event.causes });
    case "shutdown":
    case "deadline":
    case "advertisement":
    case "priority-changed":
    case "fault-cleared":
    case "reconfigured":
    case "announcing-changed":
    case "paused":
    case "lease-expired":
    case "address-lost":
    case "group-claim":
    case "group-challenged":
    case "group-yield":
    case "unsent":
      return stay(state);
    default:
      return unreachable(event);
  }
}
