import type { BfdSessionStatus, Cause, GroupStatus, InstanceStatus, StrangerStatus } from "../api/contract.ts";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { Alert } from "../ports/outbox.ts";
import type { BfdNews } from "./bfd-news.ts";
import type { DumpKind, DumpSubject } from "./dump/facts.ts";
import { isNews, isSessionStatus } from "./bfd-shapes.ts";
import { hasName, INSTANCE_STATES, isRecord } from "./shapes.ts";
import type { Happening, SnmpFacts } from "./snmp-facts.ts";
import { isHappening, isSnmpFacts } from "./snmp-shapes.ts";

/** What the supervisor says to a child process. Plain data: it crosses a pipe as JSON. */
export type ToChild =
  /** The first message, and the only one of its kind. */
  | {
      readonly kind: "start";
      readonly settings: ChildSettings;
      readonly configuration: Configuration;
      /** How the process before this one ended, in words; null: this is the first. */
      readonly predecessor: string | null;
    }
  /** A model that was checked already. Answered with `configured`. */
  | { readonly kind: "configure"; readonly generation: number; readonly configuration: Configuration }
  /** Something that another process did, for the journal, which the vrrp process alone writes. */
  | { readonly kind: "note"; readonly cause: Cause }
  /** Answered with `status` or `bfd-status` and the same number. */
  | { readonly kind: "status-request"; readonly request: number }
  /** For those that track sessions: what the bfd process has told. */
  | { readonly kind: "bfd-news"; readonly news: readonly BfdNews[] }
  /** For the vrrp process, which answers with `facts`. */
  | { readonly kind: "facts-request" }
  /** For the snmp process: what the vrrp process has told. */
  | { readonly kind: "facts"; readonly more: boolean; readonly facts: SnmpFacts }
  | { readonly kind: "happening"; readonly happening: Happening }
  /** For `config_save_dir`: answered with `saved`, the same path and the state at this moment. */
  | { readonly kind: "save-request"; readonly path: string }
  /** Somebody sent the supervisor one of keepalived's signals. Dumps are answered with `dump`. */
  | { readonly kind: "signal"; readonly signal: DumpSignal };

/** What the signals beyond stop and reload ask for, with keepalived's `--signum` names DATA, STATS, JSON, STATS_CLEAR, TDUMP. */
export type DumpSignal = DumpKind | "clear-stats" | "deadlines";

/** What a child process says to the supervisor. */
export type FromChild =
  /** Its handlers stand and the driver runs. */
  | { readonly kind: "started" }
  /** The driver could not be started, and the process ends with the exit code that belongs to `code`. */
  | { readonly kind: "failed"; readonly code: ChildFailureCode; readonly message: string }
  | { readonly kind: "configured"; readonly generation: number }
  /** Its loop turns. */
  | { readonly kind: "heartbeat" }
  /** The vrrp process. `more`: further instances follow, in another message with the same number. */
  | ({ readonly kind: "status"; readonly request: number; readonly more: boolean } & VrrpStatus)
  /** The bfd process. */
  | { readonly kind: "bfd-status"; readonly request: number; readonly sessions: readonly BfdSessionStatus[] }
  /** The bfd process, unasked: what is to be held of sessions has changed. */
  | { readonly kind: "bfd-news"; readonly news: readonly BfdNews[] }
  /** The snmp process, for the vrrp process. */
  | { readonly kind: "facts-wanted" }
  /** The vrrp process, for the snmp process: asked for, in parts that have instances of their own; `more`: another follows. */
  | { readonly kind: "facts"; readonly more: boolean; readonly facts: SnmpFacts }
  /** The same, unasked. */
  | { readonly kind: "happening"; readonly happening: Happening }
  /** To be mailed to whom the configuration names. */
  | { readonly kind: "mail"; readonly alert: Alert }
  /** Somebody sent it SIGHUP; reading files is the supervisor's work. */
  | { readonly kind: "reload-requested" }
  | { readonly kind: "saved"; readonly path: string; readonly text: string }
  /** A text to be written for whoever sent a signal: the supervisor may wait for a disk, this process may not. */
  | { readonly kind: "dump"; readonly of: DumpSubject; readonly text: string };

