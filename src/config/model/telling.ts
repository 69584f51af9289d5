import type { Micros } from "../../base/time.ts";
import type { Place } from "../place.ts";
import type { ScriptCommand, ScriptUser } from "./script-command.ts";

/** Which scripts run on which change. */
export interface NotifySettings {
  /** Runs on every change, with `INSTANCE NAME STATE PRIORITY` appended. */
  readonly any: ScriptCommand | undefined;
  readonly master: ScriptCommand | undefined;
  readonly backup: ScriptCommand | undefined;
  readonly fault: ScriptCommand | undefined;
  readonly stop: ScriptCommand | undefined;
  /** Runs when a reload removes the instance. */
  readonly deleted: ScriptCommand | undefined;
  /** A reload that removes the instance is told as DELETED and not as FAULT (`notify_deleted`, with a script or without). */
  readonly tellsDeleted: boolean;
  /** Runs when a master hears an advert of lower priority. */
  readonly lowerPriority: ScriptCommand | undefined;
  /** The FIFOs are told each change of the effective priority, too (`notify_priority_changes`). */
  readonly priorityChanges: boolean;
  /** Changes are mailed (`smtp_alert`). */
  readonly mail: boolean;
  /** Then its process group is killed (`@holdfast notify_timeout`, 10 s). */
  readonly timeout: Micros;
  /** Start all at once, as keepalived does (`@holdfast notify_concurrent`). */
  readonly concurrent: boolean;
}

/** A named pipe that is told every change. */
export interface FifoSettings {
  readonly keyword: "notify_fifo" | "vrrp_notify_fifo";
  readonly path: string;
  /** Who owns it where it is created; undefined: the account of scripts that name none. */
  readonly owner: ScriptUser | undefined;
  /** Reads it; its path is appended. */
  readonly script: ScriptCommand | undefined;
  readonly place: Place;
}

/** How mails are sent, and to whom. Addresses are as they were written, perhaps as `NAME <ADDRESS>` (base/mailbox.ts). */
export interface MailSettings {
  /** Never empty. */
  readonly recipients: readonly string[];
  /** Undefined: the account of the daemon at this host. */
  readonly sender: string | undefined;
  /** A name or an address, looked up when a mail is sent. */
  readonly host: string;
  readonly port: number;
  /** Undefined: the name of this host. */
  readonly helloName: string | undefined;
  /** For connecting, and for each answer of the server. */
  readonly timeout: Micros;
  /** Off: as keepalived, in clear text. `starttls`: refused unless the server offers it. `smtps`: from the first byte. */
  readonly tls: "off" | "starttls" | "smtps";
  /** Its certificate must be valid and name the host. */
  readonly verifiesServer: boolean;
  /** A file with the certificates that are trusted; undefined: those of Node.js. */
  readonly authorities: string | undefined;
  readonly login: MailLogin | undefined;
  /** FAULT is not mailed (`no_email_faults`). */
  readonly omitsFaults: boolean;
}

export interface MailLogin {
  readonly user: string;
  /** Holds the password in its first line; read when a mail is sent. */
  readonly passwordFile: string;
  readonly place: Place;
}
