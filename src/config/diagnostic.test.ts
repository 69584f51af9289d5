import { expect, test } from "vitest";
import { collectDiagnostics } from "./diagnostic.ts";

test("more than 2,000 findings: that is told once, and of the rest the first of each further kind", () => {
  const { report, diagnostics } = collectDiagnostics();
  const at = { file: "f", line: 1, column: 1 };
  for (let count = 0; count < 2_000; count++) report({ code: "STRAY_BRACE", at, message: "}" });
  expect(diagnostics.length).toBe(2_000);
  report({ code: "STRAY_BRACE", at, message: "}" });
  report({ code: "MISSING_PARAMETER", at, message: "the first" });
  report({ code: "STRAY_BRACE", at, message: "}" });
  report({ code: "MISSING_PARAMETER", at, message: "the second" });
  expect(diagnostics.slice(2_000).map(({ code, effect }) => [code, effect])).toEqual([
    ["TOO_MANY_FINDINGS", "logged"],
    ["MISSING_PARAMETER", "stops-start"],
  ]);
  expect(diagnostics.at(-1)?.message).toBe("the first");
});
