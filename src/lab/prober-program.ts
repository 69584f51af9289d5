/*
 * Asks an address over HTTP again and again and writes one JSON line per ask, in the order the asks end:
 * { "at": ms since 1970 when it began, "by": first line of the answer } or { "at": …, "error": code }.
 * Each ask is a connection of its own; a slow one does not delay the next. Arguments: address port everyMs timeoutMs.
 */
import { connect } from "node:net";
import process from "node:process";

const [, , host = "", port = "", everyMs = "", timeoutMs = ""] = process.argv;

function ask(): void {
  // The wall clock, as everything else in a lab is dated by it; performance.now() drifts from it by milliseconds.
  const at = Date.now();
  let answer = "";
  let settled = false;
  const settle = (result: { readonly by: string } | { readonly error: string }): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.destroy();
    process.stdout.write(`${JSON.stringify({ at, ...result })}\n`);
  };
  const socket = connect({ host, port: Number(port) });
  // On a busy machine this process may get its turn late, with the answer waiting to be read: that is looked at first.
  const timer = setTimeout(() => setImmediate(() => settle({ error: "TIMEOUT" })), Number(timeoutMs));
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
