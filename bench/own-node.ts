import { realpathSync } from "node:fs";
import process from "node:process";
import type { Pair } from "./pair.ts";

/**
 * Gives the host a copy of Node that no other process of the machine runs: pages of a program are divided by all who run
 * it, and what the bench itself runs must not make Holdfast look smaller.
 */
export async function giveOwnNode({ stronger }: Pair): Promise<void> {
  const node = realpathSync(process.execPath);
  await stronger.host.runOrThrow(["sh", "-c", `cp "$1" /run/lab/node && mount --bind /run/lab/node "$1"`, "sh", node]);
}
