import { millis } from "../base/time.ts";
import type { ObservedProcess, ProcessEvent, ProcessQuery, ProcessTable } from "../ports/process-table.ts";
import type { Machine } from "./machine.ts";
import type { SimProcess } from "./sim-process.ts";

/** What runs on one machine beside Holdfast, for those who track it. */
export class SimProcessTable {
  readonly #machine: Machine;
  readonly #running = new Map<number, ObservedProcess>();
  readonly #observers = new Set<(event: ProcessEvent) => void>();
  #nextPid = 5000;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** @returns its pid. */
  launch(name: string, commandLine: readonly string[] = [name]): number {
    const process = { pid: this.#nextPid++, name, commandLine };
    this.#running.set(process.pid, process);
    this.#tell({ kind: "began", process, by: "other" });
    return process.pid;
  }

  /** Ends all processes of this name. */
  end(name: string): void {
    for (const process of [...this.#running.values()].filter((candidate) => candidate.name === name)) {
      this.#running.delete(process.pid);
      this.#tell({ kind: "ended", pid: process.pid });
    }
  }

  portFor(process: SimProcess): ProcessTable {
    return {
      watch: (query, onEvent) =>
        process.call(() => {
          const close = this.#open(process, query, onEvent);
          process.onEnd(close);
          return { source: "events", close };
        }),
    };
  }

  #open(process: SimProcess, query: ProcessQuery, onEvent: (event: ProcessEvent) => void): () => void {
    const waiting: ProcessEvent[] = [];
    const source = process.source(
      () => waiting.length > 0,
      () => {
        const event = waiting.shift();
        if (event !== undefined) onEvent(event);
      },
    );
    const wanted = new Set<number>();
    const observer = (event: ProcessEvent): void => {
      if (event.kind === "began") {
        if (!query.isWanted(event.process)) return;
        wanted.add(event.process.pid);
      } else if (event.kind !== "listed" && !wanted.delete(event.pid)) return;
      waiting.push(event);
      source.notify();
    };
    for (const running of this.#running.values()) observer({ kind: "began", process: running, by: "other" });
    // Looking through everything takes a while, and what happens meanwhile is told, too.
    this.#machine.after(LISTING, () => observer({ kind: "listed" }));
    this.#observers.add(observer);
    return () => {
      this.#observers.delete(observer);
      source.close();
    };
  }

  #tell(event: ProcessEvent): void {
    for (const observer of this.#observers) observer(event);
  }
}

const LISTING = millis(5);
