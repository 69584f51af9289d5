import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { renderLine } from "../cli/render-diagnostics.ts";
import { seededRandom } from "../base/random.ts";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import { ALL_INCLUDE_CHECKS } from "../config/includes.ts";
import { checkHost } from "../config/check-host.ts";
import { collectDiagnostics } from "../config/diagnostic.ts";
import type { Diagnostic, Severity } from "../config/diagnostic.ts";
import { loadConfiguration } from "../config/load.ts";
import type { LoadedConfiguration as ReadConfiguration } from "../config/load.ts";
import { mapCommands } from "../config/commands.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { ScriptCommand } from "../config/model/script-command.ts";
import type { PreprocessOptions } from "../config/preprocess.ts";
import { verdict } from "../config/verdict.ts";
import type { ConfigurationFinding, ConfigurationSource } from "../daemon/supervisor/ports.ts";
import { findFurtherGroups } from "../linux/accounts.ts";
import { openLinuxFiles } from "../linux/files.ts";
import { openLinuxKernel } from "../linux/kernel.ts";
import { insideNetworkNamespace } from "../linux/network-namespace.ts";
import { openLinuxProcesses } from "../linux/processes.ts";
import { describeFailure } from "../ports/failure.ts";
import type { LogLevel } from "../ports/log.ts";
import type { Processes } from "../ports/processes.ts";
import { openConfigReader } from "./config-reader.ts";
import { EXIT } from "./exit-codes.ts";
import type { Flags } from "./flags.ts";
import type { LinkFacts } from "./host-facts.ts";
import { readHostFacts } from "./host-facts.ts";
import { whileReading } from "./reload-timer.ts";
import { withDefaultUser, withNumbers } from "./script-accounts.ts";

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
  /** What was read last: all files in their order, each below a comment with its path. */
  text(): string;
}

/** The configuration file of this machine with everything it includes, checked on this host at each load. */
export function openConfigurationSource(
  file: string,
  flags: ReadFlags & { readonly reloadFile: string | undefined },
): FileSource {
  let exitStatus: number = EXIT.OK;
  /** `reload_file` and `reload_check_config` of the configuration in force. */
  let announced: string | undefined;
  let checkLog: string | undefined;
  let sources: ReadConfiguration["sources"] = [];
  /** Those of the configuration in force: what it was accepted with does not refuse its successor. */
  let accepted: readonly Diagnostic[] = [];
  return {
    file,
    exitStatus: () => exitStatus,
    text: () => sources.map(({ path, lines }) => `# ${path}\n${lines.map((line) => `${line}\n`).join("")}`).join(""),
    load(force) {
      const read = whileReading(announced, () => readConfiguration(file, flags));
      const { configuration, diagnostics } = read;
      sources = read.sources;
      const { startRefused, reloadRefusedBy, forcedReloadRefusedBy } = verdict(diagnostics, configuration, accepted);
      exitStatus = startRefused?.exitStatus ?? EXIT.OK;
      const refusing = new Set(force ? forcedReloadRefusedBy : reloadRefusedBy);
      const findings = diagnostics.map((diagnostic): ConfigurationFinding => {
        return { level: LEVELS[diagnostic.severity], text: renderLine(diagnostic), refuses: refusing.has(diagnostic) };
      });
      if (checkLog !== undefined) writeFindings(checkLog, findings);
      if (refusing.size === 0 && startRefused === undefined) {
        accepted = diagnostics;
        checkLog = configuration.global.daemon.reload.checkLog;
        const told = configuration.global.daemon.reload.file;
        announced = told === "default" ? flags.reloadFile : told?.path;
        const secure = withoutInsecure(configuration, diagnostics);
        return { kind: "accepted", configuration: withNumbers(secure, openAccounts(), findFurtherGroups), findings };
      }
      if (refusing.size > 0) return { kind: "refused", findings };
      const nothing: ConfigurationFinding = { level: "error", text: `${file} has nothing to run`, refuses: true };
      return { kind: "refused", findings: [...findings, nothing] };
    },
  };
}

