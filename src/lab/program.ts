import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { Listeners, PATIENCE_MS, waitFor } from "./wait.ts";

/** How a program ended: its exit status, or the signal that killed it. */
export type ProgramEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: string };

export interface Finished {
  readonly end: ProgramEnd;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program on the machine itself to its end. Its status is not judged. */
export function run(argv: readonly string[], input?: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const [command = "", ...rest] = argv;
    const child = spawn(command, rest, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => {}); // A program may end without having read its input.
    child.on("error", reject);
    child.on("close", (status, signal) => resolve({ end: endOf(status, signal), stdout, stderr }));
    child.stdin.end(input ?? "");
  });
}

/** Like `run`, and gives standard output. @throws Error with the program's own words where its status is not 0. */
export async function runOrThrow(argv: readonly string[], input?: string): Promise<string> {
  const { end, stdout, stderr } = await run(argv, input);
  if (end.kind === "exited" && end.status === 0) return stdout;
  throw new Error(`${argv.join(" ")}: ${describeEnd(end)}\n${stderr}${stdout}`);
}

/** A program that runs in the pid namespace of a host, with its output captured line by line. */
export class Program {
  readonly name: string;
  /** Complete lines of both streams, in the order they came. */
  readonly lines: string[] = [];
  readonly #entrance: ChildProcess;
  readonly #changes = new Listeners();
  #pid: number | undefined;
  #end: ProgramEnd | undefined;

  private constructor(name: string, entrance: ChildProcess) {
    this.name = name;
    this.#entrance = entrance;
    for (const stream of [entrance.stdout, entrance.stderr]) {
      readLines(stream, (line) => {
        this.lines.push(line);
        this.#changes.notify();
      });
    }
    const finish = (end: ProgramEnd): void => {
      this.#end ??= end;
      this.#changes.notify();
    };
    entrance.on("exit", (status, signal) => {
      // What it wrote last may still be in the pipe, and a descendant may keep the pipe open for ever.
      const timer = setTimeout(() => finish(endOf(status, signal)), LAST_WORDS_MS);
      entrance.on("close", () => {
        clearTimeout(timer);
        finish(endOf(status, signal));
      });
    });
    entrance.on("error", (error) => {
      this.lines.push(error.message);
      finish({ kind: "exited", status: COULD_NOT_RUN });
    });
  }

  /**
   * Starts a program behind an entrance: a command that enters namespaces and runs the rest of its arguments, whose children
   * are in the pid namespace (`nsenter --no-fork`). Comes back when the program's process exists; one that cannot be found
   * ends with status 127.
   */
  static async start(entrance: readonly string[], argv: readonly string[]): Promise<Program> {
    const [command = "", ...rest] = [...entrance, "sh", "-c", WAITING_SHELL, "sh", ...argv];
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const program = new Program(argv.join(" "), child);
    await program.#waitForStart();
    return program;
  }

  get isRunning(): boolean {
    return this.#end === undefined;
  }

  /** Its pid outside of all namespaces; undefined once it has ended, since the number may then be another's. */
  get pid(): number | undefined {
    return this.isRunning ? this.#pid : undefined;
  }

  /** Calls back after every line and at the end, until the function it returns is called. */
  readonly onLine = (callback: () => void): (() => void) => this.#changes.subscribe(callback);

  /** A place in the output: `waitForLine` with it overlooks everything before. */
  mark(): number {
    return this.lines.length;
  }

  /** Waits for a line, which may have come already. @throws Error when the program ends without it, or after the bound. */
  waitForLine(pattern: RegExp, { after = 0, withinMs = PATIENCE_MS } = {}): Promise<string> {
    const look = (): string | undefined => {
      const found = this.lines.slice(after).find((line) => pattern.test(line));
      if (found === undefined && this.#end !== undefined) {
        throw new Error(
          `${this.name} ended (${describeEnd(this.#end)}) without a line ${pattern}.\n${this.lastLines()}`,
        );
      }
      return found;
    };
    const awaited = `a line ${pattern} of ${this.name}`;
    return waitFor(awaited, look, this.#changes.subscribe, () => this.lastLines(), withinMs);
  }

  /** Signals the program alone, not its descendants. Nothing happens once it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    process.kill(this.pid, signal);
  }

  /** Asks the program to end by SIGTERM and waits until it has. @throws Error if it has not within the bound; then it is killed. */
  async stop(withinMs = PATIENCE_MS): Promise<ProgramEnd> {
    this.signal("SIGTERM");
    try {
      return await this.waitForEnd(withinMs);
    } catch (error) {
      this.signal("SIGKILL");
      throw error;
    }
  }

  /** Waits for the program's end. @throws Error after the bound. */
  waitForEnd(withinMs = PATIENCE_MS): Promise<ProgramEnd> {
    const awaited = `the end of ${this.name}`;
    return waitFor(
      awaited,
      () => this.#end,
      this.#changes.subscribe,
      () => this.lastLines(),
      withinMs,
    );
  }

  /** The last lines of its output, for error messages. */
  lastLines(): string {
    return [`Last output of ${this.name}:`, ...this.lines.slice(-LINES_SHOWN).map((line) => `  ${line}`)].join("\n");
  }

  async #waitForStart(): Promise<void> {
    const announced = new Promise<number>((resolve) => {
      this.#entrance.stdio[3]?.once("data", (data: Uint8Array) => resolve(Number(new TextDecoder().decode(data))));
    });
    const ended = new Promise<undefined>((resolve) => this.#entrance.once("close", () => resolve(undefined)));
    this.#pid = await Promise.race([announced, ended]);
  }
}

function readLines(stream: Readable | null, take: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) take(line);
  });
  stream?.on("end", () => rest !== "" && take(rest));
}

function endOf(status: number | null, signal: string | null): ProgramEnd {
  if (signal !== null) return { kind: "killed", signal };
  // The shell that waited tells a signal in this way.
  const [name] = Object.entries(constants.signals).find(([, number]) => number + 128 === status) ?? [];
  return name === undefined ? { kind: "exited", status: status ?? -1 } : { kind: "killed", signal: name };
}

function describeEnd(end: ProgramEnd): string {
  return end.kind === "exited" ? `exit status ${end.status}` : `killed by ${end.signal}`;
}

// Outside the pid namespace itself, the shell knows its child by the pid that we know it by, and goes on waiting while the
// child is stopped. Shells make their background programs ignore SIGINT and SIGQUIT; `env` mends that.
const WAITING_SHELL = `env --default-signal "$@" 3>&- & echo $! >&3; exec 3>&-; wait $!`;
/** Time to read what an ended program has left in its pipe. */
const LAST_WORDS_MS = 50;
const LINES_SHOWN = 40;
/** What a shell says for a program that it did not find. */
const COULD_NOT_RUN = 127;
