import { compareAddresses } from "../../base/address.ts";
import { unreachable } from "../../base/assert.ts";
import { elapsed, type Instant } from "../../base/time.ts";
import { reassert, replan, takeDue } from "./bursts.ts";
import { sendOne, timers } from "./claim.ts";
import type { Advertisement, Cause, Effect, Event } from "./event.ts";
import { farewell, farewellAtOnce, leaveTo, takeBack, withdraw, withdrawTo } from "./leave.ts";
import { follow, hear, heardInterval, listen, listenAnew } from "./listen.ts";
import { FAREWELL_PRIORITY, type VirtualRouter } from "./router.ts";
import type { Active, FaultCause, Master, State } from "./state.ts";
import { change, stay, type Step } from "./step.ts";
import { isServed, stepBackup } from "./step-backup.ts";

/** It adverts and serves, until it hears a stronger one or must doubt that it is alone: RFC 9568 section 6.4.3. */
export function stepActive(router: VirtualRouter, state: Active, event: Event, now: Instant): Step {
  if (now >= state.trustedUntil && !SPEAKS_FOR_ITSELF.has(event.kind)) {
    // Whatever comes now, a backup was entitled to take over meanwhile. Yield first, then look at the event as a backup.
    const yielded = withdraw(router, silence(router, state, now), now);
    // It listens with the new priority already.
    const next =
      event.kind === "priority-changed" ? stay(yielded.state) : stepBackup(router, yielded.state, event, now);
    return { ...next, effects: yielded.effects, cause: next.cause ?? yielded.cause };
  }
  switch (event.kind) {
    case "deadline":
      return stay(...advance(router, state, now));
    case "advertisement":
      return meetOtherMaster(router, state, event, now);
    case "shutdown":
      return change({ kind: "initialize" }, { code: "SHUTDOWN", reason: event.reason }, farewell(router, now));
    case "fault": {
      const cut = event.causes.some(({ kind }) => !LEAVES_CONNECTED.has(kind));
      const effects: readonly Effect[] = cut ? farewellAtOnce : farewell(router, now);
      return change({ kind: "fault", causes: event.causes }, { code: "FAULT", causes: event.causes }, effects);
    }
    case "paused":
      return withdraw(router, { code: "PAUSED", by: event.by, length: event.length }, now);
    case "lease-expired":
      // Leases are renewed with adverts that were sent.
      if (router.unsent !== undefined) return withdraw(router, silence(router, state, now), now);
      return withdraw(router, { code: "LEASE_EXPIRED", age: event.age }, now);
    case "unsent":
      return takeBackAdvert(router, state, event.before, now);
    case "address-lost":
      return takeBack(router, { code: "ADDRESS_LOST", address: event.address }, now);
    case "group-challenged": {
      const again = reassert(router, state.bursts, now);
      return stay({ ...state, bursts: again.bursts }, again.effects);
    }
    case "group-yield":
      return yieldWithGroup(router, event, now);
    case "reconfigured":
      return stay(...advertise(router, state, now));
    case "announcing-changed":
      return stay({ ...state, bursts: replan(router, event.previous, state.bursts, now) });
    case "priority-changed":
    case "startup":
    case "resume":
    case "fault-cleared":
    case "group-claim":
      return stay(state);
    default:
      return unreachable(event);
  }
}

/** Sends what has become due: the advert, and announcements. */
function advance(router: VirtualRouter, state: Active, now: Instant): [Active, readonly Effect[]] {
  const due = takeDue(state.bursts, now);
  if (now < state.adverAt) return [{ ...state, bursts: due.bursts }, due.effects];
  const [advertised, adverts] = advertise(router, { ...state, bursts: due.bursts }, now);
  if (!wasQuiet(router, state, now)) return [advertised, [...adverts, ...due.effects]];
  // A backup that had missed the adverts before may have taken over and yielded again.
  const again = reassert(router, due.bursts, now);
  return [{ ...advertised, bursts: again.bursts }, [...adverts, ...due.effects, ...again.effects]];
}

/** Whether its last advert is so long ago that one more lost on the way would have made a backup take over. */
function wasQuiet(router: VirtualRouter, state: Active, now: Instant): boolean {
  const missed = Math.max(LATE, router.downTimerAdverts - 1);
  return elapsed(state.advertisedAt, now) >= missed * router.advertisementInterval;
}

