import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";
import type { Account } from "./processes.ts";

export interface FifoRequest {
  readonly path: string;
  /** Who owns it if it is created here; undefined: this process's account. */
  readonly owner: Account | undefined;
}

/**
 * What became of a line. `full`: nobody reads, and as much waits as the kernel keeps (64 KiB). `gone`: its name leads
 * elsewhere, so nobody can open it any more.
 */
export type FifoOutcome = "written" | "full" | "gone";

/** A named pipe that is held open for both ends, so that lines wait for a reader who comes late. */
export interface Fifo {
  /** Writes a line whole or not at all, without waiting. The text ends in a newline and has at most 4096 bytes. */
  write(text: string): Result<FifoOutcome, SystemFailure>;
  /** Readers see its end. It is removed where this process has created it. A second call does nothing. */
  close(): void;
}

/** Named pipes. */
export interface Fifos {
  /**
   * Opens a FIFO, and creates it where it is missing, mode 0600, but no folder. Refused with ENOTSUP where something else has
   * its name, and with ELOOP where that is a symbolic link.
   */
  open(request: FifoRequest): Result<Fifo, SystemFailure>;
}
