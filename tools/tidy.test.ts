import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { findUntidy, readProject } from "./tidy.ts";

function rulesBroken(path: string, text: string, others: readonly string[] = []): string[] {
  const files = [{ path, text }, ...others.map((other) => ({ path: other, text: "# T" }))];
  return findUntidy(files).map(({ rule, line }) => `${rule}:${line}`);
}

describe("words", () => {
  test.each([
    ["src/core/a.ts", "// TODO later", "unfinished:1"],
    ["docs/a.md", "# Title\n\nFIXME", "unfinished:3"],
    ["src/base/a.ts", `throw new Error("not implemented");`, "unfinished:1"],
    ["src/daemon/a.ts", "one\nsetTimeout(go, 1);", "timer-outside-linux:2"],
    ["src/sim/a.ts", "setInterval(go, 1);", "timer-outside-linux:1"],
    ["src/linux/a.ts", `console.log("x");`, "console:1"],
    ["tools/a.mjs", `const x = "/home/ada/project/file";`, "machine-path:1"],
    ["docs/a.md", `# T\n\nsee /${"work"}/main/x`, "machine-path:3"],
    ["src/main/a.ts", "// oxlint-disable-next-line no-var", "exception-without-reason:1"],
    ["src/main/a.ts", "// @ts-expect-error", "exception-without-reason:1"],
    ["src/main/a.test.ts", `test.skip("x", () => {});`, "partial-run:1"],
    ["src/main/a.test.ts", `describe.only("x", () => {});`, "partial-run:1"],
  ])("%s with %j: %s", (path, text, expected) => {
    expect(rulesBroken(path, text)).toEqual([expected]);
  });

  test.each([
    ["src/linux/a.ts", "setTimeout(go, 1);"],
    ["src/lab/a.ts", "setTimeout(go, 1);"],
    ["src/daemon/a.test.ts", "setTimeout(go, 1);"],
    ["src/cli/a.ts", `console.log("x");`],
    ["src/main/a.ts", "// oxlint-disable-next-line no-var -- older engines"],
    ["src/main/a.ts", "// @ts-expect-error the types of the library are wrong here"],
    ["src/main/a.ts", `const x = "etc/network/";`],
    ["test/vectors/config/a.txt", "script /root/check.sh # TODO"],
  ])("%s with %j: tidy", (path, text) => {
    expect(rulesBroken(path, text)).toEqual([]);
  });
});

describe("files", () => {
  test("source of 401 lines without a reason: reported", () => {
    expect(rulesBroken("src/core/a.ts", "x\n".repeat(401))).toEqual(["long-file:0"]);
  });
  test("source of 401 lines with a reason, or of 400 lines: tidy", () => {
    expect(rulesBroken("src/core/a.ts", "// Over 400 lines: one table.\n" + "x\n".repeat(400))).toEqual([]);
    expect(rulesBroken("src/core/a.ts", "x\n".repeat(400))).toEqual([]);
  });
  test("names in camelCase, barrels and names that say nothing: reported", () => {
    expect(rulesBroken("src/core/syncGroup.ts", "")).toEqual(["file-name:0"]);
    expect(rulesBroken("src/core/index.ts", "")).toEqual(["file-name:0"]);
    expect(rulesBroken("src/core/utils.ts", "")).toEqual(["file-name:0"]);
    expect(rulesBroken("src/core/sync-group.test.ts", "")).toEqual([]);
  });
  test("a lock file that names a registry: reported; one that does not: tidy", () => {
    const entry = (resolved: string): string => `{\n"a": { ${resolved} "integrity": "sha512-x" } }`;
    expect(rulesBroken("package-lock.json", entry(`"resolved": "https://example.org/a.tgz",`))).toEqual([
      "lock-without-hosts:2",
    ]);
    expect(rulesBroken("package-lock.json", entry(""))).toEqual([]);
  });
});

describe("documents", () => {
  test("no title, or two: reported", () => {
    expect(rulesBroken("docs/a.md", "text")).toEqual(["one-title:0"]);
    expect(rulesBroken("docs/a.md", "# One\n\n# Two")).toEqual(["one-title:0"]);
  });
  test("a comment in a fenced example: no title", () => {
    expect(rulesBroken("docs/a.md", "# One\n\n```sh\n# install\n```\n")).toEqual([]);
  });
  test("a link to a file that is not there: reported, in both notations", () => {
    expect(rulesBroken("docs/a.md", "# T\n[x](b.md) ![y](../c.png#frag)")).toEqual(["dead-link:2", "dead-link:2"]);
    expect(rulesBroken("docs/a.md", "# T\n[x]: ../nowhere")).toEqual(["dead-link:2"]);
  });
  test("links to files, folders, headings and the web: tidy", () => {
    const text = "# T\n[a](b.md#part) [b](../src/) [c](#part) [d](https://example.org/x) [e](/docs/b.md)";
    expect(rulesBroken("docs/a.md", text, ["docs/b.md", "src/core/a.ts"])).toEqual([]);
  });
  test("a link in code: not looked at", () => {
    expect(rulesBroken("docs/a.md", "# T\n`[x](b.md)`")).toEqual([]);
  });
});

test("this repository: tidy", () => {
  const complaints = findUntidy(readProject(dirname(import.meta.dirname)));
  expect(complaints.map(({ path, line, rule, message }) => `${path}:${line} ${rule}: ${message}`)).toEqual([]);
});
