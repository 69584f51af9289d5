import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { fail, succeed } from "../../src/base/result.ts";
import type { ArgumentSpec, KeywordSpec } from "../../src/config/keyword.ts";
import { ROOT } from "../../src/config/keywords/root.ts";
import { loadConfiguration, type LoadedConfiguration } from "../../src/config/load.ts";
import { EXAMPLES, LINES, OPTIONS, SURROUNDINGS, type Example } from "./keyword-examples.ts";

/*
 * No word is read in silence: put into a configuration that gives it something to do, it changes the model, or a finding
 * says that nothing follows. That the model is obeyed, and rightly, is for all other tests; here it is only looked whether
 * anybody outside of the configuration names its fields at all.
 */

const KEYWORDS = [...everyKeyword(ROOT, "", "")];

describe("keywords that act", () => {
  test.each(KEYWORDS.filter(({ spec }) => spec.support === "acted"))("$path", ({ path, block, spec }) => {
    const { line, beside, below, body, tells } = exampleOf(path, spec);
    const first = spec.repeated === "first";
    const without = load(configurationWith(block, [beside, below], { first, body }));
    const withIt = load(configurationWith(block, [beside, line, below], { first, body }));
    const told = difference(findingsOf(without), findingsOf(withIt));
    expect(told.filter((finding) => finding.includes("NOT_ACTED_ON"))).toEqual([]);
    if (tells === undefined) expect(modelOf(withIt)).not.toBe(modelOf(without));
    else expect(told).toContain(tells);
  });
});

describe("keywords that are read and no more", () => {
  test.each(KEYWORDS.filter(({ spec }) => spec.support === "parsed"))("$path", ({ path, block, spec }) => {
    const { line } = exampleOf(path, spec);
    const told = difference(
      findingsOf(load(configurationWith(block, []))),
      findingsOf(load(configurationWith(block, [line]))),
    );
    const wanted = spec.obsolete === true ? "OBSOLETE_KEYWORD" : "NOT_ACTED_ON";
    expect(told.join()).toContain(wanted);
  });
});

describe.each(OPTIONS)("$where", ({ block, open, plain, close, options }) => {
  test.each(options)("%s", (option) => {
    const inside = (words: string): LoadedConfiguration => load(configurationWith(block, [open, words, close]));
    // An option that stands for the whole line has the line's first word in it.
    const written = inside(option.startsWith("=") ? option.slice(1) : `${plain} ${option}`);
    expect(modelOf(written)).not.toBe(modelOf(inside(plain)));
    expect(findingsOf(written).join()).not.toMatch("NOT_ACTED_ON");
  });
});

describe("the model", () => {
  test("has no field that nothing outside of the configuration names", () => {
    const model = sourcesIn("config/model").join("\n");
    const fields = new Set([...model.matchAll(/^ +readonly (\w+)\??:/gm)].map((match) => match[1] ?? ""));
    expect(fields.size).toBeGreaterThan(150);
    const users = ["core", "daemon", "linux", "main"].flatMap(sourcesIn);
    const named = new Set(users.flatMap((text) => text.match(/\w+/g) ?? []));
    expect([...fields].filter((field) => !named.has(field) && !CHECKED_ONLY.includes(field))).toEqual([]);
  });
});

function* everyKeyword(
  specs: readonly KeywordSpec[],
  block: string,
  above: string,
): Generator<{ readonly path: string; readonly block: string; readonly spec: KeywordSpec }> {
  for (const spec of specs) {
    const path = above === "" ? spec.name : `${above}/${spec.name}`;
    yield { path, block, spec };
    // What stands in a block that is only read is told with the block.
    if (spec.support === "acted" && spec.block?.kind === "keywords")
      yield* everyKeyword(spec.block.keywords, spec.name, path);
  }
}

