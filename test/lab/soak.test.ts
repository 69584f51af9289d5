import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { needs } from "../require.ts";
import { LAB_NEEDS } from "./cluster.ts";

const MINUTES = 5;
/** Another one, or more minutes: `npm run soak -- --minutes 30 --seed N`. */
const SEED = 4;
const PROGRAM = fileURLToPath(new URL("../../dist/soak/main.js", import.meta.url));
const NOT_JUDGED = 2;

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump", "chrt"] })(
  "two Holdfast and a keepalived under random faults",
  () => {
    test(
      `${MINUTES} minutes: each time with nobody or more than one holder is explained by a fault`,
      async ({ skip, signal }) => {
        const argv = [PROGRAM, "--minutes", String(MINUTES), "--seed", String(SEED)];
        const program = spawn(process.execPath, argv, {
          detached: true,
          signal,
          stdio: ["ignore", "inherit", "inherit"],
        });
        const status = await new Promise((resolve, reject) => program.once("error", reject).once("close", resolve));
        // Where everything is required, as in CI, a skip is a failure.
        if (status === NOT_JUDGED) skip(`not judged: the machine was too busy (seed ${SEED})`);
        expect(status).toBe(0);
      },
      (MINUTES + 3) * 60_000,
    );
  },
);
