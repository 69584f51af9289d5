#!/usr/bin/env node
// Puts what the compiler wrote together into one file per process and one per command, in dist/src/program. Node then loads a
// few files instead of two hundred: the daemon is up a tenth earlier, and a vrrp process that crashed is back earlier too
// (docs/adr/0015-one-file-per-process.md). Nothing is shortened or renamed: a stack trace names our functions.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const COMPILED = join(ROOT, "dist/src");
// Beside the folders it is made from, so that what is left out is found by the same relative path.
const TARGET = join(COMPILED, "program");

rmSync(TARGET, { recursive: true, force: true });
for (const program of ["holdfast", "vrrp-process", "bfd-process", "mail-process", "snmp-process"]) {
  await build({
    cwd: ROOT,
    platform: "node",
    logLevel: "warn",
    input: join(COMPILED, "main", `${program}.js`),
    // The demonstration starts programs that lie beside it; it stays where it is.
    external: ["koffi", "commander", "nodemailer", "../demo/run-demo.js"],
    output: { dir: TARGET, format: "esm", entryFileNames: "[name].js", chunkFileNames: `${program}-[name].js` },
  });
}
