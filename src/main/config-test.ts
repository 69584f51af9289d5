import { writeFileSync } from "node:fs";
import { renderLine } from "../cli/render-diagnostics.ts";
import { configTestExitStatus } from "../config/verdict.ts";
import { findConfigurationFile, readConfiguration } from "./configuration-source.ts";
import { EXIT } from "./exit-codes.ts";
import type { Flags } from "./flags.ts";

/**
 * keepalived's `-t`: one line per finding, on standard error or in the file that was named, and keepalived's exit status.
 * A file that is missing is 6; keepalived says 0.
 */
export function testConfiguration(flags: Flags): number {
  const output = flags.configTest?.output;
  const found = findConfigurationFile(flags);
  if (!found.ok) return report(output, [found.error], EXIT.NO_CONFIGURATION);
  const { diagnostics } = readConfiguration(found.value, flags);
  const shown = diagnostics.filter(({ severity }) => severity !== "note" || flags.detail > 0);
  return report(output, shown.map(renderLine), configTestExitStatus(diagnostics));
}

function report(output: string | undefined, lines: readonly string[], status: number): number {
  const text = lines.map((line) => `${line}\n`).join("");
  if (output === undefined) {
    process.stderr.write(text);
    return status;
  }
  try {
    writeFileSync(output, text, { mode: 0o644 });
    return status;
  } catch (error) {
    process.stderr.write(`Cannot write ${output}: ${error instanceof Error ? error.message : String(error)}\n${text}`);
    return status === EXIT.OK ? EXIT.FATAL : status;
  }
}
