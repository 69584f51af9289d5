/**
 * Writes out csh braces: `a{b,c}d` gives `abd` and `acd`, nested ones too. Braces without a comma, or unbalanced, stay as
 * they are. At most 256 alternatives are written out; the rest are left away.
 */
export function expandBraces(pattern: string): readonly string[] {
  const done: string[] = [];
  const waiting = [pattern];
  for (let next = waiting.shift(); next !== undefined && done.length < ALTERNATIVE_LIMIT; next = waiting.shift()) {
    const alternatives = expandFirstBrace(next);
    if (alternatives === undefined) done.push(next);
    else if (waiting.length + done.length < ALTERNATIVE_LIMIT) waiting.unshift(...alternatives);
  }
  return done;
}

/** Whether a path has a character that glob(3) gives a meaning to. */
export function hasWildcard(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

/**
 * Matches one name, without slashes, as fnmatch(3) with FNM_PERIOD does: `*`, `?`, `[a-z]`, `[!a-z]`, and a backslash that
 * takes the meaning away. A dot at the beginning is matched by a dot only. Never slower than the product of both lengths.
 */
export function matchesName(pattern: string, name: string): boolean {
  if (name.startsWith(".") && !pattern.startsWith(".")) return false;
  const items = parsePattern(pattern);
  let item = 0;
  let at = 0;
  let starItem = -1;
  let starAt = 0;
  const characters = Array.from(name);
  while (at < characters.length) {
    const current = items[item];
    const character = characters[at] ?? "";
    if (current?.kind === "any-run") {
      starItem = item++;
      starAt = at;
    } else if (current !== undefined && matchesItem(current, character)) {
      item += 1;
      at += 1;
    } else if (starItem >= 0) {
      item = starItem + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  return items.slice(item).every((rest) => rest.kind === "any-run");
}

type PatternItem =
  | { readonly kind: "any-run" }
  | { readonly kind: "any" }
  | { readonly kind: "character"; readonly character: string }
  | { readonly kind: "set"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

function matchesItem(item: PatternItem, character: string): boolean {
  switch (item.kind) {
    case "any-run":
    case "any":
      return true;
    case "character":
      return item.character === character;
    case "set":
      return item.ranges.some(([low, high]) => low <= character && character <= high) !== item.negated;
  }
}

function parsePattern(pattern: string): readonly PatternItem[] {
  const items: PatternItem[] = [];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] ?? "";
    if (character === "*") items.push({ kind: "any-run" });
    else if (character === "?") items.push({ kind: "any" });
    else if (character === "[") {
      const set = parseSet(characters, index);
      items.push(set?.item ?? { kind: "character", character });
      index = set?.end ?? index;
    } else if (character === "\\" && index + 1 < characters.length) {
      items.push({ kind: "character", character: characters[++index] ?? "" });
    } else items.push({ kind: "character", character });
  }
  return items;
}

/** A set that begins at `start`, and the index of its closing bracket; undefined where there is none. */
function parseSet(characters: readonly string[], start: number): { item: PatternItem; end: number } | undefined {
  let index = start + 1;
  const negated = characters[index] === "!" || characters[index] === "^";
  if (negated) index += 1;
  const ranges: [string, string][] = [];
  const first = index;
  for (; index < characters.length; index++) {
    const low = characters[index] ?? "";
    // A closing bracket at the first place is a member of the set.
    if (low === "]" && index > first) return { item: { kind: "set", negated, ranges }, end: index };
    const high = characters[index + 2];
    if (characters[index + 1] === "-" && high !== undefined && high !== "]") {
      ranges.push([low, high]);
      index += 2;
    } else ranges.push([low, low]);
  }
  return undefined;
}

function expandFirstBrace(pattern: string): readonly string[] | undefined {
  for (let open = pattern.indexOf("{"); open >= 0; open = pattern.indexOf("{", open + 1)) {
    let depth = 0;
    let start = open + 1;
    const parts: string[] = [];
    for (let index = open; index < pattern.length; index++) {
      const character = pattern[index];
      if (character === "{") depth += 1;
      else if (character === "," && depth === 1) {
        parts.push(pattern.slice(start, index));
        start = index + 1;
      } else if (character === "}" && --depth === 0) {
        if (parts.length === 0) break;
        parts.push(pattern.slice(start, index));
        return parts.map((part) => pattern.slice(0, open) + part + pattern.slice(index + 1));
      }
    }
  }
  return undefined;
}

const ALTERNATIVE_LIMIT = 256;
