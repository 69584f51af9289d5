import type { Cause, MailStatus } from "../../api/contract.ts";
import type { Result } from "../../base/result.ts";
import { after, micros, millis, seconds, type Instant } from "../../base/time.ts";
import type { MailSettings } from "../../config/model/telling.ts";
import { rest, resume, startRespawning, type RespawnState } from "../../core/respawn.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Alert } from "../../ports/outbox.ts";
import {
  parseFromMail,
  type FromMail,
  type MailProcessSettings,
  type MailProgress,
  type NumberedAlert,
  type ToMail,
} from "../mail/messages.ts";
import { timeOfDay } from "../time-of-day.ts";

export interface MailDeskPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Starts a mail process. The listener is called in later turns only, and never again after `ended`. */
  readonly launch: (listener: MailProcessListener) => Result<MailProcess, SystemFailure>;
  /** Whether a run before this one left mails on the disk. */
  readonly hasLeftOvers: () => boolean;
  /** Writes something down for good. */
  readonly note: (cause: Cause) => void;
}

export interface MailProcessListener {
  message(value: unknown): void;
  ended(): void;
}

export interface MailProcess {
  /** Without waiting; one to a process that is gone is lost. */
  send(message: ToMail): void;
  kill(): void;
  /** From now on it goes on alone, and ends by itself. */
  letGo(): void;
}

/**
 * Has mails sent by a process of its own, which is there only while there is something to do: most daemons never mail, and a
 * mail server that hangs concerns nobody else.
 *
 * A mail is kept here until that process has it on the disk, and handed over again to its successor if it dies before.
 */
export class MailDesk {
  readonly #settings: MailProcessSettings;
  readonly #ports: MailDeskPorts;
  readonly #start: Alarm;
  readonly #silence: Alarm;
  #mail: MailSettings | undefined;
  #process: MailProcess | undefined;
  /** Which of the processes counts: the end of one that was replaced tells nothing. */
  #generation = 0;
  #pending: readonly NumberedAlert[] = [];
  #progress: MailProgress = { waiting: 0, retryInMs: null, failure: null };
  /** Until then the server is left alone. */
  #retryAt: Instant | undefined;
  #respawn: RespawnState;
  #lost = 0;
  #count = 0;
  #closing: (() => void) | undefined;
  #closed = false;

  constructor(settings: MailProcessSettings, mail: MailSettings | undefined, ports: MailDeskPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#mail = mail;
    this.#respawn = startRespawning(ports.clock.now());
    this.#start = ports.clock.alarm(() => this.#launch());
    this.#silence = ports.clock.alarm(() => this.#endHanging());
    if (mail !== undefined && ports.hasLeftOvers()) this.#launchIn(GATHERING);
  }

