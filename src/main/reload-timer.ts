import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { after, seconds } from "../base/time.ts";
import type { ReloadSettings } from "../config/model/daemon.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { reloadDueAt } from "./reload-time.ts";

export interface ReloadTimer {
  /** Follows a configuration. Without a `reload_time_file` nothing is looked at. */
  configure(settings: Pick<ReloadSettings, "timeFile" | "repeats">): void;
}

/**
 * Reloads at the time that a `reload_time_file` names. It is looked at once a second, so that it may come, change and go, and
 * its folder too. It is removed when its time has come, unless `reload_repeat` is set.
 */
export function openReloadTimer(ports: { readonly clock: Clock; readonly log: Log }, reload: () => void): ReloadTimer {
  const { clock, log } = ports;
  let settings: Pick<ReloadSettings, "timeFile" | "repeats"> | undefined;
  let told: string | undefined;
  let dueAt: number | undefined;

  const look = (): void => {
    const file = settings?.timeFile;
    if (settings === undefined || file === undefined) return;
    alarm.set(after(clock.now(), LOOK));
    const now = clock.wallClockMs();
    const text = readQuietly(file);
    if (dueAt !== undefined && now >= dueAt && text === told) {
      dueAt = undefined;
      told = undefined;
      if (!settings.repeats) removeQuietly(file);
      log.write("info", `Reloading at the time that ${file} names`);
      return reload();
    }
    if (text === told) return;
    told = text;
    dueAt = text === undefined ? undefined : reloadDueAt(text, now);
    if (dueAt !== undefined) log.write("info", `A reload is due at ${new Date(dueAt).toISOString()}, by ${file}`);
    else if (text !== undefined)
      log.write("warn", `${file} names no time to come: HH:MM:SS, with a date before it or not`);
    else log.write("info", `No reload is due any more: ${file} has gone`);
  };
  const alarm = clock.alarm(look);

  return {
    configure(next) {
      const isSame = settings?.timeFile === next.timeFile;
      settings = next;
      if (isSame) return;
      told = undefined;
      dueAt = undefined;
      if (next.timeFile === undefined) alarm.clear();
      else alarm.set(clock.now());
    },
  };
}

/** `reload_file`: it is there, and empty, while the configuration is being read. */
export function whileReading<Value>(file: string | undefined, read: () => Value): Value {
  if (file === undefined) return read();
  try {
    closeSync(openSync(file, "w", 0o644));
  } catch {
    // Whoever waits for it to go sees that it has gone.
  }
  try {
    return read();
  } finally {
    removeQuietly(file);
  }
}

function readQuietly(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not there: nothing is due.
    return undefined;
  }
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // A folder that cannot be written keeps it; the time has come all the same.
  }
}

const LOOK = seconds(1);
