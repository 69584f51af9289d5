import type { SimNode } from "../../src/sim/node.ts";
import { NOTIFY_FIFO } from "./settings.ts";

/** What the FIFO of each node was told, of every instance and group. */
export class Told {
  /** By node and `INSTANCE "name"` or `GROUP "name"`, of the process that runs. */
  readonly #last = new Map<string, string>();
  readonly #complain: (text: string) => void;

  constructor(complain: (text: string) => void) {
    this.#complain = complain;
  }

  /** Another process is about to start, which may tell what the one before has told. */
  noteStart(node: SimNode): void {
    this.#read(node);
    for (const key of this.#last.keys()) if (key.startsWith(`${node.name} `)) this.#last.delete(key);
  }

  /** Demands that what was told last is what is. To be called between two turns of the node. */
  demand(node: SimNode): void {
    this.#read(node);
    for (const { name, state } of node.status()) {
      if (!STATES.includes(state)) continue;
      const last = this.#last.get(`${node.name} INSTANCE "${name}"`);
      if (last === state) continue;
      this.#complain(`${node.name} has ${name} in ${state}, but has told ${last ?? "nothing"} last`);
    }
  }

  #read(node: SimNode): void {
    for (const line of node.fifos.read(NOTIFY_FIFO).split("\n")) {
      const [, who = "", what = ""] = /^(\w+ "[^"]*") (\w+) \d+$/.exec(line) ?? [];
      if (!STATES.includes(what)) continue;
      const key = `${node.name} ${who}`;
      // Groups are told less than they do: nothing of what is over after a moment (KA-FSM-22).
      if (who.startsWith("INSTANCE") && this.#last.get(key) === what)
        this.#complain(`${node.name} has told ${who} ${what} twice`);
      this.#last.set(key, what);
    }
  }
}

const STATES: readonly string[] = ["MASTER", "BACKUP", "FAULT", "STOP"];
