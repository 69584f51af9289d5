import { toSeconds } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import type { Report } from "./diagnostic.ts";
import type { SignatureKey, SignatureSettings } from "./model/authentication.ts";
import type { ConfigReader } from "./reader.ts";
import { bytesOfToken } from "./token-bytes.ts";
import { spanOfToken } from "./tokens.ts";
import { integerOf, spanOfStatement, statementOf, statementsOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads an auth_hmac block. Undefined where no advert could be signed or verified by it, which is always a finding. */
export function readSignature(
  statement: Statement,
  interval: Micros,
  reader: ConfigReader,
  report: Report,
): SignatureSettings | undefined {
  const block = statement.block ?? [];
  const keys = readKeys(block, reader, report);
  const unusable = (message: string, help: string): undefined => {
    const text = `${message}; the instance is dropped, since it could neither prove itself nor know its peers`;
    report({ code: "AUTH_UNUSABLE", at: spanOfToken(statement.keyword), message: text, help });
  };
  if (keys.length === 0) {
    return unusable("auth_hmac has no usable key", "Make one with: openssl rand -hex 32; add it as: key 1 hex:…");
  }
  const activeKey = integerOf(block, "active_key");
  if (activeKey === undefined) return unusable("auth_hmac names no active_key", "Add a line such as: active_key 1");
  if (!keys.some(({ id }) => id === activeKey)) {
    return unusable(`auth_hmac has no key ${activeKey}, which active_key names`, `Add a line: key ${activeKey} hex:…`);
  }
  const rule = wordOf(block, "anti_replay");
  const mode = wordOf(block, "mode");
  const kind = rule === "monotonic" ? "monotonic" : "time";
  const window = integerOf(block, "time_window");
  const windowStatement = statementOf(block, "time_window");
  if (windowStatement !== undefined && kind === "monotonic") {
    const message = '"time_window" means nothing with "anti_replay monotonic"';
    report({ code: "AUTH_IGNORED", at: spanOfStatement(windowStatement), message });
  }
  return {
    kind: "signature",
    keys,
    activeKey,
    replay: { kind, window: window ?? Math.max(LEAST_WINDOW, Math.ceil(3 * toSeconds(interval))) },
    mode: mode === "permissive" || mode === "receive-only" ? mode : "enforce",
  };
}

function readKeys(block: readonly Statement[], reader: ConfigReader, report: Report): readonly SignatureKey[] {
  const keys: SignatureKey[] = [];
  for (const statement of statementsOf(block, "key")) {
    const [id, value] = statement.values;
    const at = spanOfStatement(statement);
    if (id?.kind !== "integer" || value?.kind !== "word") continue;
    if (keys.some((key) => key.id === id.value)) {
      report({ code: "BAD_KEY", at, message: `There is a key ${id.value} already; this one is ignored` });
      continue;
    }
    const bytes = bytesOf(bytesOfToken(value.token), at, reader, report);
    if (bytes === undefined) continue;
    if (bytes.length >= SHORTEST_KEY && bytes.length <= LONGEST_KEY) {
      keys.push({ id: id.value, hex: hexOf(bytes) });
      continue;
    }
    const message = `Key ${id.value} has ${bytes.length} bytes; it needs ${SHORTEST_KEY} to ${LONGEST_KEY}`;
    report({ code: "BAD_KEY", at, message, help: "Make one with: openssl rand -hex 32; write it as: hex:…" });
  }
  return keys;
}

/** The bytes that a `key` line means, whose text has one character a byte: a file holds the same as the line would. */
function bytesOf(
  text: string,
  at: ReturnType<typeof spanOfStatement>,
  reader: ConfigReader,
  report: Report,
): readonly number[] | undefined {
  if (!text.startsWith("file:")) return decode(text, at, report);
  const path = text.slice("file:".length);
  const read = reader.read(path);
  if (!read.ok) {
    report({ code: "BAD_KEY", at, message: `Cannot read the key from "${path}": ${read.error.message}` });
    return undefined;
  }
  const facts = reader.facts(path);
  if (facts.ok && facts.value.readableByOthers === true) {
    const help = `chmod 600 ${path}`;
    report({ code: "EXPOSED_KEY", at, message: `Others than root may read the key in "${path}"`, help });
  }
  // What an editor puts at the end of a line is not part of it.
  const content = String.fromCharCode(...read.value.subarray(0, LONGEST_FILE)).replace(/[\r\n]+$/, "");
  return decode(content, at, report);
}

function decode(text: string, at: ReturnType<typeof spanOfStatement>, report: Report): readonly number[] | undefined {
  if (!text.startsWith("hex:")) return Array.from(text, (character) => character.charCodeAt(0));
  const digits = text.slice("hex:".length);
  if (/^([0-9a-fA-F]{2})*$/.test(digits)) {
    return Array.from({ length: digits.length / 2 }, (_, index) =>
      parseInt(digits.slice(2 * index, 2 * index + 2), 16),
    );
  }
  report({ code: "BAD_KEY", at, message: 'What follows "hex:" are no pairs of hexadecimal digits' });
  return undefined;
}

function hexOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const SHORTEST_KEY = 32;
const LONGEST_KEY = 64;
/** More than the longest key in digits; what is longer is refused for its length. */
const LONGEST_FILE = 1024;
/** In seconds. */
const LEAST_WINDOW = 5;
