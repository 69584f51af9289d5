/**
 * The words that run a program before all ordinary work, and before real-time daemons under test: what measures must not be
 * starved by what it measures, or it dates everything too late. Where that is not allowed the program runs as it is.
 */
export function beforeAllElse(argv: readonly string[]): string[] {
  return [
    "sh",
    "-c",
    `chrt --rr ${PRIORITY} true 2>/dev/null && exec chrt --rr ${PRIORITY} "$@"; exec "$@"`,
    "sh",
    ...argv,
  ];
}

/** Holdfast's own is 1. */
const PRIORITY = 50;
