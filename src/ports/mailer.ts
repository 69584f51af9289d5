import type { Micros } from "../base/time.ts";

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** Of HELO and EHLO. */
  readonly helloName: string;
  readonly tls: "off" | "starttls" | "smtps";
  readonly verifies: boolean;
  /** Certificates in PEM that are trusted instead of the usual ones. */
  readonly authorities: string | undefined;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** For connecting, and for each answer. */
  readonly timeout: Micros;
}

export interface OutgoingMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly body: string;
  readonly dateMs: number;
  /** The part of the Message-ID in front of the host's name. */
  readonly id: string;
}

export type MailOutcome =
  /** The server has it. Some of the recipients may have been refused. */
  | { readonly kind: "sent"; readonly refused: readonly string[] }
  /** The server takes this mail neither now nor later: a permanent answer to sender, recipients or content. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Anything else: no connection, no answer, a wrong certificate, a login that is not accepted, "try again later". */
  | { readonly kind: "failed"; readonly reason: string };

/** Speaks SMTP. */
export interface Mailer {
  /** Sends one mail over a connection of its own; the outcome comes in a later turn, within four timeouts at the latest. */
  send(server: MailServer, mail: OutgoingMail, done: (outcome: MailOutcome) => void): void;
}
