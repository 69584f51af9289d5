import type { Files } from "../../ports/files.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Sysctls } from "../../ports/sysctls.ts";
import { textFromBytes } from "../../wire/text.ts";

export interface SysctlKeeperDependencies {
  readonly sysctls: Sysctls;
  readonly files: Files;
  readonly log: Log;
}

/**
 * Sets kernel settings while they are wanted, and gives back what was there before. What was there is on disk as well, where a
 * reboot empties it, so that the next run can give back what one that crashed has left.
 */
export class SysctlKeeper {
  readonly #path: string;
  readonly #dependencies: SysctlKeeperDependencies;
  /** What was there before us, for those that we have changed. */
  readonly #originals = new Map<string, string>();
  readonly #told = new Set<string>();
  #saved = "";

  /** Reads what a run before this one has left in the record at `path`. Nothing is changed. */
  constructor(path: string, dependencies: SysctlKeeperDependencies) {
    this.#path = path;
    this.#dependencies = dependencies;
    const read = dependencies.files.read(path);
    if (!read.ok) return;
    this.#saved = textFromBytes(read.value);
    for (const [setting, value] of parseRecord(this.#saved)) this.#originals.set(setting, value);
  }

  /**
   * Makes the settings what they are to be, and gives back those that are not wanted any more. A setting whose interface is not
   * there is left out; to be called again when one comes.
   */
  apply(wanted: ReadonlyMap<string, string>): void {
    for (const [setting, original] of this.#originals) {
      if (wanted.has(setting)) continue;
      this.#write(setting, original);
      this.#originals.delete(setting);
    }
    for (const [setting, value] of wanted) {
      const current = this.#dependencies.sysctls.read(setting);
      if (!current.ok || current.value === value) continue;
      if (!this.#originals.has(setting)) this.#originals.set(setting, current.value);
      // On disk first: a crash in between must not lose it.
      this.#save();
      this.#write(setting, value);
    }
    this.#save();
  }

  #write(setting: string, value: string): void {
    const { sysctls, log } = this.#dependencies;
    const written = sysctls.write(setting, value);
    // An interface that is gone has taken its settings with it.
    if (written.ok || written.error.errno === "ENOENT" || this.#told.has(setting)) return;
    this.#told.add(setting);
    log.write("error", describeFailure(written.error));
  }

  #save(): void {
    const { files, log } = this.#dependencies;
    const text = this.#originals.size === 0 ? "" : `${JSON.stringify(Object.fromEntries(this.#originals))}\n`;
    if (text === this.#saved) return;
    const written = text === "" ? files.remove(this.#path) : files.replace(this.#path, text);
    if (!written.ok && !this.#told.has(this.#path)) {
      this.#told.add(this.#path);
      log.write("error", describeFailure(written.error));
    }
    this.#saved = text;
  }
}

/** A record that was torn by a crash, or edited by hand, says nothing. */
function parseRecord(text: string): readonly (readonly [string, string])[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([setting, original]: [string, unknown]) =>
      typeof original === "string" && isSetting(setting) ? [[setting, original] as const] : [],
    );
  } catch {
    return [];
  }
}

/** Nothing but what this process may have set is ever given back. */
function isSetting(path: string): boolean {
  if (path === "net/ipv4/igmp_link_local_mcast_reports") return true;
  return /^net\/ipv[46]\/[a-z]+\/[^/]+\/[a-z0-9_]+$/.test(path) && !path.includes("..");
}
