import { addressBytes, familyOf, type IpAddress } from "../../base/address.ts";
import type { Oid, SnmpValue } from "../../base/snmp.ts";
import type { Variable } from "../../core/snmp/tree.ts";
import { textBytes } from "../../wire/text.ts";

/** The cells of a row, by the numbers of their columns. Undefined: the row has none in that column. */
export type Row = Readonly<Record<number, SnmpValue | undefined>>;

/** The variables of a table: each column by the number in its entry, each row by its index. */
export function tableOf(
  entry: Oid,
  rows: readonly { readonly index: readonly number[]; readonly row: Row }[],
): readonly Variable[] {
  return rows.flatMap(({ index, row }) =>
    Object.entries(row).flatMap(([column, value]): readonly Variable[] => {
      const object = [...entry, Number(column)];
      return value === undefined ? [] : [{ oid: [...object, ...index], value, objectLength: object.length }];
    }),
  );
}

/** The rows of a list, numbered from 1. */
export function numbered<Item>(
  items: readonly Item[],
  describe: (item: Item, number: number) => Row,
  above: readonly number[] = [],
): readonly { readonly index: readonly number[]; readonly row: Row }[] {
  return items.map((item, index) => ({ index: [...above, index + 1], row: describe(item, index + 1) }));
}

/** Single variables below an identifier, by their numbers there. */
export function scalarsOf(above: Oid, row: Row): readonly Variable[] {
  return Object.entries(row).flatMap(([number, value]): readonly Variable[] => {
    const object = [...above, Number(number)];
    return value === undefined ? [] : [{ oid: [...object, 0], value, objectLength: object.length }];
  });
}

export function integer(value: number): SnmpValue {
  return { kind: "integer", value: Math.trunc(value) };
}

/** Unsigned32. */
export function gauge(value: number): SnmpValue {
  return { kind: "gauge32", value: Math.trunc(value) };
}

/** A counter of 32 bits, which begins anew. */
export function counter(value: number): SnmpValue {
  return { kind: "counter32", value: value % 0x1_0000_0000 };
}

export function bigCounter(value: number): SnmpValue {
  return { kind: "counter64", value: BigInt(value) };
}

/** Hundredths of a second, which begin anew after 497 days. */
export function ticks(hundredths: number): SnmpValue {
  return { kind: "time-ticks", value: Math.trunc(Math.max(0, hundredths)) % 0x1_0000_0000 };
}

/** DisplayString, of 255 bytes at most in the standard; keepalived writes more, and so do we, up to what one answer holds. */
export function text(value: string): SnmpValue {
  return { kind: "octets", value: textBytes(value).slice(0, LONGEST_TEXT) };
}

export function octets(value: Uint8Array): SnmpValue {
  return { kind: "octets", value };
}

/** TruthValue, and what MIBs call `enabled(1), disabled(2)`, `set(1), unset(2)` and so on. */
export function truth(value: boolean): SnmpValue {
  return integer(value ? 1 : 2);
}

/** InetAddressType. */
export function addressType(address: IpAddress): SnmpValue {
  return integer(familyOf(address) === "ipv4" ? 1 : 2);
}

/** InetAddress. */
export function address(value: IpAddress): SnmpValue {
  return octets(addressBytes(value));
}

/** IpAddress, which is of IPv4. */
export function oldAddress(value: IpAddress): SnmpValue {
  return { kind: "ip-address", value };
}

const LONGEST_TEXT = 2_048;
