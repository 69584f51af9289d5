import { isLinkLocal, parseIpAddress } from "../base/address.ts";
import type { Report } from "./diagnostic.ts";
import { usableName } from "./interface-name.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement, statementOf, statementsOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Where an instance lives. */
export interface InstanceInterface {
  /** An interface of the host, or with `vrf` alone that VRF. */
  readonly kind: "interface" | "vrf";
  readonly name: string;
  readonly statement: Statement;
}

/**
 * Reads `interface` and `vrf`. Only one with unicast peers may do without an interface: it then names the VRF that it is
 * heard in, and its addresses name their interfaces. Undefined where it has neither, which is a finding.
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
    return { kind: "interface", name: own, statement };
  }
  const wanted = vrf === undefined ? undefined : usableName(vrf.words[0], report);
  if (wanted !== undefined && vrf !== undefined && mayLiveInVrf(block)) {
    return { kind: "vrf", name: wanted, statement: vrf };
  }
  const alone = vrf === undefined ? "" : '; "vrf" alone takes unicast peers that are not link-local';
  const help = `Add a line such as: interface eth0${alone}`;
  const message = `The instance "${name.text}" names no interface and is dropped`;
  report({ code: "MISSING_INTERFACE", at: spanOfToken(name), message, help });
  return undefined;
}

/** Its packets find their way by routes alone. */
function mayLiveInVrf(block: readonly Statement[]): boolean {
  const peers = statementsOf(block, "unicast_peer").flatMap((statement) => statement.block ?? []);
  const addresses = peers.map(({ keyword }) => parseIpAddress(keyword.text.split("/", 1)[0] ?? ""));
  return addresses.length > 0 && !addresses.some((address) => address !== undefined && isLinkLocal(address));
}
