import { hostname } from "node:os";
import { fail, succeed } from "../base/result.ts";
import { after, millis } from "../base/time.ts";
import type { Configuration } from "../config/model.ts";
import { openJournal } from "../daemon/journal.ts";
import type { FromVrrp, VrrpFailureCode, VrrpProcessSettings } from "../daemon/messages.ts";
import type { StartedDriver } from "../daemon/supervisor/vrrp-agent.ts";
import { createVrrpAgent } from "../daemon/supervisor/vrrp-agent.ts";
import { startVrrpDriver, type VrrpDriver } from "../daemon/vrrp/driver.ts";
import { rehearse } from "../daemon/vrrp/rehearsal.ts";
import { openLinuxClock } from "../linux/clock.ts";
import { openLinuxFifos } from "../linux/fifos.ts";
import { openLinuxDevices } from "../linux/devices.ts";
import { openLinuxFileWatches } from "../linux/file-watches.ts";
import { openLinuxFiles } from "../linux/files.ts";
import { openLinuxKernel } from "../linux/kernel.ts";
import { openLinuxLinkProbe } from "../linux/link-probe.ts";
import { openLinuxLinks } from "../linux/links.ts";
import { openLinuxProcessTable } from "../linux/process-table.ts";
import { openLinuxProcesses } from "../linux/processes.ts";
import { openLinuxRouting } from "../linux/routing.ts";
import { dieWithParent, setNiceness, useRealTimeScheduling } from "../linux/scheduling.ts";
import { openLinuxSysctls } from "../linux/sysctls.ts";
import type { Clock } from "../ports/clock.ts";
import type { Kernel } from "../ports/kernel.ts";
import type { Links } from "../ports/links.ts";
import type { Log } from "../ports/log.ts";
import { describeFailure } from "../ports/failure.ts";
import type { Result } from "../base/result.ts";
import { EXIT } from "./exit-codes.ts";
import { openLog } from "./logging/open-log.ts";
import { DEFAULT_TITLES } from "./titles.ts";
import { takeSignals } from "./signals.ts";

/**
 * The vrrp process: a child of the supervisor, which gives it its settings and its configuration through the pipe. It ends
 * by a clean stop, which hands over, when it is asked to and when the supervisor is gone.
 */
function main(): void {
  process.title = DEFAULT_TITLES.vrrp;
  const clock = openLinuxClock();
  const send = createSender(() => log);
  let log: Log | undefined;
  const supervisor = process.ppid;

  const start = (
    settings: VrrpProcessSettings,
    configuration: Configuration,
    isRestart: boolean,
  ): Result<StartedDriver, { readonly code: VrrpFailureCode; readonly message: string }> => {
    const opened = openLog(settings.log, "Keepalived_vrrp");
    log = opened;
    applyProcessSettings(configuration, opened);
    const files = openLinuxFiles({ searchPath: process.env["PATH"] });
    const journal = openJournal({ directory: settings.stateDirectory }, { clock, files, log: opened });
    const { kernelRequests: requests, kernelEvents: events } = configuration.global.buffers;
    const kernel = openLinuxKernel({ requests, events });
    const links = openLinuxLinks();
    if (!kernel.ok) return fail({ code: "SYSTEM", message: describeFailure(kernel.error) });
    const devices = openLinuxDevices();
    if (!devices.ok) return fail({ code: "SYSTEM", message: describeFailure(devices.error) });
    const routing = openLinuxRouting();
    if (!routing.ok) return fail({ code: "SYSTEM", message: describeFailure(routing.error) });
    const driver = startVrrpDriver(
      {
        configuration,
        runtimeDirectory: settings.runtimeDirectory,
        keepAddresses: settings.keepAddresses,
        isRestart,
      },
      {
        clock,
        files,
        fifos: openLinuxFifos(),
        outbox: { post: (alert) => send({ kind: "mail", alert }) },
        hostName: hostname(),
        fileWatches: openLinuxFileWatches(clock),
        processTable: openLinuxProcessTable(clock),
        linkProbe: openLinuxLinkProbe(),
        kernel: kernel.value,
        routing: routing.value,
        devices: devices.value,
        links,
        log: opened,
        processes: openLinuxProcesses({ environment: process.env, asksNameService: false }),
        sysctls: openLinuxSysctls(),
        journal,
      },
    );
    if (!driver.ok) return driver;
    const running = driver.value;
    rehearseSoon(running, configuration, { clock, kernel: kernel.value, links });
    return succeed({
      log: opened,
      note: (cause) => journal.append({ instance: null, from: null, to: null, cause }),
      noteRestart: (predecessor) => {
        const text = `the vrrp process was restarted; the one before: ${predecessor}`;
        const cause = { code: "PROCESS_RESTARTED", text, evidence: { predecessor } };
        journal.append({ instance: null, from: null, to: null, cause });
      },
      driver: {
        status: () => running.status(),
        groups: () => running.groups(),
        stop: (reason, done) => running.stop(reason, done),
        reload: (next) => {
          applyProcessSettings(next, opened);
          running.reload(next);
        },
      },
    });
  };

  const agent = createVrrpAgent({ clock, send, start, exit: (status) => process.exit(status) });
  takeSignals({
    // The kernel's signal at the supervisor's death is the same as an operator's.
    stop: (signal) => agent.stop(process.ppid === supervisor ? signal : SUPERVISOR_GONE),
    reload: () => agent.requestReload(),
    log: () => log,
  });
  process.on("message", (value) => agent.receive(value));
  process.on("disconnect", () => agent.stop(SUPERVISOR_GONE));
  process.on("uncaughtException", (error) => {
    log?.write("error", `A bug ends the vrrp process: ${error.stack ?? error.message}`);
    // The kernel removes the addresses when their lease is over, unless the next vrrp process resumes them before.
    process.exit(EXIT.SOFTWARE);
  });

  const guarded = dieWithParent(SIGTERM);
  if (!guarded.ok) process.emitWarning(describeFailure(guarded.error));
  // The supervisor may have died before the kernel knew whom to tell; the pipe then tells, or is gone already.
  if (!process.connected) agent.stop(SUPERVISOR_GONE);
}

