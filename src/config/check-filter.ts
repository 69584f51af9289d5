import type { InstanceSettings } from "./model/instance.ts";
import { wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Who may talk to the addresses of an instance, and what ends that. The last of `accept` and `no_accept` counts. An owner
 * accepts in any case: the addresses are the host's own.
 */
export function readFilter(
  block: readonly Statement[],
  priority: number,
): Pick<InstanceSettings, "accept" | "fineLock"> {
  const last = block.findLast((statement) => /^(no_)?accept$/.test(statement.keyword.text));
  const fineLock = wordOf(block, "fine_lock");
  return {
    accept: priority === 255 || last?.keyword.text !== "no_accept",
    // Any other word has been reported where it was read.
    fineLock: fineLock === "on" || fineLock === "off" ? fineLock : "auto",
  };
}
