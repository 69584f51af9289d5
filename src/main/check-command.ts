import { wantsColor } from "../cli/paint.ts";
import { checkDocument, renderDiagnostics } from "../cli/render-diagnostics.ts";
import { checkExitStatus } from "../config/verdict.ts";
import { readConfiguration } from "./configuration-source.ts";

export interface CheckOptions {
  readonly json: boolean;
  /** Warnings count for the exit status. */
  readonly strict: boolean;
  readonly configId: string | undefined;
}

/** Shows what is wrong with each file on standard output and tells the exit status: the largest of all files. */
export function checkFiles(files: readonly string[], options: CheckOptions): number {
  const read = files.map((file) =>
    readConfiguration(file, { configId: options.configId, allConfig: false, namespace: undefined }),
  );
  const diagnostics = read.flatMap((one) => one.diagnostics);
  if (options.json) {
    process.stdout.write(`${JSON.stringify(checkDocument(files, diagnostics), undefined, 2)}\n`);
  } else {
    const sources = read.flatMap((one) => one.sources);
    process.stdout.write(renderDiagnostics(diagnostics, sources, { color: wantsColor(process.stdout, process.env) }));
  }
  return Math.max(...read.map((one) => checkExitStatus(one.diagnostics, options.strict)));
}
