#!/usr/bin/env node
// Makes this working copy ready: Debian packages for the demo and the tests, node_modules, the build. Safe to run again
// and again; when nothing is to do it does nothing and says so. `--quiet` speaks only where there is something to do.
//
// Plain JavaScript without a dependency: it runs before there is anything to depend on.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { installPackages, missingTools, restoreAfterCrash } from "./debian.mjs";
import { hasMachineKernel, provideMachineKernel } from "./machine.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const quiet = process.argv.includes("--quiet");

process.exitCode = await main();

async function main() {
  const tooOld = complaintAboutNode();
  if (tooOld !== undefined) return complain(tooOld);

  await provideTools();
  provideKernel();
  if (!provideModules()) return 1;
  if (!build()) return complain("The build failed; see the messages above.");
  if (!quiet) console.log("Ready: npm run demo, npm test, npm run ok.");
  return 0;
}

function complaintAboutNode() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const wanted = /(\d+)\.(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  const actual = process.versions.node.split(".").map(Number);
  const at = wanted.findIndex((part, index) => part !== actual[index]);
  if (at === -1 || actual[at] > wanted[at]) return undefined;
  return (
    `Holdfast needs Node ${wanted.join(".")} or newer; this is ${process.versions.node} (${process.execPath}).\n` +
    "Debian 13 has a newer one (apt-get install nodejs npm); for others see https://nodejs.org/en/download."
  );
}

// Lacking tools do not stop us: the build and most tests need none of them.
async function provideTools() {
  const privileged = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (privileged) restoreAfterCrash(say);
  const missing = missingTools();
  if (missing.length === 0) return speak("Tools: all there.");
  if (privileged) {
    const packages = [...new Set(missing.map((tool) => tool.package))];
    say(`Installing from Debian: ${packages.join(", ")} (no service is started or enabled)`);
    await installPackages(packages, say);
  }
  const lacking = missingTools();
  if (lacking.length === 0) return;
  say("Not on this machine:");
  for (const tool of lacking) say(`  ${tool.command.padEnd(10)} ${tool.purpose} (Debian: ${tool.package})`);
  say(
    privileged
      ? "The rest goes on; what needs them will say so."
      : "Run this as root on Debian, or install them yourself. The rest goes on; what needs them will say so.",
  );
}

// As above: who cannot have it does without those tests.
function provideKernel() {
  if (hasMachineKernel()) return speak("The kernel of the virtual machine: it is there, or cannot be here.");
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  say("Fetching Debian's kernel for tests in a virtual machine (nothing is installed)");
  provideMachineKernel(say);
}

function provideModules() {
  const difference = differenceOfModules();
  if (difference === undefined) {
    speak("node_modules: as the lock file says.");
    return true;
  }
  say(`npm ci: ${difference}`);
  const result = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (result.status === 0) return true;
  complain(
    result.error === undefined
      ? "npm ci failed. It needs the package registry once; behind a proxy set HTTPS_PROXY."
      : `npm cannot be run: ${result.error.message}`,
  );
  return false;
}

// npm keeps a record of what it installed. Comparing it costs milliseconds where `npm ls` costs a second.
function differenceOfModules() {
  const record = join(ROOT, "node_modules/.package-lock.json");
  if (!existsSync(record)) return "node_modules is not there yet";
  const wanted = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  const actual = readRecord(record);
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = actual[path];
    if (found === undefined) {
      if (entry.optional === true) continue; // For another platform.
      return `${path} is missing`;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return `${path} is another version`;
    if (!existsSync(join(ROOT, path, "package.json"))) return `${path} was deleted`;
  }
  const surplus = Object.keys(actual).find((path) => !(path in wanted));
  return surplus === undefined ? undefined : `${surplus} is not in the lock file`;
}

function readRecord(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
  } catch {
    return {}; // Half written by an interrupted npm: everything counts as missing.
  }
}

// The compiler knows best what is stale; when nothing is, it says so in a quarter of a second.
function build() {
  speak("Build: tsc --build, and one file per process");
  const steps = [[join(ROOT, "node_modules/typescript/bin/tsc"), "--build"], [join(ROOT, "tools/bundle.mjs")]];
  return steps.every((step) => spawnSync(process.execPath, step, { cwd: ROOT, stdio: "inherit" }).status === 0);
}

function say(text) {
  console.log(text);
}

function speak(text) {
  if (!quiet) console.log(text);
}

function complain(text) {
  console.error(text);
  return 1;
}
