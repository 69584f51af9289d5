import { hostname } from "node:os";
import { fail, succeed } from "../base/result.ts";
import { after, millis } from "../base/time.ts";
import { commandsOf } from "../config/commands.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { FromChild } from "../daemon/messages.ts";
import type { SnmpFacts } from "../daemon/snmp-facts.ts";
import { openJournal } from "../daemon/journal.ts";
import { answerSignal } from "../daemon/vrrp/answer-signal.ts";
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
import { createLinuxPacketFilter } from "../linux/nftables-filter.ts";
import { subscribeToProcessNotices } from "../linux/process-notices.ts";
import { openLinuxProcessTable } from "../linux/process-table.ts";
import { canGiveGroups, openLinuxProcesses } from "../linux/processes.ts";
import { openLinuxRouting } from "../linux/routing.ts";
import { openLinuxSysctls } from "../linux/sysctls.ts";
import { openLinuxWakeUps } from "../linux/wake-ups.ts";
import type { Clock } from "../ports/clock.ts";
import type { Kernel } from "../ports/kernel.ts";
import type { Links } from "../ports/links.ts";
import type { Log } from "../ports/log.ts";
import { describeFailure } from "../ports/failure.ts";
import { applyProcessSettings, serveAsChild, type ChildProcess } from "./serve-as-child.ts";
import { DEFAULT_TITLES } from "./titles.ts";
import { optimizeFor } from "./tune-engine.ts";

/**
 * The vrrp process: a child of the supervisor. A bug ends it at once: the kernel removes the addresses when their lease is
 * over, unless the next vrrp process resumes them before.
 */
function main(): void {
  process.title = DEFAULT_TITLES.vrrp;
  const clock = openLinuxClock();

  const start: ChildProcess["start"] = ({ settings, configuration, isRestart, log }, tell) => {
    applySettings(configuration, log);
    const files = openLinuxFiles({ searchPath: process.env["PATH"] });
    const journal = openJournal({ directory: settings.stateDirectory }, { clock, files, log });
    const { kernelRequests: requests, kernelEvents: events, processNotices } = configuration.global.buffers;
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
        reportsAddresses: settings.reportsAddresses,
        isRestart,
      },
      {
        clock,
        files,
        fifos: openLinuxFifos(),
        outbox: { post: (alert) => tell({ kind: "mail", alert }) },
        tellHappening: (happening) => tell({ kind: "happening", happening }),
        hostName: hostname(),
        fileWatches: openLinuxFileWatches(clock),
        processTable: openLinuxProcessTable(clock, {
          subscribe: (onReadable) => subscribeToProcessNotices(onReadable, processNotices),
        }),
        linkProbe: openLinuxLinkProbe(),
        kernel: kernel.value,
        routing: routing.value,
        devices: devices.value,
        links,
        packetFilter: createLinuxPacketFilter(),
        log,
        processes: openLinuxProcesses({ environment: process.env, asksNameService: false }),
        sysctls: openLinuxSysctls(),
        wakeUps: openLinuxWakeUps(),
        journal,
      },
    );
    if (!driver.ok) return driver;
    const running = driver.value;
    rehearseSoon(running, configuration, { clock, kernel: kernel.value, links });
    return succeed({
      note: (cause) => journal.append({ instance: null, from: null, to: null, cause }),
      noteRestart: (predecessor) => {
        const text = `the vrrp process was restarted; the one before: ${predecessor}`;
        const cause = { code: "PROCESS_RESTARTED", text, evidence: { predecessor } };
        journal.append({ instance: null, from: null, to: null, cause });
      },
      status: (request) => statusMessages(request, running),
      data: () => running.dump("data"),
      signal: (signal) => answerSignal(signal, running, { pid: process.pid, log, tell }),
      stop: (reason, done) => running.stop(reason, done),
      reload: (next) => {
        applySettings(next, log);
        running.reload(next);
      },
      learn: (news) => running.learn(news),
      snmpFacts: () => factsMessages(running),
      hearSnmp: undefined,
    });
  };

  serveAsChild({ name: "the vrrp process", logName: "Keepalived_vrrp", clock, start });
}

function* factsMessages(driver: VrrpDriver): Generator<FromChild> {
  let last: SnmpFacts | undefined;
  for (const facts of driver.snmpFacts(STATUS_PART)) {
    if (last !== undefined) yield { kind: "facts", more: true, facts: last };
    last = facts;
  }
  if (last !== undefined) yield { kind: "facts", more: false, facts: last };
}

function* statusMessages(request: number, driver: VrrpDriver): Generator<FromChild> {
  for (const instances of driver.statusParts(STATUS_PART)) {
    yield { kind: "status", request, more: true, instances, groups: [], strangers: [] };
  }
  const [groups, strangers] = [driver.groups(), driver.strangers()];
  yield { kind: "status", request, more: false, instances: [], groups, strangers };
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
    if (first !== undefined && !driver.isMaster) rehearse(first, ports);
  });
  soon.set(after(ports.clock.now(), REHEARSAL_DELAY));
}

function applySettings(configuration: Configuration, log: Log): void {
  const { global, instances } = configuration;
  optimizeFor(instances.length);
  const { names, vrrpNice, vrrpRealtimePriority } = global.processes;
  const title = names?.vrrp ?? DEFAULT_TITLES.vrrp;
  const { cpus, umask } = global.daemon;
  const wanted = { title, nice: vrrpNice, realtimePriority: vrrpRealtimePriority, cpus, startsPrograms: true };
  applyProcessSettings(wanted, log, "adverts may be late on a busy host");
  if (umask !== undefined) process.umask(umask);
  const users = [global.scriptUser, ...commandsOf(configuration).map(({ command }) => command.user)];
  if (users.some((user) => user?.groups !== undefined) && !canGiveGroups(process.env))
    log.write("warn", "There is no setpriv(1) (util-linux), so scripts run with their primary group alone");
}

/** Instances whose status takes a few milliseconds. */
const STATUS_PART = 50;

const REHEARSAL_DELAY = millis(100);

main();
