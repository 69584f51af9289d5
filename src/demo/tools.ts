import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface Tool {
  readonly command: string;
  /** Debian's package that has it. */
  readonly package: string;
}

/** Makes the folders of system programs part of PATH, where they are missing from that of plain users. */
export function completePath(): void {
  const known = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  process.env["PATH"] = [...new Set([...known, ...SYSTEM_FOLDERS])].join(delimiter);
}

/** Lists what the demo cannot do without and this machine does not have. */
export function missingTools(): Tool[] {
  return NEEDED.filter(({ command }) => findProgram(command) === undefined);
}

/** Looks a program up in PATH. */
export function findProgram(command: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

const NEEDED: readonly Tool[] = [
  { command: "ip", package: "iproute2" },
  { command: "unshare", package: "util-linux" },
  { command: "nsenter", package: "util-linux" },
  { command: "mount", package: "mount" },
  { command: "hostname", package: "hostname" },
  { command: "ps", package: "procps" },
  { command: "bash", package: "bash" },
  { command: "awk", package: "mawk" },
];
