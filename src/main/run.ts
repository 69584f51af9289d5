import { existsSync } from "node:fs";
import { release as kernelRelease, version as kernelVersion } from "node:os";
import { join } from "node:path";
import type { ControlServer } from "../api/control-server.ts";
import { openControlServer } from "../api/control-server.ts";
import { after, millis, seconds } from "../base/time.ts";
import { distinction } from "../config/check-daemon.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { DaemonSettings } from "../config/model/daemon.ts";
import { QUEUE_FILE } from "../daemon/mail/messages.ts";
import type { LogSettings } from "../daemon/messages.ts";
import { MailDesk } from "../daemon/supervisor/mail-desk.ts";
import type { Launcher } from "../daemon/supervisor/ports.ts";
import type { ChildSpec } from "../daemon/supervisor/supervised-child.ts";
import type { Supervisor } from "../daemon/supervisor/supervisor.ts";
import { dumpDirectory, openDumpWriter } from "../daemon/supervisor/dump-writer.ts";
import { startSupervisor } from "../daemon/supervisor/supervisor.ts";
import { openLinuxClock } from "../linux/clock.ts";
import { thrownFailure } from "../linux/file-failure.ts";
import { openLinuxFiles } from "../linux/files.ts";
import { openLinuxProcesses } from "../linux/processes.ts";
import type { Log } from "../ports/log.ts";
import { describeFailure } from "../ports/failure.ts";
import { describeMissing, missingCapabilities } from "./capabilities.ts";
import { findConfigurationFile, openConfigurationSource } from "./configuration-source.ts";
import { EXIT } from "./exit-codes.ts";
import type { Flags } from "./flags.ts";
import { DEFAULT_RUNTIME_DIRECTORY, DEFAULT_STATE_DIRECTORY } from "./flags.ts";
import { runHook, type RunningHook } from "./hook.ts";
import { launchMailProcess, MAIL_PROGRAM } from "./launch-mail.ts";
import { openLog } from "./logging/open-log.ts";
import type { PidFile } from "./pid-file.ts";
import { claimPidFile, makeDirectory, writePidFile } from "./pid-file.ts";
import { release } from "./release.ts";
import { openReloadTimer } from "./reload-timer.ts";
import { openServiceManager } from "./service-manager.ts";
import { takeSignals } from "./signals.ts";
import { DEFAULT_TITLES } from "./titles.ts";
import { collectGarbage } from "./tune-engine.ts";

/** Whoever waits for the daemon to come up: the starter that a shell called. */
export interface Starter {
  started(): void;
  /** The process ends with this status; the sentences say why. */
  failed(status: number, sentences: readonly string[]): void;
}

/**
 * Is the supervisor until it ends: reads the configuration, starts the other processes and keeps them running. Ends the process
 * itself, with keepalived's exit codes.
 */
