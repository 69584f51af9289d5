import type { BfdSessionStatus } from "../../src/api/contract.ts";
import type { Program } from "../../src/lab/program.ts";
import type { Node } from "./cluster.ts";

/**
 * A bfd_instance block named `peer`, unless the further lines say otherwise at 100 ms x 5: the tests beside this one keep
 * the processors busy, and half a second is more than any process waits for its turn.
 */
export function sessionTo(neighbor: string, ...lines: readonly string[]): readonly string[] {
  return [`bfd_instance peer {`, `neighbor_ip ${neighbor}`, `min_rx 100`, `min_tx 100`, `multiplier 5`, ...lines, `}`];
}

/** Lines of an instance. */
export function tracking(...words: readonly string[]): readonly string[] {
  return [`track_bfd {`, `peer ${words.join(" ")}`, `}`];
}

/** Waits until the session `peer` has entered a state for the `count`th time, by keepalived's log line. */
export async function enters(program: Program, state: "Up" | "Down", after = 0): Promise<string> {
  return program.waitForLine(new RegExp(`\\(peer\\) Entering ${state} state`), { after });
}

export async function sessionOf(node: Node): Promise<BfdSessionStatus> {
  const [session] = (await node.status()).bfd;
  if (session === undefined) throw new Error(`holdfast status on ${node.host.name} shows no BFD session`);
  return session;
}
