#!/usr/bin/env node
// Everything that must hold before a change is shown to others, as far as it needs no privilege: types, format, lint with
// the table of imports, dead code, tidiness (a test), and the tests.
import process from "node:process";
import { checkText, checkTypes, report, runTests } from "./checks.mjs";

const types = await checkTypes();
const rest = await Promise.all([...checkText(), runTests("unit", { isShown: false })]);
const { failed } = report([types, ...rest]);
process.exitCode = failed === 0 ? 0 : 1;
