import { unreachable } from "../../base/assert.ts";
import { after, millis, seconds, toMillis, type Instant } from "../../base/time.ts";
import type { MailSettings } from "../../config/model/telling.ts";
import {
  EMPTY_QUEUE,
  stepMail,
  type DropReason,
  type MailEffect,
  type MailEvent,
  type MailQueue,
  type QueuedMail,
} from "../../core/mail/queue.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Files } from "../../ports/files.ts";
import type { Log } from "../../ports/log.ts";
import type { Mailer, MailOutcome, MailServer } from "../../ports/mailer.ts";
import { textFromBytes } from "../../wire/text.ts";
import { parseQueuedMail, QUEUE_FILE, type FromMail, type NumberedAlert } from "./messages.ts";
import { readPassword } from "./password.ts";

export interface CourierOptions {
  readonly mail: MailSettings;
  readonly stateDirectory: string;
  /** `user@host` of this process. */
  readonly defaultSender: string;
  readonly hostName: string;
  readonly pauseMs: number;
}

export interface CourierPorts {
  readonly clock: Clock;
  readonly files: Files;
  readonly mailer: Mailer;
  readonly log: Log;
  /** Tells the supervisor, without waiting. */
  readonly send: (message: FromMail) => void;
  /** The very last call: nothing can be done now. */
  readonly exit: () => void;
}

/**
 * Sends the mails that are posted, and those that a run before this one has left on the disk. It ends by itself as soon as
 * nothing is to be done for the moment, be it that all is sent or that the server must be left alone for a while: whoever
 * waits needs no process.
 */
export class Courier {
  readonly #options: CourierOptions;
  readonly #ports: CourierPorts;
  readonly #path: string;
  readonly #idle: Alarm;
  readonly #pause: Alarm;
  #queue: MailQueue = EMPTY_QUEUE;
  /** Posted, and not on the disk yet. */
  #unkept = new Set<string>();
  #retryAt: Instant | undefined;
  #failure: string | null = null;
  #ending = false;

  constructor(options: CourierOptions, ports: CourierPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#path = `${options.stateDirectory}/${QUEUE_FILE}`;
    this.#idle = ports.clock.alarm(() => this.#rest());
    this.#pause = ports.clock.alarm(() => this.#try());
    this.#load();
    this.#pauseFor(options.pauseMs);
    this.#idle.set(after(ports.clock.now(), LINGER));
  }

  post(alert: NumberedAlert): void {
    this.#unkept.add(alert.id);
    this.#feed({ kind: "posted", mail: alert });
    if (this.#retryAt === undefined) this.#feed({ kind: "try" });
  }

  /** The supervisor is gone, or wants to be: what can be sent in a few seconds is sent, the rest waits on the disk. */
  finish(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#retryAt !== undefined && this.#retryAt <= this.#ports.clock.now()) this.#try();
    if (this.#queue.sending === undefined) return this.#rest();
    const limit = this.#ports.clock.alarm(() => this.#ports.exit());
    limit.set(after(this.#ports.clock.now(), FAREWELL));
  }

  #try(): void {
    this.#retryAt = undefined;
    this.#feed({ kind: "try" });
  }

  #feed(event: MailEvent): void {
    const before = this.#queue;
    const { queue, effects } = stepMail(before, event);
    this.#queue = queue;
    if (queue.mails !== before.mails || this.#unkept.size > 0) this.#save();
    for (const effect of effects) this.#obey(effect);
    this.#tell();
    this.#idle.set(after(this.#ports.clock.now(), LINGER));
  }

  #obey(effect: MailEffect): void {
    switch (effect.kind) {
      case "send":
        return this.#send(effect.mail);
      case "pause": {
        const { length, reason } = effect;
        const { clock, log, send } = this.#ports;
        this.#pauseFor(toMillis(length));
        const count = `${this.#queue.mails.length} ${this.#queue.mails.length === 1 ? "mail waits" : "mails wait"}`;
        const text = `Remote SMTP server ${this.#server}: ${reason}; ${count}, next attempt in ${toMillis(length) / 1_000} s`;
        log.write("warn", text);
        if (this.#failure === null) send({ kind: "happened", code: "MAIL_WAITS", text });
        this.#failure = reason;
        this.#idle.set(after(clock.now(), LINGER));
        return;
      }
      case "report-dropped":
        return this.#reportDropped(effect.mail, effect.because);
      default:
        return unreachable(effect);
    }
  }

  #send(mail: QueuedMail): void {
    const { defaultSender, hostName, mail: settings } = this.#options;
    const server = this.#serverOf(settings, hostName);
    const done = (outcome: MailOutcome): void => this.#settle(mail, outcome);
    if (!server.ok) {
      const turn = this.#ports.clock.alarm(() => {
        turn.close();
        done({ kind: "failed", reason: server.error });
      });
      return turn.set(this.#ports.clock.now());
    }
    const { atMs, body, id, subject } = mail;
    const { recipients, sender } = settings;
    const outgoing = { from: sender ?? defaultSender, to: recipients, subject, body, dateMs: atMs, id };
    this.#ports.mailer.send(server.value, outgoing, done);
  }

  #serverOf(settings: MailSettings, hostName: string): { ok: true; value: MailServer } | { ok: false; error: string } {
    const { authorities, helloName, host, login, port, timeout, tls, verifiesServer: verifies } = settings;
    const { files } = this.#ports;
    const trusted = authorities === undefined ? undefined : files.read(authorities);
    if (trusted?.ok === false) return { ok: false, error: describeFailure(trusted.error) };
    const password = login === undefined ? undefined : readPassword(files, login.passwordFile);
    if (password?.ok === false) return password;
    return {
      ok: true,
      value: {
        host,
        port,
        helloName: helloName ?? hostName,
        tls,
        verifies,
        authorities: trusted === undefined ? undefined : textFromBytes(trusted.value),
        login:
          login === undefined || password === undefined ? undefined : { user: login.user, password: password.value },
        timeout,
      },
    };
  }

