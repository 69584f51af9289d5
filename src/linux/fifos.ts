import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Fifo, FifoOutcome, FifoRequest, Fifos } from "../ports/fifos.ts";
import { thrownFailure } from "./file-failure.ts";
import { failureOf, libc } from "./libc.ts";

/**
 * FIFOs of the file system. Each is open for reading too, by us, who never read: so it can be opened and written without a
 * reader, and a reader that ends takes nothing away.
 *
 * @see fifo(7): opening for both ends succeeds at once on Linux, and is undefined in POSIX.
 */
export function openLinuxFifos(): Fifos {
  return { open };
}

function open(request: FifoRequest): Result<Fifo, SystemFailure> {
  const { path } = request;
  const operation = `open the FIFO ${path}`;
  if (path.includes("\0")) return fail({ operation, errno: "EINVAL", message: "Invalid argument" });
  const made = libc().mkfifo(path, OWNER_ONLY);
  const isOurs = made >= 0;
  if (!isOurs && -made !== EEXIST) return fail(failureOf(operation, -made));
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stats = fstatSync(fd);
    if (!stats.isFIFO()) {
      closeSync(fd);
      return fail({ operation, errno: "ENOTSUP", message: "It is there already and is no FIFO" });
    }
    if (isOurs) {
      if (request.owner !== undefined) fchownSync(fd, request.owner.uid, request.owner.gid);
      fchmodSync(fd, OWNER_ONLY);
    }
    return succeed(new OpenFifo(path, fd, stats, isOurs));
  } catch (thrown) {
    if (fd !== undefined) closeSync(fd);
    if (isOurs) rmSync(path, { force: true });
    return fail(thrownFailure(operation, thrown));
  }
}

class OpenFifo implements Fifo {
  readonly #path: string;
  readonly #fd: number;
  readonly #identity: Pick<Stats, "dev" | "ino">;
  readonly #isOurs: boolean;
  #isOpen = true;

  constructor(path: string, fd: number, identity: Pick<Stats, "dev" | "ino">, isOurs: boolean) {
    this.#path = path;
    this.#fd = fd;
    this.#identity = identity;
    this.#isOurs = isOurs;
  }

  write(text: string): Result<FifoOutcome, SystemFailure> {
    if (!this.#isOpen || !this.#isInPlace()) return succeed("gone");
    try {
      // Up to PIPE_BUF the kernel takes all or nothing.
      writeSync(this.#fd, text);
      return succeed("written");
    } catch (thrown) {
      const failure = thrownFailure(`write to the FIFO ${this.#path}`, thrown);
      return failure.errno === "EAGAIN" ? succeed("full") : fail(failure);
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#isOurs && this.#isInPlace()) rmSync(this.#path, { force: true });
    closeSync(this.#fd);
  }

  /** Another's file may have taken its name. */
  #isInPlace(): boolean {
    const stats = lstatSync(this.#path, { throwIfNoEntry: false });
    return stats !== undefined && stats.dev === this.#identity.dev && stats.ino === this.#identity.ino;
  }
}

const OWNER_ONLY = 0o600;
const EEXIST = 17;
