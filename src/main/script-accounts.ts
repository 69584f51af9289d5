import { commandsOf, mapCommands } from "../config/commands.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { ScriptUser } from "../config/model/script-command.ts";
import type { Processes } from "../ports/processes.ts";

type Accounts = Pick<Processes, "findAccount">;

/**
 * keepalived's default for scripts that name no account where `script_user` is missing: keepalived_script, if this host
 * has it. Otherwise the configuration as it is: they run as this process.
 */
export function withDefaultUser(configuration: Configuration, accounts: Accounts): Configuration {
  const isAsked = configuration.global.scriptUser === undefined && hasUseForDefault(configuration);
  if (!isAsked || !accounts.findAccount(DEFAULT_USER.user, undefined).ok) return configuration;
  return { ...configuration, global: { ...configuration.global, scriptUser: DEFAULT_USER } };
}

/**
 * Users and groups by their numbers, so that the vrrp process asks no name service, which may take seconds that a master has
 * not. One that nobody knows stays as it is; nothing runs as that.
 */
export function withNumbers(
  configuration: Configuration,
  accounts: Accounts,
  furtherGroups: (user: string, own: number) => readonly number[],
): Configuration {
  const known = new Map<string, ScriptUser>();
  const numbers = (user: ScriptUser | undefined): ScriptUser | undefined => {
    if (user === undefined) return undefined;
    const key = `${user.user}:${user.group ?? ""}:${user.wantsGroups ?? false}`;
    const found = known.get(key) ?? numbersOf(user);
    known.set(key, found);
    return found;
  };
  const numbersOf = (user: ScriptUser): ScriptUser => {
    const account = accounts.findAccount(user.user, user.group);
    if (!account.ok) return user;
    const { uid, gid, name } = account.value;
    const isWanted = configuration.global.supplementaryGroups || user.wantsGroups === true;
    const groups = isWanted ? furtherGroups(name, gid) : undefined;
    return { user: `${uid}`, group: `${gid}`, ...(groups === undefined ? {} : { groups }) };
  };
  const { global, ...rest } = mapCommands(configuration, (command) => ({ ...command, user: numbers(command.user) }));
  return {
    ...rest,
    global: {
      ...global,
      scriptUser: numbers(global.scriptUser),
      fifos: global.fifos.map((fifo) => ({ ...fifo, owner: numbers(fifo.owner) })),
    },
  };
}

/** FIFOs belong to the account of scripts unless they name an owner. */
function hasUseForDefault(configuration: Configuration): boolean {
  return (
    commandsOf(configuration).some(({ command }) => command.user === undefined) ||
    configuration.global.fifos.some(({ owner }) => owner === undefined)
  );
}

const DEFAULT_USER: ScriptUser = { user: "keepalived_script", group: undefined };
