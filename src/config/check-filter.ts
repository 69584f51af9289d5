import type { Report } from "./diagnostic.ts";
import type { InstanceSettings } from "./model/instance.ts";
import { spanOfToken } from "./tokens.ts";
import { wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Who may talk to the addresses of an instance, and what ends that. The last of `accept` and `no_accept` counts. Strict mode
 * accepts only where `accept` says so, which version 2 does not know. An owner accepts in any case: the addresses are the
 * host's own.
 */
export function readFilter(
  block: readonly Statement[],
  { priority, version, strict }: { readonly priority: number; readonly version: 2 | 3; readonly strict: boolean },
  report: Report,
): Pick<InstanceSettings, "accept" | "fineLock"> {
  const last = block.findLast((statement) => /^(no_)?accept$/.test(statement.keyword.text));
  const word = last?.keyword.text ?? (strict ? "no_accept" : "accept");
  const isUnknown = strict && version === 2 && priority !== 255 && word === "accept";
  if (isUnknown && last !== undefined) {
    const message = "vrrp_strict: version 2 of VRRP does not know accept, so it is not used";
    report({ code: "STRICT_MODE", at: spanOfToken(last.keyword), message });
  }
  const fineLock = wordOf(block, "fine_lock");
  return {
    accept: priority === 255 || (word === "accept" && !isUnknown),
    // Any other word has been reported where it was read.
    fineLock: fineLock === "on" || fineLock === "off" ? fineLock : "auto",
  };
}