/** What the vrrp process knows of itself. */
export interface VrrpStatus {
  readonly instances: readonly InstanceStatus[];
  readonly groups: readonly GroupStatus[];
  readonly strangers: readonly StrangerStatus[];
}

export type ChildFailureCode = "NO_PERMISSION" | "NO_INTERFACE" | "SYSTEM";

/** What a child process needs to know besides the configuration. */
export interface ChildSettings {
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
  /** `-V`: VIPs stay at exit. */
  readonly keepAddresses: boolean;
  /** `-a`: the log tells which addresses come and go. */
  readonly reportsAddresses: boolean;
  readonly detail: 0 | 1 | 2;
  readonly heartbeatIntervalMs: number;
  readonly log: LogSettings;
}

export interface LogSettings {
  /** Lines go to standard error. */
  readonly console: boolean;
  readonly detail: 0 | 1 | 2;
  /** Of syslog(3), local0 to local7 by number; null: no syslog. */
  readonly syslogFacility: LogFacility | null;
  readonly file: string | null;
}

export type LogFacility = "daemon" | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface MessageError {
  readonly code: "NOT_AN_OBJECT" | "UNKNOWN_KIND" | "BAD_FIELD";
  /** The field, or the kind, that was wrong. */
  readonly what: string;
}

/**
 * Reads what arrived from the supervisor. Whether a configuration is within its ranges is not looked at again: only its
 * shape is, as far as a mixed-up version would show.
 */
export function parseToChild(value: unknown): Result<ToChild, MessageError> {
  if (!isRecord(value)) return fail({ code: "NOT_AN_OBJECT", what: typeof value });
  switch (value["kind"]) {
    case "start": {
      const { settings, configuration, predecessor } = value;
      if (!isSettings(settings)) return fail({ code: "BAD_FIELD", what: "settings" });
      if (!isConfiguration(configuration)) return fail({ code: "BAD_FIELD", what: "configuration" });
      if (predecessor !== null && typeof predecessor !== "string")
        return fail({ code: "BAD_FIELD", what: "predecessor" });
      return succeed({ kind: "start", settings, configuration, predecessor });
    }
    case "configure": {
      const { generation, configuration } = value;
      if (!isCount(generation)) return fail({ code: "BAD_FIELD", what: "generation" });
      if (!isConfiguration(configuration)) return fail({ code: "BAD_FIELD", what: "configuration" });
      return succeed({ kind: "configure", generation, configuration });
    }
    case "note": {
      const { cause } = value;
      return isCause(cause) ? succeed({ kind: "note", cause }) : fail({ code: "BAD_FIELD", what: "cause" });
    }
    case "status-request": {
      const { request } = value;
      return isCount(request)
        ? succeed({ kind: "status-request", request })
        : fail({ code: "BAD_FIELD", what: "request" });
    }
    case "signal": {
      const { signal } = value;
      return isDumpSignal(signal) ? succeed({ kind: "signal", signal }) : fail({ code: "BAD_FIELD", what: "signal" });
    }
    case "save-request": {
      const { path } = value;
      return typeof path === "string"
        ? succeed({ kind: "save-request", path })
        : fail({ code: "BAD_FIELD", what: "path" });
    }
    case "bfd-news":
      return readNews(value);
    case "facts-request":
      return succeed({ kind: "facts-request" });
    case "facts":
    case "happening":
      return readSnmpNews(value);
    default:
      return fail({ code: "UNKNOWN_KIND", what: kindOf(value) });
  }
}

