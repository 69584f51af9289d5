import { unreachable } from "../../base/assert.ts";
import type { Log } from "../../ports/log.ts";
import type { DumpSignal, FromChild } from "../messages.ts";
import type { VrrpDriver } from "./driver.ts";

export interface SignalPorts {
  readonly pid: number;
  readonly log: Log;
  /** Hands a message to the supervisor, which writes the files. */
  readonly tell: (message: FromChild) => void;
}

/** Does what keepalived does for one of its signals beyond stop and reload, and says so in its words. */
export function answerSignal(
  signal: DumpSignal,
  driver: Pick<VrrpDriver, "dump" | "clearStatistics" | "deadlines">,
  { pid, log, tell }: SignalPorts,
): void {
  switch (signal) {
    case "data":
    case "stats":
    case "json":
      log.write("info", `Printing ${WORDS[signal]} for process(${pid}) on signal`);
      return tell({ kind: "dump", of: signal, text: driver.dump(signal) });
    case "clear-stats":
      log.write("info", `Printing and clearing VRRP stats for process(${pid}) on signal`);
      tell({ kind: "dump", of: "stats", text: driver.dump("stats") });
      return driver.clearStatistics();
    case "deadlines":
      log.write("info", "----[ Begin threads dump ]----");
      for (const line of driver.deadlines()) log.write("info", line);
      return log.write("info", "----[ End threads dump ]----");
    default:
      return unreachable(signal);
  }
}

const WORDS = { data: "VRRP data", stats: "VRRP stats", json: "VRRP as json" } as const;
