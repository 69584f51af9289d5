/** Marks a branch that the types say cannot be reached. A call is a bug in the caller. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`);
}

/** States what must hold here. A failure is a bug; it ends the process, and the supervisor decides what comes next. */
export function assert(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new TypeError(`assertion failed: ${statement}`);
}
