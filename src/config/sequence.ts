import { slice, trim } from "./mapped-text.ts";
import type { LogicalLine, MappedText } from "./mapped-text.ts";

/** A line that is repeated: in each round some names have other values. */
export interface Sequence {
  readonly rounds: readonly (readonly (readonly [name: string, value: string])[])[];
  readonly body: MappedText;
}

/** Whether a line asks to be repeated. */
export function isSequence(text: string): boolean {
  return /^~(SEQx?|LST)\b/.test(text);
}

/**
 * Reads `~SEQ(name, [start, [step,]] end) line`, `~SEQx` (values in hexadecimal), `~LST(name, a, b) line` and
 * `~LST({x, y}, {1, 2}, {3, 4}) line`. Gives a sentence about what is wrong otherwise. At most 1,024 rounds.
 */
export function parseSequence(line: LogicalLine): Sequence | string {
  const match = /^~(SEQx?|LST)[ \t]*\(([^()]*)\)/.exec(line.text);
  if (match === null) return "The parentheses behind ~SEQ or ~LST are missing or not closed";
  const body = trim(slice(line, match[0].length));
  if (body.text === "") return "There is nothing behind the parentheses to repeat";
  const rounds = match[1] === "LST" ? listRounds(match[2] ?? "") : numberRounds(match[2] ?? "", match[1] === "SEQx");
  return typeof rounds === "string" ? rounds : { rounds, body };
}

function numberRounds(text: string, hexadecimal: boolean): Sequence["rounds"] | string {
  const [name = "", ...words] = text.split(",").map((word) => word.trim());
  const numbers = words.map((word) => (/^-?\d{1,9}$/.test(word) ? Number(word) : undefined));
  if (!NAME.test(name) || numbers.length < 1 || numbers.length > 3 || numbers.includes(undefined)) {
    return "~SEQ needs (NAME, END), (NAME, START, END) or (NAME, START, STEP, END) with whole numbers";
  }
  const end = numbers.at(-1) ?? 0;
  const start = numbers.length > 1 ? (numbers[0] ?? 0) : 1;
  const step = numbers.length > 2 ? (numbers[1] ?? 0) : start <= end ? 1 : -1;
  if (step === 0 || step > 0 !== start <= end) return "~SEQ never reaches its end with this step";
  const count = Math.floor((end - start) / step) + 1;
  if (count > ROUND_LIMIT) return `~SEQ makes ${count} lines; at most ${ROUND_LIMIT} are made`;
  return Array.from({ length: count }, (_, round) => {
    const value = start + round * step;
    return [[name, hexadecimal ? value.toString(16) : String(value)] as const];
  });
}

function listRounds(text: string): Sequence["rounds"] | string {
  const items = splitOutsideBraces(text);
  const [names = [], ...values] = items.map((item) => {
    const inner = /^\{(.*)\}$/.exec(item)?.[1];
    return inner === undefined ? [item] : inner.split(",").map((word) => word.trim());
  });
  if (names.length === 0 || !names.every((name) => NAME.test(name)) || values.length === 0) {
    return "~LST needs (NAME, VALUE, ...) or ({NAME, ...}, {VALUE, ...}, ...)";
  }
  if (values.length > ROUND_LIMIT) return `~LST makes ${values.length} lines; at most ${ROUND_LIMIT} are made`;
  if (values.some((value) => value.length !== names.length))
    return "~LST has not as many values as names in every group";
  return values.map((value) => names.map((name, index) => [name, value[index] ?? ""] as const));
}

function splitOutsideBraces(text: string): readonly string[] {
  const items: string[] = [];
  let depth = 0;
  let current = "";
  for (const character of text) {
    if (character === "{") depth += 1;
    if (character === "}") depth -= 1;
    if (character === "," && depth <= 0) {
      items.push(current.trim());
      current = "";
    } else current += character;
  }
  return [...items, current.trim()];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ROUND_LIMIT = 1024;
