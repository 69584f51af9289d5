import type { Configuration } from "../../config/model/configuration.ts";
import type { Fifos } from "../../ports/fifos.ts";
import type { Outbox } from "../../ports/outbox.ts";
import { AlertDesk } from "./alert-desk.ts";
import { FifoSet } from "./fifo-set.ts";
import type { NotifierDependencies } from "./notifier.ts";
import type { Happening } from "../snmp-facts.ts";
import { TrapDesk } from "./trap-desk.ts";
import type { TellerDependencies } from "./teller.ts";

export interface TellingPorts extends NotifierDependencies {
  readonly fifos: Fifos;
  readonly outbox: Outbox;
  /** Names this host in mails where no router_id does. */
  readonly hostName: string;
  /** Hands over what traps tell of. Never waits, never fails. */
  readonly tellHappening: (happening: Happening) => void;
}

/** What all instances and groups of this process tell by: the FIFOs with their readers, the mail, and traps. */
export class Telling {
  readonly tellers: TellerDependencies;
  readonly #fifos: FifoSet;
  readonly #alerts: AlertDesk;
  readonly #traps: TrapDesk;

  constructor(configuration: Configuration, ports: TellingPorts) {
    this.#fifos = new FifoSet(ports);
    this.#alerts = new AlertDesk(configuration, ports);
    this.#traps = new TrapDesk(configuration, { clock: ports.clock, post: ports.tellHappening });
    const { accountOf, clock, log, processes } = ports;
    this.tellers = { accountOf, clock, log, processes, fifos: this.#fifos, mail: this.#alerts, traps: this.#traps };
  }

  /** Opens FIFOs and starts their readers; what is open and stays is not touched. */
  configure(configuration: Configuration): void {
    this.#fifos.configure(configuration);
    this.#alerts.configure(configuration);
    this.#traps.configure(configuration);
  }

  /** All has been told: readers see the end of their FIFO, and `quiet` tells when they have read what is left. */
  finish(): void {
    this.#fifos.finish();
  }

  get quiet(): boolean {
    return this.#fifos.quiet;
  }

  /** Readers that still run are told to end. */
  close(): void {
    this.#fifos.close();
  }
}
