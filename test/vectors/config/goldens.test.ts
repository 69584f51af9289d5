import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../src/base/random.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import type { ConfigReader } from "../../../src/config/reader.ts";
import { verdict } from "../../../src/config/verdict.ts";

/*
 * Each vector is a configuration, a line `-----`, and what must come of it, written by hand:
 *   `LINE: CODE` or `FILE:LINE: CODE`  all errors and warnings, in order; `note LINE: CODE` lines are found among the notes;
 *   `errors: 2`                        how many of them are errors;
 *   `start: ok`, `start: 2`, `reload: refused`  the verdict;
 *   a JSON text                        what the model holds: objects may hold more, lists must be complete, null is undefined.
 * Any other line is a mistake. A line `==> NAME <==` begins a further file; the first one is main.conf in /etc/holdfast.
 */
const FOLDER = import.meta.dirname;

describe("configurations, read as their vectors say", () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith(".conf.txt"))) {
    test(name.replace(/\.conf\.txt$/, "").replaceAll("-", " "), () => {
      const vector = parseVector(readFileSync(join(FOLDER, name), "utf8"));
      const loaded = loadConfiguration("/etc/holdfast/main.conf", memoryReader(vector.files), {
        configId: "node1",
        environment: (variable) => (variable === "SITE" ? "north" : undefined),
        random: seededRandom(1),
      });
      const said = loaded.diagnostics.map(({ code, severity, place }) => {
        const file = place.file.replace("/etc/holdfast/", "");
        const line = `${file === "main.conf" ? "" : `${file}:`}${place.line}: ${code}`;
        return severity === "note" ? `note ${line}` : line;
      });
      expect(said.filter((line) => !line.startsWith("note "))).toEqual(vector.findings);
      expect(said).toEqual(expect.arrayContaining([...vector.notes]));
      if (vector.errors !== undefined) {
        const errors = loaded.diagnostics.filter((diagnostic) => diagnostic.severity === "error");
        expect(String(errors.length)).toBe(vector.errors);
      }
      const decision = verdict(loaded.diagnostics, loaded.configuration);
      if (vector.start !== undefined) expect(String(decision.startRefused?.exitStatus ?? "ok")).toBe(vector.start);
      if (vector.reload !== undefined) {
        expect(decision.reloadRefusedBy.length === 0 ? "ok" : "refused").toBe(vector.reload);
      }
      if (vector.model !== undefined) expect(plain(loaded.configuration)).toMatchObject(vector.model);
    });
  }
});

interface Vector {
  readonly files: ReadonlyMap<string, string>;
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  readonly errors: string | undefined;
  readonly start: string | undefined;
  readonly reload: string | undefined;
  readonly model: object | undefined;
}

function parseVector(text: string): Vector {
  const [input = "", expectation = "", ...more] = text.split(/^-----\n/m);
  const [first = "", ...others] = input.split(/^==> /m);
  const files = new Map([["/etc/holdfast/main.conf", first]]);
  for (const other of others) {
    const [head = "", ...rest] = other.split(" <==\n");
    files.set(`/etc/holdfast/${head}`, rest.join(" <==\n"));
  }
  const json = expectation.search(/^\{/m);
  const lines = (json < 0 ? expectation : expectation.slice(0, json)).split("\n").filter((line) => line !== "");
  expect([...more, ...lines.filter((line) => !KNOWN.test(line))]).toEqual([]);
  const value = (key: string): string | undefined =>
    lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
  const model: unknown = json < 0 ? undefined : JSON.parse(expectation.slice(json));
  return {
    files,
    findings: lines.filter((line) => /^(\S+:)?\d+: /.test(line)),
    notes: lines.filter((line) => line.startsWith("note ")),
    errors: value("errors"),
    start: value("start"),
    reload: value("reload"),
    model: typeof model === "object" && model !== null ? model : undefined,
  };
}

function memoryReader(files: ReadonlyMap<string, string>): ConfigReader {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  return {
    read: (path) => {
      const text = files.get(path);
      return text === undefined ? missing : succeed(new TextEncoder().encode(text));
    },
    list: (folder) =>
      succeed(
        [...files.keys()].flatMap((path) => {
          const rest = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : "";
          return rest === "" || rest.includes("/") ? [] : [rest];
        }),
      ),
    facts: (path) =>
      files.has(path)
        ? succeed({ kind: "file", executable: path.endsWith(".sh") })
        : [...files.keys()].some((file) => file.startsWith(`${path}/`))
          ? succeed({ kind: "directory", executable: true })
          : missing,
  };
}

/** Undefined becomes null, so that a vector can demand it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, item: unknown) => (item === undefined ? null : item)));
}

/** What a line of an expectation may be. */
const KNOWN = /^((note )?(\S+:)?\d+: [A-Z0-9_]+|errors: \d+|start: (ok|2|6)|reload: (ok|refused))$/;
