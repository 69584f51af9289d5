// Whom a backup listens to, and how long before it takes over.
import { after, type Instant, type Micros } from "../../base/time.ts";
import type { Advertisement } from "./event.ts";
import {
  activeDownInterval,
  FAREWELL_PRIORITY,
  OWNER_PRIORITY,
  preempts,
  skewTime,
  type VirtualRouter,
} from "./router.ts";
import type { Backup, Master } from "./state.ts";

/** A backup that has heard nobody. The owner listens for no time: its deadline is now. */
export function listen(router: VirtualRouter, now: Instant): Backup {
  const backup = listenAsOthers(router, now);
  return router.priority === OWNER_PRIORITY ? { ...backup, activeDownAt: now } : backup;
}

/** A backup that has heard nobody, and listens for a whole interval although it may be the owner. */
export function listenAsOthers(router: VirtualRouter, now: Instant): Backup {
  return follow(router, router.advertisementInterval, { kind: "unheard" }, now);
}

/** Listens for a whole interval, of the master that was heard if any: version 3 masters may be slower than we are. */
export function listenAnew(router: VirtualRouter, state: Backup, now: Instant): Backup {
  const own = router.advertisementInterval;
  const interval = state.master.kind === "unheard" ? own : heardInterval(router, state.activeAdverInterval);
  return follow(router, interval, state.master, now);
}

/** A backup hears an advert: whom it follows, and for how long. */
export function hear(router: VirtualRouter, state: Backup, event: Advertisement, now: Instant): Backup {
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
  const obeyed = follow(router, interval, master, now);
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

/** A backup of this master, or of nobody yet, whose Active_Down_Timer starts now. */
export function follow(router: VirtualRouter, interval: Micros, master: Master, now: Instant): Backup {
  return {
    kind: "backup",
    activeDownAt: after(now, activeDownInterval(router, interval)),
    activeAdverInterval: interval,
    master,
    preemption: { kind: "idle" },
  };
}

/** It is not ready any more: somebody else is master, or was until now. */
export function waiting({ ready: _, ...state }: Backup): Backup {
  return state;
}

/** Version 3 backups follow the master's interval, version 2 ones their own (RFC 9568 section 6.1). */
export function heardInterval(router: VirtualRouter, advertised: Micros): Micros {
  return router.version === 3 ? advertised : router.advertisementInterval;
}

/** Whether the master it followed has become the weaker one, and it is not to wait until that one would be silent. */
function isFallen(router: VirtualRouter, { master }: Backup, { source }: Advertisement): boolean {
  if (!router.quickPreempt || master.kind !== "heard") return false;
  return master.source === source && master.priority >= router.priority;
}
