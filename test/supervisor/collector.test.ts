import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runOrThrow } from "../../src/lab/program.ts";
import { NODE_FLAGS } from "../../src/main/node-flags.ts";
import { needs } from "../require.ts";

const PROGRAM = fileURLToPath(new URL("../fixtures/programs/garbage.mjs", import.meta.url));

needs({ root: true, tools: ["chrt", "taskset"] })("V8's collector in a real-time process", () => {
  test("one processor for everything: the process is idle when it has nothing to do", async () => {
    const [processor = "0"] =
      /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.slice(1) ?? [];
    const idle = await runOrThrow(["taskset", "-c", processor, process.execPath, ...NODE_FLAGS, PROGRAM]);
    // What is left over is swept; waiting for a thread that cannot run would take all of the 500 ms.
    expect(Number(idle)).toBeLessThan(150);
  });
});
