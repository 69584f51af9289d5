/** A system call, or a request to the kernel, that was refused. A value: whoever asked decides what it means. */
export interface SystemFailure {
  /** What was being done, for people: `add 192.0.2.1/24 to eth0`. */
  readonly operation: string;
  /** The kernel's name of the error, letter by letter: EPERM, EEXIST, ENODEV. */
  readonly errno: string;
  /** The kernel's own sentence where it gave one, else the text of strerror(3). */
  readonly message: string;
}

/** One line for a log: `Cannot add 192.0.2.1/24 to eth0: No such device (ENODEV)`. */
export function describeFailure(failure: SystemFailure): string {
  return `Cannot ${failure.operation}: ${failure.message} (${failure.errno})`;
}
