import { unreachable } from "../../base/assert.ts";
import type { Instant } from "../../base/time.ts";
import type { Event } from "./event.ts";
import type { VirtualRouter } from "./router.ts";
import type { State } from "./state.ts";
import type { Step } from "./step.ts";
import { stepActive } from "./step-active.ts";
import { stepBackup } from "./step-backup.ts";
import { stepFault } from "./step-fault.ts";
import { stepInitialize } from "./step-initialize.ts";

/**
 * Decides what one virtual router does about one event. Reads no clock, does no I/O, keeps no state.
 *
 * The driver carries out the effects in order, then asks `nextDeadline` and wakes the machine no earlier. It never calls
 * `step` from within an effect, and `now` never goes back.
 *
 * @see RFC 9568 section 6.4; where keepalived differs and its users rely on it, docs/rfc/keepalived.md.
 */
export function step(router: VirtualRouter, state: State, event: Event, now: Instant): Step {
  switch (state.kind) {
    case "initialize":
      return stepInitialize(router, state, event, now);
    case "backup":
      return stepBackup(router, state, event, now);
    case "active":
      return stepActive(router, state, event, now);
    case "fault":
      return stepFault(router, state, event, now);
    default:
      return unreachable(state);
  }
}
