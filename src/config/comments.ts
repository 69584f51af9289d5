import { join, slice, standIn, trim } from "./mapped-text.ts";
import type { MappedText } from "./mapped-text.ts";

export interface Uncommented {
  readonly content: MappedText;
  /** The column of a comment that began right behind a word, which many passwords do. */
  readonly cutWordAt: number | undefined;
  /** The columns of spaces that keepalived takes for letters, replaced by plain ones. */
  readonly oddSpaceAt: number | undefined;
}

/**
 * Cuts the comment off a line and trims it. `#` and `!` begin one anywhere outside double quotes; `\#` and `\!` stand for
 * the characters themselves; any other backslash stays and protects the character behind it.
 */
export function cutComment(line: MappedText): Uncommented {
  const parts: MappedText[] = [];
  const { text } = line;
  let kept = 0;
  let quoted = false;
  let oddSpaceAt: number | undefined;
  let cutWordAt: number | undefined;
  let end = text.length;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? "";
    if (character === '"') {
      quoted = !quoted;
    } else if (character === "\\") {
      const next = text[index + 1];
      if (!quoted && (next === "#" || next === "!")) {
        parts.push(slice(line, kept, index));
        kept = index + 1;
      }
      index += 1;
    } else if (!quoted && (character === "#" || character === "!")) {
      end = index;
      if (/[^\s{}"]$/.test(text.slice(0, index))) cutWordAt = line.from[index];
      break;
    } else if (!quoted && ODD_SPACES.test(character)) {
      const from = line.from[index] ?? 1;
      oddSpaceAt ??= from;
      parts.push(slice(line, kept, index), standIn(" ", from, from + 1));
      kept = index + 1;
    }
  }
  parts.push(slice(line, kept, Math.max(kept, end)));
  return { content: trim(join(parts)), cutWordAt, oddSpaceAt };
}

/** No-break, typographic and ideographic spaces, zero-width ones, and a byte order mark inside a file. */
const ODD_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]/;
