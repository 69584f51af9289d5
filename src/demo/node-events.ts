import type { Tone } from "./happening.ts";

/** What a line that a node wrote says to people, and when it says it happened; undefined: when it was read. */
export interface Said {
  readonly atMs: number | undefined;
  readonly text: string;
  readonly tone: Tone;
}

/** A change of state in the journal of a node. */
export interface Transition {
  readonly atMs: number;
  readonly to: string;
}

/** Reads a line of the journal; undefined if it is none, or is about no change of state. */
export function readTransition(line: string): (Transition & Said) | undefined {
  const entry = parseObject(line);
  const { at, from, to, cause } = entry;
  if (typeof at !== "string" || typeof to !== "string") return undefined;
  const atMs = Date.parse(at);
  const why = typeof cause === "object" && cause !== null && "text" in cause ? String(cause.text) : "no cause given";
  if (to === "MASTER") return { atMs, to, text: `becomes MASTER: ${why}`, tone: "good" };
  if (to === "STOP") return { atMs, to, text: `says farewell: ${why.replace(/^stopped: /, "")}`, tone: "plain" };
  const verb = from === "INIT" ? "is" : "becomes";
  return { atMs, to, text: `${verb} ${to}: ${why}`, tone: to === "FAULT" ? "bad" : "plain" };
}

/** Reads a line of the log of the vrrp process, as far as the journal does not tell the same. */
export function readLogLine(line: string): Said | undefined {
  if (/ VRRP_Script\(chk_nginx\) is still running after /.test(line)) {
    return {
      atMs: undefined,
      text: "check_nginx.sh has run for 2 s, its time limit: that counts as failed",
      tone: "bad",
    };
  }
  const match = /Changing effective priority from (\d+) to (\d+)$/.exec(line);
  if (match === null) return undefined;
  const [, before = "", after = ""] = match;
  const lower = Number(after) < Number(before);
  const why = lower ? "check_nginx.sh has failed three times in a row" : "check_nginx.sh succeeds again";
  return { atMs: undefined, text: `priority ${after} instead of ${before}: ${why}`, tone: lower ? "bad" : "good" };
}

/** Reads a line that the stand-in for mail kept. */
export function readMail(line: string): Said | undefined {
  const match = /^(\S+@\S+): (.+)$/.exec(line);
  return match === null ? undefined : { atMs: undefined, text: `mails ${match[1]}: "${match[2]}"`, tone: "plain" };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    // The program that follows the file also says something of its own now and then.
    return {};
  }
}
