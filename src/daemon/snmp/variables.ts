import { addressBytes, familyOf, type IpAddress } from "../../base/address.ts";
import type { Oid, SnmpValue } from "../../base/snmp.ts";
import type { Cells, Table, TableRow } from "../../core/snmp/tree.ts";
import { textBytes } from "../../wire/text.ts";

/** A table with the columns 1 to `last`. */
export function tableOf(entry: Oid, last: number, rows: readonly TableRow[]): Table {
  return { entry, first: 1, last, rows };
}

/** A row whose cells are made once, when they are asked for. */
export function rowOf(index: Oid, describe: () => Cells): TableRow {
  let made: Cells | undefined;
  return { index, cells: () => (made ??= describe()) };
}

/** The rows of a list, numbered from 1 below the index of what the list belongs to. */
export function numbered<Item>(
  items: readonly Item[],
  describe: (item: Item, number: number) => Cells,
  above: Oid = [],
): readonly TableRow[] {
  return items.map((item, index) => rowOf([...above, index + 1], () => describe(item, index + 1)));
}

/** Single variables below an identifier, by their numbers there. */
export function scalarsOf(above: Oid, cells: Cells): readonly Table[] {
  return Object.keys(cells).map((key) => {
    const number = Number(key);
    return { entry: above, first: number, last: number, rows: [{ index: [0], cells: () => cells }] };
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
