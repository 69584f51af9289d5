import { isRecord } from "../shapes.ts";
import type { MailSettings } from "../../config/model/telling.ts";
import type { QueuedMail } from "../../core/mail/queue.ts";
import type { Alert } from "../../ports/outbox.ts";
import type { LogSettings } from "../messages.ts";

/** An alert that has got its number. */
export interface NumberedAlert extends Alert {
  /** Tells it apart from every other, over restarts too. */
  readonly id: string;
}

/** What the supervisor says to the mail process. Plain data: it crosses a pipe as JSON. */
export type ToMail =
  /** The first message, and the only one of its kind. */
  | {
      readonly kind: "start";
      readonly settings: MailProcessSettings;
      readonly mail: MailSettings;
      /** Nothing is sent before this has passed: the server has failed before. */
      readonly pauseMs: number;
    }
  | { readonly kind: "post"; readonly alert: NumberedAlert };

/** What the mail process says to the supervisor. */
export type FromMail =
  /** It is on the disk, or has been dealt with: whoever posted it may forget it. */
  | { readonly kind: "kept"; readonly id: string }
  | ({ readonly kind: "progress" } & MailProgress)
  /** Something for the journal. */
  | { readonly kind: "happened"; readonly code: MailHappening; readonly text: string };

export type MailHappening = "MAIL_WAITS" | "MAIL_SENT_AGAIN" | "MAIL_GIVEN_UP" | "MAIL_REFUSED" | "MAIL_DROPPED";

export interface MailProgress {
  /** How many mails wait on the disk. */
  readonly waiting: number;
  /** When the server is tried again; null: nothing waits for that. */
  readonly retryInMs: number | null;
  /** Why the server could not be used last; null: it could. */
  readonly failure: string | null;
}

export interface MailProcessSettings {
  readonly stateDirectory: string;
  readonly log: LogSettings;
}

/** The queue in the state directory, of mode 0600. */
export const QUEUE_FILE = "mail-queue.json";

/** Reads what arrived from the supervisor; undefined: it is of another version, or not ours. Settings are not looked into. */
export function parseToMail(value: unknown): ToMail | undefined {
  if (!isRecord(value)) return undefined;
  const { alert, kind, mail, pauseMs, settings } = value;
  if (kind === "post" && isAlert(alert)) return { kind, alert };
  if (kind !== "start" || typeof pauseMs !== "number" || !isProcessSettings(settings) || !isMailSettings(mail)) {
    return undefined;
  }
  return { kind, settings, mail, pauseMs };
}

/** Reads what arrived from the mail process. */
export function parseFromMail(value: unknown): FromMail | undefined {
  if (!isRecord(value)) return undefined;
  const { code, failure, id, kind, retryInMs, text, waiting } = value;
  if (kind === "kept" && typeof id === "string") return { kind, id };
  if (kind === "happened" && isHappening(code) && typeof text === "string") return { kind, code, text };
  const isProgress =
    kind === "progress" &&
    typeof waiting === "number" &&
    (retryInMs === null || typeof retryInMs === "number") &&
    (failure === null || typeof failure === "string");
  return isProgress ? { kind, waiting, retryInMs, failure } : undefined;
}

/** Reads a line of the queue's file. */
export function parseQueuedMail(value: unknown): QueuedMail | undefined {
  if (!isAlert(value) || !("rounds" in value) || typeof value.rounds !== "number") return undefined;
  const { atMs, body, id, rounds, subject } = value;
  return Number.isSafeInteger(rounds) && rounds >= 0 ? { id, subject, body, atMs, rounds } : undefined;
}

function isAlert(value: unknown): value is NumberedAlert {
  return (
    isRecord(value) &&
    typeof value["id"] === "string" &&
    typeof value["subject"] === "string" &&
    typeof value["body"] === "string" &&
    Number.isSafeInteger(value["atMs"])
  );
}

function isProcessSettings(value: unknown): value is MailProcessSettings {
  return isRecord(value) && typeof value["stateDirectory"] === "string" && isRecord(value["log"]);
}

function isMailSettings(value: unknown): value is MailSettings {
  return (
    isRecord(value) &&
    Array.isArray(value["recipients"]) &&
    typeof value["host"] === "string" &&
    typeof value["port"] === "number" &&
    typeof value["timeout"] === "number"
  );
}

function isHappening(value: unknown): value is MailHappening {
  return typeof value === "string" && HAPPENINGS.has(value);
}

const HAPPENINGS: ReadonlySet<string> = new Set<MailHappening>([
  "MAIL_WAITS",
  "MAIL_SENT_AGAIN",
  "MAIL_GIVEN_UP",
  "MAIL_REFUSED",
  "MAIL_DROPPED",
]);
