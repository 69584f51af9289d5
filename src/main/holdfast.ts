import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT } from "./exit-codes.ts";
import type { Flags } from "./flags.ts";
import { UNKNOWN_OPTION, flagNames, parseFlags } from "./flags.ts";
import { watchStandardOutput } from "./standard-output.ts";

/**
 * The program `holdfast`. keepalived's command line and `run` are served here without loading what only the commands need;
 * a word that is no flag is a command.
 */
async function main(argv: readonly string[]): Promise<void> {
  const [first] = argv;
  if (first === "run") return runWithFlags(argv.slice(1), true);
  if (first === undefined || first.startsWith("-")) return runWithFlags(argv, false);
  watchStandardOutput();
  const { runCommand } = await import("./commands.ts");
  process.exitCode = await runCommand(argv);
}

async function runWithFlags(argv: readonly string[], asCommand: boolean): Promise<void> {
  const parsed = parseFlags(argv);
  if (!parsed.ok) {
    process.stderr.write(`${parsed.error}${await suggestion(parsed.error)}\nholdfast --help lists all options\n`);
    process.exitCode = EXIT.USAGE;
    return;
  }
  const flags = settle(parsed.value, asCommand);
  if (flags.help || flags.version) {
    watchStandardOutput();
    const { usageText, versionText } = await import("./help.ts");
    process.stdout.write(flags.help ? usageText() : versionText());
    return;
  }
  if (flags.signum !== undefined) return printSignal(flags.signum);
  // Only one of the two processes of a daemon says it.
  if (!flags.inBackground) for (const warning of flags.warnings) process.stderr.write(`${warning}\n`);
  if (flags.configTest !== undefined) {
    const { testConfiguration } = await import("./config-test.ts");
    process.exitCode = testConfiguration(flags);
    return;
  }
  if (!flags.vrrp) {
    process.stderr.write("There is nothing to run: -C asks for health checkers alone, and this version has none\n");
    process.exitCode = EXIT.USAGE;
    return;
  }
  const { starterOf, startInBackground } = await import("./daemonize.ts");
  if (!flags.foreground && !flags.inBackground) return startInBackground(fileURLToPath(import.meta.url), argv, flags);
  // The children inherit all of this.
  if (flags.inBackground) process.chdir("/");
  if (flags.umask !== undefined) process.umask(flags.umask);
  const { saveMemory } = await import("./node-flags.ts");
  saveMemory();
  const { BFD_PROGRAM, SNMP_PROGRAM, VRRP_PROGRAM, createLauncher } = await import("./launch-child.ts");
  const environment = process.env;
  const launchers = {
    vrrp: createLauncher({ program: VRRP_PROGRAM, environment, early: true }),
    bfd: createLauncher({ program: BFD_PROGRAM, environment, early: false }),
    snmp: createLauncher({ program: SNMP_PROGRAM, environment, early: false }),
  };
  const { runSupervisor } = await import("./run.ts");
  runSupervisor(flags, launchers, starterOf(flags));
}

async function suggestion(refusal: string): Promise<string> {
  if (!refusal.startsWith(UNKNOWN_OPTION)) return "";
  const { closest } = await import("../config/suggest.ts");
  const meant = closest(refusal.slice(UNKNOWN_OPTION.length), flagNames());
  return meant === undefined ? "" : `; did you mean --${meant}?`;
}

async function printSignal(name: string): Promise<void> {
  const { signalNumber } = await import("./signals.ts");
  const number = signalNumber(name);
  if (number === undefined) {
    process.stderr.write(`Unknown sigfunc ${name}\n`);
    process.exitCode = EXIT.FATAL;
  } else process.stdout.write(`${number}\n`);
}

/** `run` stays in the foreground and logs there, to syslog only on demand. No path depends on the working directory. */
function settle(flags: Flags, asCommand: boolean): Flags {
  const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(path));
  return {
    ...flags,
    ...(asCommand
      ? { foreground: true, console: true, syslogFacility: flags.syslogAsked ? flags.syslogFacility : undefined }
      : {}),
    configurationFile: absolute(flags.configurationFile),
    logFile: absolute(flags.logFile),
    pidFile: absolute(flags.pidFile),
    vrrpPidFile: absolute(flags.vrrpPidFile),
    bfdPidFile: absolute(flags.bfdPidFile),
    runtimeDirectory: resolve(flags.runtimeDirectory),
    stateDirectory: resolve(flags.stateDirectory),
  };
}

await main(process.argv.slice(2));
