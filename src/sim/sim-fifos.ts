import { succeed, type Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Fifo, FifoOutcome, Fifos } from "../ports/fifos.ts";
import type { SimProcess } from "./sim-process.ts";

/** The FIFOs of one machine. Nobody reads them unless a test does; what was written is kept. */
export class SimFifos {
  readonly #waiting = new Map<string, string[]>();

  portFor(process: SimProcess): Fifos {
    return {
      open: ({ path }) =>
        process.call(() => {
          const isOurs = !this.#waiting.has(path);
          if (isOurs) this.#waiting.set(path, []);
          return succeed(this.#fifo(process, path, isOurs));
        }),
    };
  }

  /** Takes what was written to it, as a reader does. */
  read(path: string): string {
    return (this.#waiting.get(path) ?? []).splice(0).join("");
  }

  #fifo(process: SimProcess, path: string, isOurs: boolean): Fifo {
    return {
      write: (text): Result<FifoOutcome, SystemFailure> =>
        process.call(() => {
          const waiting = this.#waiting.get(path);
          if (waiting === undefined) return succeed("gone");
          if (waiting.join("").length + text.length > CAPACITY) return succeed("full");
          waiting.push(text);
          return succeed("written");
        }),
      close: () => {
        if (isOurs) this.#waiting.delete(path);
      },
    };
  }
}

/** What the kernel keeps of a pipe that nobody reads, see pipe(7). */
const CAPACITY = 65_536;
