/** A finding as the configuration language gives it. */
export interface DiagnosticView {
  readonly code: string;
  readonly severity: "error" | "warning" | "note";
  readonly effect: "stops-start" | "refuses-reload" | "logged";
  readonly message: string;
  readonly place: {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly endColumn: number;
    readonly include: readonly { readonly file: string; readonly line: number }[];
  };
  readonly help?: string;
}

export interface SourceView {
  readonly path: string;
  readonly lines: readonly string[];
}

export interface RenderOptions {
  /** Escape sequences of ECMA-48 for terminals. */
  readonly color: boolean;
}

/** What `holdfast check --json` prints. Fields are only ever added; a change of meaning changes `version`. */
export interface CheckDocument {
  readonly version: 1;
  readonly files: readonly string[];
  readonly diagnostics: readonly {
    readonly code: string;
    readonly severity: DiagnosticView["severity"];
    readonly effect: DiagnosticView["effect"];
    readonly message: string;
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly endColumn: number;
    readonly include: readonly { readonly file: string; readonly line: number }[];
    readonly help?: string;
  }[];
}

/**
 * All findings with their source lines, file by file from the top down, and a summary: the text of `holdfast check`, ending
 * in a newline. One that is found again further down is shown once, with the other lines.
 */
export function renderDiagnostics(
  diagnostics: readonly DiagnosticView[],
  sources: readonly SourceView[],
  options: RenderOptions,
): string {
  const files = new Map(sources.map((source) => [source.path, source.lines]));
  const parts = gather(diagnostics).map(({ diagnostic, furtherLines }) => {
    const line = files.get(diagnostic.place.file)?.[diagnostic.place.line - 1];
    return renderDiagnostic(diagnostic, line, options) + renderFurtherLines(furtherLines);
  });
  const summary = [summarize(diagnostics), ...describeEffect(diagnostics)];
  return [...parts, `${summary.join("\n")}\n`].join(parts.length === 0 ? "" : "\n");
}

/** One finding: `FILE:LINE:COLUMN: severity: message [CODE]`, the source line, a caret, the include chain, the help. */
export function renderDiagnostic(
  diagnostic: DiagnosticView,
  sourceLine: string | undefined,
  options: RenderOptions,
): string {
  const { place, severity } = diagnostic;
  const paint = options.color ? (code: string, text: string): string => `\x1b[${code}m${text}\x1b[0m` : plain;
  const tint = COLORS[severity];
  const lines = [
    `${paint("1", `${printable(place.file)}:${place.line}:${place.column}:`)} ${paint(tint, `${severity}:`)} ` +
      `${paint("1", printable(diagnostic.message))} [${diagnostic.code}]`,
  ];
  if (sourceLine !== undefined && sourceLine !== "") {
    const number = String(place.line);
    const { text, caret } = excerpt(sourceLine, place.column, place.endColumn);
    lines.push(`${number.padStart(5)} | ${text}`, `${" ".repeat(Math.max(5, number.length))} | ${paint(tint, caret)}`);
  }
  for (const step of place.include.toReversed()) lines.push(`      included from ${printable(step.file)}:${step.line}`);
  if (diagnostic.help !== undefined) lines.push(`      ${paint("36", "help:")} ${printable(diagnostic.help)}`);
  return `${lines.join("\n")}\n`;
}

/** One line for a log, without a newline. */
export function renderLine(diagnostic: DiagnosticView): string {
  const { file, line, column } = diagnostic.place;
  const help = diagnostic.help === undefined ? "" : ` ${printable(diagnostic.help)}`;
  return `(${printable(file)}:${line}:${column}) ${diagnostic.severity}: ${printable(diagnostic.message)}.${help}`;
}

/** `2 errors, 1 warning, 3 notes`. */
export function summarize(diagnostics: readonly DiagnosticView[]): string {
  const count = (severity: DiagnosticView["severity"]): string | undefined => {
    const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return found === 0 ? undefined : `${found} ${severity}${found === 1 ? "" : "s"}`;
  };
  const counts = [count("error"), count("warning"), count("note")].filter((part) => part !== undefined);
  return counts.length === 0 ? "No findings" : counts.join(", ");
}

