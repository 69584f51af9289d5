import { addressLength, broadcastOf, familyOf, networkOf, parseIpAddress } from "../base/address.ts";
import type { AddressFamily, IpAddress } from "../base/address.ts";
import type { Report } from "./diagnostic.ts";
import type { VirtualAddress } from "./model/addresses.ts";
import { closest } from "./suggest.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Reads a line of virtual_ipaddress: `ADDRESS[/MASK] [brd ADDRESS|+|-] [dev INTERFACE] [scope SCOPE] [label LABEL] ...`.
 * What is wrong is a finding; undefined where no address is left. The device is `undefined` where the line names none.
 */
export function readVirtualAddress(
  statement: Statement,
  report: Report,
): (Omit<VirtualAddress, "device"> & { readonly device: string | undefined }) | undefined {
  const place = spanOfStatement(statement);
  const parsed = readAddressAndLength(statement.keyword, report);
  if (parsed === undefined) return undefined;
  const { address, masked } = parsed;
  const family = familyOf(address);
  const options = readOptions(statement.words, { address, length: parsed.length }, report);
  if (options === undefined) return undefined;
  if (!masked) {
    const message = `"${address}" has no mask and becomes /${addressLength(family)}`;
    report({ code: "ADDRESS_WITHOUT_MASK", at: spanOfToken(statement.keyword), message });
  }
  // keepalived 2.2.7: with a peer it is the peer that has the prefix, and that is a host.
  const prefixLength = options.peer === undefined ? parsed.length : addressLength(family);
  if (prefixLength !== parsed.length) {
    const message = `With a peer the mask "/${parsed.length}" is ignored, as by keepalived: the address becomes /${prefixLength}`;
    report({ code: "IGNORED_MASK", at: spanOfToken(statement.keyword), message });
  }
  const isHost = family === "ipv6" && prefixLength === addressLength(family);
  return {
    address,
    prefixLength,
    broadcast: options.broadcast,
    peer: options.peer,
    device: options.device,
    label: options.label,
    scope: options.scope,
    flags: options.flags,
    // An IPv6 address that is preferred may become the source address of what the host sends.
    preferredLifetime: options.preferredLifetime ?? (isHost ? 0 : "forever"),
    tracked: options.tracked,
    usesVmac: options.usesVmac,
    place,
  };
}

interface Options {
  broadcast: IpAddress | undefined;
  peer: IpAddress | undefined;
  device: string | undefined;
  label: string | undefined;
  scope: number;
  flags: number;
  preferredLifetime: number | "forever" | undefined;
  tracked: boolean;
  usesVmac: boolean;
}

function readAddressAndLength(
  token: Token,
  report: Report,
): { readonly address: IpAddress; readonly length: number; readonly masked: boolean } | undefined {
  const [text = "", mask] = token.text.split("/", 2);
  const address = parseIpAddress(text);
  if (address === undefined) {
    const help = looksLikeOption(token.text) ? "Each line begins with an address." : undefined;
    report({ code: "INVALID_ADDRESS", at: spanOfToken(token), message: `"${token.text}" is no IP address`, help });
    return undefined;
  }
  const longest = addressLength(familyOf(address));
  if (mask === undefined) return { address, length: longest, masked: false };
  const length = /^\d{1,3}$/.test(mask) ? Number(mask) : lengthOfDottedMask(mask);
  if (length !== undefined && length <= longest) return { address, length, masked: true };
  const message = `"/${mask}" is no mask of ${address}; /${longest} is used`;
  report({ code: "OUT_OF_RANGE", at: spanOfToken(token), message });
  return { address, length: longest, masked: true };
}

/** Reads the words behind the address; undefined where keepalived drops the address because of one. */
function readOptions(
  words: readonly Token[],
  prefix: { readonly address: IpAddress; readonly length: number },
  report: Report,
): Options | undefined {
  const family = familyOf(prefix.address);
  const options: Options = {
    broadcast: undefined,
    peer: undefined,
    device: undefined,
    label: undefined,
    scope: RT_SCOPE_UNIVERSE,
    // The address may well be in use: that of the master that was.
    flags: family === "ipv6" ? IFA_F_NODAD : 0,
    preferredLifetime: undefined,
    tracked: true,
    usesVmac: false,
  };
  let usable = true;
  for (let index = 0; index < words.length; index++) {
    const option = words[index];
    if (option === undefined) break;
    const at = spanOfToken(option);
    const flag = FLAGS.get(option.text);
    if (flag !== undefined) {
      options.flags |= flag;
    } else if (option.text === "-nodad") {
      options.flags &= ~IFA_F_NODAD;
    } else if (option.text === "no_track") {
      options.tracked = false;
    } else if (option.text === "use_vmac") {
      options.usesVmac = true;
    } else if (!OPTIONS_WITH_VALUE.includes(option.text)) {
      // What was meant to have a value has one here too.
      if (reportUnknownOption(option, report)) index += 1;
    } else {
      const value = words[++index];
      if (value === undefined) {
        report({
          code: "MISSING_PARAMETER",
          at,
          message: `"${option.text}" needs a value behind it`,
          effect: "logged",
        });
      } else if (!readOption(options, option.text, value, prefix, report)) usable = false;
    }
  }
  return usable ? options : undefined;
}

