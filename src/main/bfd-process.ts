import { randomBytes } from "node:crypto";
import { seededRandom } from "../base/random.ts";
import { succeed } from "../base/result.ts";
import type { Configuration } from "../config/model/configuration.ts";
import { startBfdDriver } from "../daemon/bfd/driver.ts";
import { renderBfdData } from "../daemon/dump/bfd.ts";
import { openLinuxClock } from "../linux/clock.ts";
import { openLinuxUdp } from "../linux/udp.ts";
import type { Log } from "../ports/log.ts";
import { applyProcessSettings, serveAsChild, type ChildProcess } from "./serve-as-child.ts";
import { DEFAULT_TITLES } from "./titles.ts";

/** The bfd process: a child of the supervisor, which passes on what it has to tell. */
function main(): void {
  process.title = DEFAULT_TITLES.bfd;
  const clock = openLinuxClock();

  const start: ChildProcess["start"] = ({ configuration, log }, tell) => {
    let inForce = configuration;
    applySettings(configuration, log);
    const driver = startBfdDriver(configuration, {
      clock,
      log,
      udp: openLinuxUdp(),
      random: seededRandom(randomBytes(4).readUInt32LE()),
      tell: (news) => tell({ kind: "bfd-news", news }),
    });
    const render = (): string => renderBfdData(inForce.global, driver.facts());
    return succeed({
      note: () => {},
      noteRestart: (predecessor) => log.write("warn", `The bfd process was restarted; the one before: ${predecessor}`),
      status: (request) => [{ kind: "bfd-status", request, sessions: driver.status() }],
      stop: (_reason, done) => driver.stop(done),
      reload: (next) => {
        inForce = next;
        applySettings(next, log);
        driver.reload(next);
      },
      learn: undefined,
      snmpFacts: undefined,
      hearSnmp: undefined,
      data: render,
      signal: (signal) => {
        // The others are about VRRP, as in keepalived.
        if (signal !== "data") return;
        log.write("info", `Printing BFD data for process(${process.pid}) on signal`);
        tell({ kind: "dump", of: "bfd", text: render() });
      },
    });
  };

  serveAsChild({ name: "the bfd process", logName: "Keepalived_bfd", clock, start });
}

function applySettings({ global }: Configuration, log: Log): void {
  const { names, bfdNice, bfdRealtimePriority } = global.processes;
  const title = names?.bfd ?? DEFAULT_TITLES.bfd;
  const { bfdCpus: cpus } = global.daemon;
  const wanted = { title, nice: bfdNice, realtimePriority: bfdRealtimePriority, cpus, startsPrograms: false };
  applyProcessSettings(wanted, log, "sessions may fail on a busy host");
}

main();
