import { addressLength, familyOf, ip, parseIpAddress } from "../base/address.ts";
import type { AddressFamily, IpAddress, IpPrefix } from "../base/address.ts";
import type { DiagnosticCode, Report } from "./diagnostic.ts";
import type { NameTable, RoutingNames } from "./routing-names.ts";
import { closest } from "./suggest.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";

/**
 * Reads the words of a route or rule one after the other. A word that is wrong is a finding and makes the whole line
 * unusable, as with keepalived; reading goes on, so that the operator sees all of them.
 */
export class RoutingWords {
  readonly names: RoutingNames;
  readonly #words: readonly Token[];
  readonly #report: Report;
  /** What the line is, for people: "route". */
  readonly #what: string;
  #at = 0;
  #usable = true;

  constructor(what: string, words: readonly Token[], names: RoutingNames, report: Report) {
    this.#what = what;
    this.#words = words;
    this.names = names;
    this.#report = report;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** The next word, which is taken; undefined at the end. */
  next(): Token | undefined {
    return this.#words[this.#at++];
  }

  /** Takes the next word if it is this one. */
  skip(text: string): boolean {
    if (this.#words[this.#at]?.text !== text) return false;
    this.#at += 1;
    return true;
  }

  peek(): string | undefined {
    return this.#words[this.#at]?.text;
  }

  /** The word behind an option; its absence is a finding. */
  value(option: Token): Token | undefined {
    const value = this.next();
    if (value !== undefined) return value;
    this.refuse("MISSING_PARAMETER", option, `"${option.text}" needs a value behind it`);
    return undefined;
  }

  /** Decimal, or hexadecimal with 0x. */
  integer(option: Token, minimum: number, maximum: number): number | undefined {
    const value = this.value(option);
    return value === undefined ? undefined : this.integerOf(value, option.text, minimum, maximum);
  }

  integerOf(value: Token, option: string, minimum: number, maximum: number): number | undefined {
    const number = numberIn(value.text);
    if (number === undefined) {
      this.refuse("INVALID_NUMBER", value, `"${value.text}" is not a whole number`);
    } else if (number < minimum || number > maximum) {
      this.refuse("OUT_OF_RANGE", value, `"${option}" takes ${minimum} to ${maximum}, not ${value.text}`);
    } else return number;
    return undefined;
  }

  /** A number, or a name of the host's. */
  named(option: Token, table: NameTable, maximum: number): number | undefined {
    const value = this.value(option);
    if (value === undefined) return undefined;
    const number = this.names.numberOf(table, value.text);
    if (number !== undefined) return number;
    if (numberIn(value.text) !== undefined) return this.integerOf(value, option.text, 0, maximum);
    const message = `"${value.text}" is neither a number nor a name in ${table}`;
    this.refuse("INVALID_CHOICE", value, message, `Names are in /etc/iproute2/${table}`);
    return undefined;
  }

  address(option: Token, family?: AddressFamily): IpAddress | undefined {
    const value = this.value(option);
    if (value === undefined) return undefined;
    const address = parseIpAddress(value.text);
    if (address !== undefined && (family === undefined || familyOf(address) === family)) return address;
    this.refuse(
      "INVALID_ADDRESS",
      value,
      `"${value.text}" is no ${family === undefined ? "IP" : FAMILY[family]} address`,
    );
    return undefined;
  }

  prefix(option: Token, family: AddressFamily | undefined): IpPrefix | undefined {
    const value = this.value(option);
    return value === undefined ? undefined : this.prefixOf(value, family);
  }

  /** ADDRESS[/LENGTH], default, any or all. */
  prefixOf(value: Token, family: AddressFamily | undefined): IpPrefix | undefined {
    if (/^(default|any|all)$/.test(value.text)) {
      return { address: family === "ipv6" ? ip("::") : ip("0.0.0.0"), length: 0 };
    }
    const [digits = "", mask] = value.text.split("/", 2);
    const address = parseIpAddress(digits);
    if (address === undefined || (family !== undefined && familyOf(address) !== family)) {
      this.refuse(
        "INVALID_ADDRESS",
        value,
        `"${value.text}" is no ${family === undefined ? "IP" : FAMILY[family]} prefix`,
      );
      return undefined;
    }
    const longest = addressLength(familyOf(address));
    const length = mask === undefined ? longest : numberIn(mask);
    if (length === undefined || length > longest) {
      this.refuse("OUT_OF_RANGE", value, `"/${mask}" is no mask of ${address}`);
      return undefined;
    }
    return { address, length };
  }

  /** `[FROM/]TO`, numbers or names, as one number with FROM in its upper half. */
  realms(option: Token): number | undefined {
    const value = this.value(option);
    if (value === undefined) return undefined;
    const halves = value.text.split("/").map((text) => this.names.numberOf("rt_realms", text) ?? numberIn(text) ?? -1);
    const [first = -1, second] = halves;
    if (halves.length > 2 || halves.some((half) => half < 0 || half > 0xffff)) {
      this.refuse("INVALID_CHOICE", value, `"${value.text}" is no realm: TO or FROM/TO, names or numbers to 65535`);
      return undefined;
    }
    return second === undefined ? first : first * 0x1_0000 + second;
  }

  /** FIRST-LAST or one number. */
  range(option: Token, maximum: number): { readonly first: number; readonly last: number } | undefined {
    const value = this.value(option);
    if (value === undefined) return undefined;
    const [left = "", right = left] = value.text.split("-", 2);
    const [first, last] = [numberIn(left), numberIn(right)];
    if (first !== undefined && last !== undefined && first <= last && last <= maximum) return { first, last };
    this.refuse("OUT_OF_RANGE", value, `"${option.text}" takes FIRST-LAST up to ${maximum}, not ${value.text}`);
    return undefined;
  }

  /** 64 bits as decimal digits. */
  identifier(option: Token): string | undefined {
    const value = this.value(option);
    if (value === undefined) return undefined;
    if (/^(0x[0-9a-fA-F]{1,16}|\d{1,20})$/.test(value.text) && BigInt(value.text) < 2n ** 64n) {
      return BigInt(value.text).toString();
    }
    this.refuse("INVALID_NUMBER", value, `"${value.text}" is no number of 64 bits`);
    return undefined;
  }

  unknown(option: Token, known: readonly string[]): void {
    const meant = closest(option.text, known);
    // What was meant to have a value has one here too.
    if (/^\d/.test(this.peek() ?? "")) this.#at += 1;
    const help = meant === undefined ? undefined : `Did you mean "${meant}"?`;
    this.refuse("UNKNOWN_OPTION", option, `A ${this.#what} has no option "${option.text}"`, help);
  }

  refuse(code: DiagnosticCode, at: Token, message: string, help?: string): void {
    this.#usable = false;
    const dropped = `${message}; the ${this.#what} is dropped`;
    // A missing value ends keepalived nowhere in these lines.
    const effect = code === "MISSING_PARAMETER" ? ({ effect: "refuses-reload" } as const) : {};
    this.#report({ code, at: spanOfToken(at), message: dropped, help, ...effect });
  }

  warn(code: DiagnosticCode, at: Token, message: string, help?: string): void {
    this.#report({ code, at: spanOfToken(at), message, help });
  }
}

/** Undefined where a text is no whole number, decimal or with 0x. */
export function numberIn(text: string): number | undefined {
  return /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text) ? Number(text) : undefined;
}

export const UINT32_MAX = 0xffff_ffff;

const FAMILY = { ipv4: "IPv4", ipv6: "IPv6" } as const;
