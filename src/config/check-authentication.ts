import type { Micros } from "../base/time.ts";
import { fail, succeed, type Result } from "../base/result.ts";
import type { AddressFamily } from "../base/address.ts";
import { readSignature } from "./check-signature.ts";
import type { Report } from "./diagnostic.ts";
import type { AuthenticationSettings } from "./model/authentication.ts";
import type { ConfigReader } from "./reader.ts";
import { bytesOfToken } from "./token-bytes.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { statementOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * How adverts prove where they come from. An error means that the other nodes demand what cannot be had from this file, so
 * the instance must not run: both sides would hold the addresses.
 */
export function readAuthentication(
  instance: Statement,
  { family, version, interval }: { readonly family: AddressFamily; readonly version: 2 | 3; readonly interval: Micros },
  reader: ConfigReader,
  report: Report,
): Result<AuthenticationSettings, "AUTH_UNUSABLE"> {
  const name = instance.words[0];
  const block = instance.block ?? [];
  const hmac = statementOf(block, "auth_hmac");
  const authentication = statementOf(block, "authentication");
  if (hmac !== undefined) {
    if (authentication !== undefined) {
      const message = "Adverts are signed by auth_hmac, so this block is ignored";
      report({ code: "AUTH_IGNORED", at: spanOfToken(authentication.keyword), message, help: "Remove it." });
    }
    const signature = readSignature(hmac, interval, reader, report);
    return signature === undefined ? fail("AUTH_UNUSABLE") : succeed(signature);
  }
  if (authentication === undefined) {
    if (version === 2 && family === "ipv4") {
      const message = `The instance "${name?.text ?? ""}" has no authentication: any host on the link can take its place`;
      report({ code: "NO_AUTHENTICATION", at: spanOfToken(name ?? instance.keyword), message });
    }
    return succeed(NO_AUTHENTICATION);
  }
  const at = spanOfToken(authentication.keyword);
  const inner = authentication.block ?? [];
  if (version === 3) {
    report({
      code: "AUTH_IGNORED",
      at,
      message: "Version 3 of VRRP has no authentication; this block is ignored",
      help: "Remove it, or sign adverts by auth_hmac on all nodes.",
    });
    return succeed(NO_AUTHENTICATION);
  }
  if (family === "ipv6") {
    report({
      code: "AUTH_IGNORED",
      at,
      message: "Over IPv6 no password is sent; this block is ignored",
      help: "Remove it on all nodes: keepalived crashes when it receives such an advert.",
    });
    return succeed(NO_AUTHENTICATION);
  }
  const type = wordOf(inner, "auth_type");
  const pass = statementOf(inner, "auth_pass");
  const token = pass?.words[0];
  if (type === undefined || pass === undefined || token === undefined) {
    const missing = type === undefined ? "auth_type" : "auth_pass";
    report({ code: "AUTH_INCOMPLETE", at, message: `Without "${missing}" this block means: no authentication` });
    return succeed(NO_AUTHENTICATION);
  }
  reportCut(token, report);
  return succeed({ kind: type === "AH" ? "header" : "password", password: truncate(token, report) });
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
  const bytes = bytesOfToken(token);
  if (bytes.length <= PASSWORD_BYTES) return bytes;
  report({
    code: "AUTH_PASS_TRUNCATED",
    at: spanOfToken(token),
    message: `The password has ${bytes.length} bytes; VRRP sends the first ${PASSWORD_BYTES}`,
    help: "Cut it yourself, on all nodes alike.",
  });
  return bytes.slice(0, PASSWORD_BYTES);
}

/** RFC 2338 section 5.3.6.1. */
const PASSWORD_BYTES = 8;

const NO_AUTHENTICATION: AuthenticationSettings = { kind: "none" };
