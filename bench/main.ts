/*
 * Measures Holdfast and the installed keepalived side by side: the same configuration, the same works, in turns. Prints a
 * table, or with --json a document. Wants root, since it makes network namespaces. Whether targets are met does not
 * change the exit status.
 */
import { accessSync, constants } from "node:fs";
import { arch, cpus, loadavg, release } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { run } from "../src/lab/program.ts";
import type { Row } from "./figures.ts";
import { runWork } from "./run-work.ts";
import { renderFailures, renderTable } from "./table.ts";
import type { Work } from "./work.ts";
import { WORKS } from "./works.ts";

interface Options {
  readonly runs: number;
  readonly quick: boolean;
  readonly works: readonly Work[];
  readonly json: boolean;
  readonly help: boolean;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (typeof options === "string") return refuse(options, 64);
  if (options.help) return void process.stdout.write(`${usage()}\n`);
  const missing = missingPrerequisites();
  if (missing !== undefined) return refuse(missing, 1);

  const startedAt = new Date();
  const loadBefore = loadavg()[0] ?? 0;
  const rows: Row[] = [];
  for (const work of options.works) {
    const tell = (progress: string): void => void process.stderr.write(`${work.name}: ${progress}\n`);
    const own = await runWork(work, options.runs, { quick: options.quick }, tell);
    rows.push(...own);
    // Who interrupts the rest keeps what has been measured.
    if (options.works.length > 1) process.stderr.write(`${renderTable(own)}\n`);
  }
  const machine = {
    date: startedAt.toISOString().slice(0, 10),
    cpus: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? arch(),
    kernel: release(),
    node: process.version,
    keepalived: await keepalivedVersion(),
    loadBefore,
  };
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ version: 1, machine, runs: options.runs, rows }, undefined, 2)}\n`);
    return;
  }
  const { date, cpus: cores, cpu, kernel, node, keepalived } = machine;
  process.stdout.write(
    [
      `${date}: ${cores} x ${cpu}, Linux ${kernel}, Node ${node}, keepalived ${keepalived}, load before ${loadBefore.toFixed(1)}`,
      `The worst of ${options.runs} runs, of long works fewer (the median); the ratio is Holdfast's worst to keepalived's worst. Less is better.`,
      "",
      renderTable(rows),
      ...renderFailures(rows),
      "",
    ].join("\n"),
  );
}

function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: "string" },
        quick: { type: "boolean", default: false },
        only: { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const names = WORKS.map(({ name }) => name);
    const unknown = values.only.filter((name) => !names.includes(name));
    if (unknown.length > 0) return `There is no work ${unknown.join(", ")}. There are: ${names.join(", ")}`;
    const { quick, runs: wanted = quick ? QUICK_RUNS : RUNS } = values;
    const runs = Number(wanted);
    if (!Number.isInteger(runs) || runs < 1) return `--runs takes a whole number from 1 on, not "${wanted}"`;
    const works = WORKS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
    return { runs, quick, works, json: values.json, help: values.help };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function usage(): string {
  return `npm run bench -- [--runs N] [--quick] [--only NAME]... [--json]\nNames: ${WORKS.map(({ name }) => name).join(", ")}`;
}

function missingPrerequisites(): string | undefined {
  if (process.geteuid?.() !== 0) return "The bench makes network namespaces and wants root: sudo npm run bench";
  const missing = TOOLS.filter((tool) => !isInstalled(tool));
  return missing.length === 0
    ? undefined
    : `Not installed: ${missing.join(", ")}. npm run setup installs them as root.`;
}

function isInstalled(tool: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(`${folder}/${tool}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function keepalivedVersion(): Promise<string> {
  const { stdout, stderr } = await run(["keepalived", "--version"]);
  return /v(\d[\d.]*)/.exec(stdout + stderr)?.[1] ?? "unknown";
}

function refuse(message: string, status: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = status;
}

const RUNS = "20";
const QUICK_RUNS = "2";
const TOOLS = ["ip", "nsenter", "unshare", "bash", "ps", "tcpdump", "nginx", "keepalived"];

await main();
