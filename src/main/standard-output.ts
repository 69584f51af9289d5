import { EXIT } from "./exit-codes.ts";

/**
 * Keeps a command from ending with a stack trace when its standard output cannot be written: a reader that has seen enough,
 * as `head` does, is no failure; anything else, a full disk for one, is said on standard error and ends it with 1.
 */
export function watchStandardOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.stderr.write(`Cannot write to standard output: ${error.code ?? error.message}\n`);
    process.exit(EXIT.FATAL);
  });
}
