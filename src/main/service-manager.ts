import { micros } from "../base/time.ts";
import type { ServiceManager } from "../daemon/supervisor/ports.ts";
import type { ServiceNotifier } from "../linux/datagram.ts";
import { openServiceNotifier } from "../linux/datagram.ts";
import type { Clock } from "../ports/clock.ts";

/**
 * systemd as sd_notify(3) reaches it; nobody where NOTIFY_SOCKET is not set.
 *
 * @param started Called at each READY, for the starter of a daemon.
 */
export function openServiceManager(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  started: () => void,
): ServiceManager {
  const path = environment["NOTIFY_SOCKET"];
  const notifier: ServiceNotifier | undefined =
    path === undefined || path === "" ? undefined : openServiceNotifier(path);
  const notify = (state: string): void => void notifier?.notify(state);
  return {
    ready: () => {
      notify(`READY=1\nMAINPID=${process.pid}`);
      started();
    },
    reloading: () => notify(`RELOADING=1\nMONOTONIC_USEC=${clock.now()}`),
    stopping: () => notify("STOPPING=1"),
    status: (text) => notify(`STATUS=${text.replace(/[\r\n]+/g, " ")}`),
    watchdogInterval: watchdogInterval(environment),
    alive: () => notify("WATCHDOG=1"),
  };
}

/** sd_watchdog_enabled(3): WATCHDOG_PID, where set, must be ours. */
function watchdogInterval(
  environment: Readonly<Record<string, string | undefined>>,
): ServiceManager["watchdogInterval"] {
  const pid = environment["WATCHDOG_PID"];
  if (pid !== undefined && pid !== String(process.pid)) return undefined;
  const interval = Number(environment["WATCHDOG_USEC"]);
  return Number.isSafeInteger(interval) && interval > 0 ? micros(interval) : undefined;
}
