import { seconds, type Micros } from "../base/time.ts";
import { checkCommandText, toCommand } from "./check-commands.ts";
import type { Report } from "./diagnostic.ts";
import type { DaemonSettings, HookSettings, ReloadSettings } from "./model/daemon.ts";
import { integerOf, spanOfStatement, statementOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads what concerns the processes and their surroundings: words of the root and of global_defs. */
export function readDaemon(tree: readonly Statement[], block: readonly Statement[], report: Report): DaemonSettings {
  const namespace = wordOf(tree, "net_namespace");
  const statement = statementOf(tree, "net_namespace");
  return {
    networkNamespace:
      namespace === undefined || statement === undefined
        ? undefined
        : { name: namespace, place: spanOfStatement(statement) },
    instanceName: readInstanceName(tree, report),
    umask: readUmask(block, report),
    startupScript: readHook(block, "startup_script", report),
    shutdownScript: readHook(block, "shutdown_script", report),
    cpus: readCpus(block, "vrrp_cpu_affinity", report),
    bfdCpus: readCpus(block, "bfd_cpu_affinity", report),
    childWait: readChildWait(tree, report),
    reload: readReload(block, report),
    savesTo: readPath(block, "config_save_dir", report),
  };
}

/** What tells this daemon from others on the host: as keepalived has it, the namespace before the name. */
export function distinction({ networkNamespace, instanceName }: DaemonSettings): string | undefined {
  const parts = [networkNamespace?.name, instanceName].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join("_");
}

function readInstanceName(tree: readonly Statement[], report: Report): string | undefined {
  const name = wordOf(tree, "instance");
  const statement = statementOf(tree, "instance");
  // It becomes a part of file names.
  if (name === undefined || statement === undefined || /^[^/\s]{1,64}$/.test(name)) return name;
  const message = `"${name}" cannot be a part of file names: no slash, at most 64 characters`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
  return undefined;
}

function readHook(
  block: readonly Statement[],
  keyword: "startup_script" | "shutdown_script",
  report: Report,
): HookSettings | undefined {
  const value = statementOf(block, keyword)?.values[0];
  if (value?.kind !== "command") return undefined;
  checkCommandText(value, keyword, report);
  return { command: toCommand(value), timeout: seconds(integerOf(block, `${keyword}_timeout`) ?? HOOK_TIMEOUT) };
}

/** A number as strtol(3) reads it, or the names of <sys/stat.h> without S_, joined by bars. */
function readUmask(block: readonly Statement[], report: Report): number | undefined {
  const statement = statementOf(block, "umask");
  if (statement === undefined) return undefined;
  const text = statement.words.map((word) => word.text).join(" ");
  const mask = /^[0-9]/.test(text) ? numberOf(text) : bitsOf(text);
  if (mask !== undefined && mask <= 0o777) return mask;
  const message = `"${text}" is no umask: a number from 0 to 0777, or names such as IRGRP | IWGRP | IRWXO`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
  return undefined;
}

function numberOf(text: string): number | undefined {
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return Number.parseInt(text, 16);
  return /^[1-9][0-9]*$/.test(text) ? Number(text) : undefined;
}

function bitsOf(text: string): number | undefined {
  let mask = 0;
  for (const name of text.split(/[\s|]+/)) {
    const bits = MODE_BITS.get(name.replace(/^S_/, ""));
    if (bits === undefined) return undefined;
    mask |= bits;
  }
  return mask;
}

/** keepalived's `child_wait_time`. What is shorter than a hand-over takes would end it in the middle. */
function readChildWait(tree: readonly Statement[], report: Report): Micros | undefined {
  const wait = integerOf(tree, "child_wait_time");
  const statement = statementOf(tree, "child_wait_time");
  if (wait === undefined || statement === undefined) return undefined;
  if (wait >= SHORTEST_WAIT) return seconds(wait);
  const message = `A stop with its hand-over may take longer than ${wait} s; ${SHORTEST_WAIT} is used`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message, severity: "warning", effect: "logged" });
  return undefined;
}

function readCpus(
  block: readonly Statement[],
  keyword: "vrrp_cpu_affinity" | "bfd_cpu_affinity",
  report: Report,
): readonly number[] {
  const statement = statementOf(block, keyword);
  const texts = statement?.words.map((word) => word.text) ?? [];
  const wrong = texts.find((text) => !/^\d{1,4}$/.test(text) || Number(text) > HIGHEST_CPU);
  if (statement === undefined || wrong === undefined) return [...new Set(texts.map(Number))];
  const message = `"${wrong}" is no processor: they are numbered from 0 to ${HIGHEST_CPU}`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
  return [];
}

function readReload(block: readonly Statement[], report: Report): ReloadSettings {
  const path = readPath(block, "reload_file", report);
  const isBare = statementOf(block, "reload_file")?.words.length === 0;
  return {
    timeFile: readPath(block, "reload_time_file", report),
    repeats: statementOf(block, "reload_repeat") !== undefined,
    file: path === undefined ? (isBare ? "default" : undefined) : { path },
    checkLog: readPath(block, "reload_check_config", report),
  };
}

/** The working directory of a daemon is no place that anybody means. */
function readPath(block: readonly Statement[], keyword: string, report: Report): string | undefined {
  const statement = statementOf(block, keyword);
  const path = wordOf(block, keyword);
  if (statement === undefined || path === undefined || path.startsWith("/")) return path;
  const message = `"${keyword}" needs an absolute path, not "${path}"`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
  return undefined;
}

/** keepalived's, in seconds. */
const HOOK_TIMEOUT = 10;

/** keepalived's default, in seconds, and longer than the longest hand-over. */
const SHORTEST_WAIT = 5;

/** CPU_SETSIZE of sched.h, less one. */
const HIGHEST_CPU = 1_023;

/** <sys/stat.h>. */
const MODE_BITS: ReadonlyMap<string, number> = new Map([
  ["IRUSR", 0o400],
  ["IWUSR", 0o200],
  ["IXUSR", 0o100],
  ["IRWXU", 0o700],
  ["IRGRP", 0o040],
  ["IWGRP", 0o020],
  ["IXGRP", 0o010],
  ["IRWXG", 0o070],
  ["IROTH", 0o004],
  ["IWOTH", 0o002],
  ["IXOTH", 0o001],
  ["IRWXO", 0o007],
]);
