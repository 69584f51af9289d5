import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { play } from "./scenario.ts";

const FOLDER = import.meta.dirname;

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".txt"))) {
  const text = readFileSync(join(FOLDER, file), "utf8");
  const title = text.split("\n", 1)[0]?.replace(/^#\s*/, "") ?? "";
  test(`${file}: ${title}`, () => {
    const mismatches = play(text);
    const report = mismatches.map(
      ({ line, message, happened }) => `${file}:${line}: ${message}, but:\n${happened.join("\n")}`,
    );
    expect(mismatches, report.join("\n\n")).toEqual([]);
  });
}
