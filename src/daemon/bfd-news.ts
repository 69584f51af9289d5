import type { BfdVerdict } from "../core/bfd/session.ts";

/** What is to be held of a session, on its way from the bfd process to those that track it. Plain data. */
export interface BfdNews {
  readonly name: string;
  readonly verdict: BfdVerdict;
  /** The same in words: `Up`, `Down (Control Detection Time Expired)`. */
  readonly detail: string;
}

/**
 * Puts news into what is known by name. A session that does not know yet tells nothing new: a bfd process that has just
 * started, or started anew, must not make a node fail over (docs/adr/0029-bfd-process.md).
 */
export function learnNews(known: Map<string, BfdNews>, news: readonly BfdNews[]): void {
  for (const item of news) {
    const before = known.get(item.name);
    if (item.verdict !== "unknown" || before === undefined) known.set(item.name, item);
  }
}
