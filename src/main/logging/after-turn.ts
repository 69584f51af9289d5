import type { Log, LogLevel } from "../../ports/log.ts";

/**
 * Writes lines at the end of the turn in which they come, in their order: what is done comes before what is said of it. A line
 * costs several calls of the kernel, and a take-over or a farewell would wait for all of its own.
 *
 * @param whenLeft Asks for a call at the end of the turn. `atExit` asks for one when the process ends in the middle of a turn.
 */
export function writeAfterTurn(
  log: Log,
  {
    whenLeft,
    atExit,
  }: { readonly whenLeft: (flush: () => void) => void; readonly atExit: (flush: () => void) => void },
): Log {
  const waiting: { readonly level: LogLevel; readonly text: string }[] = [];
  const flush = (): void => {
    for (const { level, text } of waiting.splice(0)) log.write(level, text);
  };
  atExit(flush);
  return {
    write(level, text) {
      waiting.push({ level, text });
      if (waiting.length === 1) whenLeft(flush);
    },
  };
}
