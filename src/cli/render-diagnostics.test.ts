import { describe, expect, test } from "vitest";
import { checkDocument, renderDiagnostic, renderDiagnostics, renderLine, summarize } from "./render-diagnostics.ts";
import type { DiagnosticView } from "./render-diagnostics.ts";

const UNKNOWN: DiagnosticView = {
  code: "UNKNOWN_KEYWORD",
  severity: "error",
  effect: "refuses-reload",
  message: 'There is no keyword "priorityy" in vrrp_instance',
  place: { file: "/etc/a.conf", line: 12, column: 5, endColumn: 14, include: [{ file: "/etc/main.conf", line: 3 }] },
  help: 'Did you mean "priority"?',
};
const PLAIN = { color: false };

describe("findings as text", () => {
  test("place, message, source line, carets, include chain and help, each on its line", () => {
    expect(renderDiagnostic(UNKNOWN, "    priorityy 120", PLAIN)).toBe(
      [
        '/etc/a.conf:12:5: error: There is no keyword "priorityy" in vrrp_instance [UNKNOWN_KEYWORD]',
        "   12 |     priorityy 120",
        "      |     ^^^^^^^^^",
        "      included from /etc/main.conf:3",
        '      help: Did you mean "priority"?',
        "",
      ].join("\n"),
    );
  });

  test("carets stand below wide characters and tabs", () => {
    const at = (column: number, endColumn: number): DiagnosticView => ({
      ...UNKNOWN,
      place: { ...UNKNOWN.place, column, endColumn },
    });
    expect(renderDiagnostic(at(3, 5), "中文ab", PLAIN).split("\n")[2]).toBe("      |     ^^");
    expect(renderDiagnostic(at(1, 3), "中文ab", PLAIN).split("\n")[2]).toBe("      | ^^^^");
    expect(renderDiagnostic(at(2, 3), "\tab", PLAIN).split("\n")[2]).toBe("      | \t^");
    expect(renderDiagnostic(at(9, 20), "ab", PLAIN).split("\n")[2]).toBe("      |   ^");
  });

  test("a long line is shown around the place", () => {
    const line = `${"x".repeat(200)} here ${"y".repeat(200)}`;
    const diagnostic = { ...UNKNOWN, place: { ...UNKNOWN.place, column: 202, endColumn: 206 } };
    const [, text = "", carets = ""] = renderDiagnostic(diagnostic, line, PLAIN).split("\n");
    expect(text.length).toBeLessThan(150);
    expect(text.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("here");
  });

  test("nothing from a file steers the terminal", () => {
    const text = renderDiagnostic({ ...UNKNOWN, message: "\x1b[2J\u202e" }, "a\x1b]0;x\x07\u009b", PLAIN);
    expect(text).not.toMatch(/[\x1b\x07\u009b\u202e]/);
  });

  test("color paints severity and carets, and changes no character", () => {
    const colored = renderDiagnostic(UNKNOWN, "    priorityy 120", { color: true });
    expect(colored).toContain("\x1b[1;31merror:\x1b[0m");
    expect(colored.replaceAll(/\x1b\[[0-9;]*m/g, "")).toBe(renderDiagnostic(UNKNOWN, "    priorityy 120", PLAIN));
  });

  test("without the source line: the message alone", () => {
    const alone = { ...UNKNOWN, place: { ...UNKNOWN.place, include: [] } };
    expect(renderDiagnostic(alone, undefined, PLAIN).split("\n")).toHaveLength(3);
  });

  test("all of them, with a summary in which one is singular", () => {
    const sources = [{ path: "/etc/a.conf", lines: Array.from({ length: 12 }, (_, index) => `line ${index + 1}`) }];
    const warning = { ...UNKNOWN, severity: "warning" as const };
    const text = renderDiagnostics([UNKNOWN, warning, warning], sources, PLAIN);
    expect(text).toContain("   12 | line 12");
    expect(text).toContain("\n\n1 error, 2 warnings\n");
    expect(renderDiagnostics([], sources, PLAIN)).toBe("No findings\n");
    expect(summarize([{ ...UNKNOWN, severity: "note" }])).toBe("1 note");
  });

  test("found out of order, and after an included file: by place, a file's findings together", () => {
    const at = (file: string, line: number, column: number): DiagnosticView => ({
      ...UNKNOWN,
      message: `${file} ${line} ${column}`,
      place: { file, line, column, endColumn: column + 1, include: [] },
    });
    const text = renderDiagnostics([at("a", 9, 1), at("b", 1, 1), at("a", 2, 7), at("a", 2, 3)], [], PLAIN);
    expect(text.match(/^[ab]:\d+:\d+/gm)).toEqual(["a:2:3", "a:2:7", "a:9:1", "b:1:1"]);
  });

  test("the same in several lines: shown once with the other lines, counted each time", () => {
    const at = (line: number): DiagnosticView => ({ ...UNKNOWN, place: { ...UNKNOWN.place, line } });
    const lines = (count: number): readonly DiagnosticView[] =>
      Array.from({ length: count }, (_, index) => at(index + 1));
    expect(renderDiagnostics([at(3), at(7)], [], PLAIN)).toContain("\n      again in line 7\n\n2 errors\n");
    expect(renderDiagnostics([at(3), at(3)], [], PLAIN)).not.toContain("again");
    expect(renderDiagnostics(lines(14), [], PLAIN)).toContain(
      "again in lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 1 more\n",
    );
    const { help: _help, ...helpless } = at(4);
    expect(renderDiagnostics([at(3), helpless], [], PLAIN)).not.toContain("again");
  });

  test("the last line tells whether it starts", () => {
    const last = (...effects: readonly DiagnosticView["effect"][]): string =>
      renderDiagnostics(
        effects.map((effect) => ({ ...UNKNOWN, effect })),
        [],
        PLAIN,
      )
        .trimEnd()
        .split("\n")
        .at(-1) ?? "";
    expect(last("logged", "refuses-reload", "stops-start")).toBe("Holdfast does not start with this.");
    expect(last("logged", "refuses-reload")).toMatch(/^Holdfast starts with this; .* refuses it /);
    expect(last("logged")).toBe("1 error");
  });

  test("one line for a log", () => {
    expect(renderLine(UNKNOWN)).toBe(
      '(/etc/a.conf:12:5) error: There is no keyword "priorityy" in vrrp_instance. Did you mean "priority"?',
    );
  });
});

describe("findings as JSON", () => {
  test("one document with a version, places flat, help only where there is some", () => {
    const { help: _help, ...without } = UNKNOWN;
    expect(checkDocument(["/etc/main.conf"], [UNKNOWN, without])).toEqual({
      version: 1,
      files: ["/etc/main.conf"],
      diagnostics: [
        {
          code: "UNKNOWN_KEYWORD",
          severity: "error",
          effect: "refuses-reload",
          message: 'There is no keyword "priorityy" in vrrp_instance',
          file: "/etc/a.conf",
          line: 12,
          column: 5,
          endColumn: 14,
          include: [{ file: "/etc/main.conf", line: 3 }],
          help: 'Did you mean "priority"?',
        },
        expect.not.objectContaining({ help: expect.anything() }),
      ],
    });
  });
});
