import { appendFileSync } from "node:fs";
import type { LineSink } from "./console-target.ts";

/** A log file (`-g`). It is opened for every line, so that it may be moved away at any time, as logrotate does. */
export function openLogFile(path: string): LineSink {
  return {
    write(line) {
      try {
        appendFileSync(path, line, { mode: 0o640 });
      } catch {
        // A full disk. The other targets have the line.
      }
    },
  };
}
