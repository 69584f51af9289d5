#!/usr/bin/env node
// Everything: what `ok` checks, and then the tests that make network namespaces and run real daemons. Each check counts as
// one test. The last line is `N passed, N failed`.
import process from "node:process";
import { checkText, checkTypes, report, runTests } from "./checks.mjs";

// Many more than `ok` takes: test/simulation/seeds.ts.
process.env.HOLDFAST_SEEDS ??= "2000";

const types = await checkTypes();
const rest = await Promise.all([...checkText(), runTests("unit", { isShown: false })]);
const machine = await runTests("machine", { isShown: true });
const { passed, failed } = report([types, ...rest, machine]);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
