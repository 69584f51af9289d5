import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { fail, succeed } from "../../src/base/result.ts";
import { checkDocument, renderDiagnostics } from "../../src/cli/render-diagnostics.ts";
import { splitCommand } from "../../src/config/argv.ts";
import { matchesName } from "../../src/config/glob.ts";
import { ROOT } from "../../src/config/keywords/root.ts";
import type { KeywordSpec } from "../../src/config/keyword.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { editDistance } from "../../src/config/suggest.ts";
import { verdict } from "../../src/config/verdict.ts";

const VECTORS = join(import.meta.dirname, "../vectors/config");
const SAMPLES = readdirSync(VECTORS)
  .filter((name) => name.endsWith(".conf.txt"))
  .map((name) => readFileSync(join(VECTORS, name), "utf8").split(/^-----\n/m)[0] ?? "");
const WORDS = [
  ...namesOf(ROOT),
  ..."{ } { } \" ' # ! \\ $ ${ $X=$X $X=$Y $Y=$X${X} $X ${X} ${_RANDOM 3 1} ${_PWD} ~SEQ(X,1,9) ~LST(X,a,b)".split(" "),
  ..."@holdfast @^holdfast @node1 @^node1 include include_check f * {f,g} 10.0.0.1/24 fe80::1 eth0 0 255 -1 1.5 on".split(
    " ",
  ),
  ..."weight reverse dev brd + label peer MASTER PASS \u00a0 \u201c \t \r\n \n \n \n \n \\\n $B=\\\n".split(" "),
];

const SMALL = new TextEncoder().encode("vrrp_script s {\n script /bin/true\n");

/** Reads the bytes as nearly every file there is, and checks what holds for all input. */
function loadAll(bytes: Uint8Array): void {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const { configuration, diagnostics, sources } = loadConfiguration(
    "/c/main.conf",
    {
      read: (path) => (path.endsWith("missing") ? missing : succeed(path.includes("/g") ? SMALL : bytes)),
      list: () => succeed(["f", "g", "missing"]),
      facts: (path) => (path.endsWith("gone") ? missing : succeed({ kind: "file", executable: false })),
    },
    { configId: "node1", environment: () => "value", random: seededRandom(1) },
  );
  verdict(diagnostics, configuration);
  JSON.stringify(checkDocument(["/c/main.conf"], diagnostics.slice(0, 50)));
  expect(renderDiagnostics(diagnostics.slice(0, 50), sources, { color: true })).toMatch(/\n$/);
  const lines = new Map(sources.map((source) => [source.path, source.lines.length]));
  const outside = diagnostics.filter(
    ({ place }) =>
      place.line < 1 ||
      place.line > Math.max(1, lines.get(place.file) ?? 0) ||
      place.column < 1 ||
      place.endColumn <= place.column,
  );
  expect(outside).toEqual([]);
  const names = new Set(configuration.scripts.map((script) => script.name));
  for (const instance of configuration.instances) {
    expect(instance.vrid).toBeGreaterThanOrEqual(1);
    expect(instance.vrid).toBeLessThanOrEqual(255);
    expect(instance.priority).toBeGreaterThanOrEqual(1);
    expect(instance.priority).toBeLessThanOrEqual(255);
    expect(instance.advertisementInterval).toBeGreaterThan(0);
    const { authentication } = instance;
    if ("password" in authentication) expect(authentication.password.length).toBeLessThanOrEqual(8);
    expect(instance.virtualAddresses.length).toBeLessThanOrEqual(255);
    for (const tracked of instance.trackScripts) expect(names.has(tracked.script)).toBe(true);
  }
}

describe("any configuration at all", () => {
  test("any bytes: an answer, with every place inside a file", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => loadAll(bytes)),
      { numRuns: 200 },
    );
  });

  test("words of the language in any order: an answer", () => {
    const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 80 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(text, (words) => loadAll(new TextEncoder().encode(words))),
      { numRuns: 400 },
    );
  });

  test("real configurations with pieces cut out, doubled or replaced: an answer", () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...SAMPLES),
        fc.array(fc.tuple(fc.nat(), fc.nat(12), fc.constantFrom("", "", ...WORDS)), { minLength: 1, maxLength: 6 }),
      )
      .map(([sample, edits]) =>
        edits.reduce((text, [at, length, word]) => {
          const start = at % (text.length + 1);
          return text.slice(0, start) + word + text.slice(start + length);
        }, sample),
      );
    fc.assert(
      fc.property(mutated, (text) => loadAll(new TextEncoder().encode(text))),
      { numRuns: 300 },
    );
  }, 30_000);

  test.each([
    [
      "definitions that double at every step",
      Array.from({ length: 200 }, (_, n) => `$A${n}=\${A${n + 1}}\${A${n + 1}}`).join("\n") + "\n$A200=\n$A0\n",
    ],
    [
      "definitions nested ten thousand deep",
      Array.from({ length: 10_000 }, (_, n) => `$A${n}=\${A${n + 1}}`).join("\n") + "\n${A0}\n",
    ],
    [
      "blocks that double at every step",
      Array.from({ length: 60 }, (_, n) => `$B${n}= \\\n $B${n + 1} \\\n $B${n + 1}`).join("\n") + "\n$B0\n",
    ],
    ["repetitions of repetitions", `${"~SEQ(a,1,1000) ".repeat(8)} $X=1\n`],
    ["repetitions that print", `${"~SEQ(a,1,1000) ".repeat(8)} state $a\n`],
    ["includes that double at every step", "include f\ninclude g\ninclude /d/h\ninclude /d/i\n".repeat(3)],
    ["braces without end", "{".repeat(1000).concat("\n").repeat(100)],
    ["blocks without end", "vrrp_instance a {\n".repeat(20_000)],
    ["closing braces without end", "}\n".repeat(5_000)],
    ["unknown blocks in unknown blocks", "xyzzy {\n".repeat(20_000)],
    ["a comma in every brace", `include ${"{a,b}".repeat(150)}\n`],
  ])(
    "%s: ends within its bounds",
    (_name, text) => {
      loadAll(new TextEncoder().encode(text));
    },
    30_000,
  );
});

describe("laws of the parts", () => {
  test("a word in single quotes with its backslashes doubled is one word again", () => {
    const word = fc.string().filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(word, (text) => {
        expect(splitCommand(`a '${text.replaceAll("\\", "\\\\")}' b`)).toEqual({ ok: true, value: ["a", text, "b"] });
      }),
    );
  });

  test("a name matches itself with every character escaped, and * matches what begins with no dot", () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !text.includes("/"));
    fc.assert(
      fc.property(name, (text) => {
        const escaped = Array.from(text, (character) => `\\${character}`).join("");
        expect(matchesName(text.startsWith(".") ? `.${escaped.slice(2)}` : escaped, text)).toBe(true);
        expect(matchesName("*", text)).toBe(!text.startsWith("."));
      }),
    );
  });

  test("the distance of two words is symmetric, zero only for equal ones, and at most the longer one", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (left, right) => {
        const distance = editDistance(left, right);
        expect(distance).toBe(editDistance(right, left));
        expect(distance === 0).toBe(left === right);
        expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
      }),
    );
  });
});

function namesOf(specs: readonly KeywordSpec[]): readonly string[] {
  return specs.flatMap((spec) => [
    spec.name,
    ...(spec.block?.kind === "keywords" && spec.support === "acted" ? namesOf(spec.block.keywords) : []),
  ]);
}
