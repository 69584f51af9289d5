import { addressLength, familyOf, parseIpAddress, type AddressFamily } from "../base/address.ts";
import type { DiagnosticCode, Report } from "./diagnostic.ts";
import { readLinkGroup } from "./check-vmac.ts";
import { usableName } from "./interface-name.ts";
import type { IpvlanInterface } from "./model/virtual-interfaces.ts";
import type { RoutingNames } from "./routing-names.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** What a `use_ipvlan` asks for; what is undefined is left to us. */
export interface IpvlanWishes extends Pick<IpvlanInterface, "mode" | "address" | "group"> {
  readonly name: string | undefined;
}

/**
 * Reads `use_ipvlan [[name] NAME] [ADDRESS[/MASK]] [bridge|private|vepa] [group GROUP]`, in any order. The first of each kind
 * counts, and over IPv4 the address is needed.
 */
export function readIpvlan(
  statement: Statement,
  family: AddressFamily,
  names: RoutingNames,
  report: Report,
): IpvlanWishes {
  let name: Token | undefined;
  let group: number | undefined;
  let mode: IpvlanWishes["mode"] | undefined;
  let address: IpvlanWishes["address"];
  const refuse = (code: DiagnosticCode, word: Token, message: string): void =>
    report({ code, at: spanOfToken(word), message });
  for (let index = 0; index < statement.words.length; index++) {
    const word = statement.words[index];
    if (word === undefined) break;
    if (word.text === "group") {
      group = readLinkGroup(statement.words[++index], word, names, report);
      continue;
    }
    const next = statement.words[index + 1];
    if (word.text === "name" && name === undefined && next !== undefined) {
      index += 1;
      name = next;
      continue;
    }
    const wantedMode = MODES.find((candidate) => candidate === word.text);
    const wanted = addressIn(word.text);
    const isSecond = wantedMode !== undefined ? mode : wanted !== undefined ? address : name;
    if (isSecond !== undefined) refuse("EXTRA_WORDS", word, `"${word.text}" behind "use_ipvlan" is ignored`);
    else if (wantedMode !== undefined) mode = wantedMode;
    else if (wanted === undefined) name = word;
    else if (wanted === "bad-mask") refuse("OUT_OF_RANGE", word, `"${word.text}" is no address with its mask`);
    else if (familyOf(wanted.address) === family) address = wanted;
    else {
      const [its, ours] = family === "ipv4" ? ["IPv6", "IPv4"] : ["IPv4", "IPv6"];
      const message = `"${word.text}" is of ${its}, but the instance has ${ours} addresses; it is ignored`;
      refuse("FAMILY_MISMATCH", word, message);
    }
  }
  if (address === undefined && family === "ipv4") {
    report({
      code: "IPVLAN_WITHOUT_ADDRESS",
      at: spanOfStatement(statement),
      message: '"use_ipvlan" needs an address to send from over IPv4: without one the instance stays in FAULT',
      help: "Add one of this node's own, such as: use_ipvlan vrrp.51 192.0.2.11/24",
    });
  }
  return { name: usableName(name, report), mode: mode ?? "bridge", address, group };
}

function addressIn(text: string): Exclude<IpvlanWishes["address"], undefined> | "bad-mask" | undefined {
  const [head = "", mask] = text.split("/", 2);
  const address = parseIpAddress(head);
  if (address === undefined) return undefined;
  const longest = addressLength(familyOf(address));
  if (mask === undefined) return { address, prefixLength: longest };
  const prefixLength = /^\d{1,3}$/.test(mask) ? Number(mask) : longest + 1;
  return prefixLength > longest ? "bad-mask" : { address, prefixLength };
}

const MODES = ["bridge", "private", "vepa"] as const;