/** What somebody who has to start it wants to know. */
function describeEffect(diagnostics: readonly DiagnosticView[]): readonly string[] {
  const has = (wanted: DiagnosticView["effect"]): boolean => diagnostics.some(({ effect }) => effect === wanted);
  if (has("stops-start")) return ["Holdfast does not start with this."];
  if (!has("refuses-reload")) return [];
  return ["Holdfast starts with this; `holdfast reload` refuses it unless what runs has the same errors, or --force."];
}

/** The JSON document of `holdfast check --json`; `files` are those that were asked for. */
export function checkDocument(files: readonly string[], diagnostics: readonly DiagnosticView[]): CheckDocument {
  return {
    version: 1,
    files,
    diagnostics: diagnostics.map(({ code, severity, effect, message, place, help }) => ({
      code,
      severity,
      effect,
      message,
      file: place.file,
      line: place.line,
      column: place.column,
      endColumn: place.endColumn,
      include: place.include.map(({ file, line }) => ({ file, line })),
      ...(help === undefined ? {} : { help }),
    })),
  };
}

interface GatheredDiagnostic {
  /** The topmost one. */
  readonly diagnostic: DiagnosticView;
  /** Where else in its file the same is found, ascending, each line once. */
  readonly furtherLines: readonly number[];
}

/** Files in the order in which they are first mentioned, the findings of each by place, equal ones together. */
function gather(diagnostics: readonly DiagnosticView[]): readonly GatheredDiagnostic[] {
  const byFile = new Map<string, DiagnosticView[]>();
  for (const diagnostic of diagnostics) {
    const ofFile = byFile.get(diagnostic.place.file);
    if (ofFile === undefined) byFile.set(diagnostic.place.file, [diagnostic]);
    else ofFile.push(diagnostic);
  }
  return [...byFile.values()].flatMap((ofFile) => {
    const gathered = new Map<string, { diagnostic: DiagnosticView; furtherLines: number[] }>();
    const byPlace = ofFile.toSorted(
      ({ place: left }, { place: right }) => left.line - right.line || left.column - right.column,
    );
    for (const diagnostic of byPlace) {
      const { code, help, message, place } = diagnostic;
      const same = JSON.stringify([code, message, help, place.include]);
      const known = gathered.get(same);
      if (known === undefined) gathered.set(same, { diagnostic, furtherLines: [] });
      else if (place.line > (known.furtherLines.at(-1) ?? known.diagnostic.place.line))
        known.furtherLines.push(place.line);
    }
    return [...gathered.values()];
  });
}

function renderFurtherLines(lines: readonly number[]): string {
  if (lines.length === 0) return "";
  const shown = lines.slice(0, MOST_FURTHER_LINES).join(", ");
  const rest = lines.length - MOST_FURTHER_LINES;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `      again in line${lines.length === 1 ? "" : "s"} ${shown}${more}\n`;
}

/** The source line, shortened around the place where it is long, and carets below it, by the width of characters. */
function excerpt(line: string, column: number, endColumn: number): { readonly text: string; readonly caret: string } {
  const characters = Array.from(line);
  const start = column > LINE_WIDTH - 20 ? column - 40 : 0;
  const shown = characters.slice(start, start + LINE_WIDTH);
  const before = shown.slice(0, Math.max(0, column - 1 - start));
  const marked = shown.slice(before.length, Math.max(before.length + 1, endColumn - 1 - start));
  const indent = before.map((character) => (character === "\t" ? "\t" : " ".repeat(width(character)))).join("");
  const carets = "^".repeat(
    Math.max(
      1,
      marked.reduce((sum, character) => sum + width(character), 0),
    ),
  );
  const ellipsis = start > 0 ? "... " : "";
  return {
    text:
      ellipsis +
      shown.map((character) => (character === "\t" ? "\t" : printable(character))).join("") +
      (characters.length > start + LINE_WIDTH ? " ..." : ""),
    caret: " ".repeat(ellipsis.length) + indent + carets,
  };
}

/** Nothing that came from a file may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Columns a character takes in a terminal: two for those of East Asian scripts (Unicode TR 11, W and F). */
function width(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x200b || code === 0xfeff || (code >= 0x300 && code < 0x370)) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

function plain(_code: string, text: string): string {
  return text;
}

const COLORS = { error: "1;31", warning: "1;33", note: "1;34" } as const;
const LINE_WIDTH = 120;
const MOST_FURTHER_LINES = 12;
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];