  #settle(mail: QueuedMail, outcome: MailOutcome): void {
    const { log, send } = this.#ports;
    const { id } = mail;
    switch (outcome.kind) {
      case "sent": {
        log.write("info", `SMTP alert successfully sent: ${mail.subject}`);
        if (outcome.refused.length > 0) {
          log.write("error", `Remote SMTP server ${this.#server} refuses ${outcome.refused.join(", ")}`);
        }
        if (this.#failure !== null) {
          const text = `Remote SMTP server ${this.#server} takes mails again`;
          send({ kind: "happened", code: "MAIL_SENT_AGAIN", text });
        }
        this.#failure = null;
        return this.#feed({ kind: "sent", id });
      }
      case "refused":
        return this.#feed({ kind: "refused", id, reason: outcome.reason });
      case "failed":
        return this.#feed({ kind: "failed", id, reason: outcome.reason });
      default:
        return unreachable(outcome);
    }
  }

  #reportDropped(mail: QueuedMail, because: DropReason): void {
    const { log, send } = this.#ports;
    const [code, why] =
      because.kind === "refused"
        ? (["MAIL_REFUSED", `refused by ${this.#server}: ${because.reason}`] as const)
        : because.kind === "given-up"
          ? (["MAIL_GIVEN_UP", `given up after ${because.rounds} attempts: ${because.reason}`] as const)
          : (["MAIL_DROPPED", "too many mails wait, and it is the oldest"] as const);
    const text = `The mail "${mail.subject}" is not sent: ${why}`;
    log.write("error", text);
    send({ kind: "happened", code, text });
  }

  /** Nothing more can be done at this moment. */
  #rest(): void {
    if (this.#queue.sending !== undefined) return this.#idle.set(after(this.#ports.clock.now(), LINGER));
    this.#tell();
    this.#idle.close();
    this.#pause.close();
    this.#ports.exit();
  }

  #pauseFor(pauseMs: number): void {
    const { clock } = this.#ports;
    // One turn later at the earliest: what is posted together is sent in its order.
    this.#retryAt = after(clock.now(), millis(Math.max(0, pauseMs)));
    this.#pause.set(this.#retryAt);
  }

  #tell(): void {
    const { clock, send } = this.#ports;
    const { mails } = this.#queue;
    const waiting = mails.filter(({ id }) => !this.#unkept.has(id)).length;
    const retryAt = mails.length === 0 ? undefined : this.#retryAt;
    const retryInMs = retryAt === undefined ? null : Math.max(0, Math.round((retryAt - clock.now()) / 1_000));
    send({ kind: "progress", waiting, retryInMs, failure: this.#failure });
  }

  #load(): void {
    const read = this.#ports.files.read(this.#path);
    if (!read.ok) {
      if (read.error.errno !== "ENOENT") this.#ports.log.write("error", describeFailure(read.error));
      return;
    }
    const mails = parseQueue(textFromBytes(read.value));
    if (mails === undefined) this.#ports.log.write("error", `${this.#path} is no queue of mails; it is written anew`);
    this.#queue = { ...EMPTY_QUEUE, mails: mails ?? [] };
  }

  /** What cannot be written stays with whoever posted it. */
  #save(): void {
    const { files, log, send } = this.#ports;
    const { mails } = this.#queue;
    const saved =
      mails.length === 0 ? files.remove(this.#path) : files.replace(this.#path, `${JSON.stringify(mails)}\n`);
    if (!saved.ok) log.write("error", `${describeFailure(saved.error)}; mails that wait are in memory alone`);
    const waiting = new Set(mails.map(({ id }) => id));
    for (const id of this.#unkept) {
      if (!saved.ok && waiting.has(id)) continue;
      this.#unkept.delete(id);
      send({ kind: "kept", id });
    }
  }

  get #server(): string {
    const { host, port } = this.#options.mail;
    return `[${host}]:${port}`;
  }
}

function parseQueue(text: string): readonly QueuedMail[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.flatMap((entry) => parseQueuedMail(entry) ?? []) : undefined;
  } catch {
    // Half of a file, or another's.
    return undefined;
  }
}

/** How long it stays for what may come: instances change together. */
const LINGER = seconds(1);

/** How long it goes on after the supervisor has ended. */
const FAREWELL = seconds(10);
