/** How Holdfast's processes end, in keepalived's numbers where keepalived has one. The restart policy reads them. */
export const EXIT = {
  OK: 0,
  /** Something failed that no other number says; keepalived's FATAL. */
  FATAL: 1,
  /** The configuration stops the start. */
  CONFIGURATION: 2,
  NO_PERMISSION: 4,
  /** keepalived's `-t`: the configuration has errors. */
  CONFIG_TEST_FAILED: 5,
  /** No configuration file, or nothing usable in it. */
  NO_CONFIGURATION: 6,
  /** EX_USAGE of sysexits.h. */
  USAGE: 64,
  /** EX_SOFTWARE of sysexits.h: a bug. */
  SOFTWARE: 70,
} as const;
