import { expect, test } from "vitest";
import { writeAfterTurn } from "./after-turn.ts";

test("lines of a turn: written in their order when it is over, once", async () => {
  const written: string[] = [];
  const log = writeAfterTurn(
    { write: (level, text) => written.push(`${level} ${text}`) },
    { whenLeft: queueMicrotask, atExit: () => {} },
  );
  log.write("info", "first");
  log.write("warn", "second");
  expect(written).toEqual([]);
  await Promise.resolve();
  expect(written).toEqual(["info first", "warn second"]);
  log.write("info", "third");
  await Promise.resolve();
  expect(written).toEqual(["info first", "warn second", "info third"]);
});

test("an end of the process in the middle of a turn: what waits is written first", () => {
  const written: string[] = [];
  let end = (): void => {};
  const log = writeAfterTurn(
    { write: (_, text) => written.push(text) },
    { whenLeft: () => {}, atExit: (flush) => (end = flush) },
  );
  log.write("error", "A bug ends the vrrp process");
  end();
  end();
  expect(written).toEqual(["A bug ends the vrrp process"]);
});
