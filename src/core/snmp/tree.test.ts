import { describe, expect, test } from "vitest";
import type { Oid } from "../../base/snmp.ts";
import { bulkVariables, getVariable, growTree, nextVariable, type Table } from "./tree.ts";

const END = { kind: "end-of-mib-view" };

describe("getVariable (RFC 2741 section 7.2.3.1)", () => {
  test.each([
    ["a cell", [1, 1, 2, 9, 1], { kind: "integer", value: 91 }],
    ["a scalar", [1, 5, 0], { kind: "integer", value: 50 }],
    ["a row that there is none of", [1, 1, 2, 9, 9], { kind: "no-such-instance" }],
    ["a part of a row", [1, 1, 2, 9], { kind: "no-such-instance" }],
    ["another instance of a scalar", [1, 5, 1], { kind: "no-such-instance" }],
    ["a column without a cell", [1, 1, 4, 9, 1], { kind: "no-such-object" }],
    ["a column that there is none of", [1, 1, 5, 9, 1], { kind: "no-such-object" }],
    ["what lies above", [1, 1], { kind: "no-such-object" }],
  ])("%s", (_, oid: Oid, value) => {
    expect(getVariable(TREE, oid)).toEqual({ oid, value });
  });
});

describe("nextVariable (RFC 2741 section 7.2.3.2)", () => {
  test.each([
    ["from the very beginning", [], false, [], [1, 1, 2, 9, 1]],
    ["by the column, not by the row", [1, 1, 2, 10, 1], false, [], [1, 1, 3, 9, 1]],
    ["rows by their number, not by its digits", [1, 1, 2, 9, 1], false, [], [1, 1, 2, 10, 1]],
    ["the start itself, where it is included", [1, 1, 3, 9, 1], true, [], [1, 1, 3, 9, 1]],
    ["behind the start, where it is not", [1, 1, 3, 9, 1], false, [], [1, 1, 3, 10, 1]],
    ["an end behind the answer", [1, 1, 2, 9, 1], false, [1, 1, 2, 11], [1, 1, 2, 10, 1]],
  ])("%s", (_, start: Oid, included, end: Oid, found: Oid) => {
    expect(nextVariable(TREE, { start, included, end }).oid).toEqual(found);
  });

  test.each([
    ["behind the last one", [1, 5, 0], []],
    ["the end is the answer itself", [1, 1, 2, 9, 1], [1, 1, 2, 10, 1]],
    ["the end lies before the answer", [1, 1, 2, 10, 1], [1, 1, 3]],
  ])("%s: the end, under the name that was asked for", (_, start: Oid, end: Oid) => {
    expect(nextVariable(TREE, { start, included: false, end })).toEqual({ oid: start, value: END });
  });
});

describe("bulkVariables (RFC 2741 section 7.2.3.3)", () => {
  test("non-repeaters once, the others again and again, a round at a time", () => {
    const request = { nonRepeaters: 1, maxRepetitions: 2, ranges: [from([1, 5]), from([1, 1, 2]), from([1, 1, 3])] };
    expect(bulkVariables(TREE, request, 100).map(({ oid }) => oid.join("."))).toEqual([
      "1.5.0",
      "1.1.2.9.1",
      "1.1.3.9.1",
      "1.1.2.10.1",
      "1.1.3.10.1",
    ]);
  });

  test("all at their end: no round behind that", () => {
    const answer = bulkVariables(TREE, { nonRepeaters: 0, maxRepetitions: 50, ranges: [from([1, 4])] }, 100);
    expect(answer.map(({ value }) => value.kind)).toEqual(["integer", "end-of-mib-view"]);
  });

  test("more than may be answered at a time: the rest is left out", () => {
    const ranges = [from([1]), from([1, 1, 3])];
    expect(bulkVariables(TREE, { nonRepeaters: 0, maxRepetitions: 65_535, ranges }, 3)).toHaveLength(3);
    expect(bulkVariables(TREE, { nonRepeaters: 2, maxRepetitions: 5, ranges }, 1)).toHaveLength(2);
  });
});

describe("growTree", () => {
  test("two rows with one index: the first counts", () => {
    const twice = growTree([table([1, 2], 1, 1, { "1": [1] }, { "1": [2] })]);
    expect(getVariable(twice, [1, 2, 1, 1]).value).toEqual({ kind: "integer", value: 1 });
    expect(nextVariable(twice, from([1, 2, 1, 1])).value).toEqual(END);
  });

  test("a cell is made when it is asked for, and no other row's", () => {
    const made: number[] = [];
    const rows = [1, 2, 3].map((index) => ({
      index: [index],
      cells: () => {
        made.push(index);
        return { 1: { kind: "null" } as const };
      },
    }));
    const tree = growTree([{ entry: [1, 2], first: 1, last: 1, rows }]);
    nextVariable(tree, from([1, 2, 1, 1]));
    expect(made).toEqual([2]);
  });
});

/** Rows by their indexes; the values from the first column on, undefined: there is no such cell. */
function table(
  entry: Oid,
  first: number,
  last: number,
  ...rows: readonly Readonly<Record<string, readonly (number | undefined)[]>>[]
): Table {
  return {
    entry,
    first,
    last,
    rows: rows
      .flatMap((each) => Object.entries(each))
      .map(([index, values]) => ({
        index: index.split(".").map(Number),
        cells: () =>
          Object.fromEntries(
            values.flatMap((value, at) => (value === undefined ? [] : [[first + at, { kind: "integer", value }]])),
          ),
      })),
  };
}

function from(start: Oid): { readonly start: Oid; readonly included: boolean; readonly end: Oid } {
  return { start, included: false, end: [] };
}

const TREE = growTree([
  table([1], 5, 5, { "0": [50] }),
  table([1, 1], 2, 4, { "10.1": [102, 103], "9.1": [91, 93] }),
  table([1, 7], 1, 2, {}),
]);