function advertise(router: VirtualRouter, state: Active, now: Instant): [Active, readonly Effect[]] {
  const { alone: _, ...heard } = state;
  return [{ ...heard, ...timers(router, now) }, [sendOne(router)]];
}

function meetOtherMaster(router: VirtualRouter, state: Active, event: Advertisement, now: Instant): Step {
  const { source, priority } = event;
  if (priority === FAREWELL_PRIORITY) return stay(...advertise(router, state, now));

  const order = priority - router.priority || compareAddresses(source, router.source);
  // Equal priority from our own address: a loop in the network or a twin. Nobody can yield to itself.
  if (order === 0) return stay(state);
  if (order > 0) {
    const cause: Cause =
      priority > router.priority
        ? { code: "HIGHER_PRIORITY", source, priority, ours: router.priority }
        : { code: "HIGHER_ADDRESS", source, priority };
    const backup = hear(router, listen(router, now), event, now);
    const last: readonly Effect[] = router.answersHigherPriority ? [sendOne(router)] : [];
    return change(backup, cause, [...last, leaveTo(now)]);
  }

  if (router.unsent !== undefined) {
    // It cannot hear us, so it will not yield.
    const master: Master = { kind: "heard", source, priority, at: now };
    const backup = follow(router, heardInterval(router, event.interval), master, now);
    const cause: Cause = { code: "UNHEARD", source, priority, unsent: router.unsent };
    return change(backup, cause, [leaveTo(now)]);
  }

  // Hosts and switches may have believed the weaker one, so they are told again who serves the addresses.
  const again = reassert(router, state.bursts, now);
  const announced: Active = { ...state, bursts: again.bursts };
  if (!router.answersLowerPriority) return stay(announced, again.effects);
  const [advertised, adverts] = advertise(router, announced, now);
  return stay(advertised, [...adverts, ...again.effects]);
}

function yieldWithGroup(router: VirtualRouter, event: Extract<Event, { kind: "group-yield" }>, now: Instant): Step {
  const { group, member, because, manner } = event;
  const cause: Cause = { code: "SYNC_GROUP", group, member, because };
  switch (manner) {
    case "withdraw":
      return withdraw(router, cause, now);
    case "to-successor":
      return withdraw(router, cause, now, [leaveTo(now)]);
    case "farewell":
      return withdraw(router, cause, now, farewell(router, now));
    case "take-back":
      return takeBack(router, cause, now);
    default:
      return unreachable(manner);
  }
}

function silence(router: VirtualRouter, { advertisedAt }: Active, now: Instant): Cause {
  return { code: "SILENT", length: elapsed(advertisedAt, now), unsent: router.unsent };
}

/**
 * An advert that could not be sent proves nothing to anybody: what the one before it promised is all there is. Where not even
 * the claim was heard, a weaker master that serves goes on doing so. But a backup that hears nobody serves all the same, as
 * in a network that is cut.
 */
function takeBackAdvert(router: VirtualRouter, state: Active, before: State, now: Instant): Step {
  if (before.kind === "active" && before.alone !== true) {
    return stay({ ...state, advertisedAt: before.advertisedAt, trustedUntil: before.trustedUntil });
  }
  if (router.unsent !== undefined && before.kind === "backup" && before.master.kind === "heard") {
    const { source, priority } = before.master;
    const cause: Cause = { code: "UNHEARD", source, priority, unsent: router.unsent };
    if (isServed(router, before, now)) return withdrawTo(listenAnew(router, before, now), cause);
  }
  return stay({ ...state, alone: true });
}

/** Faults that leave the network as it was, so that the addresses can be handed over. */
const LEAVES_CONNECTED: ReadonlySet<FaultCause["kind"]> = new Set([
  "script",
  "tracked-interface",
  "static-object",
  "sync-group",
]);

/** They say more exactly what happened. */
const SPEAKS_FOR_ITSELF: ReadonlySet<Event["kind"]> = new Set(["paused", "lease-expired"]);

/** In intervals: adverts come once in each, so one that comes after more than this was held up. */
const LATE = 1.5;
