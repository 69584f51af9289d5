/*
 * Asks an address over HTTP again and again and writes one JSON line per ask, in the order the asks end:
 * { "at": ms since 1970 when it began, "by": first line of the answer } or { "at": …, "error": code }.
 * Each ask is a connection of its own; a slow one does not delay the next. One without an answer is given up when so many
 * others were asked after it as fit into the patience: a program that does not get its turn asks nothing and gives up nothing.
 * Arguments: address port everyMs patienceMs.
 */
import { connect } from "node:net";
import process from "node:process";

const [, , host = "", port = "", everyMs = "", patienceMs = ""] = process.argv;
const patience = Math.ceil(Number(patienceMs) / Number(everyMs));

/** The ways to give up what has no answer yet, in the order of asking. */
const waiting: (() => void)[] = [];

function ask(): void {
  // The wall clock, as everything else in a lab is dated by it; performance.now() drifts from it by milliseconds.
  const at = Date.now();
  let answer = "";
  let settled = false;
  const settle = (result: { readonly by: string } | { readonly error: string }): void => {
    if (settled) return;
    settled = true;
    socket.destroy();
    process.stdout.write(`${JSON.stringify({ at, ...result })}\n`);
  };
  const socket = connect({ host, port: Number(port) });
  waiting.push(() => settle({ error: "TIMEOUT" }));
  const giveUp = waiting.length > patience ? waiting.shift() : undefined;
  // Its answer may be waiting to be read: that is looked at first.
  if (giveUp !== undefined) setImmediate(giveUp);
  socket.setEncoding("utf8");
  socket.on("connect", () => socket.write(`GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`));
  socket.on("data", (text) => (answer += String(text)));
  socket.on("end", () => {
    const by = /^HTTP\/1\.\d 200 [^]*?\r\n\r\n([^\r\n]*)/.exec(answer)?.[1];
    settle(by === undefined ? { error: "BAD_ANSWER" } : { by });
  });
  socket.on("error", (error: NodeJS.ErrnoException) => settle({ error: error.code ?? "ERROR" }));
}

setInterval(ask, Number(everyMs));
ask();
