import type { Report } from "./diagnostic.ts";
import type { IncludeStep } from "./place.ts";

/** One line as it stands in a file, without its end. */
export interface PhysicalLine {
  readonly number: number;
  readonly text: string;
  /** Its bytes were no UTF-8 and were read as Latin-1: one character per byte. */
  readonly latin1: boolean;
  /** It has a NUL byte or is too long, so nothing on it counts. */
  readonly ignored: boolean;
}

/**
 * Cuts the bytes of a file into lines and decodes each, with a finding for everything that is not plain UTF-8 text.
 * Line ends are LF or CRLF; a byte order mark is skipped.
 */
export function decodeLines(
  bytes: Uint8Array,
  file: string,
  include: readonly IncludeStep[],
  report: Report,
): readonly PhysicalLine[] {
  const lines: PhysicalLine[] = [];
  const at = (line: number, column = 1): { file: string; line: number; column: number; include: typeof include } => ({
    file,
    line,
    column,
    include,
  });
  let start = 0;
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    start = 3;
    report({
      code: "BYTE_ORDER_MARK",
      at: at(1),
      message: "The file begins with a byte order mark, which keepalived reads as part of the first word",
      help: "Save the file as UTF-8 without a byte order mark.",
    });
  }
  let saidCarriageReturns = false;
  let saidNonUtf8 = false;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const next = newline < 0 ? bytes.length : newline + 1;
    let end = newline < 0 ? bytes.length : newline;
    const number = lines.length + 1;
    if (end > start && bytes[end - 1] === CARRIAGE_RETURN) {
      end -= 1;
      if (!saidCarriageReturns) {
        saidCarriageReturns = true;
        report({
          code: "CARRIAGE_RETURNS",
          at: at(number),
          message: "The lines end in CR LF, as Windows writes them",
          help: "Convert the file with `sed -i 's/\\r$//' FILE`.",
        });
      }
    }
    const line = bytes.subarray(start, end);
    const complain: Complain = (code, message, column, help) => {
      if (code === "NON_UTF8" && saidNonUtf8) return;
      saidNonUtf8 ||= code === "NON_UTF8";
      report({ code, at: at(number, column), message, help });
    };
    lines.push(decodeLine(line, number, complain));
    start = next;
  }
  return lines;
}

type Complain = (
  code: "NUL_BYTE" | "LINE_TOO_LONG" | "NON_UTF8",
  message: string,
  column: number,
  help: string,
) => void;

function decodeLine(bytes: Uint8Array, number: number, complain: Complain): PhysicalLine {
  const utf8 = decodeUtf8(bytes);
  const latin1 = utf8 === undefined;
  const text = utf8 ?? Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const nul = text.indexOf("\0");
  const tooLong = bytes.length >= LINE_LIMIT;
  if (nul >= 0) {
    complain(
      "NUL_BYTE",
      "The line has a NUL byte and is ignored",
      nul + 1,
      "Remove the byte; the file may be damaged.",
    );
  } else if (tooLong) {
    complain(
      "LINE_TOO_LONG",
      `The line has ${bytes.length} bytes and is ignored: keepalived reads lines of at most ${LINE_LIMIT - 1}`,
      1,
      "Break the line, or put a part of it into a definition ($NAME=...).",
    );
  } else if (latin1) {
    const column = bytes.findIndex((byte) => byte >= 0x80) + 1;
    complain(
      "NON_UTF8",
      "This line is not UTF-8 and was read as Latin-1, like all such lines of this file",
      column,
      "Save the file as UTF-8.",
    );
  }
  return { number, text, latin1, ignored: nul >= 0 || tooLong };
}

/** Undefined where the bytes are no well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, at most U+10FFFF. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = "";
  for (let index = 0; index < bytes.length;) {
    const first = bytes[index] ?? 0;
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length === 0 || index + length > bytes.length) return undefined;
    let codePoint = length === 1 ? first : first & (0x7f >> length);
    for (const byte of bytes.subarray(index + 1, index + length)) {
      if (byte >> 6 !== 0b10) return undefined;
      codePoint = (codePoint << 6) | (byte & 0x3f);
    }
    if (length === 3 && (codePoint < 0x800 || (codePoint >= 0xd800 && codePoint < 0xe000))) return undefined;
    if (length === 4 && (codePoint < 0x1_0000 || codePoint > 0x10_ffff)) return undefined;
    text += String.fromCodePoint(codePoint);
    index += length;
  }
  return text;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** keepalived's MAXBUF: a line must be shorter, its end not counted. */
const LINE_LIMIT = 1024;
