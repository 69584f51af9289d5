import { after, micros, type Instant } from "../../base/time.ts";
import type { GlobalSettings } from "../../config/model/global.ts";
import type { Clock } from "../../ports/clock.ts";

/**
 * When instances may join in: not right after the start (`vrrp_startup_delay`), or after the boot of the host
 * (`vrrp_delay_after_boot`), where the configuration wants a pause; the longer one counts.
 */
export function joiningTime(
  { startupDelay, delayAfterBoot }: Pick<GlobalSettings, "startupDelay" | "delayAfterBoot">,
  clock: Pick<Clock, "now" | "boottime">,
): Instant {
  const untilBooted = Math.max(0, delayAfterBoot - clock.boottime());
  return after(clock.now(), micros(Math.max(startupDelay, untilBooted)));
}
