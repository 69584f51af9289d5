import { unreachable } from "../../base/assert.ts";
import { after, micros, type Instant } from "../../base/time.ts";
import { claim, claimEffects, relieveEffects, sendOne } from "./claim.ts";
import type { Cause, Event } from "./event.ts";
import { hear, listenAnew, waiting } from "./listen.ts";
import { activeDownInterval, OWNER_PRIORITY, skewTime, type VirtualRouter } from "./router.ts";
import type { Backup } from "./state.ts";
import { change, stay, type Step } from "./step.ts";

/** It listens to a master, and takes over when that one is silent or weaker: RFC 9568 section 6.4.2. */
export function stepBackup(router: VirtualRouter, state: Backup, event: Event, now: Instant): Step {
  switch (event.kind) {
    case "shutdown":
      return change({ kind: "initialize" }, { code: "SHUTDOWN", reason: event.reason });
    case "deadline":
      if (state.ready === true || !isDue(state, now)) return stay(state);
      // Nobody is relieved by a router that cannot be heard. When this advert leaves, the deadline, which stays, comes again.
      if (router.unsent !== undefined && isServed(router, state, now)) return stay(state, [sendOne(router)]);
      return router.synced ? stay({ ...state, ready: true }) : becomeActive(router, state, now);
    case "group-claim":
      return state.ready === true ? becomeActive(router, state, now) : stay(state);
    case "advertisement":
      return stay(hear(router, state, event, now));
    case "priority-changed": {
      const interval = state.activeAdverInterval;
      const { master } = state;
      const shift = micros(skewTime(router, interval) - skewTime(event.previous, interval));
      const shifted = after(state.activeDownAt, shift);
      const isWeaker = master.kind !== "heard" || master.priority < router.priority;
      // A delay runs against a weaker master only.
      if (isWeaker) return stay({ ...state, activeDownAt: shifted });
      // Whom it was about to pre-empt is the stronger one now: the adverts that left the timer running count.
      const sinceHeard = after(master.at, activeDownInterval(router, interval));
      return stay({ ...waiting(state), activeDownAt: latest(shifted, sinceHeard), preemption: { kind: "idle" } });
    }
    case "fault":
      return change({ kind: "fault", causes: event.causes }, { code: "FAULT", causes: event.causes });
    case "reconfigured":
    case "paused":
      // What was heard before a pause proves nothing: the timer starts anew, for the owner too.
      return stay(listenAnew(router, state, now));
    case "unsent":
      return stay(listenAnew(router, state, now));
    case "startup":
    case "resume":
    case "fault-cleared":
    case "announcing-changed":
    case "lease-expired":
    case "address-lost":
    case "group-challenged":
    case "group-yield":
      return stay(state);
    default:
      return unreachable(event);
  }
}

function isDue({ preemption, activeDownAt }: Backup, now: Instant): boolean {
  return now >= activeDownAt || (preemption.kind === "delayed" && now >= preemption.until);
}

function becomeActive(router: VirtualRouter, state: Backup, now: Instant): Step {
  const cause = causeOfClaim(router, state, now);
  const isServed = cause.code === "MASTER_LEFT" || cause.code === "MASTER_WEAKER";
  return change(claim(router, now), cause, isServed ? relieveEffects(router) : claimEffects(router));
}

function causeOfClaim(router: VirtualRouter, state: Backup, now: Instant): Cause {
  const { master } = state;
  if (master.kind === "left") return { code: "MASTER_LEFT", source: master.source };
  if (master.kind === "heard" && isServed(router, state, now)) {
    const delayed = state.preemption.kind === "delayed";
    return { code: "MASTER_WEAKER", source: master.source, priority: master.priority, delayed };
  }
  if (router.priority === OWNER_PRIORITY) return { code: "ADDRESS_OWNER" };
  return { code: "MASTER_SILENT", master, waited: activeDownInterval(router, state.activeAdverInterval) };
}

/** Whether another master has been heard, and has not missed more adverts than it may. */
export function isServed(router: VirtualRouter, { master, activeAdverInterval }: Backup, now: Instant): boolean {
  return master.kind === "heard" && now < after(master.at, micros(router.downTimerAdverts * activeAdverInterval));
}

function latest(left: Instant, right: Instant): Instant {
  return left > right ? left : right;
}
