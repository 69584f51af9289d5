import type { SystemFailure } from "../ports/failure.ts";

/**
 * Reads what a function of `node:fs` or `node:child_process` threw. Anything else that was thrown is a bug, and is thrown
 * again.
 */
export function thrownFailure(operation: string, thrown: unknown): SystemFailure {
  if (!(thrown instanceof Error)) throw thrown;
  const code = "code" in thrown ? String(thrown.code) : "";
  // What Node refuses before the kernel sees it: a zero byte in a name, a user id above 2^31, a file above 2 GiB.
  if (REFUSED_BY_NODE.has(code)) return { operation, errno: "EINVAL", message: "Invalid argument" };
  if (code === "ERR_FS_FILE_TOO_LARGE") return { operation, errno: "EFBIG", message: "File too large" };
  if (!/^E[A-Z0-9]+$/.test(code)) throw thrown;
  // Node writes "ENOSPC: no space left on device, write" or "spawn x ENOENT".
  const sentence = SENTENCES.get(code) ?? /^E[A-Z0-9]+: (.*?)(?:, [a-z0-9_]+.*)?$/s.exec(thrown.message)?.[1] ?? code;
  return { operation, errno: code, message: sentence.charAt(0).toUpperCase() + sentence.slice(1) };
}

const REFUSED_BY_NODE: ReadonlySet<string> = new Set([
  "ERR_INVALID_ARG_VALUE",
  "ERR_INVALID_ARG_TYPE",
  "ERR_OUT_OF_RANGE",
]);

/** The text of strerror(3) where Node's differs, or has none because a program was to be started. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "No such file or directory"],
  ["EACCES", "Permission denied"],
  ["EPERM", "Operation not permitted"],
  ["EAGAIN", "Resource temporarily unavailable"],
  ["ENOMEM", "Cannot allocate memory"],
  ["EMFILE", "Too many open files"],
  ["ENFILE", "Too many open files in system"],
  ["ENOEXEC", "Exec format error"],
  ["EISDIR", "Is a directory"],
  ["ENOTDIR", "Not a directory"],
  ["ELOOP", "Too many levels of symbolic links"],
  ["ETXTBSY", "Text file busy"],
  ["E2BIG", "Argument list too long"],
]);
