import type { Token } from "./tokens.ts";

/** The bytes of a word as they stand in its file, one character (code points 0-255) each. */
export function bytesOfToken(token: Token): string {
  return token.line.latin1 ? token.text : utf8(token.text);
}

function utf8(text: string): string {
  let bytes = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes += character;
    else {
      const length = code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
      const lead = (0xf00 >> length) & 0xff;
      bytes += String.fromCharCode(lead | (code >> (6 * (length - 1))));
      for (let rest = length - 2; rest >= 0; rest--) bytes += String.fromCharCode(0x80 | ((code >> (6 * rest)) & 0x3f));
    }
  }
  return bytes;
}
