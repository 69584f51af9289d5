import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, test } from "vitest";

export interface Needs {
  /** Effective user 0, with the right to make network namespaces. */
  readonly root?: boolean;
  /** Programs to be found in PATH or in the system's own folders. */
  readonly tools?: readonly string[];
  /** Paths of what `npm run setup` provides. */
  readonly files?: readonly string[];
}

/**
 * Says what the tests of a file cannot do without, and gives the `describe` to put them in.
 *
 * Where something is missing the tests are skipped, their hooks too, and the reason is printed; with
 * HOLDFAST_REQUIRE_ALL=1 the missing thing is a failure instead.
 */
export function needs(what: Needs): (name: string, body: () => void) => void {
  const missing = missingOf(what);
  if (missing.length === 0) return (name, body) => void describe(name, body);
  const reason = `needs ${missing.join(", ")}`;
  if (process.env["HOLDFAST_REQUIRE_ALL"] === "1") {
    return (name) => {
      test(`${name}: ${reason}`, () => {
        throw new Error(`This machine lacks what the test ${reason}, and HOLDFAST_REQUIRE_ALL=1 allows no skipping`);
      });
    };
  }
  return (name, body) => {
    process.stderr.write(`skipped: ${name} (${reason})\n`);
    describe.skip(`${name} (${reason})`, body);
  };
}

function missingOf({ root = false, tools = [], files = [] }: Needs): string[] {
  const missing = tools.filter((tool) => !isInstalled(tool));
  missing.push(...files.filter((path) => !existsSync(path)).map((path) => `${path} (npm run setup)`));
  return root && process.geteuid?.() !== 0 ? ["root", ...missing] : missing;
}

function isInstalled(tool: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}
