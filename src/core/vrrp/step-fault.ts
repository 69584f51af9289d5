import { unreachable } from "../../base/assert.ts";
import type { Instant } from "../../base/time.ts";
import type { Event } from "./event.ts";
import { listen } from "./listen.ts";
import type { VirtualRouter } from "./router.ts";
import type { Fault } from "./state.ts";
import { change, stay, type Step } from "./step.ts";

/** keepalived's FAULT, which the RFC does not have: it takes no part until all that is broken is whole again. */
export function stepFault(router: VirtualRouter, state: Fault, event: Event, now: Instant): Step {
  switch (event.kind) {
    case "fault":
      return stay({ kind: "fault", causes: event.causes });
    case "fault-cleared":
      return change(listen(router, now), { code: "FAULT_CLEARED" });
    case "shutdown":
      return change({ kind: "initialize" }, { code: "SHUTDOWN", reason: event.reason });
    case "startup":
    case "resume":
    case "deadline":
    case "advertisement":
    case "priority-changed":
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
