import { fileURLToPath } from "node:url";
import { Command, CommanderError, Option } from "commander";
import { EXIT } from "./exit-codes.ts";
import { DEFAULT_RUNTIME_DIRECTORY, DEFAULT_STATE_DIRECTORY } from "./flags.ts";
import { versionText } from "./help.ts";
import { release } from "./release.ts";

/**
 * Runs one command of the command line and tells its exit status. What a command needs is loaded when it is chosen.
 *
 * Wrong usage is 64, with what was probably meant on standard error.
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  let status: number = EXIT.OK;
  const program = createProgram((outcome) => {
    status = outcome;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    throw error;
  }
}

function createProgram(done: (status: number) => void): Command {
  const program = new Command("holdfast")
    .description("High availability for Linux services. Without a command: keepalived's flags, see holdfast --help")
    .exitOverride()
    .showHelpAfterError("holdfast help lists all commands")
    .helpCommand("help [command]", "describe a command");
  // Both are served before this program is built; they stand here to be listed.
  program.command("run").description("run in the foreground; takes keepalived's flags").helpOption(false);
  program
    .command("version")
    .description("print the version")
    .action(() => void process.stdout.write(versionText()));

  program
    .command("check")
    .description("find what is wrong with configuration files")
    .argument("<file...>", "configuration files")
    .option("--json", "one JSON document")
    .option("--strict", "exit with 1 when there are warnings")
    .option("-i, --config-id <id>", "id for lines that begin with @; default the short host name")
    .addHelpText(
      "after",
      "\nExit status: 0 no error, 1 warnings with --strict, 2 errors, 3 a file cannot be read, 64 wrong usage.",
    )
    .action(async (files: string[], options: { json?: true; strict?: true; configId?: string }) => {
      const { checkFiles } = await import("./check-command.ts");
      const { json = false, strict = false, configId } = options;
      done(checkFiles(files, { json, strict, configId }));
    });

  program
    .command("status")
    .description("show what is: instances, states and why, addresses, peers, trackers")
    .option("--json", "one JSON document")
    .addOption(runtimeDirectoryOption())
    .addHelpText("after", CLIENT_STATUSES)
    .action(async (options: { json?: true; runtimeDir: string }) => {
      const { showStatus } = await import("../cli/status-command.ts");
      done(await showStatus({ json: options.json ?? false, socketPath: socketIn(options.runtimeDir) }));
    });

  program
    .command("reload")
    .description("read the configuration again; a refused one changes nothing")
    .option("--force", "also with errors that change the meaning of what runs")
    .option("--json", "one JSON document")
    .addOption(runtimeDirectoryOption())
    .addHelpText("after", CLIENT_STATUSES)
    .action(async (options: { json?: true; force?: true; runtimeDir: string }) => {
      const { requestReload } = await import("../cli/reload-command.ts");
      const { json = false, force = false, runtimeDir } = options;
      done(await requestReload({ json, force, socketPath: socketIn(runtimeDir) }));
    });

  program
    .command("plan")
    .description("show what a reload with a file would change, and what of it interrupts the service")
    .argument("<file>", "configuration file")
    .option("--from <file>", "compare with this file instead of what runs")
    .option("--json", "one JSON document")
    .option("-i, --config-id <id>", "id for lines that begin with @; default the short host name")
    .addOption(runtimeDirectoryOption())
    .addHelpText("after", PLAN_STATUSES)
    .action(async (file: string, options: { json?: true; from?: string; configId?: string; runtimeDir: string }) => {
      const { showPlan } = await import("./plan-command.ts");
      const { json = false, from, configId, runtimeDir } = options;
      done(await showPlan(file, { json, from, configId, socketPath: socketIn(runtimeDir) }));
    });

  program
    .command("events")
    .description("show what happened and why, from the journal; also when nothing runs")
    .option("-n, --number <count>", "only the last ones", parseCount)
    .option("--json", "one JSON document")
    .option("--state-dir <directory>", "where the journal is", DEFAULT_STATE_DIRECTORY)
    .addHelpText("after", "\nExit status: 0, or 4 no permission, 5 the journal cannot be read.")
    .action(async (options: { json?: true; number?: number; stateDir: string }) => {
      const { showEvents } = await import("../cli/events-command.ts");
      done(showEvents({ json: options.json ?? false, number: options.number, directory: options.stateDir }));
    });

  program
    .command("demo")
    .description("show a cluster of two nodes with nginx failing over, in namespaces of this machine")
    .addOption(new Option("--json", "one JSON document").conflicts("keep"))
    .option("--keep", "leave the cluster running at the end, and say how to look at it")
    .addOption(new Option("--in-user-namespace").hideHelp())
    .addHelpText("after", DEMO_STATUSES)
    .action(async (options: { json?: true; keep?: true; inUserNamespace?: true }) => {
      const { runDemo } = await import("../demo/run-demo.ts");
      const { json = false, keep = false, inUserNamespace = false } = options;
      const holdfast = fileURLToPath(new URL("../../../bin/holdfast", import.meta.url));
      done(await runDemo({ json, keep, inUserNamespace, holdfast, release: release() }));
    });

  return program;
}

function runtimeDirectoryOption(): Option {
  return new Option("--runtime-dir <directory>", "where the control socket is").default(DEFAULT_RUNTIME_DIRECTORY);
}

function socketIn(directory: string): string {
  return `${directory}/holdfast.sock`;
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommanderError(EXIT.USAGE, "commander.invalidArgument", `"${text}" is not a number of events`);
}

const DEMO_STATUSES =
  "\nExit status: 0 everything went as expected, 1 not, 4 namespaces may not be made, 69 a tool is missing, 64 wrong usage.";

const PLAN_STATUSES =
  "\nExit status: 0 a reload would do it, 1 it would be refused, 3 not running, 4 no permission, 5 no answer, 64 wrong usage.";

const CLIENT_STATUSES =
  "\nExit status: 0 it did, 1 refused, 3 not running, 4 no permission, 5 it does not answer, 64 wrong usage.";
