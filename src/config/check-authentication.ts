import { fail, succeed, type Result } from "../base/result.ts";
import type { Report } from "./diagnostic.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement, statementOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * The PASS password as bytes, one character each, at most eight. Undefined means none; an error that the other nodes
 * demand what this version cannot give, so the instance must not run: both sides would hold the addresses.
 */
export function readPassword(
  instance: Statement,
  version: 2 | 3,
  report: Report,
): Result<string | undefined, "AUTH_NOT_SUPPORTED"> {
  const name = instance.words[0];
  const block = instance.block ?? [];
  const hmac = statementOf(block, "auth_hmac");
  if (hmac !== undefined) {
    const message =
      "Adverts cannot be signed by this version; the instance is dropped, since its peers refuse unsigned ones";
    report({ code: "AUTH_NOT_SUPPORTED", at: spanOfToken(hmac.keyword), message });
    return fail("AUTH_NOT_SUPPORTED");
  }
  const authentication = statementOf(block, "authentication");
  if (authentication === undefined) {
    if (version === 2) {
      const message = `The instance "${name?.text ?? ""}" has no authentication: any host on the link can take its place`;
      report({ code: "NO_AUTHENTICATION", at: spanOfToken(name ?? instance.keyword), message });
    }
    return succeed(undefined);
  }
  const at = spanOfToken(authentication.keyword);
  const inner = authentication.block ?? [];
  if (version === 3) {
    report({
      code: "AUTH_IGNORED",
      at,
      message: "Version 3 of VRRP has no authentication; this block is ignored",
      help: "Remove it.",
    });
    return succeed(undefined);
  }
  const type = wordOf(inner, "auth_type");
  if (type === "AH") {
    const message =
      "Authentication by AH is not supported; the instance is dropped, since its peers refuse adverts without";
    const help = "Use PASS on all nodes.";
    report({
      code: "AUTH_NOT_SUPPORTED",
      at: spanOfStatement(statementOf(inner, "auth_type") ?? instance),
      message,
      help,
    });
    return fail("AUTH_NOT_SUPPORTED");
  }
  const pass = statementOf(inner, "auth_pass");
  const token = pass?.words[0];
  if (type === undefined || pass === undefined || token === undefined) {
    const missing = type === undefined ? "auth_type" : "auth_pass";
    report({ code: "AUTH_INCOMPLETE", at, message: `Without "${missing}" this block means: no authentication` });
    return succeed(undefined);
  }
  reportCut(token, report);
  return succeed(truncate(token, report));
}

/** A comment that began within the password is keepalived's most silent trap. */
function reportCut(token: Token, report: Report): void {
  const { line } = token;
  const at = spanOfToken(token);
  if (line.cutWordAt === undefined || line.cutWordAt !== at.endColumn) return;
  report({
    code: "AUTH_PASS_CUT_BY_COMMENT",
    at: { ...at, endColumn: line.cutWordAt + 1 },
    message: `The password ends at "${token.text}": # and ! begin a comment`,
    help: "Put the password into quotes, or write \\# and \\! for them. All nodes must agree on what is used.",
  });
}

function truncate(token: Token, report: Report): string {
  const bytes = token.line.latin1 ? token.text : utf8(token.text);
  if (bytes.length <= PASSWORD_BYTES) return bytes;
  report({
    code: "AUTH_PASS_TRUNCATED",
    at: spanOfToken(token),
    message: `The password has ${bytes.length} bytes; VRRP sends the first ${PASSWORD_BYTES}`,
    help: "Cut it yourself, on all nodes alike.",
  });
  return bytes.slice(0, PASSWORD_BYTES);
}

/** One character per byte. */
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

/** RFC 2338 section 5.3.6.1. */
const PASSWORD_BYTES = 8;