/** Reads what arrived from a child process. */
export function parseFromChild(value: unknown): Result<FromChild, MessageError> {
  if (!isRecord(value)) return fail({ code: "NOT_AN_OBJECT", what: typeof value });
  switch (value["kind"]) {
    case "started":
      return succeed({ kind: "started" });
    case "heartbeat":
      return succeed({ kind: "heartbeat" });
    case "reload-requested":
      return succeed({ kind: "reload-requested" });
    case "mail": {
      const { alert } = value;
      return isAlert(alert) ? succeed({ kind: "mail", alert }) : fail({ code: "BAD_FIELD", what: "alert" });
    }
    case "failed": {
      const { code, message } = value;
      if (code !== "NO_PERMISSION" && code !== "NO_INTERFACE" && code !== "SYSTEM") {
        return fail({ code: "BAD_FIELD", what: "code" });
      }
      if (typeof message !== "string") return fail({ code: "BAD_FIELD", what: "message" });
      return succeed({ kind: "failed", code, message });
    }
    case "configured": {
      const { generation } = value;
      return isCount(generation)
        ? succeed({ kind: "configured", generation })
        : fail({ code: "BAD_FIELD", what: "generation" });
    }
    case "dump": {
      const { of, text } = value;
      if (!isDumpSubject(of)) return fail({ code: "BAD_FIELD", what: "of" });
      if (typeof text !== "string") return fail({ code: "BAD_FIELD", what: "text" });
      return succeed({ kind: "dump", of, text });
    }
    case "saved": {
      const { path, text } = value;
      if (typeof path !== "string") return fail({ code: "BAD_FIELD", what: "path" });
      if (typeof text !== "string") return fail({ code: "BAD_FIELD", what: "text" });
      return succeed({ kind: "saved", path, text });
    }
    case "status": {
      const { request, more, instances, groups, strangers } = value;
      if (!isCount(request)) return fail({ code: "BAD_FIELD", what: "request" });
      if (typeof more !== "boolean") return fail({ code: "BAD_FIELD", what: "more" });
      if (!Array.isArray(instances) || !instances.every(isInstanceStatus)) {
        return fail({ code: "BAD_FIELD", what: "instances" });
      }
      if (!Array.isArray(groups) || !groups.every(isGroupStatus)) return fail({ code: "BAD_FIELD", what: "groups" });
      if (!Array.isArray(strangers) || !strangers.every(isStranger))
        return fail({ code: "BAD_FIELD", what: "strangers" });
      return succeed({ kind: "status", request, more, instances, groups, strangers });
    }
    case "bfd-status": {
      const { request, sessions } = value;
      if (!isCount(request)) return fail({ code: "BAD_FIELD", what: "request" });
      if (!Array.isArray(sessions) || !sessions.every(isSessionStatus)) {
        return fail({ code: "BAD_FIELD", what: "sessions" });
      }
      return succeed({ kind: "bfd-status", request, sessions });
    }
    case "bfd-news":
      return readNews(value);
    case "facts-wanted":
      return succeed({ kind: "facts-wanted" });
    case "facts":
    case "happening":
      return readSnmpNews(value);
    default:
      return fail({ code: "UNKNOWN_KIND", what: kindOf(value) });
  }
}

/** Looks at the shape of a model that another process gave, as far as a mixed-up version would show. */
export function parseConfiguration(value: unknown): Configuration | undefined {
  return isConfiguration(value) ? value : undefined;
}

/** One line for a log. */
export function describeMessageError(error: MessageError): string {
  switch (error.code) {
    case "NOT_AN_OBJECT":
      return `a message that is no object but of type ${error.what}`;
    case "UNKNOWN_KIND":
      return `a message of unknown kind ${JSON.stringify(error.what)}`;
    case "BAD_FIELD":
      return `a message with a wrong field "${error.what}"`;
  }
}

function readNews({
  news,
}: Readonly<Record<string, unknown>>): Result<{ kind: "bfd-news"; news: readonly BfdNews[] }, MessageError> {
  if (!Array.isArray(news) || !news.every(isNews)) return fail({ code: "BAD_FIELD", what: "news" });
  return succeed({ kind: "bfd-news", news });
}

/** What the vrrp process tells the snmp process, on either half of its way. */
function readSnmpNews(
  value: Readonly<Record<string, unknown>>,
): Result<Extract<FromChild, { readonly kind: "facts" | "happening" }>, MessageError> {
  const { kind, more, facts, happening } = value;
  if (kind === "facts") {
    if (typeof more !== "boolean") return fail({ code: "BAD_FIELD", what: "more" });
    return isSnmpFacts(facts) ? succeed({ kind, more, facts }) : fail({ code: "BAD_FIELD", what: "facts" });
  }
  if (!isHappening(happening)) return fail({ code: "BAD_FIELD", what: "happening" });
  return succeed({ kind: "happening", happening });
}

