import type { Report } from "./diagnostic.ts";
import type { ScriptCommand } from "./model/script-command.ts";
import { scriptUserOf } from "./script-user.ts";
import type { CommandValue } from "./tree.ts";

/** The command as the model has it; `USER [[:]GROUP]` behind it becomes its account. */
export function toCommand(value: CommandValue): ScriptCommand {
  return {
    argv: value.argv,
    user: value.user === undefined ? undefined : scriptUserOf(value.user, value.group),
    place: value.span,
  };
}

/** Finds what a command cannot mean, as no shell reads it, and what depends on the folder it runs in. */
export function checkCommandText(value: CommandValue, keyword: string, report: Report): void {
  // "</path" asks whether a file can be opened and runs nothing.
  if (value.text.startsWith("<")) return;
  const program = value.argv[0] ?? "";
  const name = program.slice(program.lastIndexOf("/") + 1);
  const shell = SHELLS.includes(name) && value.argv.includes("-c");
  const odd = shell ? undefined : value.argv.find((word) => SHELL_WORDS.test(word));
  if (odd !== undefined) {
    report({
      code: "SHELL_SYNTAX",
      at: value.span,
      message: `No shell reads the command behind "${keyword}": "${odd}" is passed to ${program} as it is`,
      help: "Put it into a script file, or run it as: /bin/sh -c '...'",
    });
  }
  if (!program.startsWith("/")) {
    report({
      code: "RELATIVE_COMMAND",
      at: value.span,
      message: `"${program}" is no absolute path: what is run depends on the search path`,
    });
  }
}

const SHELLS: readonly string[] = ["sh", "bash", "dash", "ksh", "zsh", "ash"];
/** Pipes, lists, redirections and substitutions, as words or attached to one. */
const SHELL_WORDS = /^(\|\|?|&&?|;|[0-9]?>>?.*|[0-9]?<.+)$|;$|\$\(|`/;
