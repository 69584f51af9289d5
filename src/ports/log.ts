/** By the reader's duty: `error` act now, `warn` act soon, `info` know, `debug` for us. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** Where the operator reads what happened: console, syslog or a file, as they chose. */
export interface Log {
  /** One line, without a newline. Never blocks, never throws. */
  write(level: LogLevel, text: string): void;
}
