/** One word, or the words, that a keyword takes. `name` is what messages and the documentation call it. */
export type ArgumentSpec = ArgumentShape & {
  readonly name: string;
  readonly optional?: true;
};

type ArgumentShape =
  | {
      readonly kind: "integer";
      readonly minimum: number;
      readonly maximum: number;
      /** keepalived refuses letters behind the digits; elsewhere it reads the digits alone. */
      readonly exact?: true;
    }
  /** A decimal number of seconds, limits in seconds. */
  | { readonly kind: "seconds"; readonly minimum: number; readonly maximum: number; readonly exact?: true }
  /** A decimal number of milliseconds, limits in milliseconds. */
  | { readonly kind: "milliseconds"; readonly minimum: number; readonly maximum: number; readonly exact?: true }
  /** `on|off|true|false|yes|no`, lower case. A missing one means true. */
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly words: readonly string[] }
  | { readonly kind: "address" }
  /** Any one word: a name, an interface, a path. */
  | { readonly kind: "word" }
  /** A command as one word, quoted where it has spaces; USER and GROUP may follow. */
  | { readonly kind: "command" }
  /** Any number of words up to the end of the line. */
  | { readonly kind: "words" };

/** What stands between the braces of a block. */
export type BlockContent =
  | { readonly kind: "keywords"; readonly keywords: readonly KeywordSpec[] }
  /** Every line is one entry, whose first word is no keyword: addresses, routes, tracked things. */
  | { readonly kind: "lines"; readonly of: LineKind };

export type LineKind = "address" | "route" | "rule" | "peer" | "tracked" | "members" | "email" | "server" | "other";

/**
 * What is known of one keyword within one block. The parser, the checks and the suggestions are made from this table and
 * nothing else.
 */
export interface KeywordSpec {
  readonly name: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly block?: BlockContent;
  /** `acted`: this version does what it says. `parsed`: it is read and checked, and nothing follows. */
  readonly support: "acted" | "parsed";
  /** One line: what it does. */
  readonly doc: string;
  /** What happens instead, where it is only parsed: the end of the sentence "... is read but not acted on: ". */
  readonly consequence?: string;
  /** Not acting on it changes nothing that matters with these words behind it, or ever (true). */
  readonly harmless?: true | readonly string[];
  /** What holds where it is missing, as it would be written. */
  readonly default?: string;
  readonly unit?: "s" | "ms" | "us" | "bytes" | "count";
  /** The first keepalived that knows it. */
  readonly since?: string;
  /** The keyword that says the same today. */
  readonly replacedBy?: string;
  /** keepalived forgot it; nothing follows from it. */
  readonly obsolete?: true;
  /** Ours: it is written `@holdfast KEYWORD`. */
  readonly extension?: true;
  /** Which counts when it stands there twice; `every`: all of them. Default: the last. */
  readonly repeated?: "first" | "last" | "every";
}

type Extra = Partial<Omit<KeywordSpec, "name" | "arguments" | "support" | "doc">>;

export function acted(name: string, args: readonly ArgumentSpec[], doc: string, extra: Extra = {}): KeywordSpec {
  return { name, arguments: args, support: "acted", doc, ...extra };
}

export function parsed(name: string, args: readonly ArgumentSpec[], doc: string, extra: Extra = {}): KeywordSpec {
  return { name, arguments: args, support: "parsed", doc, ...extra };
}

export function integer(minimum: number, maximum: number, name = "NUMBER"): ArgumentSpec {
  return { kind: "integer", minimum, maximum, name };
}

export function exactInteger(minimum: number, maximum: number, name = "NUMBER"): ArgumentSpec {
  return { kind: "integer", minimum, maximum, name, exact: true };
}

export function seconds(minimum: number, maximum: number): ArgumentSpec {
  return { kind: "seconds", minimum, maximum, name: "SECONDS" };
}

export function milliseconds(minimum: number, maximum: number): ArgumentSpec {
  return { kind: "milliseconds", minimum, maximum, name: "MILLISECONDS" };
}

export function word(name: string): ArgumentSpec {
  return { kind: "word", name };
}

export function words(name: string): ArgumentSpec {
  return { kind: "words", name };
}

export function choice(...of: readonly string[]): ArgumentSpec {
  return { kind: "choice", words: of, name: of.join("|") };
}

export function optional(argument: ArgumentSpec): ArgumentSpec {
  return { ...argument, optional: true };
}

export function keywords(...lists: readonly (readonly KeywordSpec[])[]): BlockContent {
  return { kind: "keywords", keywords: lists.flat() };
}

export function lines(of: LineKind): BlockContent {
  return { kind: "lines", of };
}

export const ADDRESS: ArgumentSpec = { kind: "address", name: "ADDRESS" };
export const INTERFACE: ArgumentSpec = { kind: "word", name: "INTERFACE" };
export const NAME: ArgumentSpec = { kind: "word", name: "NAME" };
export const PATH: ArgumentSpec = { kind: "word", name: "PATH" };
export const COMMAND: ArgumentSpec = { kind: "command", name: "COMMAND" };
/** USER and, where given, GROUP, or one with a colon before it (script-user.ts). */
export const USER: readonly ArgumentSpec[] = [
  { kind: "word", name: "USER" },
  { kind: "word", name: "[:]GROUP", optional: true },
];
/** A boolean that may be left away and then means true. */
export const SWITCH: readonly ArgumentSpec[] = [{ kind: "boolean", name: "on|off", optional: true }];
export const REST: ArgumentSpec = { kind: "words", name: "WORDS", optional: true };
export const NONE: readonly ArgumentSpec[] = [];
