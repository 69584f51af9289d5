import type { LogSettings } from "../../daemon/messages.ts";
import { openSyslog } from "../../linux/datagram.ts";
import type { Log, LogLevel } from "../../ports/log.ts";
import type { LineSink } from "./console-target.ts";
import { openConsole } from "./console-target.ts";
import { openLogFile } from "./file-target.ts";
import { consoleLine, processLogFile } from "./line.ts";

/** keepalived's idents, which filters of syslog daemons know. */
export type LogIdent = "Keepalived" | "Keepalived_vrrp" | "Keepalived_bfd" | "Keepalived_mail" | "Keepalived_snmp";

/** Opens the log of one process: everything that the settings name, at once. A suffix tells several daemons apart, in syslog. Debug lines need `-D`. */
export function openLog(settings: LogSettings, role: LogIdent, suffix?: string): Log {
  const ident = suffix === undefined ? role : `${role}_${suffix}`;
  const sinks: LineSink[] = [];
  if (settings.console) sinks.push(openConsole());
  if (settings.file !== null) {
    sinks.push(openLogFile(processLogFile(settings.file, SUFFIXES[role])));
  }
  const syslog =
    settings.syslogFacility === null
      ? undefined
      : openSyslog({ path: "/dev/log", ident, pid: process.pid, facility: settings.syslogFacility });
  return {
    write(level: LogLevel, text: string) {
      if (level === "debug" && settings.detail === 0) return;
      syslog?.write(level, text);
      if (sinks.length === 0) return;
      const line = consoleLine(new Date(), text);
      for (const sink of sinks) sink.write(line);
    },
  };
}

const SUFFIXES = {
  Keepalived: "",
  Keepalived_vrrp: "_vrrp",
  Keepalived_bfd: "_bfd",
  Keepalived_mail: "_mail",
  Keepalived_snmp: "_snmp",
} as const;
