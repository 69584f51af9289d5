import { afterEach, expect, test } from "vitest";
import { createLauncher } from "./launch-child.ts";

const node = process.execPath;
afterEach(() => {
  process.execPath = node;
});

test("the program cannot be run: not started, and why", async () => {
  process.execPath = "/nowhere/node";
  const launcher = createLauncher({ program: "/nowhere/program.js", environment: {}, early: true });
  const ended = await new Promise((resolve) => {
    launcher.launch({ message: () => {}, ended: (...how) => resolve(how) });
  });
  const refusal = { operation: "start /nowhere/program.js", errno: "ENOENT", message: "No such file or directory" };
  expect(ended).toEqual([{ kind: "not-started" }, refusal]);
});
