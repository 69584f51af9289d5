import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { isMainThread, threadId } from "node:worker_threads";

/** Network namespaces of one test, joined as it likes. All of them, and captures in them, are gone after `remove`. */
export interface Namespaces {
  /** Makes a namespace with its loopback up. The answer is its name for `ip -n`. */
  create(name: string): string;
  /** Joins two namespaces by a pair of virtual interfaces, which are up. The names are those inside. */
  join(left: string, leftInterface: string, right: string, rightInterface: string): void;
  remove(): void;
}

export function makeNamespaces(): Namespaces {
  const made: string[] = [];
  return {
    create: (name) => {
      const full = `hf-${process.pid}-${isMainThread ? "" : `${threadId}-`}${count++}-${name}`;
      command("ip", "netns", "add", full);
      made.push(full);
      command("ip", "-n", full, "link", "set", "lo", "up");
      return full;
    },
    join: (left, leftInterface, right, rightInterface) => {
      const peer = ["peer", "name", rightInterface, "netns", right];
      command("ip", "-n", left, "link", "add", leftInterface, "type", "veth", ...peer);
      command("ip", "-n", left, "link", "set", leftInterface, "up");
      command("ip", "-n", right, "link", "set", rightInterface, "up");
    },
    remove: () => {
      // One that still waits for packets would keep its namespace.
      for (const [dump, file] of captures) {
        dump.kill("SIGKILL");
        rmSync(file, { force: true });
      }
      captures.clear();
      for (const namespace of made) spawnSync("ip", ["netns", "del", namespace]);
    },
  };
}

/**
 * Runs a function with this thread inside a namespace. A socket stays in the namespace that it was opened in, so what
 * the function opens can be used outside. It must not wait for anything.
 */
export function within<Value>(namespace: string, action: () => Value): Value {
  const there = openSync(`/run/netns/${namespace}`, "r");
  enter(there);
  closeSync(there);
  try {
    return action();
  } finally {
    enter(HOME);
  }
}

/** Runs a program to its end and gives its output; throws when it fails. */
export function command(program: string, ...programArguments: readonly string[]): string {
  const result = spawnSync(program, programArguments, { encoding: "utf8" });
  if (result.status === 0) return result.stdout;
  throw new Error(`${program} ${programArguments.join(" ")}: ${result.error?.message ?? result.stderr}`);
}

/** Captures what passes an interface, from when the promise is kept. Ends after so many packets, or with the namespaces. */
export async function capture(namespace: string, device: string, filter: string, packets: number): Promise<Capture> {
  const file = `/tmp/${namespace}-${device}.pcap`;
  const options = ["-i", device, "-n", "-U", "-c", String(packets), "-w", file, filter];
  const dump = spawn("ip", ["netns", "exec", namespace, "tcpdump", ...options], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  captures.set(dump, file);
  const ended = new Promise<void>((resolve) => dump.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    dump.once("error", reject);
    dump.stderr.on("data", (text: Buffer) => {
      if (text.toString().includes("listening on")) resolve();
    });
  });
  return {
    decode: async (fields) => {
      await ended;
      const wanted = fields.flatMap((field) => ["-e", field]);
      const text = command("tshark", "-r", file, "-T", "fields", "-E", "separator=/s", ...wanted);
      captures.delete(dump);
      rmSync(file);
      return text.trim().split("\n");
    },
  };
}

export interface Capture {
  /** One line per packet, the fields of tshark in their order, when all packets have come. */
  decode(fields: readonly string[]): Promise<readonly string[]>;
}

function enter(namespace: number): void {
  const result: unknown = setns(namespace, CLONE_NEWNET);
  if (result !== 0) throw new Error(`Cannot enter a network namespace: errno ${koffi.errno()}`);
}

let count = 0;
/** What captures, and where to. `ip netns exec` becomes the program, so that it can be killed. */
const captures = new Map<ChildProcess, string>();

const koffi: typeof import("koffi") = createRequire(import.meta.url)("koffi");
const setns = koffi.load(null).func("int setns(int, int)");
const CLONE_NEWNET = 0x4000_0000;
/** The namespace that this thread came from. */
const HOME = openSync("/proc/thread-self/ns/net", "r");
