import { compareOids, isWithin, type Oid, type SearchRange, type SnmpValue, type VarBind } from "../../base/snmp.ts";

/** The cells of a row, by the numbers of their columns. Undefined: the row has none in that column. */
export type Cells = Readonly<Record<number, SnmpValue | undefined>>;

export interface TableRow {
  /** What stands behind the column in an identifier. */
  readonly index: Oid;
  /** Made when somebody asks for one of them: a walk wants all, and most questions one. */
  readonly cells: () => Cells;
}

/** A table, or a scalar, which is a table of one column with the row 0. */
export interface Table {
  /** What stands before the column in an identifier. */
  readonly entry: Oid;
  /** The columns that there may be. */
  readonly first: number;
  readonly last: number;
  /** In the order of their indexes, each once. */
  readonly rows: readonly TableRow[];
}

/** All variables at one moment, in the order of their identifiers: no table lies between two columns of another. */
export interface VariableTree {
  readonly tables: readonly Table[];
}

/** Puts tables and their rows into order. Of two rows with one index the first counts. */
export function growTree(tables: readonly Table[]): VariableTree {
  return {
    tables: tables
      .map((table) => ({ ...table, rows: ordered(table.rows) }))
      .toSorted((left, right) => compareOids([...left.entry, left.first], [...right.entry, right.first])),
  };
}

/** The answer to Get for one name (RFC 2741 section 7.2.3.1). */
export function getVariable({ tables }: VariableTree, name: Oid): VarBind {
  const table = tables.find(
    (candidate) => isWithin(candidate.entry, name) && hasColumn(candidate, columnOf(candidate, name)),
  );
  if (table === undefined) return { oid: name, value: { kind: "no-such-object" } };
  const column = columnOf(table, name) ?? 0;
  const index = name.slice(table.entry.length + 1);
  const row = table.rows[firstFrom(table.rows, index, true)];
  const value = row !== undefined && compareOids(row.index, index) === 0 ? row.cells()[column] : undefined;
  if (value !== undefined) return { oid: name, value };
  const isKnown = table.rows.some(({ cells }) => cells()[column] !== undefined);
  return { oid: name, value: { kind: isKnown ? "no-such-instance" : "no-such-object" } };
}

/** The answer to GetNext for one range (RFC 2741 section 7.2.3.2). */
export function nextVariable({ tables }: VariableTree, { start, included, end }: SearchRange): VarBind {
  for (const table of tables) {
    if (compareOids([...table.entry, table.last + 1], start) <= 0) continue;
    const found = nextIn(table, start, included);
    if (found === undefined) continue;
    if (end.length > 0 && compareOids(found.oid, end) >= 0) break;
    return found;
  }
  return { oid: start, value: { kind: "end-of-mib-view" } };
}

export interface BulkRequest {
  readonly nonRepeaters: number;
  readonly maxRepetitions: number;
  readonly ranges: readonly SearchRange[];
}

/**
 * The answer to GetBulk (RFC 2741 section 7.2.3.3), cut off after `most` variables; whoever asks goes on from there. It ends
 * early where every repeated range is at its end.
 */
export function bulkVariables(tree: VariableTree, request: BulkRequest, most: number): readonly VarBind[] {
  const { nonRepeaters, maxRepetitions, ranges } = request;
  const answer = ranges.slice(0, nonRepeaters).map((range) => nextVariable(tree, range));
  let repeated = ranges.slice(nonRepeaters);
  for (let round = 0; round < maxRepetitions && repeated.length > 0; round += 1) {
    const found = repeated.map((range) => nextVariable(tree, range));
    answer.push(...found);
    if (answer.length >= most || found.every(({ value }) => value.kind === "end-of-mib-view")) break;
    repeated = found.map(({ oid }, index) => ({ start: oid, included: false, end: repeated[index]?.end ?? [] }));
  }
  return answer.slice(0, Math.max(most, Math.min(nonRepeaters, ranges.length)));
}

/** The first variable of a table behind `start`, or at it. */
function nextIn(table: Table, start: Oid, included: boolean): VarBind | undefined {
  const { entry, first, last, rows } = table;
  const column = isWithin(entry, start) ? columnOf(table, start) : undefined;
  // A start that lies before the table, or ends with its entry, is before all of it.
  const from = column === undefined ? first : Math.max(first, column);
  for (let at = from; at <= last; at += 1) {
    const index = at === column ? start.slice(entry.length + 1) : [];
    for (let row = firstFrom(rows, index, at !== column || included); row < rows.length; row += 1) {
      const candidate = rows[row];
      const value = candidate?.cells()[at];
      if (candidate !== undefined && value !== undefined) return { oid: [...entry, at, ...candidate.index], value };
    }
  }
  return undefined;
}

/** The number behind the entry in an identifier that lies below it; undefined: there is none. */
function columnOf({ entry }: Table, oid: Oid): number | undefined {
  return oid[entry.length];
}

function hasColumn({ first, last }: Table, column: number | undefined): boolean {
  return column !== undefined && column >= first && column <= last;
}

/** Where the first row behind `index` stands, or at it; the number of rows where there is none. */
function firstFrom(rows: readonly TableRow[], index: Oid, included: boolean): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareOids(rows[middle]?.index ?? [], index);
    if (order < 0 || (order === 0 && !included)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function ordered(rows: readonly TableRow[]): readonly TableRow[] {
  const sorted = rows.toSorted((left, right) => compareOids(left.index, right.index));
  return sorted.filter(({ index }, at) => {
    const before = sorted[at - 1];
    return before === undefined || compareOids(before.index, index) !== 0;
  });
}
