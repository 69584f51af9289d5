import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { renderLine } from "../cli/render-diagnostics.ts";
import { seededRandom } from "../base/random.ts";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import { ALL_INCLUDE_CHECKS } from "../config/includes.ts";
import { checkHost } from "../config/check-host.ts";
import type { Diagnostic, Severity } from "../config/diagnostic.ts";
import { loadConfiguration } from "../config/load.ts";
import type { LoadedConfiguration as ReadConfiguration } from "../config/load.ts";
import type { Configuration, NotifySettings, ScriptCommand, ScriptUser } from "../config/model.ts";
import type { PreprocessOptions } from "../config/preprocess.ts";
import { verdict } from "../config/verdict.ts";
import type { ConfigurationFinding, ConfigurationSource } from "../daemon/supervisor/ports.ts";
import { openLinuxFiles } from "../linux/files.ts";
import { openLinuxKernel } from "../linux/kernel.ts";
import { openLinuxProcesses } from "../linux/processes.ts";
import type { LogLevel } from "../ports/log.ts";
import { openConfigReader } from "./config-reader.ts";
import { EXIT } from "./exit-codes.ts";
import type { Flags } from "./flags.ts";
import { readHostFacts } from "./host-facts.ts";

/** The file that was named, else the first default that is there. The error is one sentence. */
export function findConfigurationFile(flags: Pick<Flags, "configurationFile">): Result<string, string> {
  const wanted = flags.configurationFile === undefined ? DEFAULT_FILES : [flags.configurationFile];
  const found = wanted.find((file) => existsSync(file));
  if (found !== undefined) return succeed(found);
  return fail(`Config files missing: there is no ${wanted.join(" and no ")}`);
}

export interface FileSource extends ConfigurationSource {
  /** keepalived's exit status for a start that what was loaded last refuses; 0 when it does not. */
  exitStatus(): number;
}

/** The configuration file of this machine with everything it includes, checked on this host at each load. */
export function openConfigurationSource(file: string, flags: Pick<Flags, "configId" | "allConfig">): FileSource {
  let exitStatus: number = EXIT.OK;
  /** Those of the configuration in force: what it was accepted with does not refuse its successor. */
  let accepted: readonly Diagnostic[] = [];
  return {
    file,
    exitStatus: () => exitStatus,
    load(force) {
      const { configuration, diagnostics } = readConfiguration(file, flags);
      const { startRefused, reloadRefusedBy, forcedReloadRefusedBy } = verdict(diagnostics, configuration, accepted);
      exitStatus = startRefused?.exitStatus ?? EXIT.OK;
      const refusing = new Set(force ? forcedReloadRefusedBy : reloadRefusedBy);
      const findings = diagnostics.map((diagnostic): ConfigurationFinding => {
        return { level: LEVELS[diagnostic.severity], text: renderLine(diagnostic), refuses: refusing.has(diagnostic) };
      });
      if (refusing.size === 0 && startRefused === undefined) {
        accepted = diagnostics;
        return { kind: "accepted", configuration: withNumbers(withoutInsecure(configuration, diagnostics)), findings };
      }
      if (refusing.size > 0) return { kind: "refused", findings };
      const nothing: ConfigurationFinding = { level: "error", text: `${file} has nothing to run`, refuses: true };
      return { kind: "refused", findings: [...findings, nothing] };
    },
  };
}

/** Reads and checks a file, on this host too, and changes nothing. Findings of the host come after those of the text. */
export function readConfiguration(file: string, flags: Pick<Flags, "configId" | "allConfig">): ReadConfiguration {
  const read = loadConfiguration(file, openConfigReader(), languageOptions(flags));
  const kernel = openLinuxKernel();
  try {
    const host = checkHost(
      read.configuration,
      readHostFacts({
        kernel: kernel.ok ? kernel.value : undefined,
        files: openLinuxFiles({ searchPath: process.env["PATH"] }),
        processes: openLinuxProcesses({ environment: process.env, asksNameService: true }),
      }),
    );
    return { ...read, diagnostics: [...read.diagnostics, ...host] };
  } finally {
    if (kernel.ok) kernel.value.close();
  }
}

function languageOptions(flags: Pick<Flags, "configId" | "allConfig">): PreprocessOptions {
  return {
    configId: flags.configId ?? hostname().split(".")[0] ?? "",
    instanceName: undefined,
    environment: (name) => process.env[name],
    random: seededRandom(Date.now()),
    ...(flags.allConfig ? { includeChecks: ALL_INCLUDE_CHECKS } : {}),
  };
}

/** enable_script_security: a program that somebody other than root could change does not run as root. */
function withoutInsecure(configuration: Configuration, diagnostics: readonly Diagnostic[]): Configuration {
  const insecure = diagnostics.filter(({ code, effect }) => code === "SCRIPT_INSECURE" && effect !== "logged");
  if (insecure.length === 0) return configuration;
  const isInsecure = ({ place }: ScriptCommand): boolean =>
    insecure.some(({ place: at }) => at.file === place.file && at.line === place.line && at.column === place.column);
  const keep = (command: ScriptCommand | undefined): ScriptCommand | undefined =>
    command === undefined || isInsecure(command) ? undefined : command;
  const keepNotify = (notify: NotifySettings): NotifySettings => ({
    ...notify,
    any: keep(notify.any),
    master: keep(notify.master),
    backup: keep(notify.backup),
    fault: keep(notify.fault),
    stop: keep(notify.stop),
  });
  const scripts = configuration.scripts.filter(({ check }) => !("argv" in check && isInsecure(check)));
  const names = new Set(scripts.map(({ name }) => name));
  return {
    ...configuration,
    scripts,
    instances: configuration.instances.map((instance) => ({
      ...instance,
      notify: keepNotify(instance.notify),
      trackScripts: instance.trackScripts.filter(({ script }) => names.has(script)),
    })),
  };
}

/**
 * Users and groups by their numbers, so that the vrrp process asks no name service, which may take seconds that a master has
 * not. One that nobody knows stays as it is; nothing runs as that.
 */
function withNumbers(configuration: Configuration): Configuration {
  const accounts = openLinuxProcesses({ environment: process.env, asksNameService: true });
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
  return {
    ...configuration,
    global: { ...configuration.global, scriptUser: numbers(configuration.global.scriptUser) },
    scripts: configuration.scripts.map((script) =>
      "argv" in script.check ? { ...script, check: renamed(script.check) } : script,
    ),
    instances: configuration.instances.map((instance) => {
      const { notify } = instance;
      const { any, master, backup, fault, stop } = notify;
      const told = { any: each(any), master: each(master), backup: each(backup), fault: each(fault), stop: each(stop) };
      return { ...instance, notify: { ...notify, ...told } };
    }),
  };
}

const DEFAULT_FILES: readonly string[] = ["/etc/holdfast/holdfast.conf", "/etc/keepalived/keepalived.conf"];

const LEVELS: Readonly<Record<Severity, LogLevel>> = { error: "error", warning: "warn", note: "debug" };