/** False where the whole address is dropped. */
function readOption(
  options: Options,
  name: string,
  value: Token,
  prefix: { readonly address: IpAddress; readonly length: number },
  report: Report,
): boolean {
  const at = spanOfToken(value);
  switch (name) {
    case "dev":
      options.device = value.text;
      return true;
    case "brd":
    case "broadcast":
      if (familyOf(prefix.address) === "ipv6") {
        report({ code: "UNKNOWN_OPTION", at, message: "IPv6 has no broadcast address", effect: "logged" });
      } else if (value.text === "+" || value.text === "-") {
        // `brd -` asks for the lowest address of the network.
        options.broadcast = value.text === "+" ? broadcastOf(prefix) : networkOf(prefix);
      } else options.broadcast = readSameFamily(value, familyOf(prefix.address), report);
      return true;
    case "peer":
      options.peer = readSameFamily(value, familyOf(prefix.address), report);
      return true;
    case "label":
      if (familyOf(prefix.address) === "ipv6") {
        report({ code: "UNKNOWN_OPTION", at, message: "An IPv6 address has no label", effect: "logged" });
        return true;
      }
      if (utf8Length(value.text) <= LABEL_LIMIT) {
        options.label = value.text;
        return true;
      }
      report({
        code: "OUT_OF_RANGE",
        at,
        message: `The label "${value.text}" is longer than ${LABEL_LIMIT} bytes; the address is dropped`,
      });
      return false;
    case "scope":
      options.scope = readScope(value, report) ?? options.scope;
      return true;
    case "preferred_lft":
    case "preferred_lifetime":
      if (value.text === "forever") options.preferredLifetime = "forever";
      else if (/^\d{1,9}$/.test(value.text)) options.preferredLifetime = Number(value.text);
      else report({ code: "INVALID_NUMBER", at, message: `"${value.text}" is neither seconds nor forever` });
      return true;
    default: {
      report({ code: "TRACKER_IGNORED", at, message: `"${name}" is for static addresses and is ignored` });
      return true;
    }
  }
}

function readScope(value: Token, report: Report): number | undefined {
  const named = SCOPES.get(value.text);
  if (named !== undefined) return named;
  if (/^\d{1,3}$/.test(value.text) && Number(value.text) <= 255) return Number(value.text);
  const message = `"${value.text}" is no scope; global is used`;
  report({ code: "INVALID_CHOICE", at: spanOfToken(value), message, help: `Scopes: ${[...SCOPES.keys()].join(", ")}` });
  return undefined;
}

function readSameFamily(value: Token, family: AddressFamily, report: Report): IpAddress | undefined {
  const address = parseIpAddress(value.text.split("/", 1)[0] ?? "");
  if (address !== undefined && familyOf(address) === family) return address;
  const what = family === "ipv4" ? "IPv4" : "IPv6";
  report({ code: "INVALID_ADDRESS", at: spanOfToken(value), message: `"${value.text}" is no ${what} address` });
  return undefined;
}

/** True where an option with a value was meant. */
function reportUnknownOption(option: Token, report: Report): boolean {
  const at = spanOfToken(option);
  if (parseIpAddress(option.text.split("/", 1)[0] ?? "") !== undefined) {
    const message = `"${option.text}" is ignored: every line holds one address`;
    report({ code: "EXTRA_WORDS", at, message, severity: "error", effect: "refuses-reload" });
    return false;
  }
  const meant = closest(option.text, [...OPTIONS_WITH_VALUE, ...FLAGS.keys(), "no_track", "use_vmac"]);
  const help = meant === undefined ? undefined : `Did you mean "${meant}"?`;
  report({ code: "UNKNOWN_OPTION", at, message: `An address has no option "${option.text}"`, help });
  return meant !== undefined && OPTIONS_WITH_VALUE.includes(meant);
}

function looksLikeOption(text: string): boolean {
  return OPTIONS_WITH_VALUE.includes(text) || FLAGS.has(text);
}

/** 255.255.255.0 as 24; undefined where the ones are not all at the beginning. */
function lengthOfDottedMask(text: string): number | undefined {
  const address = parseIpAddress(text);
  if (address === undefined || familyOf(address) !== "ipv4") return undefined;
  const bits = address
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}

/** How many bytes the kernel gets for a text. */
function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return length;
}

// linux/if_addr.h (6.1)
const IFA_F_NODAD = 0x02;
const IFA_F_HOMEADDRESS = 0x10;
const IFA_F_MANAGETEMPADDR = 0x100;
const IFA_F_NOPREFIXROUTE = 0x200;
const IFA_F_MCAUTOJOIN = 0x400;
const FLAGS: ReadonlyMap<string, number> = new Map([
  ["home", IFA_F_HOMEADDRESS],
  ["mngtmpaddr", IFA_F_MANAGETEMPADDR],
  ["noprefixroute", IFA_F_NOPREFIXROUTE],
  ["autojoin", IFA_F_MCAUTOJOIN],
  ["nodad", IFA_F_NODAD],
]);
const OPTIONS_WITH_VALUE: readonly string[] = [
  "dev",
  "brd",
  "broadcast",
  "peer",
  "label",
  "scope",
  "preferred_lft",
  "preferred_lifetime",
  "track_group",
];
// linux/rtnetlink.h, rt_scope_t, under the names of ip-address(8)
const RT_SCOPE_UNIVERSE = 0;
const SCOPES: ReadonlyMap<string, number> = new Map([
  ["global", RT_SCOPE_UNIVERSE],
  ["site", 200],
  ["link", 253],
  ["host", 254],
  ["nowhere", 255],
]);
/** IFNAMSIZ without its NUL. */
const LABEL_LIMIT = 15;
