// Over 400 lines: every state meets every event here, and is read beside the others.
import { unreachable } from "../../base/assert.ts";
import { compareAddresses } from "../../base/address.ts";
import { after, elapsed, micros, millis, type Instant, type Micros } from "../../base/time.ts";
import { handOverLimit } from "../hand-over.ts";
import {
  activeDownInterval,
  nextAdvertisementAt,
  FAREWELL_PRIORITY,
  OWNER_PRIORITY,
  preempts,
  skewTime,
  trustWindow,
  type VirtualRouter,
} from "./router.ts";
import type { Cause, Effect, Event } from "./event.ts";
import { claimBursts, reassert, replan, takeDue } from "./bursts.ts";
import type { Active, Backup, Fault, FaultCause, Master, State } from "./state.ts";

export interface Step {
  readonly state: State;
  /** To be carried out in this order. */
  readonly effects: readonly Effect[];
  /** Why the kind of the state changed; undefined when it did not. */
  readonly cause: Cause | undefined;
}

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

// RFC 9568 section 6.4.1
function stepInitialize(router: VirtualRouter, state: State, event: Event, now: Instant): Step {
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

// RFC 9568 section 6.4.2
function stepBackup(router: VirtualRouter, state: Backup, event: Event, now: Instant): Step {
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

function hear(router: VirtualRouter, state: Backup, event: Advertisement, now: Instant): Backup {
  const { source, priority } = event;
  const interval = heardInterval(router, event.interval);
  if (priority === FAREWELL_PRIORITY) {
    return {
      ...waiting(state),
      activeDownAt: after(now, skewTime(router, state.activeAdverInterval)),
      master: { kind: "left", source, at: now },
    };
  }
  const master: Master = { kind: "heard", source, priority, at: now };
  const obeyed: Backup = {
    kind: "backup",
    activeDownAt: after(now, activeDownInterval(router, interval)),
    activeAdverInterval: interval,
    master,
    preemption: { kind: "idle" },
  };
  if (priority >= router.priority || !preempts(router)) return obeyed;
  if (router.preemptDelay === 0 || router.priority === OWNER_PRIORITY) {
    // The advert of a weaker master is discarded and leaves the timer running; keepalived does not start a full one.
    if (!isFallen(router, state, event)) return { ...state, master };
    const soon = after(now, skewTime(router, state.activeAdverInterval));
    return { ...state, master, activeDownAt: state.activeDownAt < soon ? state.activeDownAt : soon };
  }
  if (state.preemption.kind === "idle") {
    return { ...obeyed, preemption: { kind: "delayed", until: after(now, router.preemptDelay) } };
  }
  // A delay that is over stays over.
  const delayed: Backup = { ...obeyed, preemption: state.preemption };
  return state.ready === true ? { ...delayed, ready: true } : delayed;
}

/** It is not ready any more: somebody else is master, or was until now. */
function waiting({ ready: _, ...state }: Backup): Backup {
  return state;
}

/** Whether the master it followed has become the weaker one, and it is not to wait until that one would be silent. */
function isFallen(router: VirtualRouter, { master }: Backup, { source }: Advertisement): boolean {
  if (!router.quickPreempt || master.kind !== "heard") return false;
  return master.source === source && master.priority >= router.priority;
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

/** Another master has been heard, and has not missed more adverts than it may. */
function isServed(router: VirtualRouter, { master, activeAdverInterval }: Backup, now: Instant): boolean {
  return master.kind === "heard" && now < after(master.at, micros(router.downTimerAdverts * activeAdverInterval));
}

// RFC 9568 section 6.4.3
function stepActive(router: VirtualRouter, state: Active, event: Event, now: Instant): Step {
  if (now >= state.trustedUntil && !SPEAKS_FOR_ITSELF.has(event.kind)) {
    // Whatever comes now, a backup was entitled to take over meanwhile. Yield first, then look at the event as a backup.
    const yielded = withdraw(router, silence(router, state, now), now);
    // It listens with the new priority already.
    const next = event.kind === "priority-changed" ? stay(yielded.state) : step(router, yielded.state, event, now);
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
      const effects: readonly Effect[] = cut ? [sayFarewell, removeAddresses] : farewell(router, now);
      return change({ kind: "fault", causes: event.causes }, { code: "FAULT", causes: event.causes }, effects);
    }
    case "paused":
      return withdraw(router, { code: "PAUSED", by: event.by, length: event.length }, now);
    case "lease-expired":
      // Leases are renewed with adverts that were sent.
      if (router.unsent !== undefined) return withdraw(router, silence(router, state, now), now);
      return withdraw(router, { code: "LEASE_EXPIRED", age: event.age }, now);
    case "unsent":
      return stay(takeBackAdvert(state, event.before));
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

function yieldWithGroup(router: VirtualRouter, event: Extract<Event, { kind: "group-yield" }>, now: Instant): Step {
  const { group, member, because, manner } = event;
  const cause: Cause = { code: "SYNC_GROUP", group, member, because };
  switch (manner) {
    case "withdraw":
      return withdraw(router, cause, now);
    case "to-successor":
      return withdraw(router, cause, now, [{ kind: "hand-over-addresses", until: after(now, SUCCESSOR_BOUND) }]);
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
 * An advert that could not be sent proves nothing to anybody: what the one before it promised is all there is. But where
 * not even the claim was heard, a backup that hears nobody serves all the same, as in a network that is cut.
 */
function takeBackAdvert(state: Active, before: State): Active {
  if (before.kind !== "active" || before.alone === true) return { ...state, alone: true };
  return { ...state, advertisedAt: before.advertisedAt, trustedUntil: before.trustedUntil };
}

/** keepalived's way when somebody has removed an address: give up, and take it back after the skew. */
function takeBack(router: VirtualRouter, cause: Cause, now: Instant): Step {
  const interval = router.advertisementInterval;
  const backup: Backup = { ...listen(router, now), activeDownAt: after(now, skewTime(router, interval)) };
  return change(backup, cause, [sayFarewell, removeAddresses]);
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

function sendOne(router: VirtualRouter): Effect {
  return { kind: "send-advertisement", priority: router.priority };
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
    return change(backup, cause, [...last, { kind: "hand-over-addresses", until: after(now, SUCCESSOR_BOUND) }]);
  }

  if (router.unsent !== undefined) {
    // It cannot hear us, so it will not yield.
    const interval = heardInterval(router, event.interval);
    const backup: Backup = {
      kind: "backup",
      activeDownAt: after(now, activeDownInterval(router, interval)),
      activeAdverInterval: interval,
      master: { kind: "heard", source, priority, at: now },
      preemption: { kind: "idle" },
    };
    const cause: Cause = { code: "UNHEARD", source, priority, unsent: router.unsent };
    return change(backup, cause, [{ kind: "hand-over-addresses", until: after(now, SUCCESSOR_BOUND) }]);
  }

  // Hosts and switches may have believed the weaker one, so they are told again who serves the addresses.
  const again = reassert(router, state.bursts, now);
  const announced: Active = { ...state, bursts: again.bursts };
  if (!router.answersLowerPriority) return stay(announced, again.effects);
  const [advertised, adverts] = advertise(router, announced, now);
  return stay(advertised, [...adverts, ...again.effects]);
}

function stepFault(router: VirtualRouter, state: Fault, event: Event, now: Instant): Step {
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

/** A backup that has heard nobody. The owner listens for no time: its deadline is now. */
function listen(router: VirtualRouter, now: Instant): Backup {
  const interval = router.advertisementInterval;
  return {
    kind: "backup",
    activeDownAt: router.priority === OWNER_PRIORITY ? now : after(now, activeDownInterval(router, interval)),
    activeAdverInterval: interval,
    master: { kind: "unheard" },
    preemption: { kind: "idle" },
  };
}

/** Listens for a whole interval, of the master that was heard if any: version 3 masters may be slower than we are. */
function listenAnew(router: VirtualRouter, state: Backup, now: Instant): Backup {
  const own = router.advertisementInterval;
  const interval = state.master.kind === "unheard" ? own : heardInterval(router, state.activeAdverInterval);
  return {
    kind: "backup",
    activeDownAt: after(now, activeDownInterval(router, interval)),
    activeAdverInterval: interval,
    master: state.master,
    preemption: { kind: "idle" },
  };
}

function claim(router: VirtualRouter, now: Instant): Active {
  return { kind: "active", ...timers(router, now), bursts: claimBursts(router, now) };
}

/** What an advert that goes out now sets. */
function timers(router: VirtualRouter, now: Instant): Pick<Active, "adverAt" | "advertisedAt" | "trustedUntil"> {
  return {
    adverAt: nextAdvertisementAt(router, now),
    advertisedAt: now,
    trustedUntil: after(now, trustWindow(router)),
  };
}

/** keepalived's order: the advert first, so that a rival yields before the addresses are here. */
function claimEffects(router: VirtualRouter): readonly [Effect, Effect, Effect] {
  return [sendOne(router), { kind: "add-addresses" }, { kind: "announce-addresses", repeat: router.announce.repeat }];
}

/**
 * The addresses first, where somebody serves until it hears our advert: should the kernel keep us waiting for them, as it
 * does while another program changes the network, that one serves on.
 */
function relieveEffects(router: VirtualRouter): readonly Effect[] {
  const [advert, addition, announcement] = claimEffects(router);
  return [addition, advert, announcement];
}

/**
 * Gives up and listens for a whole interval, as an owner does too. Without a word unless it is given: somebody else may be
 * active already, and a farewell would disturb it.
 */
function withdraw(
  router: VirtualRouter,
  cause: Cause,
  now: Instant,
  effects: readonly Effect[] = [removeAddresses],
): Step {
  const interval = router.advertisementInterval;
  const backup: Backup = { ...listen(router, now), activeDownAt: after(now, activeDownInterval(router, interval)) };
  return change(backup, cause, effects);
}

function farewell(router: VirtualRouter, now: Instant): readonly Effect[] {
  const limit = handOverLimit(router.version, router.advertisementInterval);
  return [sayFarewell, { kind: "hand-over-addresses", until: after(now, limit) }];
}

/** Version 3 backups follow the master's interval, version 2 ones their own (RFC 9568 section 6.1). */
function heardInterval(router: VirtualRouter, advertised: Micros): Micros {
  return router.version === 3 ? advertised : router.advertisementInterval;
}

function latest(left: Instant, right: Instant): Instant {
  return left > right ? left : right;
}

function stay(state: State, effects: readonly Effect[] = []): Step {
  return { state, effects, cause: undefined };
}

function change(state: State, cause: Cause, effects: readonly Effect[] = []): Step {
  return { state, effects, cause };
}

type Advertisement = Extract<Event, { kind: "advertisement" }>;

const sayFarewell: Effect = { kind: "send-advertisement", priority: FAREWELL_PRIORITY };
const removeAddresses: Effect = { kind: "remove-addresses" };

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

/**
 * How long a yielding master serves on after the successor's first advert: keepalived adverts before it adds the
 * addresses and announces them. Measured hand-overs need a few milliseconds of it.
 */
const SUCCESSOR_BOUND: Micros = millis(200);
