// What `ok` and `test` run: the checks without a test runner, and vitest with its counts. Plain JavaScript, since Node 20
// runs no TypeScript by itself.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STRICT = process.env.HOLDFAST_REQUIRE_ALL === "1";

/** Builds and type-checks; the rest may use what was built. */
export function checkTypes() {
  return check(
    "types",
    tool("typescript/bin/tsc", "--build"),
    [join(ROOT, "tools/bundle.mjs")],
    tool("typescript/bin/tsc", "-p", "tsconfig.test.json"),
  );
}

/** Format, lint with the table of imports, dead code; side by side. */
export function checkText() {
  return [
    check("format", tool("oxfmt/bin/oxfmt", "--check")),
    check("lint", tool("oxlint/bin/oxlint", "--type-aware", "--deny-warnings", "--report-unused-disable-directives")),
    check("dead code", tool("knip/bin/knip.js", "--no-progress", "--no-config-hints")),
  ];
}

/**
 * Runs the tests of one project of vitest.config.ts.
 *
 * A file that cannot be loaded, an error outside of all tests, a crash of the runner and a run without tests count as one
 * failure each; with HOLDFAST_REQUIRE_ALL=1 a test that was skipped does too.
 *
 * @param isShown Whether the output is shown while it comes, or only given back.
 */
export async function runTests(project, { isShown }) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-report-"));
  const file = join(folder, "report.json");
  const started = Date.now();
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const ran = await run(tool("vitest/vitest.mjs", "run", "--project", project, ...reporters), isShown);
    const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
    const tally = tallyOf(report, ran.status);
    return { name: `tests (${project})`, ...tally, output: ran.output, isShown, seconds: secondsSince(started) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Counts a report of vitest's JSON reporter, undefined if there is none, together with the runner's exit status. */
export function tallyOf(report, status, strict = STRICT) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: [], remarks: ["vitest gave no report"] };
  const remarks = [];
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const passed = tests.filter((test) => test.status === "passed").length;
  const skipped = tests.filter((test) => !["passed", "failed"].includes(test.status)).map((test) => test.fullName);
  let failed = tests.filter((test) => test.status === "failed").length;
  for (const file of report.testResults) {
    if (file.status === "passed" || file.assertionResults.some((test) => test.status === "failed")) continue;
    remarks.push(`${file.name.replace(`${ROOT}/`, "")} failed as a whole`);
    failed += 1;
  }
  if (strict && skipped.length > 0) {
    remarks.push(`${skipped.length} skipped, which HOLDFAST_REQUIRE_ALL=1 forbids`);
    failed += skipped.length;
  }
  if (tests.length === 0 && failed === 0) {
    remarks.push("no test was found");
    failed += 1;
  }
  if (status !== 0 && failed === 0) {
    remarks.push(`vitest ended with status ${status} although no test failed`);
    failed += 1;
  }
  return { passed, failed, skipped, remarks };
}

/** Prints one line per step and the whole output of those that failed. Gives the sums. */
export function report(results) {
  for (const result of results) {
    if (result.failed > 0 && !result.isShown) console.log(`\n── ${result.name} ──\n${result.output.trimEnd()}\n`);
  }
  for (const { name, passed, failed, skipped = [], remarks = [], seconds } of results) {
    const verdict = failed === 0 ? "ok    " : "FAILED";
    const counts = passed + failed > 1 ? `  ${passed} passed, ${failed} failed` : "";
    console.log(`${verdict}  ${name.padEnd(16)} ${seconds.toFixed(1).padStart(5)} s${counts}`);
    for (const remark of remarks) console.log(`        ${remark}`);
    for (const test of skipped) console.log(`        skipped: ${test}`);
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum("passed"), failed: sum("failed") };
}

async function check(name, ...commands) {
  const started = Date.now();
  let output = "";
  for (const command of commands) {
    const ran = await run(command, false);
    output += ran.output;
    if (ran.status !== 0) return { name, passed: 0, failed: 1, output, seconds: secondsSince(started) };
  }
  return { name, passed: 1, failed: 0, output, seconds: secondsSince(started) };
}

function tool(path, ...rest) {
  return [join(ROOT, "node_modules", path), ...rest];
}

function run([program, ...rest], isShown) {
  return new Promise((resolve) => {
    const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: "1" };
    const child = spawn(process.execPath, [program, ...rest], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const [stream, shown] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (isShown) shown.write(text);
      });
    }
    child.on("error", (error) => resolve({ status: 127, output: `${output}${error.message}` }));
    child.on("close", (status, signal) => {
      if (signal !== null) output += `\nkilled by ${signal}`;
      resolve({ status: status ?? 1, output });
    });
  });
}

function secondsSince(started) {
  return (Date.now() - started) / 1000;
}
