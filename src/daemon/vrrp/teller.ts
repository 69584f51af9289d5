import type { NotifySettings } from "../../config/model/telling.ts";
import type { AlertState } from "../../core/mail/alert.ts";
import { fullBucket, takePermission, type Bucket, type RateLimit } from "../../core/rate-limit.ts";
import { seconds } from "../../base/time.ts";
import type { AlertTeller } from "./alert-desk.ts";
import type { FifoTeller } from "./fifo-set.ts";
import type { TrapTeller } from "./trap-desk.ts";
import { Notifier, type NotifierDependencies, type NotifySubject } from "./notifier.ts";

export interface TellerDependencies extends NotifierDependencies {
  readonly fifos: FifoTeller;
  readonly mail: AlertTeller;
  readonly traps: TrapTeller;
}

/** Tells of one instance or sync group by all ways there are: scripts, FIFOs and mail. */
export class Teller {
  readonly #dependencies: TellerDependencies;
  readonly #notifier: Notifier;
  #subject: NotifySubject;
  #settings: NotifySettings;
  #lastMailed: AlertState | undefined;
  #challenges: Bucket;

  constructor(subject: NotifySubject, settings: NotifySettings, dependencies: TellerDependencies) {
    this.#subject = subject;
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#notifier = new Notifier(subject, settings, dependencies);
    this.#challenges = fullBucket(CHALLENGES, dependencies.clock.now());
  }

  /** A reload may rename an instance. */
  reconfigure(name: string, settings: NotifySettings): void {
    this.#subject = { ...this.#subject, name };
    this.#settings = settings;
    this.#notifier.reconfigure(name, settings);
  }

  /** A state was entered. The priority of a group is 0. */
  tell(state: AlertState, priority: number): void {
    this.#notifier.tell(state, priority);
    this.#write(state, priority);
    if (!this.#settings.mail || state === this.#lastMailed) return;
    this.#lastMailed = state;
    this.#dependencies.mail.tell(this.#subject, state);
  }

  /** A reload has removed it. Unless `notify_deleted` stands there it looks like a fault, as with keepalived. */
  tellRemoved(priority: number): void {
    this.tell(this.#settings.tellsDeleted ? "DELETED" : "FAULT", priority);
  }

  /** The state that it is in, once more, for those who read FIFOs. */
  repeat(state: AlertState, priority: number): void {
    this.#write(state, priority);
  }

  /** The effective priority has changed within a state. keepalived tells this to FIFOs alone. */
  tellPriority(state: "MASTER" | "BACKUP", priority: number): void {
    if (this.#settings.priorityChanges) this.#write(`${state}_PRIORITY`, priority);
  }

  /** A master has heard an advert of lower priority. Whoever sends them fast is not told of each time. */
  tellLowerPriority(priority: number): void {
    const permission = takePermission(CHALLENGES, this.#challenges, this.#dependencies.clock.now());
    this.#challenges = permission.bucket;
    if (permission.kind === "refused") return;
    this.#notifier.tellLowerPriority();
    this.#write("MASTER_RX_LOWER_PRI", priority);
  }

  /** Whether every script has been run and has ended. */
  get quiet(): boolean {
    return this.#notifier.quiet;
  }

  /** The process ends: scripts that still wait are started now. */
  hurry(): void {
    this.#notifier.hurry();
  }

  /** Scripts that run go on without us. */
  close(): void {
    this.#notifier.close();
  }

  #write(what: string, priority: number): void {
    this.#dependencies.fifos.tell(this.#subject.kind, this.#subject.name, what, priority);
  }
}

/** Of adverts that anybody on the link can send. */
const CHALLENGES: RateLimit = { burst: 10, period: seconds(1) };
