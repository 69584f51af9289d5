import { isLinkLocal } from "../base/address.ts";
import type { Report } from "./diagnostic.ts";
import type { InstanceSettings } from "./model/instance.ts";
import { spanOfStatement, statementOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Finds what an IPv6 instance should have and what means nothing to it. */
export function checkIpv6(
  settings: InstanceSettings,
  block: readonly Statement[],
  strict: boolean,
  report: Report,
): void {
  const [first] = settings.virtualAddresses;
  if (first !== undefined && !isLinkLocal(first.address)) {
    // RFC 9568 section 5.2.9. Hosts take the link-local address for that of the router; for a service nobody needs one.
    report({
      code: strict ? "STRICT_MODE" : "FIRST_ADDRESS_NOT_LINK_LOCAL",
      at: first.place,
      message: `The first IPv6 address should be link-local (fe80::/10), "${first.address}" is not`,
      help: "Only a virtual router that hosts use as their default router needs one.",
    });
  }
  for (const keyword of IPV4_KEYWORDS) {
    const statement = statementOf(block, keyword);
    if (statement === undefined) continue;
    const message = `"${keyword}" means nothing over IPv6, where every checksum covers the same`;
    report({ code: "IPV4_ONLY", at: spanOfStatement(statement), message });
  }
}

const IPV4_KEYWORDS: readonly string[] = ["v3_checksum_as_v2", "old_unicast_checksum"];
