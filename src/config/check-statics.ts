import { readVirtualAddress } from "./check-addresses.ts";
import { readRouting } from "./check-routing.ts";
import type { Report } from "./diagnostic.ts";
import type { StaticAddress, StaticSettings } from "./model/statics.ts";
import type { RoutingNames } from "./routing-names.ts";
import { spanOfToken } from "./tokens.ts";
import { statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads static_ipaddress, static_routes, static_rules and the track groups that some of them name. */
export function checkStatics(
  tree: readonly Statement[],
  instances: readonly string[],
  names: RoutingNames,
  defaultInterface: string,
  report: Report,
): StaticSettings {
  const groups = readGroups(tree, instances, report);
  const addresses = readAddresses(tree, defaultInterface, report);
  const routing = readRouting(tree, "static", names, report);
  for (const { group, place } of [...addresses, ...routing]) {
    if (group === undefined || groups[group] !== undefined) continue;
    const message = `There is no track_group "${group}"; nothing depends on this entry`;
    report({ code: "UNKNOWN_MEMBER", at: place, message });
  }
  return { addresses, routing, groups };
}

function readAddresses(tree: readonly Statement[], defaultInterface: string, report: Report): readonly StaticAddress[] {
  const addresses: StaticAddress[] = [];
  for (const line of statementsOf(tree, "static_ipaddress").flatMap((statement) => statement.block ?? [])) {
    const { group, rest } = takeGroup(line);
    const read = readVirtualAddress(rest, report);
    if (read === undefined) continue;
    const address = { ...read, device: read.device ?? defaultInterface, group };
    const twin = addresses.some(
      (other) =>
        other.address === address.address &&
        other.prefixLength === address.prefixLength &&
        other.device === address.device,
    );
    if (!twin) addresses.push(address);
    else {
      const message = `"${address.address}/${address.prefixLength}" stands in the list already`;
      report({ code: "DUPLICATE_ADDRESS", at: read.place, message });
    }
  }
  return addresses;
}

/** An address of an instance is tied to that instance, so only static ones have a group. */
function takeGroup(line: Statement): { readonly group: string | undefined; readonly rest: Statement } {
  const at = line.words.findIndex((word) => word.text === "track_group");
  if (at < 0) return { group: undefined, rest: line };
  return { group: line.words[at + 1]?.text, rest: { ...line, words: line.words.toSpliced(at, 2) } };
}

function readGroups(
  tree: readonly Statement[],
  instances: readonly string[],
  report: Report,
): Readonly<Record<string, readonly string[]>> {
  const groups = new Map<string, readonly string[]>();
  for (const statement of statementsOf(tree, "track_group")) {
    const name = statement.words[0];
    if (name === undefined) continue;
    const members: string[] = [];
    for (const line of statementsOf(statement.block ?? [], "group").flatMap((group) => group.block ?? [])) {
      for (const word of [line.keyword, ...line.words]) {
        if (instances.includes(word.text)) members.push(word.text);
        else {
          const message = `There is no vrrp_instance "${word.text}" for the track_group "${name.text}"`;
          report({ code: "UNKNOWN_MEMBER", at: spanOfToken(word), message });
        }
      }
    }
    groups.set(name.text, members);
  }
  return Object.fromEntries(groups);
}