function exampleOf(path: string, spec: KeywordSpec): Example {
  const given = EXAMPLES[path];
  const words = spec.arguments.map((argument) => sampleOf(argument, spec.default)).join(" ");
  const prefix = spec.extension === true ? "@holdfast " : "";
  const body = spec.block === undefined ? "" : ` {\n ${spec.block.kind === "lines" ? LINES[spec.block.of] : ""}\n}`;
  return {
    line: `${prefix}${spec.name} ${words}${body}`,
    beside: "",
    below: "",
    body: undefined,
    tells: undefined,
    ...(typeof given === "string" ? { line: given } : given),
  };
}

/** A word that is within the range of the argument, and no default. */
function sampleOf(argument: ArgumentSpec, standard: string | undefined): string {
  switch (argument.kind) {
    case "integer":
    case "seconds":
    case "milliseconds": {
      const { minimum, maximum } = argument;
      const fitting = [37, 7, minimum, maximum].filter((value) => value >= minimum && value <= maximum);
      return String(fitting.find((value) => String(value) !== standard));
    }
    case "boolean":
      return standard === "on" ? "off" : "on";
    case "choice":
      return argument.words.find((word) => word !== standard) ?? "";
    case "address":
      return "10.0.0.77";
    case "word":
      return "/something";
    case "command":
      return '"/bin/echo x"';
    case "words":
      return "1 2";
  }
}

/** A configuration with all that others need, and these lines in the block of this name: as its last ones, or its first. */
function configurationWith(
  block: string,
  lines: readonly string[],
  { first = false, body }: { readonly first?: boolean; readonly body?: string | undefined } = {},
): string {
  const text = lines.filter((line) => line !== "").join("\n");
  const parts = SURROUNDINGS.filter(({ always, name }) => always || name === block).map((part) => {
    const usual = body ?? part.body;
    const isPlace = part.name === block && block !== "";
    const content = !isPlace ? part.body : first ? `${text}\n${usual}` : `${usual}\n${text}`;
    const own = `${part.head} {\n${content}\n}`;
    return part.nested === true ? `vrrp_instance N {\n${SURROUNDINGS_OF_INSTANCE}\n${own}\n}` : own;
  });
  return [...parts, block === "" ? text : ""].join("\n");
}

const SURROUNDINGS_OF_INSTANCE = "interface eth6\nvirtual_router_id 66\nvirtual_ipaddress {\n 10.0.6.1\n}";

function load(text: string): LoadedConfiguration {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  return loadConfiguration(
    FILE,
    {
      read: (path) => {
        const known = path === FILE ? text : NAMES[path];
        return known === undefined ? missing : succeed(new TextEncoder().encode(known));
      },
      list: () => missing,
      facts: () => missing,
    },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
}

function findingsOf({ diagnostics }: LoadedConfiguration): readonly string[] {
  return diagnostics.map(({ code, severity }) => `${severity} ${code}`);
}

/** What is in one of the two and not in the other, counted. */
function difference(left: readonly string[], right: readonly string[]): readonly string[] {
  const count = (list: readonly string[], code: string): number => list.filter((other) => other === code).length;
  return [...new Set([...left, ...right])].filter((code) => count(left, code) !== count(right, code));
}

/** Where something stands is no difference. */
function modelOf({ configuration }: LoadedConfiguration): string {
  return JSON.stringify(configuration, (key, value: unknown) => (/[pP]lace$/.test(key) ? undefined : value));
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(SOURCE, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(SOURCE, folder, name), "utf8"));
}

/** What the checks make other fields from, or show to people. */
const CHECKED_ONLY: readonly string[] = [
  "endColumn",
  "interfacePlace",
  "defaultInterface",
  "usesVmac",
  "trackingWeight",
];
const FILE = "/etc/keepalived/keepalived.conf";
/** Files of iproute2, and keys. */
const NAMES: Readonly<Record<string, string>> = { "/names/rt_tables": "100 blue\n" };
const SOURCE = join(import.meta.dirname, "../../src");