export function runSupervisor(
  asked: Flags,
  launchers: { readonly vrrp: Launcher; readonly bfd: Launcher; readonly snmp: Launcher },
  starter: Starter,
): void {
  // The name of the daemon, which decides about its folders, stands in the configuration.
  let flags = asked;
  process.title = DEFAULT_TITLES.supervisor;
  const clock = openLinuxClock();
  const logSettings = logSettingsOf(flags);
  let opened = openLog(logSettings, "Keepalived");
  const complaints: string[] = [];
  const log: Log = {
    write(level, text) {
      if (level === "error") complaints.push(text);
      if (complaints.length > KEPT_COMPLAINTS) complaints.shift();
      opened.write(level, text);
    },
  };
  const held: {
    pidFile?: PidFile;
    control?: ControlServer;
    supervisor?: Supervisor;
    startup?: RunningHook;
  } = {};

  const processes = openLinuxProcesses({ environment: process.env, asksNameService: true });
  const childPidFiles = new Map<ChildSpec["name"], PidFile>();

  const end = (status: number): void => {
    held.control?.close();
    for (const pidFile of childPidFiles.values()) pidFile.release();
    held.pidFile?.release();
    opened.write("info", `Stopped Holdfast v${release()}`);
    if (status !== EXIT.OK) starter.failed(status, complaints);
    process.exit(status);
  };

  let ending = false;

  process.on("uncaughtException", (error) => {
    // The vrrp process sees the pipe close and hands over; whoever supervises us starts us anew.
    log.write("error", `A bug ends the supervisor: ${error.stack ?? error.message}`);
    end(EXIT.SOFTWARE);
  });
  takeSignals({
    stop: (signal) => {
      if (signal === "SIGINT" && flags.ignoresInterrupt) return;
      ending = true;
      held.startup?.kill();
      if (held.supervisor === undefined) end(EXIT.OK);
      else held.supervisor.stop();
    },
    reload: () => held.supervisor?.reload(false, () => {}),
    signal: (signal) => held.supervisor?.takeSignal(signal),
    log: () => log,
  });

  log.write("info", `Starting Holdfast v${release()}`);
  log.write("info", `Running on Linux ${kernelRelease()} ${kernelVersion()}, Node.js ${process.version}`);
  if (flags.detail > 0) log.write("info", `Command line: ${process.argv.map((word) => `'${word}'`).join(" ")}`);

  const found = findConfigurationFile(flags);
  if (!found.ok) {
    log.write("error", found.error);
    return end(EXIT.NO_CONFIGURATION);
  }
  const source = openConfigurationSource(found.value, {
    ...asked,
    reloadFile: join(asked.runtimeDirectory, RELOAD_FILE),
  });
  log.write("info", `Configuration file ${source.file}`);
  const loaded = source.load(true);
  for (const finding of loaded.findings) log.write(finding.level, finding.text);
  if (loaded.kind === "refused") return end(source.exitStatus());
  if (flags.dump) dump(log, loaded.configuration);
  const { daemon } = loaded.configuration.global;
  const suffix = distinction(daemon);
  if (suffix !== undefined) opened = openLog(logSettings, "Keepalived", suffix);
  flags = withOwnFolders(asked, suffix);
  if (flags.umask === undefined && daemon.umask !== undefined) process.umask(daemon.umask);

  const missing = missingCapabilities();
  if (missing.length > 0) {
    log.write("error", describeMissing(missing));
    return end(EXIT.NO_PERMISSION);
  }
  if (!claimFiles(flags, log, held)) return end(EXIT.FATAL);

  held.control = openControlServer(
    join(flags.runtimeDirectory, CONTROL_SOCKET),
    {
      status: (answer) => held.supervisor?.status(answer),
      reload: (force, answer) => held.supervisor?.reload(force, answer),
      configuration: () => {
        const configuration = held.supervisor?.configuration();
        return configuration && { version: 1, configurationFile: source.file, configuration };
      },
    },
    (sentence) => log.write("error", sentence),
  );
  let isUp = false;
  const manager = openServiceManager(process.env, clock, () => {
    // Also comes after reloads and restarts of the vrrp process, which are no time to look for rivals.
    if (isUp) return;
    isUp = true;
    // Two that started at the same time over a left-over file may both have got here; one of them did not win.
    if (held.pidFile === undefined || held.pidFile.isOurs()) return starter.started();
    log.write("error", `Another Holdfast has taken ${held.pidFile.path} meanwhile`);
    held.supervisor?.stop();
  });
  applyTitle(loaded.configuration);
  const { mail } = loaded.configuration.global;
  const mailDesk = new MailDesk({ stateDirectory: flags.stateDirectory, log: logSettings }, mail, {
    clock,
    log,
    launch: (listener) => launchMailProcess(MAIL_PROGRAM, process.env, listener),
    hasLeftOvers: () => existsSync(join(flags.stateDirectory, QUEUE_FILE)),
    note: (cause) => held.supervisor?.note(cause),
  });
  const dumps = openDumpWriter(
    { directory: dumpDirectory(process.env), pid: process.pid },
    { files: openLinuxFiles({ searchPath: process.env["PATH"] }), log },
  );
  let generation = 0;
  const saveText = ({ global }: Configuration): void => {
    const folder = global.daemon.savesTo;
    if (folder !== undefined) dumps.save(`${folder}/keepalived.conf.${process.pid}.${generation}`, source.text());
    generation += 1;
  };
  saveText(loaded.configuration);
  const tidy = clock.alarm(collectGarbage);
  const tidySoon = (): void => tidy.set(after(clock.now(), TIDYING_DELAY));
  const begin = (): void => {
    if (ending) return;
    tidySoon();
    held.supervisor = startSupervisor(
      {
        policy: { ...POLICY, respawn: flags.respawn },
        settings: {
          runtimeDirectory: flags.runtimeDirectory,
          stateDirectory: flags.stateDirectory,
          keepAddresses: flags.keepAddresses,
          reportsAddresses: flags.reportsAddresses,
          detail: flags.detail,
          heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
          log: logSettings,
        },
        pid: process.pid,
        release: release(),
        configuration: loaded.configuration,
        children: [
          { name: "vrrp", title: "VRRP", launcher: launchers.vrrp, wanted: () => true, vital: true },
          {
            name: "bfd",
            title: "BFD",
            launcher: launchers.bfd,
            wanted: ({ bfd }) => flags.allProcesses || bfd.length > 0,
            vital: false,
          },
          { name: "snmp", title: "SNMP", launcher: launchers.snmp, wanted: servesSnmp, vital: false },
        ],
        withoutBfd: !flags.bfd,
      },
      {
        clock,
        log,
        source,
        manager,
        mail: mailDesk,
        dumps,
        publishPid: (name, pid) => publishPid(flags, log, childPidFiles, name, pid),
        configured: (configuration) => {
          inForce = configuration;
          saveText(configuration);
          timer.configure(configuration.global.daemon.reload);
          follow(configuration, daemon, log);
          tidySoon();
        },
        exit: (status) => {
          const { daemon: last, scriptUser } = inForce.global;
          if (last.shutdownScript === undefined) return end(status);
          runHook("shutdown_script", last.shutdownScript, scriptUser, { clock, processes, log }, () => end(status));
        },
      },
    );
  };
  let inForce = loaded.configuration;
  const timer = openReloadTimer({ clock, log }, () => held.supervisor?.reload(false, () => {}));
  timer.configure(daemon.reload);
  if (daemon.startupScript === undefined) return begin();
  held.startup = runHook(
    "startup_script",
    daemon.startupScript,
    inForce.global.scriptUser,
    { clock, processes, log },
    begin,
  );
}

