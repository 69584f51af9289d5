import { expect, test } from "vitest";
import type { Happening } from "./happening.ts";
import { Narrator } from "./narrator.ts";

const at = (atMs: number, text: string): Happening => ({ atMs, who: "lb1", text, tone: "plain" });

test("what is heard of in the wrong order: given on in the order of happening, once it has settled", async () => {
  const given: string[] = [];
  const narrator = new Narrator(({ text }) => given.push(text), 20);
  const now = Date.now();
  narrator.tell(at(now, "second"));
  narrator.tell(at(now - 30, "first"));
  expect(given).toEqual([]);
  await narrator.settle();
  expect(given).toEqual(["first", "second"]);
});

test("what is heard of after later things were given on: moved to their time, which does not go back", async () => {
  const given: number[] = [];
  const narrator = new Narrator(({ atMs }) => given.push(atMs), 20);
  const now = Date.now();
  narrator.tell(at(now, "on time"));
  await narrator.settle();
  narrator.tell(at(now - 500, "much too late"));
  await narrator.settle();
  expect(given).toEqual([now, now]);
});

test("silenced: nothing more comes", async () => {
  const given: string[] = [];
  const narrator = new Narrator(({ text }) => given.push(text), 20);
  narrator.tell(at(Date.now(), "something"));
  narrator.silence();
  await narrator.settle();
  expect(given).toEqual([]);
});
