import { compareOids, formatOid, type Oid, type SearchRange, type SnmpValue, type VarBind } from "../../base/snmp.ts";

/** A variable: an instance of an object, the cell of a table or a scalar. */
export interface Variable extends VarBind {
  /** How many parts of its identifier name the object; the rest names the row. */
  readonly objectLength: number;
}

/** All variables at one moment, in the order of their identifiers, each once. */
export interface VariableTree {
  readonly variables: readonly Variable[];
  /** The objects that there is a variable of. */
  readonly objects: ReadonlySet<string>;
}

/** Of two variables with one identifier the first counts. */
export function growTree(variables: readonly Variable[]): VariableTree {
  const sorted = variables.toSorted((left, right) => compareOids(left.oid, right.oid));
  return {
    variables: sorted.filter(({ oid }, index) => {
      const before = sorted[index - 1];
      return before === undefined || compareOids(before.oid, oid) !== 0;
    }),
    objects: new Set(variables.map(({ oid, objectLength }) => formatOid(oid.slice(0, objectLength)))),
  };
}

/** The answer to Get for one name (RFC 2741 section 7.2.3.1). */
export function getVariable(tree: VariableTree, name: Oid): VarBind {
  const found = tree.variables[firstFrom(tree, name, true)];
  if (found !== undefined && compareOids(found.oid, name) === 0) return bindingOf(found);
  return { oid: name, value: missing(tree, name) };
}

/** The answer to GetNext for one range (RFC 2741 section 7.2.3.2). */
export function nextVariable(tree: VariableTree, { start, included, end }: SearchRange): VarBind {
  const found = tree.variables[firstFrom(tree, start, included)];
  if (found !== undefined && (end.length === 0 || compareOids(found.oid, end) < 0)) return bindingOf(found);
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

/** There is such an object and no such row, or not even the object. */
function missing({ objects }: VariableTree, name: Oid): SnmpValue {
  const isKnown = name.some((_, index) => objects.has(formatOid(name.slice(0, index + 1))));
  return { kind: isKnown ? "no-such-instance" : "no-such-object" };
}

/** Where the first variable behind `oid` stands, or at it; the length of the tree where there is none. */
function firstFrom({ variables }: VariableTree, oid: Oid, included: boolean): number {
  let low = 0;
  let high = variables.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareOids(variables[middle]?.oid ?? [], oid);
    if (order < 0 || (order === 0 && !included)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bindingOf({ oid, value }: Variable): VarBind {
  return { oid, value };
}
