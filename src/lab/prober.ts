import type { Program } from "./program.ts";
import { Listeners, PATIENCE_MS, waitFor } from "./wait.ts";

/** One question to the VIP: when it was asked (ms since 1970) and who answered, or why nobody did. */
export type Ask =
  | { readonly kind: "answered"; readonly atMs: number; readonly by: string }
  | { readonly kind: "unanswered"; readonly atMs: number; readonly error: string };

export interface Outage {
  /** When the first unanswered question was asked. */
  readonly fromMs: number;
  /** When the first answered question after it was asked; undefined while it lasts. */
  readonly untilMs: number | undefined;
  /**
   * For how long of it the client asked nothing, because it did not get its turn on a busy machine. What was the matter then
   * nobody knows.
   */
  readonly unwatchedMs: number;
}

export interface Measured {
  /** In the order of asking. */
  readonly asks: readonly Ask[];
  readonly outages: readonly Outage[];
  /** 0 if there was none. One that lasts counts until the measurement. What nobody watched does not count. */
  readonly longestOutageMs: number;
  /** Who answered, in order, each once per turn. */
  readonly answeredBy: readonly string[];
}

export interface AnswerWanted {
  /** Undefined: whoever. */
  readonly by?: string;
  readonly sinceMs?: number;
  readonly withinMs?: number;
}

/** Reads a line of the prober program; undefined if it is none. */
export function parseAsk(line: string): Ask | undefined {
  const match = /^\{"at":([\d.]+),"(by|error)":("(?:[^"\\]|\\.)*")\}$/.exec(line);
  if (match === null) return undefined;
  const [, at = "", kind, text = '""'] = match;
  const said = String(JSON.parse(text));
  return kind === "by"
    ? { kind: "answered", atMs: Number(at), by: said }
    : { kind: "unanswered", atMs: Number(at), error: said };
}

/**
 * Lists the outages in the order of asking, which is not the order in which asks end. A question is dated by when it was
 * asked, so neither the time an answer takes nor the patience of the asker adds to an outage; it is known to one interval
 * between asks.
 *
 * @param watchedMs For how long after an unanswered question the outage is known to last, unless the next comes before.
 * @param nowMs Until when an outage that goes on is looked at.
 */
export function outagesOf(asks: readonly Ask[], watchedMs: number, nowMs: number): Outage[] {
  const outages: Outage[] = [];
  const sorted = asks.toSorted((a, b) => a.atMs - b.atMs);
  let begun: { readonly fromMs: number; unwatchedMs: number } | undefined;
  for (const [index, ask] of sorted.entries()) {
    if (ask.kind === "unanswered") {
      begun ??= { fromMs: ask.atMs, unwatchedMs: 0 };
      const nextMs = sorted[index + 1]?.atMs ?? nowMs;
      begun.unwatchedMs += Math.max(0, nextMs - ask.atMs - watchedMs);
    } else if (begun !== undefined) {
      outages.push({ ...begun, untilMs: ask.atMs });
      begun = undefined;
    }
  }
  if (begun !== undefined) outages.push({ ...begun, untilMs: undefined });
  return outages;
}

/** How the program asks. */
export interface Rhythm {
  readonly everyMs: number;
  /** How long it waits for each answer, as long as it gets its turn: see the program. */
  readonly patienceMs: number;
}

/** A client that keeps asking one address. */
export class Prober {
  readonly #program: Program;
  readonly #rhythm: Rhythm;
  readonly #asks: Ask[] = [];
  readonly #listeners = new Listeners();
  #read = 0;

  constructor(program: Program, rhythm: Rhythm) {
    this.#program = program;
    this.#rhythm = rhythm;
    program.onLine(() => this.#take());
  }

  /** Every question that is settled, in the order of settling, which is not that of asking. */
  get asks(): readonly Ask[] {
    return this.#asks;
  }

  /** Calls back after each settled question, until the function it returns is called. */
  readonly subscribe = this.#listeners.subscribe;

  /**
   * Waits until every question asked before this call is settled, then says what the client saw of those asked at or after
   * `sinceMs`. (Before that a question on its way to being unanswered would be missing from an outage.)
   */
  async measure(sinceMs = 0): Promise<Measured> {
    const now = Date.now();
    const { everyMs, patienceMs } = this.#rhythm;
    // The last of so many was asked when everything before now had been given up.
    const settled = (): true | undefined => {
      const later = this.#asks.filter(({ atMs }) => atMs > now);
      return later.length > Math.ceil(patienceMs / everyMs) || undefined;
    };
    await waitFor("all questions to settle", settled, this.#listeners.subscribe, () => this.#program.lastLines());
    const asks = this.#asks.filter(({ atMs }) => atMs >= sinceMs && atMs <= now).toSorted((a, b) => a.atMs - b.atMs);
    const outages = outagesOf(asks, WATCHED_INTERVALS * everyMs, now);
    const names = asks.flatMap((ask) => (ask.kind === "answered" ? [ask.by] : []));
    return {
      asks,
      outages,
      longestOutageMs: Math.max(
        0,
        ...outages.map(({ fromMs, untilMs = now, unwatchedMs }) => untilMs - fromMs - unwatchedMs),
      ),
      answeredBy: names.filter((name, index) => name !== names[index - 1]),
    };
  }

  /** Waits for an answer to a question asked at or after a time, by a certain host or by any. */
  waitForAnswer({ by, sinceMs = 0, withinMs = PATIENCE_MS }: AnswerWanted = {}): Promise<Ask> {
    const look = (): Ask | undefined =>
      this.#asks.findLast(
        (ask) => ask.kind === "answered" && ask.atMs >= sinceMs && (by === undefined || ask.by === by),
      );
    const awaited = `an answer by ${by ?? "anybody"}`;
    return waitFor(awaited, look, this.#listeners.subscribe, () => this.#program.lastLines(), withinMs);
  }

  /** Waits until a question asked at or after now has gone unanswered. */
  waitForSilence(withinMs = PATIENCE_MS): Promise<Ask> {
    const sinceMs = Date.now();
    const look = (): Ask | undefined => this.#asks.findLast((ask) => ask.kind === "unanswered" && ask.atMs >= sinceMs);
    return waitFor("silence", look, this.#listeners.subscribe, () => this.#program.lastLines(), withinMs);
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }

  #take(): void {
    const fresh = this.#program.lines.slice(this.#read);
    this.#read += fresh.length;
    for (const line of fresh) {
      const ask = parseAsk(line);
      if (ask !== undefined) this.#asks.push(ask);
    }
    this.#listeners.notify();
  }
}

/** A timer that is late by a few intervals is no news on a busy machine. */
const WATCHED_INTERVALS = 4;
