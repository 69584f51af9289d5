// A rule that reports nothing looks the same as a rule that never looks. So every rule of .oxlintrc.json meets a file
// here that breaks it, and every arrow of the table of imports one that keeps it.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = dirname(import.meta.dirname);

interface Planted {
  readonly path: string;
  readonly source: string;
}

interface Report {
  readonly filename: string;
  readonly message: string;
  readonly code?: string;
  readonly help?: string;
}

/** One forbidden import per layer and per folder it must not reach, with the name of the rule that has to answer. */
const FORBIDDEN: Readonly<Record<string, { readonly rule: string; readonly imports: readonly string[] }>> = {
  base: { rule: "base-imports-nothing", imports: ["wire", "core", "config", "ports", "daemon", "linux", "node:fs"] },
  wire: {
    rule: "wire-is-pure",
    imports: ["core", "config", "ports", "daemon", "linux", "sim", "node:buffer", "koffi"],
  },
  core: {
    rule: "core-is-pure",
    imports: ["wire", "config", "ports", "daemon", "linux", "sim", "node:timers", "koffi"],
  },
  config: { rule: "config-is-pure", imports: ["wire", "core", "ports", "daemon", "linux", "node:fs", "commander"] },
  ports: { rule: "ports-are-interfaces", imports: ["wire", "core", "config", "daemon", "linux", "node:net"] },
  daemon: {
    rule: "daemon-is-given-ports",
    imports: ["linux", "sim", "api", "cli", "main", "lab", "node:process", "koffi"],
  },
  linux: { rule: "linux-obeys", imports: ["core", "config", "daemon", "sim", "api", "cli", "main"] },
  sim: { rule: "sim-is-memory", imports: ["linux", "api", "cli", "main", "node:timers"] },
  insight: { rule: "insight-foretells", imports: ["linux", "wire", "api", "cli", "main", "node:fs"] },
  api: { rule: "api-names-its-port", imports: ["core", "wire", "config", "daemon", "linux", "cli", "main"] },
  cli: { rule: "cli-is-a-client", imports: ["core", "config", "daemon", "linux", "main", "api"] },
  main: { rule: "main-wires", imports: ["wire", "core", "sim"] },
  lab: { rule: "lab-stands-apart", imports: ["wire", "core", "config", "daemon", "linux", "main", "demo"] },
  demo: { rule: "demo-is-a-user", imports: ["wire", "core", "sim"] },
};

const ALLOWED: readonly Planted[] = [
  {
    path: "src/wire/a/nested.ts",
    source: `import { x } from "../../base/x.ts";\nimport { y } from "../y.ts";\nuse(x, y);`,
  },
  { path: "src/core/nested/a.ts", source: `import { x } from "../../base/x.ts";\nuse(x);` },
  { path: "src/config/a.ts", source: `import type { X } from "../core/x.ts";\nexport type Y = X;` },
  { path: "src/ports/a.ts", source: `import type { X } from "../core/x.ts";\nexport type Y = X;` },
  {
    path: "src/daemon/a.ts",
    source: `import { x } from "../wire/x.ts";\nimport { y } from "../core/x.ts";\nuse(x, y);`,
  },
  {
    path: "src/linux/a.ts",
    source: `import { readFileSync } from "node:fs";\nimport { x } from "../wire/x.ts";\nuse(readFileSync, x);`,
  },
  { path: "src/linux/libc.ts", source: `import koffi from "koffi";\nuse(koffi);` },
  { path: "src/cli/a.ts", source: `import type { X } from "../api/contract.ts";\nexport type Y = X;` },
  {
    path: "src/main/a.ts",
    source: `import { x } from "../linux/x.ts";\nimport { y } from "../daemon/x.ts";\nuse(x, y);`,
  },
  { path: "src/wire/a.test.ts", source: `import { readFileSync } from "node:fs";\nuse(readFileSync);` },
];

const CARELESS: readonly (Planted & { readonly rule: string })[] = [
  { rule: "no-floating-promises", path: "src/main/r1.ts", source: `async function work(): Promise<void> {}\nwork();` },
  {
    rule: "no-misused-promises",
    path: "src/main/r2.ts",
    source: `async function work(): Promise<void> {}\n[1].forEach(work);\nif (work()) use(1);`,
  },
  {
    rule: "switch-exhaustiveness-check",
    path: "src/main/r3.ts",
    source: `type Kind = "one" | "two";\nexport function f(kind: Kind): void {\n  switch (kind) {\n    case "one":\n      use(1);\n  }\n}`,
  },
  { rule: "only-throw-error", path: "src/main/r4.ts", source: `export function f(): never {\n  throw "text";\n}` },
  { rule: "no-explicit-any", path: "src/main/r5.ts", source: `export const x: any = 1;` },
  {
    rule: "no-non-null-assertion",
    path: "src/main/r6.ts",
    source: `export function f(text: string | undefined): string {\n  return text!;\n}`,
  },
  {
    rule: "consistent-type-imports",
    path: "src/main/r7.ts",
    source: `import { X } from "./x.ts";\nexport type Y = X;`,
  },
  { rule: "ban-ts-comment", path: "src/main/r8.ts", source: `// @ts-ignore\nexport const x: number = "text";` },
  {
    rule: "no-cycle",
    path: "src/main/r9.ts",
    source: `import { b } from "./r10.ts";\nexport const a = (): unknown => b;`,
  },
  {
    rule: "no-cycle",
    path: "src/main/r10.ts",
    source: `import { a } from "./r9.ts";\nexport const b = (): unknown => a;`,
  },
  { rule: "eqeqeq", path: "src/main/r11.ts", source: `export const same = (a: number, b: number): boolean => a == b;` },
  { rule: "prefer-const", path: "src/main/r12.ts", source: `let x = 1;\nuse(x);` },
  { rule: "no-var", path: "src/main/r13.ts", source: `export var x = 1;` },
  { rule: "no-unused-vars", path: "src/main/r14.ts", source: `const x = 1;` },
  {
    rule: "Unused oxlint-disable",
    path: "src/main/r16.ts",
    source: `// oxlint-disable-next-line no-var -- for no reason\nuse(1);`,
  },
];

