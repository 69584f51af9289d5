/** A mail to be sent to whom the configuration names. */
export interface Alert {
  readonly subject: string;
  /** Lines, without a newline at the end. */
  readonly body: string;
  /** When it happened, in milliseconds since 1970 UTC: its Date. */
  readonly atMs: number;
}

/** Where mails are left that somebody else sends. */
export interface Outbox {
  /** Never waits, never fails. What becomes of it is not heard of again. */
  post(alert: Alert): void;
}
