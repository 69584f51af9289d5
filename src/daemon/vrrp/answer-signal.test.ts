import { describe, expect, test } from "vitest";
import { answerSignal } from "./answer-signal.ts";

describe("signals of keepalived", () => {
  test.each([
    ["data", "Printing VRRP data for process(7) on signal"],
    ["stats", "Printing VRRP stats for process(7) on signal"],
    ["json", "Printing VRRP as json for process(7) on signal"],
  ] as const)("%s: the text goes to the supervisor, and the log has keepalived's line", (signal, line) => {
    expect(answer(signal)).toEqual([line, `${signal} as it is`]);
  });

  test("SIGRTMAX-1: the counters are written before they are cleared (keepalived)", () => {
    const line = "Printing and clearing VRRP stats for process(7) on signal";
    expect(answer("clear-stats")).toEqual([line, "stats as it is", "cleared"]);
  });

  test("SIGRTMAX: what each instance waits for", () => {
    expect(answer("deadlines")).toEqual([
      "----[ Begin threads dump ]----",
      "(VI_1) BACKUP",
      "----[ End threads dump ]----",
    ]);
  });
});

function answer(signal: Parameters<typeof answerSignal>[0]): readonly string[] {
  const seen: string[] = [];
  answerSignal(
    signal,
    {
      dump: (kind) => `${kind} as it is`,
      clearStatistics: () => void seen.push("cleared"),
      deadlines: () => ["(VI_1) BACKUP"],
    },
    {
      pid: 7,
      log: { write: (_level, text) => void seen.push(text) },
      tell: (message) => void (message.kind === "dump" && seen.push(message.text)),
    },
  );
  return seen;
}