function kindOf(message: Readonly<Record<string, unknown>>): string {
  const { kind } = message;
  return typeof kind === "string" ? kind.slice(0, 40) : `(${typeof kind})`;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isDumpSubject(value: unknown): value is DumpSubject {
  return isDumpKind(value) || value === "bfd";
}

function isDumpKind(value: unknown): value is DumpKind {
  return value === "data" || value === "stats" || value === "json";
}

function isDumpSignal(value: unknown): value is DumpSignal {
  return isDumpKind(value) || value === "clear-stats" || value === "deadlines";
}

function isDetail(value: unknown): value is 0 | 1 | 2 {
  return value === 0 || value === 1 || value === 2;
}

function isFacility(value: unknown): value is LogFacility {
  return value === "daemon" || (isCount(value) && value <= 7);
}

function isSettings(value: unknown): value is ChildSettings {
  return (
    isRecord(value) &&
    typeof value["runtimeDirectory"] === "string" &&
    typeof value["stateDirectory"] === "string" &&
    typeof value["keepAddresses"] === "boolean" &&
    typeof value["reportsAddresses"] === "boolean" &&
    isDetail(value["detail"]) &&
    isCount(value["heartbeatIntervalMs"]) &&
    value["heartbeatIntervalMs"] > 0 &&
    isLogSettings(value["log"])
  );
}

function isLogSettings(value: unknown): value is LogSettings {
  return (
    isRecord(value) &&
    typeof value["console"] === "boolean" &&
    isDetail(value["detail"]) &&
    (value["syslogFacility"] === null || isFacility(value["syslogFacility"])) &&
    (value["file"] === null || typeof value["file"] === "string")
  );
}

function isConfiguration(value: unknown): value is Configuration {
  return (
    isRecord(value) &&
    isRecord(value["global"]) &&
    isRecord(value["global"]["processes"]) &&
    isRecord(value["global"]["dumps"]) &&
    isRecord(value["global"]["daemon"]) &&
    isRecord(value["global"]["snmp"]) &&
    isRecord(value["shown"]) &&
    Array.isArray(value["scripts"]) &&
    value["scripts"].every(hasName) &&
    Array.isArray(value["trackFiles"]) &&
    value["trackFiles"].every(hasName) &&
    Array.isArray(value["trackProcesses"]) &&
    value["trackProcesses"].every(hasName) &&
    Array.isArray(value["links"]) &&
    Array.isArray(value["instances"]) &&
    value["instances"].every(
      (instance) => hasName(instance) && isCount(instance["vrid"]) && isRecord(instance["notify"]),
    ) &&
    Array.isArray(value["bfd"]) &&
    value["bfd"].every((session) => hasName(session) && typeof session["neighbor"] === "string") &&
    Array.isArray(value["groups"]) &&
    value["groups"].every((group) => hasName(group) && Array.isArray(group["members"]) && isRecord(group["notify"]))
  );
}

function isCause(value: unknown): value is Cause {
  return (
    isRecord(value) &&
    typeof value["code"] === "string" &&
    typeof value["text"] === "string" &&
    isRecord(value["evidence"])
  );
}

function isAlert(value: unknown): value is Alert {
  return (
    isRecord(value) &&
    typeof value["subject"] === "string" &&
    typeof value["body"] === "string" &&
    Number.isSafeInteger(value["atMs"])
  );
}

function isInstanceStatus(value: unknown): value is InstanceStatus {
  return (
    hasName(value) &&
    typeof value["state"] === "string" &&
    INSTANCE_STATES.has(value["state"]) &&
    typeof value["since"] === "string" &&
    isRecord(value["cause"]) &&
    Array.isArray(value["virtualAddresses"]) &&
    Array.isArray(value["trackers"]) &&
    Array.isArray(value["peers"])
  );
}

function isGroupStatus(value: unknown): value is GroupStatus {
  return (
    hasName(value) &&
    typeof value["state"] === "string" &&
    INSTANCE_STATES.has(value["state"]) &&
    typeof value["since"] === "string" &&
    isRecord(value["cause"]) &&
    Array.isArray(value["members"])
  );
}

function isStranger(value: unknown): value is StrangerStatus {
  return isRecord(value) && isCount(value["vrid"]) && typeof value["interface"] === "string";
}