/** While there is time: after the start, and before anybody can be waiting for this node to take over. */
function rehearseSoon(
  driver: VrrpDriver,
  configuration: Configuration,
  ports: { readonly clock: Clock; readonly kernel: Kernel; readonly links: Links },
): void {
  const soon = ports.clock.alarm(() => {
    soon.close();
    const [first] = configuration.instances;
    const isMaster = driver.status().some(({ state }) => state === "MASTER");
    if (first !== undefined && !isMaster) rehearse(first, ports);
  });
  soon.set(after(ports.clock.now(), REHEARSAL_DELAY));
}

function applyProcessSettings(configuration: Configuration, log: Log): void {
  const { names, vrrpNice, vrrpRealtimePriority } = configuration.global.processes;
  const title = names?.vrrp ?? DEFAULT_TITLES.vrrp;
  if (process.title !== title) process.title = title;
  // Whoever sets a nice value and no real-time priority wants ordinary scheduling.
  const scheduled =
    vrrpNice !== undefined && vrrpRealtimePriority === undefined
      ? setNiceness(vrrpNice)
      : useRealTimeScheduling(vrrpRealtimePriority ?? DEFAULT_REALTIME_PRIORITY);
  if (!scheduled.ok) log.write("warn", `${describeFailure(scheduled.error)}; adverts may be late on a busy host`);
}

/**
 * Messages to the supervisor. Heartbeats are left out while earlier messages wait, and mails while many do: a stopped
 * supervisor must not make this process grow.
 */
function createSender(log: () => Log | undefined): (message: FromVrrp) => void {
  let waiting = 0;
  let lost = 0;
  return (message) => {
    if (process.send === undefined || !process.connected) return;
    if (message.kind === "heartbeat" && waiting > 0) return;
    if (message.kind === "mail" && waiting >= WAITING_LIMIT) {
      lost += 1;
      if (lost === 1) log()?.write("error", "The supervisor takes no messages: mails are lost");
      return;
    }
    waiting += 1;
    process.send(message, undefined, undefined, () => {
      waiting -= 1;
    });
  };
}

const WAITING_LIMIT = 500;

const REHEARSAL_DELAY = millis(100);

const SUPERVISOR_GONE = "the supervisor is gone";

const SIGTERM = 15;

/** The lowest: before all ordinary work, behind what an administrator made real-time. */
const DEFAULT_REALTIME_PRIORITY = 1;

main();
