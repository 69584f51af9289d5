import type { KeywordSpec } from "./keyword.ts";
import { ROOT } from "./keywords/root.ts";

/** What an unknown keyword may have been meant to be, and whether this version acts on that. */
export type Suggestion =
  /** A keyword of the block it stands in. */
  | { readonly kind: "misspelt"; readonly keyword: string; readonly acted: boolean }
  /** The very keyword, which belongs into other blocks. */
  | { readonly kind: "elsewhere"; readonly blocks: readonly string[]; readonly acted: boolean }
  /** Like a keyword that belongs into other blocks. */
  | {
      readonly kind: "misspelt-elsewhere";
      readonly keyword: string;
      readonly blocks: readonly string[];
      readonly acted: boolean;
    };

/** Looks for the keyword that was meant: first in this block, then, letter by letter, in others. */
export function suggest(word: string, here: readonly KeywordSpec[]): Suggestion | undefined {
  const known = KNOWN.get(word);
  if (known !== undefined) return { kind: "elsewhere", ...known };
  const local = closest(
    word,
    here.map((spec) => spec.name),
  );
  if (local !== undefined) {
    const acted = here.some((spec) => spec.name === local && spec.support === "acted");
    return { kind: "misspelt", keyword: local, acted };
  }
  const other = closest(word, [...KNOWN.keys()]);
  const found = other === undefined ? undefined : KNOWN.get(other);
  return other === undefined || found === undefined
    ? undefined
    : { kind: "misspelt-elsewhere", keyword: other, ...found };
}

/** The candidate at the smallest distance that is still a likely slip; a long common beginning or ending counts too. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = allowedDistance(word) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined || word.length < 6) return best;
  return candidates.find(
    (candidate) =>
      candidate.length >= 6 &&
      (word.startsWith(`${candidate}_`) || candidate.startsWith(word) || candidate.endsWith(word)),
  );
}

/**
 * Insertions, deletions, substitutions and transpositions of neighbours, each counted as one (optimal string alignment).
 * Stops early with `limit` when it cannot be less.
 */
export function editDistance(left: string, right: string, limit = Infinity): number {
  if (Math.abs(left.length - right.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let distance = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        distance = Math.min(distance, (before[column - 2] ?? 0) + 1);
      }
      current.push(distance);
    }
    if (Math.min(...current) >= limit) return limit;
    before = previous;
    previous = current;
  }
  return previous[right.length] ?? 0;
}

function allowedDistance(word: string): number {
  return word.length <= 3 ? 0 : word.length <= 5 ? 1 : word.length <= 8 ? 2 : 3;
}

interface KnownKeyword {
  /** "" is outside of all blocks. */
  readonly blocks: readonly string[];
  readonly acted: boolean;
}

function collectKeywords(): ReadonlyMap<string, KnownKeyword> {
  const known = new Map<string, KnownKeyword>();
  const visit = (specs: readonly KeywordSpec[], block: string): void => {
    for (const spec of specs) {
      const before = known.get(spec.name) ?? { blocks: [], acted: false };
      const blocks = before.blocks.includes(block) ? before.blocks : [...before.blocks, block];
      if (spec.obsolete !== true) known.set(spec.name, { blocks, acted: before.acted || spec.support === "acted" });
      if (spec.block?.kind === "keywords") visit(spec.block.keywords, spec.name);
    }
  };
  visit(ROOT, "");
  return known;
}

/** Every keyword with the blocks it belongs into, in the order of the table. */
const KNOWN: ReadonlyMap<string, KnownKeyword> = collectKeywords();
