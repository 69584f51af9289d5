import { check } from "./check.ts";
import { collectDiagnostics } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { spanOfUnits } from "./mapped-text.ts";
import type { Configuration } from "./model/configuration.ts";
import { parse } from "./parser.ts";
import { preprocess } from "./preprocess.ts";
import type { PreprocessOptions, Source } from "./preprocess.ts";
import type { ConfigReader } from "./reader.ts";

export interface LoadedConfiguration {
  /** What may run, as far as the findings allow it: `verdict` decides. */
  readonly configuration: Configuration;
  /** In the order of the files and lines. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file that was read, in the order it was first met, with its lines. */
  readonly sources: readonly Source[];
}

/**
 * Reads a configuration file with everything it includes. Never throws and always ends, whatever the bytes; everything
 * that is wrong is a diagnostic with its place.
 */
export function loadConfiguration(path: string, reader: ConfigReader, options: PreprocessOptions): LoadedConfiguration {
  const { report, diagnostics } = collectDiagnostics();
  const { lines, sources, readable } = preprocess(path, reader, options, report);
  const tree = parse(lines, report);
  const configuration = check(tree, report, reader);
  if (readable && tree.length === 0) {
    const first = lines[0];
    const at = first === undefined ? { file: sources[0]?.path ?? path, line: 1, column: 1 } : spanOfUnits(first, 0, 1);
    if (first !== undefined)
      report({ code: "NO_USABLE_INSTANCE", at, message: "There is no vrrp_instance that can run" });
    else report({ code: "EMPTY_CONFIGURATION", at, message: "The configuration says nothing outside of comments" });
  }
  return { configuration, diagnostics: inOrder(diagnostics, sources), sources };
}

function inOrder(diagnostics: readonly Diagnostic[], sources: readonly Source[]): readonly Diagnostic[] {
  const order = new Map(sources.map((source, index) => [source.path, index]));
  const rank = (diagnostic: Diagnostic): number => order.get(diagnostic.place.file) ?? sources.length;
  return diagnostics.toSorted(
    (left, right) =>
      rank(left) - rank(right) || left.place.line - right.place.line || left.place.column - right.place.column,
  );
}
