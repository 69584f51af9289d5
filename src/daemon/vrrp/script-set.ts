import { succeed, type Result } from "../../base/result.ts";
import { commandsOf } from "../../config/commands.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { ScriptCommand } from "../../config/model/script-command.ts";
import type { ScriptSettings } from "../../config/model/trackers.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Account } from "../../ports/processes.ts";
import { ScriptTracker, type ScriptTrackerDependencies } from "./script-tracker.ts";

/** The scripts that instances track, by name, and the accounts that scripts of any kind run under. */
export class ScriptSet {
  readonly trackers = new Map<string, ScriptTracker>();
  readonly #dependencies: ScriptTrackerDependencies;
  readonly #onChange: () => void;
  readonly #accounts = new Map<string, Result<Account, SystemFailure>>();
  #scriptUser: Configuration["global"]["scriptUser"];

  /** `onChange` comes after each change of a verdict. */
  constructor(onChange: () => void, dependencies: ScriptTrackerDependencies) {
    this.#onChange = onChange;
    this.#dependencies = dependencies;
  }

  /** Starts what is new; what is the same program keeps running and keeps what is known of it. */
  configure(configuration: Configuration): void {
    this.#scriptUser = configuration.global.scriptUser;
    this.#findAccounts(configuration);
    for (const settings of configuration.scripts) {
      const known = this.trackers.get(settings.name);
      const account = "argv" in settings.check ? this.accountOf(settings.check) : succeed(undefined);
      if (known !== undefined && sameProgram(known.settings, settings)) {
        known.reconfigure(settings, account);
        continue;
      }
      known?.stop();
      const options = { settings, account, onChange: this.#onChange };
      const tracker = new ScriptTracker(options, this.#dependencies);
      this.trackers.set(settings.name, tracker);
      tracker.start();
    }
  }

  /** Stops what the configuration does not name any more. */
  stopOthers(configuration: Configuration): void {
    const names = new Set(configuration.scripts.map(({ name }) => name));
    for (const [name, script] of this.trackers) {
      if (names.has(name)) continue;
      script.stop();
      this.trackers.delete(name);
    }
  }

  stopAll(): void {
    for (const script of this.trackers.values()) script.stop();
  }

  /**
   * Whom a script runs as: its own user, else script_user; undefined: as this process. A script whose user cannot be found
   * must not run at all, least of all as root.
   */
  accountOf(command: Pick<ScriptCommand, "user">): Result<Account | undefined, SystemFailure> {
    const user = command.user ?? this.#scriptUser;
    if (user === undefined) return succeed(undefined);
    const key = `${user.user}:${user.group ?? ""}:${user.groups?.join() ?? ""}`;
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const found = this.#dependencies.processes.findAccount(user.user, user.group);
    if (!found.ok) this.#dependencies.log.write("error", describeFailure(found.error));
    const account = found.ok ? succeed({ ...found.value, groups: user.groups }) : found;
    this.#accounts.set(key, account);
    return account;
  }

  /**
   * Looks up every account before it is needed: a name service may take seconds, and a master that has just told its
   * scripts has adverts to send. Those that were found are not looked for again.
   */
  #findAccounts(configuration: Configuration): void {
    for (const [key, account] of this.#accounts) if (!account.ok) this.#accounts.delete(key);
    for (const { command } of commandsOf(configuration)) this.accountOf(command);
    for (const { owner } of configuration.global.fifos) this.accountOf({ user: owner });
  }
}

/** The same check under the same name keeps what is known of it over a reload. */
function sameProgram(left: ScriptSettings, right: ScriptSettings): boolean {
  const { place: _left, ...leftCheck } = left.check;
  const { place: _right, ...rightCheck } = right.check;
  return JSON.stringify(leftCheck) === JSON.stringify(rightCheck);
}
