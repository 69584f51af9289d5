import type { Configuration } from "../../config/model/configuration.ts";
import type { FifoSettings } from "../../config/model/telling.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Fifo, Fifos } from "../../ports/fifos.ts";
import { FifoReader, type FifoReaderDependencies } from "./fifo-reader.ts";

export interface FifoSetDependencies extends FifoReaderDependencies {
  readonly fifos: Fifos;
}

/** What is written to the FIFOs. */
export interface FifoTeller {
  /** Tells every FIFO one thing, without waiting. */
  tell(kind: "INSTANCE" | "GROUP", name: string, what: string, priority: number): void;
}

/** The notify FIFOs of this process, and the programs that read them. */
export class FifoSet implements FifoTeller {
  readonly #dependencies: FifoSetDependencies;
  #channels: readonly Channel[] = [];

  constructor(dependencies: FifoSetDependencies) {
    this.#dependencies = dependencies;
  }

  /** Opens what is new, closes what is gone; one that stays the same is not touched, nor is its reader. */
  configure({ global }: Pick<Configuration, "global">): void {
    const kept = new Map(this.#channels.map((channel) => [identityOf(channel.settings), channel]));
    const next = global.fifos.map((settings) => {
      const known = kept.get(identityOf(settings));
      kept.delete(identityOf(settings));
      return { settings, known };
    });
    // A path may go from one to another, whose reader must not get what was meant for the first one's.
    for (const channel of kept.values()) channel.abandon();
    this.#channels = next.map(({ settings, known }) => known ?? new Channel(settings, this.#dependencies));
  }

  tell(kind: "INSTANCE" | "GROUP", name: string, what: string, priority: number): void {
    if (this.#channels.length === 0) return;
    const line = `${kind} "${name}" ${what} ${priority}\n`;
    for (const channel of this.#channels) channel.write(line);
  }

  /** Whether no reader runs any more. */
  get quiet(): boolean {
    return this.#channels.every((channel) => channel.quiet);
  }

  /** All has been told: readers see the end, and `quiet` tells when they are through with what is left. */
  finish(): void {
    for (const channel of this.#channels) channel.finish();
  }

  /** Readers that still run are told to end. */
  close(): void {
    for (const channel of this.#channels) channel.abandon();
  }
}

/** One FIFO. While it cannot be opened each line is an attempt to. */
class Channel {
  readonly settings: FifoSettings;
  readonly #dependencies: FifoSetDependencies;
  readonly #reader: FifoReader | undefined;
  #fifo: Fifo | undefined;
  #closed = false;
  #failing: SystemFailure | undefined;
  /** Lines that nobody gets, since the last one that was written. */
  #lost = 0;

  constructor(settings: FifoSettings, dependencies: FifoSetDependencies) {
    this.settings = settings;
    this.#dependencies = dependencies;
    this.#open();
    const { path, script } = settings;
    this.#reader = script === undefined ? undefined : new FifoReader(script, path, dependencies);
  }

  write(line: string): void {
    if (this.#closed) return;
    if (this.#fifo === undefined) this.#open();
    if (this.#attempt(line) !== "gone") return;
    this.#open();
    this.#attempt(line);
  }

  get quiet(): boolean {
    return this.#reader === undefined || !this.#reader.running;
  }

  finish(): void {
    this.#reader?.letEnd();
    this.#close();
  }

  abandon(): void {
    this.#reader?.stop();
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#fifo?.close();
  }

  #open(): void {
    const { accountOf, fifos } = this.#dependencies;
    const { owner, path } = this.settings;
    this.#fifo?.close();
    this.#fifo = undefined;
    const account = accountOf({ user: owner });
    if (!account.ok) return this.#complain(account.error);
    const opened = fifos.open({ path, owner: account.value });
    if (!opened.ok) return this.#complain(opened.error);
    this.#fifo = opened.value;
  }

  #attempt(line: string): "done" | "gone" {
    const { log } = this.#dependencies;
    const { path } = this.settings;
    const written = this.#fifo?.write(line);
    if (written === undefined) {
      this.#lost += 1;
      return "done";
    }
    if (!written.ok) {
      this.#lost += 1;
      this.#complain(written.error);
      return "done";
    }
    if (written.value === "gone") return "gone";
    if (written.value === "full") {
      this.#lost += 1;
      if (this.#lost === 1)
        log.write("warn", `FIFO ${path} is full, nobody reads it: what happens is not written to it`);
      return "done";
    }
    if (this.#lost > 0) log.write("warn", `FIFO ${path} is written again; ${this.#lost} lines were lost`);
    this.#lost = 0;
    this.#failing = undefined;
    return "done";
  }

  /** Once for each failure in a row. */
  #complain(failure: SystemFailure): void {
    if (this.#failing?.errno !== failure.errno) this.#dependencies.log.write("error", describeFailure(failure));
    this.#failing = failure;
  }
}

/** All but where it stands in the file. */
function identityOf({ owner, path, script }: FifoSettings): string {
  return JSON.stringify([path, owner, script?.argv, script?.user]);
}
