import { mac as macOf, type AddressFamily, type MacAddress } from "../base/address.ts";
import type { Report } from "./diagnostic.ts";
import { usableName } from "./interface-name.ts";
import type { RoutingNames } from "./routing-names.ts";
import { numberIn } from "./routing-words.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import type { Statement } from "./tree.ts";

/** What a `use_vmac` asks for; what is undefined is left to us. */
export interface VmacWishes {
  readonly name: string | undefined;
  readonly base: string | undefined;
  readonly mac: MacAddress | undefined;
  readonly group: number | undefined;
  /** `netlink_notify_msg`. */
  readonly tellsOfBase: boolean;
}

/** Reads `use_vmac [[name] NAME [INTERFACE]] [MAC] [netlink_notify_msg] [group GROUP]`. */
export function readVmac(
  statement: Statement,
  { vrid, strict }: { readonly vrid: number; readonly strict: boolean },
  names: RoutingNames,
  report: Report,
): VmacWishes {
  const words: Token[] = [];
  let mac: MacAddress | undefined;
  let group: number | undefined;
  let tellsOfBase = false;
  for (let index = 0; index < statement.words.length; index++) {
    const word = statement.words[index];
    if (word === undefined) break;
    const { text } = word;
    if (text === "netlink_notify_msg") tellsOfBase = true;
    else if (text === "group") {
      group = readLinkGroup(statement.words[++index], word, names, report);
    } else if (text === "name") {
      const value = statement.words[++index];
      if (value !== undefined) words.unshift(value);
    } else if (/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2})+$/.test(text)) {
      mac = strict ? refuseMac(word, report) : readMac(word, vrid, report);
    } else words.push(word);
  }
  const [name, base, extra] = words;
  if (extra !== undefined)
    report({ code: "EXTRA_WORDS", at: spanOfToken(extra), message: `"${extra.text}" behind "use_vmac" is ignored` });
  return { name: usableName(name, report), base: usableName(base, report), mac, group, tellsOfBase };
}

/** The GROUP of `group GROUP`: a number, or a name of iproute2's. */
export function readLinkGroup(
  value: Token | undefined,
  keyword: Token,
  names: RoutingNames,
  report: Report,
): number | undefined {
  const group = value === undefined ? undefined : (names.numberOf("group", value.text) ?? numberIn(value.text));
  if (group === undefined) {
    const at = spanOfToken(value ?? keyword);
    report({ code: "INVALID_CHOICE", at, message: `"${value?.text ?? ""}" is no group of interfaces` });
  }
  return group;
}

function refuseMac(word: Token, report: Report): undefined {
  const message = `vrrp_strict: the MAC address is the virtual one, not ${word.text}`;
  report({ code: "STRICT_MODE", at: spanOfToken(word), message });
}

/** Five octets leave the last one to the VRID. */
function readMac(word: Token, vrid: number, report: Report): MacAddress | undefined {
  const octets = word.text.split(":").map((octet) => octet.toLowerCase().padStart(2, "0"));
  const whole = octets.length === 5 ? [...octets, vrid.toString(16).padStart(2, "0")] : octets;
  const first = Number.parseInt(whole[0] ?? "", 16);
  if (whole.length === 6 && first % 2 === 0) return macOf(whole.join(":"));
  const message = `"${word.text}" is no MAC address of one interface; the virtual one is used`;
  report({ code: "INVALID_ADDRESS", at: spanOfToken(word), message });
  return undefined;
}

/** 00-00-5E-00-01-{VRID}, and 02 for IPv6 (RFC 9568 section 7.3). */
export function virtualMac(family: AddressFamily, vrid: number): MacAddress {
  return macOf(`00:00:5e:00:${family === "ipv4" ? "01" : "02"}:${vrid.toString(16).padStart(2, "0")}`);
}
