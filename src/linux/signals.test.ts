import { describe, expect, test } from "vitest";
import { SIGRTMIN, onRealTimeSignal } from "./signals.ts";

describe("real-time signals", () => {
  test("one with a callback: calls back in a turn of its own instead of killing the process", async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      const handled = onRealTimeSignal(SIGRTMIN + 2, () => {
        calls++;
        resolve();
      });
      expect(handled).toEqual({ ok: true, value: undefined });
      // What the shells' `kill -RTMIN+2` sends.
      process.kill(process.pid, 36);
      expect(calls).toBe(0);
    });
    expect(calls).toBe(1);
  });

  test("an ordinary signal: a bug in the caller", () => {
    expect(() => onRealTimeSignal(15, () => undefined)).toThrow("15 is a real-time signal");
  });
});
