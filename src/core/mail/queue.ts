import { unreachable } from "../../base/assert.ts";
import { micros, millis, seconds, type Micros } from "../../base/time.ts";

/** A mail that has not been delivered. */
export interface QueuedMail {
  /** Tells mails apart, over restarts too; becomes part of its Message-ID. */
  readonly id: string;
  readonly subject: string;
  readonly body: string;
  /** When it happened, in milliseconds since 1970 UTC. */
  readonly atMs: number;
  /** How often the server has failed us while this mail waited. */
  readonly rounds: number;
}

/** Mails in the order of their events. One is sent at a time. */
export interface MailQueue {
  readonly mails: readonly QueuedMail[];
  /** The id of the one that is being sent. */
  readonly sending: string | undefined;
}

export type MailEvent =
  /** One that is known already changes nothing. */
  | { readonly kind: "posted"; readonly mail: Omit<QueuedMail, "rounds"> }
  /** The pause after a failure is over, or there was none: what waits may be sent. */
  | { readonly kind: "try" }
  | { readonly kind: "sent"; readonly id: string }
  /** The server takes this mail neither now nor later. */
  | { readonly kind: "refused"; readonly id: string; readonly reason: string }
  /** The server cannot be reached, or takes nothing at the moment. */
  | { readonly kind: "failed"; readonly id: string; readonly reason: string };

export type MailEffect =
  | { readonly kind: "send"; readonly mail: QueuedMail }
  /** Nothing is sent before the pause is over and `try` comes. */
  | { readonly kind: "pause"; readonly length: Micros; readonly reason: string }
  /** It is left out for good. */
  | { readonly kind: "report-dropped"; readonly mail: QueuedMail; readonly because: DropReason };

export type DropReason =
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "given-up"; readonly rounds: number; readonly reason: string }
  /** More than `QUEUE_LIMIT` waited; the oldest went. */
  | { readonly kind: "too-many" };

export interface MailStep {
  readonly queue: MailQueue;
  readonly effects: readonly MailEffect[];
}

export const EMPTY_QUEUE: MailQueue = { mails: [], sending: undefined };

/**
 * Decides which mail is sent when, and which is given up.
 *
 * All mails go to one server, so its failure holds up all of them, in their order; the pause doubles with every failure in a
 * row, from 15 seconds to 15 minutes. A mail that the server will not have goes out of the way of the others.
 */
export function stepMail(queue: MailQueue, event: MailEvent): MailStep {
  switch (event.kind) {
    case "posted":
      return post(queue, { ...event.mail, rounds: 0 });
    case "try":
      return sendNext(queue);
    case "sent":
      return sendNext(without(queue, event.id));
    case "refused": {
      const mail = queue.mails.find(({ id }) => id === event.id);
      const next = sendNext(without(queue, event.id));
      return mail === undefined ? next : report([mail], { kind: "refused", reason: event.reason }, next);
    }
    case "failed":
      return fail(queue, event.reason);
    default:
      return unreachable(event);
  }
}

function post(queue: MailQueue, mail: QueuedMail): MailStep {
  if (queue.mails.some(({ id }) => id === mail.id)) return { queue, effects: [] };
  const mails = [...queue.mails, mail];
  if (mails.length <= QUEUE_LIMIT) return { queue: { ...queue, mails }, effects: [] };
  const oldest = mails.find(({ id }) => id !== queue.sending);
  if (oldest === undefined) return { queue: { ...queue, mails }, effects: [] };
  const kept = { ...queue, mails: mails.filter(({ id }) => id !== oldest.id) };
  return report([oldest], { kind: "too-many" }, { queue: kept, effects: [] });
}

function sendNext(queue: MailQueue): MailStep {
  const [next] = queue.mails;
  if (next === undefined || queue.sending !== undefined) return { queue, effects: [] };
  return { queue: { ...queue, sending: next.id }, effects: [{ kind: "send", mail: next }] };
}

function fail(queue: MailQueue, reason: string): MailStep {
  const tried = queue.mails.map((mail): QueuedMail => ({ ...mail, rounds: mail.rounds + 1 }));
  const given = tried.filter(({ rounds }) => rounds >= ROUND_LIMIT);
  const mails = tried.filter(({ rounds }) => rounds < ROUND_LIMIT);
  const worst = Math.max(0, ...mails.map(({ rounds }) => rounds));
  const length = worst === 0 ? millis(0) : pauseAfter(worst);
  const paused: MailStep = {
    queue: { mails, sending: undefined },
    effects: mails.length === 0 ? [] : [{ kind: "pause", length, reason }],
  };
  return report(given, { kind: "given-up", rounds: ROUND_LIMIT, reason }, paused);
}

function pauseAfter(failures: number): Micros {
  return micros(Math.min(FIRST_PAUSE * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE));
}

function without(queue: MailQueue, id: string): MailQueue {
  return { mails: queue.mails.filter((mail) => mail.id !== id), sending: undefined };
}

function report(mails: readonly QueuedMail[], because: DropReason, step: MailStep): MailStep {
  const effects = mails.map((mail): MailEffect => ({ kind: "report-dropped", mail, because }));
  return { queue: step.queue, effects: [...effects, ...step.effects] };
}

const FIRST_PAUSE = seconds(15);
const LONGEST_PAUSE = seconds(900);

/** So many mails wait at most. */
const QUEUE_LIMIT = 500;

/**
 * A mail is given up after so many failures of the server. With the pauses between them that takes about a day. Rounds are
 * counted and not hours: a host that starts with a wrong clock, as one without a battery does, would otherwise throw mails away.
 */
const ROUND_LIMIT = 100;
