import { dirname } from "node:path";
import { expect, test } from "vitest";
import { findUnproven } from "./evidence.ts";
import { readProject } from "./tidy.ts";

const FILES = [
  { path: "src/wire/vrrp.test.ts", text: 'test("cut off: refused", f);\n// test("old")\n' },
  { path: "test/property/vrrp.test.ts", text: 'test.each(rows)("skew %i us", f);\ntest(`with "quotes"`, f);' },
  { path: "test/scenarios/crash.txt", text: "run 1s" },
  { path: "test/vectors/config/includes.conf.txt", text: "" },
];

function faults(row: string, columns = "| id | status | why | test |"): string[] {
  const text = ["# T", "", columns, columns.replaceAll(/[a-z]+/g, "---"), row].join("\n");
  return findUnproven([...FILES, { path: "docs/rfc/a.md", text }]).map(({ line, message }) => `${line} ${message}`);
}

test.each([
  ['wire/vrrp "cut off"'],
  ['property/vrrp "skew %i us"'],
  ["scenarios/crash"],
  ["config/includes; not: scenarios/crash"],
  ['not: wire/vrrp "refused", scenarios/crash; config/includes'],
  ["none: the kernel's matter"],
  ["scenarios/crash; none: for IPv6"],
])("%s: proven, or admitted", (cell) => {
  expect(faults(`| A-1 | kept | | ${cell} |`)).toEqual([]);
});

test.each([
  ["", "names no test. Name one, or say why there is none: `none: …`."],
  ["none: ", '"none:" cannot be read.'],
  ["no test yet", '"no test yet" cannot be read.'],
  ['wire/vrrp "cut off" and more', '"wire/vrrp "cut off" and more" cannot be read.'],
  ['wire/arp "cut off"', "there is no test wire/arp."],
  ['ire/vrrp "cut off"', "there is no test ire/vrrp."],
  ['wire/vrrp "cut off: accepted"', 'wire/vrrp has no test "cut off: accepted".'],
  ['wire/vrrp "old"', 'wire/vrrp has no test "old".'],
  ["wire/vrrp", "wire/vrrp has many tests. Name one."],
  ['scenarios/crash "run"', "scenarios/crash is one test: it has no titles."],
  ['vrrp "skew"', "vrrp may be src/wire/vrrp.test.ts or test/property/vrrp.test.ts."],
])("%j: refused", (cell, fault) => {
  expect(faults(`| A-1 | kept | | ${cell} |`)).toEqual([`5 A-1: ${fault}`]);
});

test("a row without a test: only a gap, or nothing of ours, with a reason", () => {
  expect(faults("| A-1 | gap | radvd does it | |")).toEqual([]);
  expect(faults("| A-1 | n/a | the kernel's | |")).toEqual([]);
  expect(faults("| A-1 | gap | | |")).toHaveLength(1);
  expect(faults("| A-1 | differs | as keepalived | |")).toHaveLength(1);
});

test("a status that is none, a table without tests: refused; a table of something else: left alone", () => {
  expect(faults("| A-1 | done | | scenarios/crash |")).toEqual(['5 A-1: "done" is no status.']);
  expect(faults("| A-1 | kept |", "| id | status |")).toEqual(["5 A-1: its table has no column `test`."]);
  expect(faults("| kept | done |", "| status | means |")).toEqual([]);
});

test("this repository: every row of docs/rfc names tests that there are, or admits a gap", () => {
  const complaints = findUnproven(readProject(dirname(import.meta.dirname)));
  expect(complaints.map(({ path, line, message }) => `${path}:${line} ${message}`)).toEqual([]);
});
