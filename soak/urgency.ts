import process from "node:process";
import { run } from "../src/lab/program.ts";

/**
 * Makes this process, and all that it starts from now on, real-time, so that what else runs on the machine is not taken for
 * a fault. What shall be scheduled like any other program is started by `ordinary`. Where it is not allowed, the soak is
 * judged less often.
 *
 * @see sched(7).
 */
export async function raiseUrgency(): Promise<void> {
  await run(["chrt", "--all-tasks", "--rr", "--pid", "1", String(process.pid)]);
}

/** The words before a command that make the scheduler treat it like any other. */
export const ordinary = ["chrt", "--other", "0"] as const;
