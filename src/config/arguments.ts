import { parseIpAddress } from "../base/address.ts";
import { millis, seconds } from "../base/time.ts";
import { splitCommand } from "./argv.ts";
import type { Report, Span } from "./diagnostic.ts";
import type { ArgumentSpec, KeywordSpec } from "./keyword.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { closest } from "./suggest.ts";
import type { ArgumentValue, CommandValue } from "./tree.ts";

export interface ReadArguments {
  readonly values: readonly (ArgumentValue | undefined)[];
  readonly faulty: boolean;
}

/**
 * Reads the words behind a keyword as its table entry says. Whatever is missing, refused or too much is a finding; a
 * refused argument is left undefined, so that the default holds, as in keepalived.
 */
export function readArguments(
  spec: KeywordSpec,
  keyword: Token,
  words: readonly Token[],
  report: Report,
): ReadArguments {
  const values: (ArgumentValue | undefined)[] = [];
  // What nothing follows from cannot change the meaning of anything.
  const softly: Report =
    spec.support === "acted" ? report : (finding) => report({ ...finding, effect: finding.effect ?? "logged" });
  let faulty = false;
  let next = 0;
  for (const argument of spec.arguments) {
    const word = words[next];
    if (word === undefined) {
      if (argument.optional !== true) {
        faulty = true;
        report({
          code: "MISSING_PARAMETER",
          at: spanOfToken(words.at(-1) ?? keyword),
          message: `"${spec.name}" needs ${argument.name} behind it`,
          help: "keepalived ends with status 2 here.",
        });
        break;
      }
      values.push(undefined);
    } else if (argument.kind === "words") {
      values.push({ kind: "words", tokens: words.slice(next) });
      next = words.length;
    } else if (argument.kind === "command") {
      const value = readCommand(spec, words.slice(next), softly);
      faulty ||= value === undefined;
      values.push(value);
      next = words.length;
    } else {
      const value = readWord(argument, spec, word, softly);
      faulty ||= value === undefined;
      values.push(value);
      next += 1;
    }
  }
  const extra = words[next];
  if (extra !== undefined) reportExtraWords(spec, extra, words.at(-1) ?? extra, report);
  return { values, faulty };
}

function readWord(argument: ArgumentSpec, spec: KeywordSpec, word: Token, report: Report): ArgumentValue | undefined {
  const at = spanOfToken(word);
  const { text } = word;
  switch (argument.kind) {
    case "integer":
    case "seconds":
    case "milliseconds":
      return readNumber(argument, spec, text, at, report);
    case "boolean": {
      if (/^(on|true|yes)$/.test(text)) return { kind: "boolean", value: true };
      if (/^(off|false|no)$/.test(text)) return { kind: "boolean", value: false };
      const message = `"${text}" is neither on nor off (on, off, true, false, yes, no; in lower case)`;
      report({ code: "INVALID_BOOLEAN", at, message });
      return undefined;
    }
    case "choice": {
      if (argument.words.includes(text)) return { kind: "word", value: text, token: word };
      const meant = closest(text, argument.words);
      report({
        code: "INVALID_CHOICE",
        at,
        message: `"${text}" is none of ${argument.words.join(", ")}, which "${spec.name}" takes`,
        help: meant === undefined ? defaultHelp(spec) : `Did you mean "${meant}"?`,
      });
      return undefined;
    }
    case "address": {
      const [digits = "", mask] = text.split("/", 2);
      const value = parseIpAddress(digits);
      if (value !== undefined) {
        const message = `"${spec.name}" takes one address: "/${mask}" is ignored`;
        if (mask !== undefined) report({ code: "IGNORED_MASK", at, message });
        return { kind: "address", value };
      }
      report({ code: "INVALID_ADDRESS", at, message: `"${text}" is no IP address`, help: addressHelp(text) });
      return undefined;
    }
    default:
      return { kind: "word", value: text, token: word };
  }
}

function readNumber(
  argument: Extract<ArgumentSpec, { kind: "integer" | "seconds" | "milliseconds" }>,
  spec: KeywordSpec,
  text: string,
  at: Span,
  report: Report,
): ArgumentValue | undefined {
  const pattern = argument.kind === "integer" ? /^[+-]?\d+/ : /^[+-]?(\d+(\.\d*)?|\.\d+)/;
  const digits = pattern.exec(text)?.[0];
  if (digits === undefined || (digits.length < text.length && argument.exact === true)) {
    const wanted = argument.kind === "integer" ? "a whole number" : `a number of ${argument.kind}`;
    report({ code: "INVALID_NUMBER", at, message: `"${text}" is not ${wanted}`, help: defaultHelp(spec) });
    return undefined;
  }
  const value = Number(digits);
  if (value < argument.minimum || value > argument.maximum) {
    const message = `"${spec.name}" takes ${argument.minimum} to ${argument.maximum}, not ${digits}`;
    report({ code: "OUT_OF_RANGE", at, message, help: defaultHelp(spec) });
    return undefined;
  }
  if (digits.length < text.length) {
    const message = `"${text}" has characters behind its number; ${digits} is used`;
    report({ code: "TRAILING_CHARACTERS", at, message });
  }
  if (argument.kind === "integer") return { kind: "integer", value };
  return { kind: "seconds", value: argument.kind === "seconds" ? seconds(value) : millis(value) };
}

/** A command is read again from the line itself, where both kinds of quotes and escapes count. */
function readCommand(spec: KeywordSpec, words: readonly Token[], report: Report): CommandValue | undefined {
  const first = words[0];
  const last = words.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const span = { ...spanOfToken(first), endColumn: spanOfToken(last).endColumn };
  const outer = splitCommand(first.line.text.slice(first.start, last.end));
  const [text = "", user, group, ...extra] = outer.ok ? outer.value : [first.text];
  const inner = splitCommand(text);
  if (!outer.ok || !inner.ok) {
    const quote = !outer.ok ? outer.error.quote : !inner.ok ? inner.error.quote : "";
    report({ code: "UNMATCHED_QUOTE", at: span, message: `The command has a ${quote} that is not closed` });
    return undefined;
  }
  if (inner.value.length === 0) {
    report({ code: "SCRIPT_WITHOUT_COMMAND", at: span, message: `The command behind "${spec.name}" is empty` });
    return undefined;
  }
  // A check script has its account in a line of its own, and its own finding for words behind the command.
  if (extra.length > 0 && spec.name !== "script") {
    const message = `Only COMMAND, USER and GROUP are read behind "${spec.name}"; the rest is ignored`;
    report({ code: "EXTRA_WORDS", at: span, message, help: COMMAND_HELP });
  }
  return { kind: "command", argv: inner.value, text, user, group, span };
}

function reportExtraWords(spec: KeywordSpec, first: Token, last: Token, report: Report): void {
  const at = { ...spanOfToken(first), endColumn: spanOfToken(last).endColumn };
  const text = first.line.text.slice(first.start, last.end);
  report({
    code: "EXTRA_WORDS",
    at,
    message: `"${text}" behind "${spec.name}" is ignored`,
    help: "keepalived reads one keyword per line and says nothing about the rest.",
  });
}

function defaultHelp(spec: KeywordSpec): string | undefined {
  return spec.default === undefined ? undefined : `The default is used: ${spec.default}`;
}

function addressHelp(text: string): string | undefined {
  if (/^(0\d|.*\.0\d)/.test(text)) return "Leading zeros are not allowed.";
  return undefined;
}

const COMMAND_HELP = 'Put the program and its arguments into one pair of quotes: "/path/program argument".';
