import type { DumpSettings } from "../../config/model/daemon.ts";
import type { GlobalSettings } from "../../config/model/global.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Files } from "../../ports/files.ts";
import type { Log } from "../../ports/log.ts";
import { renderParentData } from "../dump/data.ts";
import type { DumpSubject } from "../dump/facts.ts";

/**
 * Writes keepalived's dumps to their files, mode 0600. A file appears whole, by its name: a symbolic link that somebody put
 * there is replaced and not followed, and so is a file of somebody else. A device or a pipe is left alone.
 */
export interface DumpWriter {
  write(subject: DumpSubject, text: string, settings: DumpSettings): void;
  /** Writes to this path, in the same manner. */
  save(path: string, text: string): void;
  /** keepalived_parent.data: what the supervisor itself knows. */
  writeParent(global: GlobalSettings): void;
}

export interface DumpWriterOptions {
  /** For files that the configuration does not name. */
  readonly directory: string;
  readonly pid: number;
}

export function openDumpWriter(
  { directory, pid }: DumpWriterOptions,
  { files, log }: { readonly files: Pick<Files, "replace" | "facts">; readonly log: Log },
): DumpWriter {
  const write = (path: string, text: string): void => {
    const facts = files.facts(path);
    if (facts.ok && facts.value.kind !== "file") {
      return log.write("error", `Cannot write ${path}: what is there is no file`);
    }
    const written = files.replace(path, text);
    if (!written.ok) log.write("error", describeFailure(written.error));
  };
  return {
    write: (subject, text, settings) => write(dumpPath(subject, settings, directory), text),
    save: write,
    writeParent(global) {
      log.write("info", `Printing parent data for process(${pid}) on signal`);
      write(dumpPath("parent", global.dumps, directory), renderParentData(global));
    },
  };
}

/** keepalived's folder for dumps: an absolute KA_TMP_DIR or TMPDIR, else /tmp. */
export function dumpDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const named = [environment["KA_TMP_DIR"], environment["TMPDIR"]].find((path) => path?.startsWith("/"));
  return named === undefined ? "/tmp" : named.replace(/(?<=.)\/+$/, "");
}

function dumpPath(subject: DumpSubject | "parent", settings: DumpSettings, directory: string): string {
  const { stateFile, statsFile, jsonFile, name } = settings;
  const named = { data: stateFile, bfd: stateFile, parent: stateFile, stats: statsFile, json: jsonFile }[subject];
  const isFolder = named === undefined || named.endsWith("/");
  const plain = `keepalived.${subject === "stats" || subject === "json" ? subject : "data"}`;
  // As keepalived has it, a name without a folder lies where the dumps lie.
  const path = (isFolder ? `${named ?? ""}${plain}` : named).replace(/^(?!\/)/, `${directory}/`);
  const process = subject === "bfd" || subject === "parent" ? `_${subject}` : "";
  const dot = path.lastIndexOf(".");
  const end = dot > path.lastIndexOf("/") + 1 ? dot : path.length;
  return `${path.slice(0, end)}${process}${name === undefined ? "" : `.${name}`}${path.slice(end)}`;
}
