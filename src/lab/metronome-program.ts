/*
 * Wants the processor every few milliseconds and writes a line whenever it was given it too late:
 * { "due": ms since 1970 when it should have been, "late": for how many ms it was not }. Arguments: everyMs lateMs.
 */
import process from "node:process";

const [, , everyMs = "", lateMs = ""] = process.argv;
const every = Number(everyMs);
let last = performance.now();

function tick(): void {
  const now = performance.now();
  const late = now - last - every;
  last = now;
  if (late >= Number(lateMs)) process.stdout.write(`${JSON.stringify({ due: Date.now() - late, late })}\n`);
  setTimeout(tick, every);
}

setTimeout(tick, every);
process.stdout.write("ticking\n");