  /** Follows a new configuration. What waits is tried anew, for it may be what was wrong that has changed. */
  configure(mail: MailSettings | undefined): void {
    if (identityOf(mail) === identityOf(this.#mail)) return;
    this.#mail = mail;
    this.#retryAt = undefined;
    // A process that is under way has the old settings, and its successor gets what it leaves.
    this.#process?.kill();
    this.#process = undefined;
    this.#generation += 1;
    if (mail === undefined) this.#start.clear();
    else if (this.#progress.waiting > 0 || this.#pending.length > 0 || this.#ports.hasLeftOvers())
      this.#launchIn(GATHERING);
  }

  post(alert: Alert): void {
    if (this.#mail === undefined) return;
    const { clock, log } = this.#ports;
    this.#count += 1;
    const id = `${clock.wallClockMs().toString(36)}.${this.#count.toString(36)}.${alert.atMs.toString(36)}`;
    const numbered: NumberedAlert = { ...alert, id };
    this.#pending = [...this.#pending, numbered];
    if (this.#pending.length > PENDING_LIMIT) {
      this.#pending = this.#pending.slice(1);
      this.#lost += 1;
      if (this.#lost === 1) log.write("error", "More mails wait than can be kept; the oldest are lost");
    }
    if (this.#process === undefined) this.#launchIn(GATHERING);
    else this.#process.send({ kind: "post", alert: numbered });
  }

  /** Undefined where nobody can be mailed. */
  status(): MailStatus | null {
    if (this.#mail === undefined) return null;
    const { clock } = this.#ports;
    const { failure, waiting } = this.#progress;
    const pauseMs = this.#retryAt === undefined ? undefined : (this.#retryAt - clock.now()) / 1_000;
    return {
      server: `${this.#mail.host}:${this.#mail.port}`,
      waiting: waiting + this.#pending.length,
      failure,
      nextAttemptAt: pauseMs === undefined ? null : timeOfDay(clock.wallClockMs() + Math.max(0, Math.round(pauseMs))),
    };
  }

  /**
   * Calls back when every mail has been sent, or is on the disk and cannot be sent at once; after `CLOSING_LIMIT` at the
   * latest. The mail process goes on for a few seconds more and may outlive this one, where the service manager lets it.
   */
  close(done: () => void): void {
    if (this.#closing !== undefined || this.#closed) return;
    this.#closing = done;
    this.#start.clear();
    if (this.#isSettled()) return this.#finish();
    const limit = this.#ports.clock.alarm(() => this.#finish());
    limit.set(after(this.#ports.clock.now(), CLOSING_LIMIT));
    if (this.#process === undefined) this.#launch();
  }

  #launchIn(pause: typeof GATHERING): void {
    if (this.#closing === undefined) this.#start.set(after(this.#ports.clock.now(), pause));
  }

  /** Something is wrong with mail processes: the longer, the rarer. */
  #launchLater(): void {
    this.#respawn = rest(this.#respawn, this.#ports.clock.now());
    if (this.#closing === undefined && this.#respawn.kind === "resting") this.#start.set(this.#respawn.until);
  }

  #launch(): void {
    if (this.#process !== undefined || this.#mail === undefined || this.#closed) return;
    const { clock, launch, log } = this.#ports;
    this.#respawn = resume(this.#respawn, clock.now());
    this.#generation += 1;
    const generation = this.#generation;
    const launched = launch({
      message: (value) => this.#receive(value),
      ended: () => this.#ended(generation),
    });
    if (!launched.ok) {
      log.write("error", describeFailure(launched.error));
      return this.#launchLater();
    }
    const process = launched.value;
    this.#process = process;
    const pauseMs = this.#retryAt === undefined ? 0 : Math.max(0, (this.#retryAt - clock.now()) / 1_000);
    process.send({ kind: "start", settings: this.#settings, mail: this.#mail, pauseMs });
    for (const alert of this.#pending) process.send({ kind: "post", alert });
    this.#listen();
  }

  #listen(): void {
    const limit = micros(Math.max(SILENCE_LIMIT, 8 * (this.#mail?.timeout ?? 0)));
    this.#silence.set(after(this.#ports.clock.now(), limit));
  }

  #receive(value: unknown): void {
    const message = parseFromMail(value);
    if (message === undefined)
      return this.#ports.log.write("error", "The mail process sent a message that nobody understands");
    this.#listen();
    this.#take(message);
  }

  #take(message: FromMail): void {
    switch (message.kind) {
      case "kept":
        this.#pending = this.#pending.filter(({ id }) => id !== message.id);
        this.#respawn = startRespawning(this.#ports.clock.now());
        return;
      case "happened": {
        const { code, text } = message;
        return this.#ports.note({ code, text, evidence: {} });
      }
      case "progress": {
        const { retryInMs } = message;
        this.#progress = message;
        this.#retryAt = retryInMs === null ? undefined : after(this.#ports.clock.now(), millis(retryInMs));
        if (this.#closing !== undefined && this.#isSettled()) this.#finish();
      }
    }
  }

  #ended(generation: number): void {
    if (generation !== this.#generation) return;
    this.#process = undefined;
    this.#silence.clear();
    if (this.#closing !== undefined) return this.#finish();
    if (this.#mail === undefined) return;
    if (this.#retryAt !== undefined) this.#start.set(this.#retryAt);
    // What is left it did not get, could not write or did not send; not at once again, for it may have died of it.
    else if (this.#pending.length > 0 || this.#progress.waiting > 0) this.#launchLater();
  }

  #endHanging(): void {
    this.#ports.log.write("error", "The mail process hangs: killing it");
    this.#process?.kill();
  }

  /** Nothing is to be written down, and nothing can be sent at this moment. */
  #isSettled(): boolean {
    if (this.#pending.length > 0) return false;
    if (this.#process === undefined || this.#progress.waiting === 0) return true;
    return this.#retryAt !== undefined && this.#retryAt > this.#ports.clock.now();
  }

  #finish(): void {
    const done = this.#closing;
    if (done === undefined || this.#closed) return;
    this.#closed = true;
    this.#start.close();
    this.#silence.close();
    this.#process?.letGo();
    if (this.#pending.length > 0) {
      this.#ports.log.write("error", `${this.#pending.length} mails are lost: they could not be written down in time`);
    }
    done();
  }
}

/** All but where it stands in the file. */
function identityOf(mail: MailSettings | undefined): string {
  return JSON.stringify(mail, (key, value: unknown) => (key === "place" ? undefined : value)) ?? "";
}

/** Changes come together; and whoever takes over has better to do at that moment. */
const GATHERING = millis(250);

/** At least this long a mail process may say nothing; one mail takes half of it at most. */
const SILENCE_LIMIT = seconds(600);

/** As long as stop scripts are given (`TELLING_BOUND` of the vrrp process). */
const CLOSING_LIMIT = seconds(1);

/** So many mails wait here for the mail process at most. */
const PENDING_LIMIT = 500;
