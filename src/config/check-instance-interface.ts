import { isLinkLocal, parseIpAddress } from "../base/address.ts";
import { EVERY_INTERFACE } from "../base/every-interface.ts";
import type { Report } from "./diagnostic.ts";
import { usableName } from "./interface-name.ts";
import type { Place } from "./place.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement, statementOf, statementsOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Where an instance lives. */
export interface InstanceInterface {
  /** An interface of the host; with `vrf` alone that VRF; with neither all interfaces, and its name is empty. */
  readonly kind: "interface" | "vrf" | "everywhere";
  readonly name: string;
  readonly place: Place;
}

/**
 * Reads `interface` and `vrf`. Only one with unicast peers may do without an interface: its packets find their way by routes,
 * it is heard in the VRF that it names or everywhere, and its addresses name their interfaces. Undefined where it has no
 * such peers, which is a finding.
 */
export function readInterface(name: Token, block: readonly Statement[], report: Report): InstanceInterface | undefined {
  const statement = statementOf(block, "interface");
  const own = wordOf(block, "interface");
  const vrf = statementOf(block, "vrf");
  if (own !== undefined && statement !== undefined) {
    if (vrf !== undefined) {
      const message = `"vrf" is ignored beside "interface": the VRF is the one that ${own} belongs to`;
      report({ code: "VRF_IGNORED", at: spanOfStatement(vrf), message, help: "Remove it." });
    }
    return { kind: "interface", name: own, place: spanOfStatement(statement) };
  }
  const at = spanOfToken(name);
  const wanted = vrf === undefined ? undefined : usableName(vrf.words[0], report);
  if (!needsNoInterface(block) || (vrf !== undefined && wanted === undefined)) {
    const help = "Add a line such as: interface eth0; unicast peers that are not link-local need none";
    const message = `The instance "${name.text}" names no interface and is dropped`;
    report({ code: "MISSING_INTERFACE", at, message, help });
    return undefined;
  }
  if (vrf !== undefined && wanted !== undefined) return { kind: "vrf", name: wanted, place: spanOfStatement(vrf) };
  const message = `The instance "${name.text}" names no interface: it sends by the routes and hears all interfaces`;
  report({ code: "WITHOUT_INTERFACE", at, message, help: "keepalived 2.2 does not start with it." });
  return { kind: "everywhere", name: EVERY_INTERFACE, place: at };
}

/** Its packets find their way by routes alone. */
function needsNoInterface(block: readonly Statement[]): boolean {
  const peers = statementsOf(block, "unicast_peer").flatMap((statement) => statement.block ?? []);
  const addresses = peers.map(({ keyword }) => parseIpAddress(keyword.text.split("/", 1)[0] ?? ""));
  return addresses.length > 0 && !addresses.some((address) => address !== undefined && isLinkLocal(address));
}
