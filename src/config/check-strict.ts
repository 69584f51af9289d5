import { seconds } from "../base/time.ts";
import { wantsMaster } from "./check-timing.ts";
import type { Report } from "./diagnostic.ts";
import type { AuthenticationSettings } from "./model/authentication.ts";
import type { InstanceSettings } from "./model/instance.ts";
import { spanOfStatement, statementOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * What vrrp_strict takes from an instance, each with a finding; undefined where keepalived would not run it at all. What it
 * means for `accept` and for virtual MAC addresses is read with these.
 */
export function applyStrictMode(
  settings: InstanceSettings,
  block: readonly Statement[],
  report: Report,
): InstanceSettings | undefined {
  const reset = (keyword: string, message: string): void => {
    const statement = statementOf(block, keyword);
    const at = statement === undefined ? settings.place : spanOfStatement(statement);
    report({ code: "STRICT_MODE", at, message: `vrrp_strict: ${message}` });
  };
  if (settings.transport.kind === "unicast") {
    report({
      code: "STRICT_MODE",
      at: settings.place,
      message: `vrrp_strict: unicast is not allowed, so the instance "${settings.name}" is dropped`,
      help: "Remove vrrp_strict, or unicast_peer.",
      effect: "refuses-reload",
    });
    return undefined;
  }
  if (wantsMaster(block) !== (settings.priority === 255)) {
    reset("state", "state MASTER and priority 255 must go together; the priority decides");
  }
  if (settings.authentication.kind === "password" || settings.authentication.kind === "header") {
    reset("authentication", "authentication is not used");
  }
  if (settings.authentication.kind === "signature" && settings.authentication.mode !== "enforce") {
    reset("auth_hmac", "the mode of auth_hmac is enforce");
  }
  if (settings.preemptDelay > 0) reset("preempt_delay", "preempt_delay is not used");
  if (settings.downTimerAdverts !== 3) reset("down_timer_adverts", "down_timer_adverts is 3");
  if (settings.answersHigherPriority) reset("higher_prio_send_advert", "higher_prio_send_advert is off");
  if (!settings.accept && statementOf(block, "no_accept") === undefined) {
    const remedy = settings.version === 3 ? "Add accept to the instance, or remove vrrp_strict" : "Remove vrrp_strict";
    report({
      code: "STRICT_MODE",
      at: settings.place,
      message: `vrrp_strict: what is sent to the addresses of "${settings.name}" is dropped, even ping; they only route`,
      help: `${remedy}: services on these addresses cannot be reached.`,
      severity: "warning",
    });
  }
  return {
    ...settings,
    authentication: strictAuthentication(settings.authentication),
    preemptDelay: seconds(0),
    downTimerAdverts: 3,
    answersLowerPriority: false,
    answersHigherPriority: false,
    ownerIgnoresAdverts: settings.priority === 255,
    announce: { ...settings.announce, lowerPriorityDelay: seconds(0), lowerPriorityRepeat: 0 },
  };
}

/** Passwords go, signatures are enforced. */
function strictAuthentication(configured: AuthenticationSettings): AuthenticationSettings {
  return configured.kind === "signature" ? { ...configured, mode: "enforce" } : { kind: "none" };
}
