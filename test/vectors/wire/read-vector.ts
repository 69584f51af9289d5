import { readFileSync } from "node:fs";

/** The bytes of a .hex file of this folder: pairs of hexadecimal digits; `#` begins a comment. */
export function readHex(name: string): Uint8Array {
  const text = readFileSync(new URL(`${name}.hex`, import.meta.url), "utf8");
  const pairs = text.replaceAll(/#.*/g, "").split(/\s+/).filter(Boolean);
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/** What a second tool reads in the bytes of the same name. */
export function readJson<Value>(name: string): Value {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8")) as Value;
}