/** A reload does what it can, and says what it cannot. */
function follow(configuration: Configuration, started: DaemonSettings, log: Log): void {
  applyTitle(configuration);
  const { umask, networkNamespace, instanceName } = configuration.global.daemon;
  if (umask !== undefined) process.umask(umask);
  if (networkNamespace?.name !== started.networkNamespace?.name) {
    log.write("warn", "net_namespace cannot change by a reload: it is followed after a restart");
  }
  if (instanceName !== started.instanceName) {
    log.write("warn", "instance cannot change by a reload: it is followed after a restart");
  }
}

/** A daemon that has a name has folders of its own, unless the command line names them. */
function withOwnFolders(flags: Flags, name: string | undefined): Flags {
  if (name === undefined) return flags;
  const { runtimeDirectory, stateDirectory } = flags;
  return {
    ...flags,
    runtimeDirectory: runtimeDirectory === DEFAULT_RUNTIME_DIRECTORY ? join(runtimeDirectory, name) : runtimeDirectory,
    stateDirectory: stateDirectory === DEFAULT_STATE_DIRECTORY ? join(stateDirectory, name) : stateDirectory,
  };
}

function logSettingsOf(flags: Flags): LogSettings {
  return {
    console: flags.console,
    detail: flags.detail,
    syslogFacility: flags.syslogFacility ?? null,
    file: flags.logFile ?? null,
  };
}

function dump(log: Log, configuration: Configuration): void {
  for (const line of JSON.stringify(configuration, undefined, 2).split("\n")) log.write("info", line);
}

/**
 * False when another one runs. A folder that cannot be written is an error for the log, and no reason to let the service go
 * down: what is lost is the protection from a second start, and `holdfast status`.
 */
function claimFiles(flags: Flags, log: Log, held: { pidFile?: PidFile }): boolean {
  for (const directory of [flags.runtimeDirectory, flags.stateDirectory]) {
    try {
      makeDirectory(directory);
    } catch (error) {
      log.write("error", describeFailure(thrownFailure(`create ${directory}`, error)));
    }
  }
  const claimed = claimPidFile(flags.pidFile ?? join(flags.runtimeDirectory, PID_FILE));
  if (claimed.ok) {
    held.pidFile = claimed.value;
    return true;
  }
  if (claimed.error.kind === "running") {
    log.write("error", `daemon is already running, pid ${claimed.error.pid}`);
    return false;
  }
  log.write("error", `${describeFailure(claimed.error.failure)}; going on, but a second start will not be noticed`);
  return true;
}

function publishPid(
  flags: Flags,
  log: Log,
  held: Map<ChildSpec["name"], PidFile>,
  name: ChildSpec["name"],
  pid: number | undefined,
): void {
  held.get(name)?.release();
  held.delete(name);
  if (pid === undefined) return;
  const asked = { vrrp: flags.vrrpPidFile, bfd: flags.bfdPidFile, snmp: undefined }[name];
  const written = writePidFile(asked ?? join(flags.runtimeDirectory, `${name}.pid`), pid);
  if (written.ok) held.set(name, written.value);
  else log.write("error", describeFailure(written.error));
}

function servesSnmp({ global: { snmp } }: Configuration): boolean {
  return snmp.keepalived || snmp.vrrp2 || snmp.vrrp3;
}

function applyTitle(configuration: Configuration): void {
  const title = configuration.global.processes.names?.supervisor ?? DEFAULT_TITLES.supervisor;
  if (process.title !== title) process.title = title;
}

/** By then the children have taken a new configuration. */
const TIDYING_DELAY = seconds(2);

const HEARTBEAT_INTERVAL_MS = 500;

/**
 * The limit bounds how long a hanging vrrp process goes unnoticed. Its addresses do not depend on it, their lease does that;
 * the service is back after it.
 */
const POLICY = {
  heartbeatInterval: millis(HEARTBEAT_INTERVAL_MS),
  heartbeatLimit: seconds(2),
  startLimit: seconds(10),
  stopLimit: seconds(5),
} as const;

/** How many errors the starter of a daemon repeats on the terminal. */
const KEPT_COMPLAINTS = 50;

/** The file names in the runtime directory. */
const CONTROL_SOCKET = "holdfast.sock";
const PID_FILE = "holdfast.pid";
/** keepalived's name for it. */
const RELOAD_FILE = "keepalived.reload";
