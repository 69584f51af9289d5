import type { Log, LogLevel } from "../ports/log.ts";
import { SOCK_DGRAM, openLinuxSocket } from "./linux-socket.ts";
import type { LinuxSocket } from "./linux-socket.ts";
import { AF_UNIX, unixAddress } from "./socket-address.ts";

/** Sends datagrams to a unix socket. Never waits, never throws. */
export interface DatagramSender {
  /** Whether the datagram was taken. It is not when nobody listens, or whoever listens is behind. */
  send(bytes: Uint8Array): boolean;
  close(): void;
}

/**
 * Sends to the socket at `path`, one in the abstract namespace when it begins with "@". The path is looked up for each
 * datagram, so a daemon that was restarted hears the next one.
 */
export function openDatagramSender(path: string): DatagramSender {
  const address = path === "" ? undefined : unixAddress(path);
  let socket: LinuxSocket | undefined;
  let open = true;
  return {
    send: (bytes) => {
      if (address === undefined || !open) return false;
      socket ??= openUnixSocket(path);
      return socket !== undefined && socket.send(bytes, address).ok;
    },
    close: () => {
      open = false;
      socket?.close();
    },
  };
}

/** Facilities of syslog(3): `daemon`, or local0 to local7 by number. */
export type SyslogFacility = "daemon" | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface SyslogOptions {
  /** /dev/log, or another socket that speaks its protocol. */
  readonly path: string;
  /** The program's name, before the pid in brackets. */
  readonly ident: string;
  readonly pid: number;
  readonly facility: SyslogFacility;
}

export interface Syslog extends Log {
  /** How many lines nobody took. */
  readonly lost: number;
  close(): void;
}

/** Writes to the system's log in the form of syslog(3). A log that is dead or full loses lines and holds up nobody. */
export function openSyslog(options: SyslogOptions): Syslog {
  const sender = openDatagramSender(options.path);
  let lost = 0;
  return {
    write: (level, text) => {
      if (!sender.send(serializeSyslog(options, level, text, new Date()))) lost++;
    },
    get lost() {
      return lost;
    },
    close: () => sender.close(),
  };
}

/** A line as syslog(3) writes it to /dev/log: RFC 3164 without a host name, the time that of the local zone. */
export function serializeSyslog(options: SyslogOptions, level: LogLevel, text: string, at: Date): Uint8Array {
  const facility = options.facility === "daemon" ? LOG_DAEMON : LOG_LOCAL0 + options.facility;
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = String(at.getDate()).padStart(2, " ");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const stamp = `${MONTHS[at.getMonth()] ?? ""} ${day} ${time}`;
  const line = `<${facility * 8 + SEVERITIES[level]}>${stamp} ${options.ident}[${options.pid}]: ${printable(text)}`;
  return new TextEncoder().encode(line).subarray(0, LONGEST_LINE);
}

/** Tells the service manager about this process. */
export interface ServiceNotifier {
  /** Lines of `NAME=value`, as `READY=1`. False where no service manager listens. */
  notify(state: string): boolean;
  close(): void;
}

/**
 * @param path NOTIFY_SOCKET as the service manager set it; undefined or empty: nobody listens.
 * @see sd_notify(3).
 */
export function openServiceNotifier(path: string | undefined): ServiceNotifier {
  const sender = openDatagramSender(path ?? "");
  return { notify: (state) => sender.send(new TextEncoder().encode(state)), close: () => sender.close() };
}

function openUnixSocket(path: string): LinuxSocket | undefined {
  const opened = openLinuxSocket({
    domain: AF_UNIX,
    type: SOCK_DGRAM,
    protocol: 0,
    label: `a socket to ${path}`,
    arena: { count: 1, payloadSize: 8, nameSize: 0, controlSize: 0 },
  });
  return opened.ok ? opened.value : undefined;
}

/** One line stays one line, whatever a name from outside holds. */
function printable(text: string): string {
  return text.trimEnd().replaceAll(/[\u0000-\u001f\u007f]/g, " ");
}

const SEVERITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const LOG_DAEMON = 3;
const LOG_LOCAL0 = 16;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** The receivers' usual limit (rsyslog's maxMessageSize). */
const LONGEST_LINE = 8_192;
