import { Lab } from "../lab/lab.ts";
import type { Prober } from "../lab/prober.ts";
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
  let seenUntilMs = 0;
  prober.subscribe(() => {
    // Questions settle out of order; one that is older than the client's patience has settled.
    const settledMs = Date.now() - PATIENCE_MS - SETTLING_MS;
    const fresh = prober.asks
      .slice(-RECENT)
      .filter(({ atMs }) => atMs > seenUntilMs && atMs <= settledMs)
      .toSorted((a, b) => a.atMs - b.atMs);
    for (const ask of fresh) {
      const { view: next, happening } = see(view, ask);
      view = next;
      seenUntilMs = ask.atMs;
      if (happening !== undefined && (view.by !== undefined || happening.tone === "good")) tell(happening);
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
/** More questions than can be under way or settle at once. */
const RECENT = 400;