/** Whoever reads it finds nothing where there was nothing to say, as with keepalived. */
function writeFindings(path: string, findings: readonly ConfigurationFinding[]): void {
  const said = findings.filter(({ level }) => level !== "debug");
  // One that cannot be written says the same as ever; the findings are in the log, too.
  openLinuxFiles({ searchPath: undefined }).replace(path, said.map(({ text }) => `${text}\n`).join(""));
}

/** Reads and checks a file, on this host too, and changes nothing. Findings of the host come after those of the text. */
export function readConfiguration(file: string, flags: ReadFlags): ReadConfiguration {
  const read = loadConfiguration(file, openConfigReader(), languageOptions(flags));
  const processes = openAccounts();
  const configuration = withSnmp(
    withNamespace(withDefaultUser(read.configuration, processes), file, flags.namespace),
    flags,
  );
  const { networkNamespace } = configuration.global.daemon;
  if (networkNamespace === undefined) {
    return { ...read, configuration, diagnostics: [...read.diagnostics, ...lookAtHost(configuration, processes)] };
  }
  const { name, place } = networkNamespace;
  const inside = insideNetworkNamespace(name, () => lookAtHost(configuration, processes));
  if (inside.ok) return { ...read, configuration, diagnostics: [...read.diagnostics, ...inside.value] };
  const { report, diagnostics } = collectDiagnostics();
  report({
    code: "UNKNOWN_NAMESPACE",
    at: place,
    message: describeFailure(inside.error),
    help: "Their names: ip netns",
  });
  return { ...read, configuration, diagnostics: [...read.diagnostics, ...diagnostics] };
}

type ReadFlags = Pick<Flags, "configId" | "allConfig" | "namespace"> & Partial<Pick<Flags, "snmp" | "snmpSocket">>;

/** `-s` comes before `net_namespace`. */
function withNamespace(configuration: Configuration, file: string, name: string | undefined): Configuration {
  if (name === undefined) return configuration;
  const networkNamespace = { name, place: { file, line: 1, column: 1 } };
  const { global } = configuration;
  return { ...configuration, global: { ...global, daemon: { ...global.daemon, networkNamespace } } };
}

/** `-x` asks for all tables, and `-A` says where, unless `snmp_socket` does. */
function withSnmp(configuration: Configuration, { snmp = false, snmpSocket }: ReadFlags): Configuration {
  const { global } = configuration;
  const asked = snmp ? { keepalived: true, vrrp2: true, vrrp3: true } : {};
  const master = global.snmp.master ?? snmpSocket;
  return { ...configuration, global: { ...global, snmp: { ...global.snmp, ...asked, master } } };
}

function lookAtHost(configuration: Configuration, processes: Pick<Processes, "findAccount">): readonly Diagnostic[] {
  const kernel = openLinuxKernel();
  try {
    return checkHost(
      configuration,
      readHostFacts({
        kernel: kernel.ok ? kernel.value : undefined,
        files: openLinuxFiles({ searchPath: process.env["PATH"] }),
        readLink,
        processes,
      }),
    );
  } finally {
    if (kernel.ok) kernel.value.close();
  }
}

function openAccounts(): Pick<Processes, "findAccount"> {
  return openLinuxProcesses({ environment: process.env, asksNameService: true });
}

function readLink(path: string): LinkFacts | undefined {
  try {
    return { target: readlinkSync(path), uid: lstatSync(path).uid };
  } catch {
    // No link, or nothing at all: what it leads to is looked at by itself.
    return undefined;
  }
}

function languageOptions(flags: ReadFlags): PreprocessOptions {
  return {
    configId: flags.configId ?? hostname().split(".")[0] ?? "",
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
  const secure = mapCommands(configuration, (command) => (isInsecure(command) ? undefined : command));
  const names = new Set(secure.scripts.map(({ name }) => name));
  return {
    ...secure,
    instances: secure.instances.map((instance) => ({
      ...instance,
      trackScripts: instance.trackScripts.filter(({ script }) => names.has(script)),
    })),
  };
}

const DEFAULT_FILES: readonly string[] = ["/etc/holdfast/holdfast.conf", "/etc/keepalived/keepalived.conf"];

const LEVELS: Readonly<Record<Severity, LogLevel>> = { error: "error", warning: "warn", note: "debug" };
