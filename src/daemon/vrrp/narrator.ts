import { elapsed, toMillis, type Instant } from "../../base/time.ts";
import type { Cause, Effect, Event } from "../../core/vrrp/event.ts";
import type { State } from "../../core/vrrp/state.ts";
import type { VirtualRouter } from "../../core/vrrp/router.ts";
import type { Log } from "../../ports/log.ts";
import { describeCause, stateName } from "./cause-words.ts";

/** One turn of the machine, as an onlooker sees it. */
export interface Turn {
  readonly router: VirtualRouter;
  readonly before: State;
  readonly event: Event;
  readonly after: State;
  readonly cause: Cause | undefined;
  readonly now: Instant;
}

/**
 * Logs a turn in keepalived's words, which tools parse, and adds the cause in ours: `(VI_1) Entering BACKUP STATE`.
 * Comes before the effects are carried out, as keepalived's lines do.
 */
export function narrateTurn(log: Log, name: string, turn: Turn): void {
  const { before, event, after, cause, router, now } = turn;
  const say = (text: string): void => log.write("info", `(${name}) ${text}`);
  if (event.kind === "advertisement") narrateAdvertisement(say, before, event, router);
  if (cause === undefined) return;
  if (cause.code === "MASTER_SILENT") say("Receive advertisement timeout");
  if (cause.code === "SHUTDOWN") return say(`Stopped: ${cause.reason}`);
  const first = before.kind === "initialize" ? " (init)" : "";
  if (["PAUSED", "SILENT", "LEASE_EXPIRED", "UNHEARD"].includes(cause.code)) {
    log.write("warn", `(${name}) no longer MASTER: ${describeCause(cause, now).text}`);
  }
  if (after.kind === "fault") log.write("warn", `(${name}) Entering FAULT STATE${first}`);
  else say(`Entering ${stateName(after)} STATE${first}`);
  say(`cause: ${describeCause(cause, now).text}`);
}

/** Logs what is about to be done to addresses and farewells. */
export function narrateEffect(log: Log, name: string, effect: Effect, now: Instant): void {
  const say = (text: string): void => log.write("info", `(${name}) ${text}`);
  switch (effect.kind) {
    case "send-advertisement":
      if (effect.priority === 0) say("sent 0 priority");
      return;
    case "add-addresses":
      return say("setting VIPs.");
    case "remove-addresses":
      return say("removing VIPs.");
    case "hand-over-addresses":
      return say(`handing over VIPs, removing them in ${toMillis(elapsed(now, effect.until))} ms at the latest.`);
    case "announce-addresses":
    case "announce-extra":
      return;
  }
}

function narrateAdvertisement(
  say: (text: string) => void,
  before: State,
  event: Extract<Event, { kind: "advertisement" }>,
  router: VirtualRouter,
): void {
  const { source, priority } = event;
  if (before.kind === "backup") {
    if (priority === 0) say("Backup received priority 0 advertisement");
    else if (before.master.kind !== "heard" || before.master.source !== source) say(`master set to ${source}`);
    return;
  }
  if (before.kind !== "active") return;
  if (priority === 0) return say("Master received priority 0 message");
  if (priority > router.priority) {
    return say(`Master received advert from ${source} with higher priority ${priority}, ours ${router.priority}`);
  }
  if (priority === router.priority) {
    return say(`Master received advert from ${source} with same priority ${priority}`);
  }
  say(`Received advert from ${source} with lower priority ${priority}, ours ${router.priority}, forcing new election`);
}