const OUTSIDE: Readonly<Record<string, string>> = {
  Date: "use(new Date());",
  performance: "use(performance.now());",
  setTimeout: "setTimeout(() => {}, 1);",
  setInterval: "setInterval(() => {}, 1);",
  setImmediate: "setImmediate(() => {});",
  process: "use(process.argv);",
  Buffer: "use(Buffer.alloc(1));",
  console: `console.log("text");`,
  fetch: `use(fetch);`,
  crypto: "use(crypto);",
  random: "use(Math.random());",
};

/** Projects that the linter may find a file in. With the wrong one it sees no types and reports nothing. */
const TSCONFIGS = [
  "tsconfig.json",
  ...["base", "pure", "node", "test"].map((name) => `tsconfig.${name}.json`),
  ...["src", "test", "tools", "bench", "soak"].map((name) => `${name}/tsconfig.json`),
];

const EVERYWHERE = [
  "src/linux/nested/promise.ts",
  "src/linux/promise.test.ts",
  "src/wire/promise.test.ts",
  "test/lab/promise.ts",
  "test/lab/promise.test.ts",
  "tools/promise.test.ts",
  "bench/promise.ts",
  "soak/promise.ts",
];

const PURE = ["base", "wire", "core", "config", "ports", "daemon", "sim", "insight"];

let folder: string;
let reports: readonly Report[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-lint-"));
  copyFileSync(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const path of TSCONFIGS) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(folder, path));
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  plant("src/base/global.d.ts", "declare global {\n  function use(...values: unknown[]): void;\n}\nexport {};\n");
  for (const [layer, { imports }] of Object.entries(FORBIDDEN)) {
    for (const [index, target] of imports.entries()) {
      const from = /:|koffi|commander/.test(target) ? target : `../${target}/x.ts`;
      plant(`src/${layer}/import-${index}.ts`, `import { x } from "${from}";\nuse(x);\n`);
    }
  }
  for (const path of EVERYWHERE) {
    plant(path, `import { readFile } from "node:fs/promises";\nreadFile("a");`);
  }
  plant("src/linux/b.ts", `import koffi from "koffi";\nuse(koffi);`);
  for (const { path, source } of [...ALLOWED, ...CARELESS]) plant(path, source);
  for (const layer of PURE) {
    for (const [word, source] of Object.entries(OUTSIDE)) plant(`src/${layer}/global-${word}.ts`, `${source}\n`);
  }
  const linter = join(ROOT, "node_modules/oxlint/bin/oxlint");
  const argv = [linter, "--type-aware", "--report-unused-disable-directives", "--format=json"];
  const result = spawnSync(process.execPath, argv, { cwd: folder, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  reports = (JSON.parse(result.stdout) as { diagnostics: Report[] }).diagnostics;
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the table of imports", () => {
  for (const [layer, { rule, imports }] of Object.entries(FORBIDDEN)) {
    for (const [index, target] of imports.entries()) {
      test(`${layer} imports ${target}: reported as ${rule}`, () => {
        const found = reportsOn(`src/${layer}/import-${index}.ts`).join("\n");
        expect(found).toContain("no-restricted-imports");
        expect(found).toContain(rule);
      });
    }
  }
  test("linux imports koffi outside libc.ts: reported as one-native-file", () => {
    expect(reportsOn("src/linux/b.ts").join("\n")).toContain("one-native-file");
  });
  for (const { path } of ALLOWED) {
    test(`${path} keeps to the table: not reported`, () => {
      expect(reportsOn(path)).toEqual([]);
    });
  }
});

describe("the rules of the language", () => {
  for (const { rule, path } of CARELESS) {
    test(`${path}: reported as ${rule}`, () => {
      expect(reportsOn(path).join("\n")).toContain(rule);
    });
  }
  for (const path of EVERYWHERE) {
    test(`a promise of Node left alone in ${path}: reported`, () => {
      expect(reportsOn(path).join("\n")).toContain("no-floating-promises");
    });
  }
  for (const layer of PURE) {
    for (const word of Object.keys(OUTSIDE)) {
      test(`${layer} reaches for ${word}: reported`, () => {
        const rule = word === "random" ? "no-restricted-properties" : "no-restricted-globals";
        expect(reportsOn(`src/${layer}/global-${word}.ts`).join("\n")).toContain(rule);
      });
    }
  }
});

function plant(path: string, source: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), source.endsWith("\n") ? source : `${source}\n`);
}

function reportsOn(path: string): string[] {
  const about = reports.filter((report) => report.filename === path);
  return about.map((report) => `${report.code ?? ""} ${report.message} ${report.help ?? ""}`);
}
