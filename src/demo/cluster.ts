import { Lab } from "../lab/lab.ts";
import type { Ask, Prober } from "../lab/prober.ts";
import type { Host } from "../lab/host.ts";
import { CLIENT, NOTHING_SEEN, see } from "./client-view.ts";
import type { Tell } from "./happening.ts";
import { DemoNode } from "./node.ts";
import { VIP, type NodeIdentity, type NodePrograms } from "./node-files.ts";

/** Two nodes and a client that keeps asking. */
export interface Cluster {
  readonly lab: Lab;
  readonly lb1: DemoNode;
  readonly lb2: DemoNode;
  readonly client: Host;
  readonly prober: Prober;
}

/** Builds everything; Holdfast does not run yet. @throws Error after removing what was built. */
export async function openCluster(programs: NodePrograms, tell: Tell): Promise<Cluster> {
  const lab = await Lab.open();
  try {
    const lb1 = await DemoNode.open(lab, NODES.lb1, programs, tell);
    const lb2 = await DemoNode.open(lab, NODES.lb2, programs, tell);
    const client = await lab.host(CLIENT, { address: `${CLIENT_ADDRESS}/24` });
    await Promise.all([lb1.startWebServer(), lb2.startWebServer()]);
    const prober = await client.ask(VIP, { everyMs: ASK_EVERY_MS, patienceMs: PATIENCE_MS });
    return { lab, lb1, lb2, client, prober };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Tells what the client sees, from its first answer on. */
export function watchClient(prober: Prober, tell: Tell): void {
  let view = NOTHING_SEEN;
  let taken = 0;
  let waiting: { readonly ask: Ask; readonly heardMs: number }[] = [];
  prober.subscribe(() => {
    const heardMs = Date.now();
    waiting.push(...prober.asks.slice(taken).map((ask) => ({ ask, heardMs })));
    taken = prober.asks.length;
    // Questions settle out of order; one that is older than the client's patience has settled, and so have all before.
    const settledMs = heardMs - PATIENCE_MS - SETTLING_MS;
    const due = waiting.filter(({ ask }) => ask.atMs <= settledMs).toSorted((a, b) => a.ask.atMs - b.ask.atMs);
    waiting = waiting.filter(({ ask }) => ask.atMs > settledMs);
    for (const one of due) {
      const { view: next, happening } = see(view, one.ask, one.heardMs);
      view = next;
      if (happening !== undefined && view.by !== undefined) tell(happening);
    }
  });
}

export const NODES: Readonly<Record<"lb1" | "lb2", NodeIdentity>> = {
  lb1: { name: "lb1", address: "192.168.5.11", state: "MASTER", priority: 100, page: "node1" },
  lb2: { name: "lb2", address: "192.168.5.12", state: "BACKUP", priority: 99, page: "node2" },
};
export const CLIENT_ADDRESS = "192.168.5.100";
export const ASK_EVERY_MS = 5;
const PATIENCE_MS = 250;
const SETTLING_MS = 50;
