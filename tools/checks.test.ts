import { expect, test } from "vitest";
import { tallyOf } from "./checks.mjs";

// The shape of vitest's JSON reporter, as 4.1 writes it.
const file = (status: string, ...tests: readonly string[]): unknown => ({
  name: "a.test.ts",
  status,
  assertionResults: tests.map((each, index) => ({ status: each, fullName: `test ${index}` })),
});
const report = (...files: readonly unknown[]): unknown => ({ testResults: files });

const rows = [
  { name: "all passed", given: report(file("passed", "passed", "passed")), status: 0, passed: 2, failed: 0 },
  { name: "one failed", given: report(file("failed", "passed", "failed")), status: 1, passed: 1, failed: 1 },
  {
    name: "a file that cannot be loaded",
    given: report(file("failed"), file("passed", "passed")),
    status: 1,
    passed: 1,
    failed: 1,
  },
  {
    name: "a hook that failed after its tests passed",
    given: report(file("failed", "passed")),
    status: 1,
    passed: 1,
    failed: 1,
  },
  { name: "no report: the runner crashed", given: undefined, status: 139, passed: 0, failed: 1 },
  { name: "no test at all", given: report(), status: 0, passed: 0, failed: 1 },
  { name: "an error outside of all tests", given: report(file("passed", "passed")), status: 1, passed: 1, failed: 1 },
  { name: "a skipped test", given: report(file("passed", "passed", "skipped")), status: 0, passed: 1, failed: 0 },
];

test.each(rows)("$name: $passed passed, $failed failed", ({ given, status, passed, failed }) => {
  expect(tallyOf(given, status, false)).toMatchObject({ passed, failed });
});

test("a skipped or pending test where everything is required: failed, and named", () => {
  const given = report(file("passed", "passed", "skipped", "pending", "todo"));
  const tally = tallyOf(given, 0, true);
  expect(tally).toMatchObject({ passed: 1, failed: 3, skipped: ["test 1", "test 2", "test 3"] });
});
