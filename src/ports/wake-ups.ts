/** Tells when the machine has woken: clocks have moved on that alarms did not follow. */
export interface WakeUps {
  /**
   * Calls back, in a turn of its own and before most other things happen, when the machine was suspended and goes on; also when
   * somebody sets the time of day. Nothing is said of a virtual machine that was frozen: its kernel does not know.
   */
  watch(onWake: () => void): { close(): void };
}
