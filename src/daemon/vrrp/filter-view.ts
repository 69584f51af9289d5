import type { InstanceStatus } from "../../api/contract.ts";
import { toMillis } from "../../base/time.ts";
import type { FineLock } from "../../core/fine-lock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { LockHealth, LockTerms } from "./fine-lock-keeper.ts";

/** What the packet filter does for an instance, as `status` shows it. */
export function filterStatus(terms: LockTerms, health: LockHealth): Pick<InstanceStatus, "fineLock" | "accept"> {
  const { lock, accept } = terms;
  const isEnforced = !accept && (health.kind === "working" || health.kind === "failing");
  return { fineLock: fineLockStatus(lock, health), accept: !isEnforced };
}

function fineLockStatus(lock: FineLock, health: LockHealth): InstanceStatus["fineLock"] {
  if (lock.kind === "off") return { state: "off", windowMs: null, detail: OFF_WORDS[lock.because] };
  if (health.kind === "missing" || health.kind === "failing") {
    return { state: health.kind, windowMs: null, detail: describeFailure(health.failure) };
  }
  const windowMs = toMillis(lock.window);
  const cover = lock.coversProtocol ? "" : ", which may be a moment later than a backup takes over";
  return { state: "on", windowMs, detail: `ends ${Math.floor(windowMs)} ms after the last advert${cover}` };
}

const OFF_WORDS: Readonly<Record<Extract<FineLock, { kind: "off" }>["because"], string>> = {
  setting: "turned off by fine_lock",
  "lease-suffices": "not needed: leases end before a backup takes over",
  permanent: "the addresses are not leased",
};
