import type { Configuration, NotifySettings, ScriptCommand, ScriptUser } from "../config/model.ts";
import type { Processes } from "../ports/processes.ts";

type Accounts = Pick<Processes, "findAccount">;

/**
 * keepalived's default for scripts that name no account where `script_user` is missing: keepalived_script, if this host
 * has it. Otherwise the configuration as it is: they run as this process.
 */
export function withDefaultUser(configuration: Configuration, accounts: Accounts): Configuration {
  const isAsked = configuration.global.scriptUser === undefined && hasCommandWithoutUser(configuration);
  if (!isAsked || !accounts.findAccount(DEFAULT_USER.user, undefined).ok) return configuration;
  return { ...configuration, global: { ...configuration.global, scriptUser: DEFAULT_USER } };
}

/**
 * Users and groups by their numbers, so that the vrrp process asks no name service, which may take seconds that a master has
 * not. One that nobody knows stays as it is; nothing runs as that.
 */
export function withNumbers(configuration: Configuration, accounts: Accounts): Configuration {
  const known = new Map<string, ScriptUser>();
  const numbers = (user: ScriptUser | undefined): ScriptUser | undefined => {
    if (user === undefined) return undefined;
    const key = `${user.user}:${user.group ?? ""}`;
    const found = known.get(key) ?? numbersOf(user);
    known.set(key, found);
    return found;
  };
  const numbersOf = (user: ScriptUser): ScriptUser => {
    const account = accounts.findAccount(user.user, user.group);
    return account.ok ? { user: `${account.value.uid}`, group: `${account.value.gid}` } : user;
  };
  const renamed = <Command extends ScriptCommand>(command: Command): Command => ({
    ...command,
    user: numbers(command.user),
  });
  const each = (command: ScriptCommand | undefined): ScriptCommand | undefined =>
    command === undefined ? undefined : renamed(command);
  const withTold = <Notifying extends { readonly notify: NotifySettings }>(notifying: Notifying): Notifying => {
    const { any, master, backup, fault, stop } = notifying.notify;
    const told = { any: each(any), master: each(master), backup: each(backup), fault: each(fault), stop: each(stop) };
    return { ...notifying, notify: { ...notifying.notify, ...told } };
  };
  return {
    ...configuration,
    global: { ...configuration.global, scriptUser: numbers(configuration.global.scriptUser) },
    scripts: configuration.scripts.map((script) =>
      "argv" in script.check ? { ...script, check: renamed(script.check) } : script,
    ),
    instances: configuration.instances.map(withTold),
    groups: configuration.groups.map(withTold),
  };
}

function hasCommandWithoutUser({ scripts, instances, groups }: Configuration): boolean {
  return (
    scripts.some(({ check }) => "argv" in check && check.user === undefined) ||
    [...instances, ...groups].some(({ notify }) => commandsOf(notify).some(({ user }) => user === undefined))
  );
}

function commandsOf({ any, master, backup, fault, stop }: NotifySettings): readonly ScriptCommand[] {
  return [any, master, backup, fault, stop].filter((command) => command !== undefined);
}

const DEFAULT_USER: ScriptUser = { user: "keepalived_script", group: undefined };
