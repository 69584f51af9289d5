import { hostname } from "node:os";
import { succeed } from "../base/result.ts";
import { startSnmpDriver } from "../daemon/snmp/driver.ts";
import { openLinuxClock } from "../linux/clock.ts";
import { openLinuxStreams } from "../linux/streams.ts";
import { release } from "./release.ts";
import { serveAsChild, type ChildProcess } from "./serve-as-child.ts";
import { DEFAULT_TITLES } from "./titles.ts";

/** The snmp process: a child of the supervisor, by which it asks the vrrp process. Ordinary work, at an ordinary priority. */
function main(): void {
  process.title = DEFAULT_TITLES.snmp;
  const clock = openLinuxClock();

  const start: ChildProcess["start"] = ({ configuration, log }, tell) => {
    const driver = startSnmpDriver(configuration, {
      clock,
      log,
      streams: openLinuxStreams(),
      hostName: hostname(),
      release: release(),
      askFacts: () => tell({ kind: "facts-wanted" }),
    });
    return succeed({
      note: () => {},
      noteRestart: (predecessor) => log.write("warn", `The snmp process was restarted; the one before: ${predecessor}`),
      // What it has is the vrrp process's.
      status: undefined,
      stop: (_reason, done) => driver.stop(done),
      reload: (next) => driver.reload(next),
      learn: undefined,
      snmpFacts: undefined,
      hearSnmp: (message) =>
        message.kind === "facts" ? driver.learn(message.facts, message.more) : driver.tell(message.happening),
      data: () => "",
      signal: () => {},
    });
  };

  serveAsChild({ name: "the snmp process", logName: "Keepalived_snmp", clock, start });
}

main();
