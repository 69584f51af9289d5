/** How the commands that talk to the daemon end. They are part of the interface: scripts read them. */
export const CLIENT_EXIT = {
  OK: 0,
  /** The daemon refused what was asked. */
  REFUSED: 1,
  NOT_RUNNING: 3,
  NO_PERMISSION: 4,
  /** Something listens and gives no answer, or the vrrp process behind it gives none. */
  NO_ANSWER: 5,
} as const;
