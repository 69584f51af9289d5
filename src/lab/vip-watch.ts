import type { Program } from "./program.ts";
import { waitFor, Listeners, PATIENCE_MS } from "./wait.ts";

/** One address appearing on or vanishing from a host. Times are milliseconds since 1970 with a fraction. */
export interface AddressChange {
  readonly kind: "gained" | "lost";
  readonly address: string;
  readonly atMs: number;
}

/** A time a host held an address. `untilMs` is undefined while it lasts. */
export interface Tenure {
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

/**
 * Reads a line of `ip -ts -o monitor address`; undefined if it is about something else. A renewal of a lifetime looks like
 * an address gained again.
 */
export function parseMonitorLine(line: string): AddressChange | undefined {
  const match = /^\[([^\].]+)\.(\d{6})\] (Deleted )?\d+: \S+\s+inet6? ([0-9a-f.:]+)/.exec(line);
  if (match === null) return undefined;
  const [, seconds = "", micros = "", deleted, address = ""] = match;
  // The tool writes local time without a zone, which is how Date reads it.
  return {
    kind: deleted === undefined ? "gained" : "lost",
    address,
    atMs: Date.parse(seconds) + Number(micros) / 1000,
  };
}

/**
 * Reads a line of `ip -ts -o monitor link` about an interface that holds an address only while it can send: FRR's vrrpd lets
 * it stay on one that it holds down. Undefined: of another interface.
 */
export function parseLinkLine(
  line: string,
  addressOn: (device: string) => string | undefined,
): AddressChange | undefined {
  const match = /^\[([^\].]+)\.(\d{6})\] (Deleted )?\d+: ([^:@\s]+)\S* <([^>]*)>(.*)$/.exec(line);
  if (match === null) return undefined;
  const [, seconds = "", micros = "", deleted, device = "", flags = "", rest = ""] = match;
  const address = addressOn(device);
  if (address === undefined) return undefined;
  const isUp = deleted === undefined && flags.split(",").includes("LOWER_UP") && !flags.includes("NO-CARRIER");
  return {
    kind: isUp && !rest.includes("protodown on") ? "gained" : "lost",
    address,
    atMs: Date.parse(seconds) + Number(micros) / 1000,
  };
}

/** Lists the times an address was held, in order. Renewals belong to the tenure they renew. */
export function tenuresOf(address: string, changes: readonly AddressChange[]): Tenure[] {
  const tenures: Tenure[] = [];
  let fromMs: number | undefined;
  for (const change of changes) {
    if (change.address !== address) continue;
    if (change.kind === "gained") fromMs ??= change.atMs;
    else if (fromMs !== undefined) {
      tenures.push({ fromMs, untilMs: change.atMs });
      fromMs = undefined;
    }
  }
  if (fromMs !== undefined) tenures.push({ fromMs, untilMs: undefined });
  return tenures;
}

/**
 * Adds up how long two or more hosts held the same address at once, from `sinceMs` until `nowMs`.
 *
 * @param hosts The tenures of each host.
 */
export function sharedMs(hosts: readonly (readonly Tenure[])[], sinceMs: number, nowMs: number): number {
  const edges = hosts.flat().flatMap(({ fromMs, untilMs = nowMs }) => [
    { atMs: Math.max(fromMs, sinceMs), step: 1 },
    { atMs: Math.max(untilMs, fromMs, sinceMs), step: -1 },
  ]);
  edges.sort((a, b) => a.atMs - b.atMs || a.step - b.step);
  let holders = 0;
  let total = 0;
  for (const [index, { atMs, step }] of edges.entries()) {
    holders += step;
    const next = edges[index + 1];
    if (holders > 1 && next !== undefined) total += next.atMs - atMs;
  }
  return total;
}

/** Watches the addresses of one host as its kernel announces them, from the moment it was opened. */
export class VipWatch {
  readonly #program: Program;
  readonly #parse: (line: string) => AddressChange | undefined;
  readonly #changes: AddressChange[] = [];
  readonly #listeners = new Listeners();
  #read = 0;

  /** @param parse Reads a line of the program. */
  constructor(program: Program, parse = parseMonitorLine) {
    this.#program = program;
    this.#parse = parse;
    program.onLine(() => this.#take());
    this.#take();
  }

  isHeld(address: string): boolean {
    return this.tenures(address).at(-1)?.untilMs === undefined && this.tenures(address).length > 0;
  }

  tenures(address: string): Tenure[] {
    return tenuresOf(address, this.#changes);
  }

  readonly subscribe = this.#listeners.subscribe;

  /** Waits until the address is held (or, with `held` false, not held). Gives when that began, as the kernel told it. */
  waitUntil(address: string, held: boolean, withinMs = PATIENCE_MS): Promise<number> {
    const look = (): number | undefined => {
      const last = this.tenures(address).at(-1);
      if (held) return last?.untilMs === undefined ? last?.fromMs : undefined;
      return last === undefined ? 0 : last.untilMs;
    };
    const awaited = `${address} to be ${held ? "held" : "gone"}`;
    return waitFor(awaited, look, this.subscribe, () => this.#program.lastLines(), withinMs);
  }

  #take(): void {
    const fresh = this.#program.lines.slice(this.#read);
    this.#read += fresh.length;
    for (const line of fresh) {
      const change = this.#parse(line);
      if (change !== undefined) this.#changes.push(change);
    }
    this.#listeners.notify();
  }
}
