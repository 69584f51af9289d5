import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { run, runOrThrow } from "./program.ts";

/**
 * What has to be undone, kept by a process of its own that does it when we ask, and also when we are gone without asking:
 * by an exception, Ctrl-C or kill -9, the pipe between us closes.
 */
export class Undoing {
  readonly #reaper: ChildProcess;
  #done: Promise<void> | undefined;

  constructor() {
    const script = `trap "" INT TERM HUP; undo=$(cat); eval "$undo" 2>/dev/null`;
    // A session of its own: a Ctrl-C at the terminal is not for it.
    this.#reaper = spawn("sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    this.#reaper.stdin?.on("error", () => {});
  }

  /** Adds one shell command, to be carried out in the order of adding. It must be harmless when there is nothing to undo. */
  add(command: string): void {
    this.#reaper.stdin?.write(`${command}\n`);
  }

  /** Undoes everything; a second call waits for the first. */
  run(): Promise<void> {
    this.#done ??= new Promise((resolve) => {
      this.#reaper.once("exit", () => resolve());
      this.#reaper.stdin?.end();
    });
    return this.#done;
  }
}

/** Gives a prefix that no other lab on this machine uses: it carries our pid, by which left-overs are known. */
export function nextPrefix(): string {
  serial += 1;
  return `hf${process.pid}x${serial}-`;
}

/**
 * Starts the first process of a host: it owns the host's pid, mount and UTS namespace, takes in orphans, and ends everything
 * on the host when it ends.
 *
 * @returns Its pid outside of all namespaces.
 */
export async function openHolder(namespace: string, hostname: string, undoing: Undoing): Promise<number> {
  const unshare = ["unshare", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"];
  const argv = ["netns", "exec", namespace, ...unshare, "sh", "-c", FURNISH, "sh", hostname];
  const child = spawn("ip", argv, { stdio: ["ignore", "pipe", "pipe"] });
  undoing.add(`kill -9 ${child.pid}`);
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("error", reject);
    child.once("close", () => reject(new Error(`The host ${hostname} could not be furnished.\n${complaint}`)));
  });
  const holder = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
  undoing.add(`kill -9 ${holder}`);
  return holder;
}

/**
 * Removes namespaces and their processes of labs whose owner no longer lives. Labs of living processes are left
 * alone, and so is everything whose name is not one of ours.
 *
 * @returns What was removed.
 */
export async function sweepLeftOvers(): Promise<string[]> {
  const names = (await runOrThrow(["ip", "netns", "list"])).split("\n").map((line) => line.split(" ")[0] ?? "");
  const dead = names.filter((name) => isLeftOver(/^hf(\d+)x\d+-/.exec(name)));
  for (const name of dead) {
    for (const pid of (await run(["ip", "netns", "pids", name])).stdout.split("\n").map(Number)) {
      if (pid > 0) await run(["kill", "-9", String(pid)]);
    }
    await run(["ip", "netns", "del", name]);
  }
  return dead;
}

function isLeftOver(match: RegExpExecArray | null): boolean {
  return match !== null && !existsSync(`/proc/${match[1]}`);
}

let serial = 0;

// The shell waits for `sleep` for ever and meanwhile reaps every orphan, as the first process of a machine must. In a user
// namespace some files of /etc cannot be read and no owner can be kept; a host without them does.
const FURNISH = `
set -e
hostname "$1"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lab/etc /run/lock
cp -a /etc/. /run/lab/etc 2>/dev/null || test -r /run/lab/etc/passwd
mount --bind /run/lab/etc /etc
mount -t tmpfs -o mode=755 tmpfs /var/log
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir -p /var/log/nginx /var/lib/nginx
sleep infinity >/dev/null 2>&1 </dev/null &
echo furnished
wait
`;
