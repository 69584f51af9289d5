import type { Configuration } from "../../config/model/configuration.ts";
import { wordAlert, type AlertState } from "../../core/mail/alert.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Outbox } from "../../ports/outbox.ts";

/** What is mailed. */
export interface AlertTeller {
  tell(subject: AlertSubject, state: AlertState): void;
}

export interface AlertSubject {
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
}

/** Words the mails of this process and leaves them in the outbox. */
export class AlertDesk implements AlertTeller {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #hostName: string;
  #global: Configuration["global"];

  constructor(configuration: Configuration, ports: { clock: Clock; outbox: Outbox; hostName: string }) {
    this.#clock = ports.clock;
    this.#outbox = ports.outbox;
    this.#hostName = ports.hostName;
    this.#global = configuration.global;
  }

  configure({ global }: Pick<Configuration, "global">): void {
    this.#global = global;
  }

  tell(subject: AlertSubject, state: AlertState): void {
    const { mail, routerId } = this.#global;
    if (mail === undefined || (state === "FAULT" && mail.omitsFaults)) return;
    const text = wordAlert(routerId ?? this.#hostName, subject, state);
    this.#outbox.post({ ...text, atMs: this.#clock.wallClockMs() });
  }
}
