import { after, earliest, micros, seconds, type Instant, type Micros } from "../../base/time.ts";

/** What one session wants. */
export interface BfdSettings {
  /** bfd.LocalDiscr: this session's name on this host, 1 to 2^32 - 1. */
  readonly localDiscriminator: number;
  /** `min_tx`: the period of our packets while the session is up. */
  readonly minTx: Micros;
  /** `min_rx`: how often we are willing to hear the neighbour. */
  readonly minRx: Micros;
  /** `idle_tx`: the period of our packets while it is not up; a second at least (RFC 5880 section 6.8.3). */
  readonly idleTx: Micros;
  /** `multiplier`: how many of our packets the neighbour may miss, 1-255. */
  readonly multiplier: number;
  /** `passive`: nothing is sent before the neighbour has been heard. */
  readonly passive: boolean;
}

/** bfd.SessionState, without AdminDown: a session that is turned off is not stepped any more. */
export type BfdSessionState = "down" | "init" | "up";

/** The state variables of RFC 5880 section 6.8.1 that can differ between sessions without authentication and echo. */
export interface BfdSession {
  readonly state: BfdSessionState;
  /** bfd.LocalDiag: why it left Up the last time. */
  readonly diagnostic: number;
  /** Undefined as long as nothing is known of the neighbour, and again when a Detection Time has passed without it. */
  readonly remote: BfdRemote | undefined;
  /** A Poll Sequence: our packets carry P until an answer carries F. */
  readonly polling: boolean;
  /** When the next periodic packet is due; undefined: none. */
  readonly transmitAt: Instant | undefined;
  /** The intervals before a reload: the stricter of both hold until the neighbour has agreed to the new ones. */
  readonly former: Pick<BfdSettings, "minTx" | "minRx"> | undefined;
  /** Until then nothing follows from a session that has never been up; undefined: that time is over. */
  readonly settlesAt: Instant | undefined;
}

/** What is to be held of the way to the neighbour. */
export type BfdVerdict = "unknown" | "up" | "down";

/** What the neighbour's last packet said. */
export interface BfdRemote {
  /** bfd.RemoteDiscr. */
  readonly discriminator: number;
  /** bfd.RemoteSessionState. */
  readonly state: "admin-down" | BfdSessionState;
  /** Its bfd.LocalDiag. */
  readonly diagnostic: number;
  readonly demand: boolean;
  readonly multiplier: number;
  readonly desiredMinTx: Micros;
  /** bfd.RemoteMinRxInterval; 0: it wants nothing periodic. */
  readonly requiredMinRx: Micros;
  readonly heardAt: Instant;
}

/** A packet for this session that the codec and the address checks have let through. */
export interface BfdArrival {
  readonly state: "admin-down" | BfdSessionState;
  readonly diagnostic: number;
  readonly poll: boolean;
  readonly final: boolean;
  readonly demand: boolean;
  readonly detectMultiplier: number;
  readonly myDiscriminator: number;
  readonly desiredMinTxInterval: Micros;
  readonly requiredMinRxInterval: Micros;
}

export type BfdEvent =
  | { readonly kind: "startup" }
  | { readonly kind: "received"; readonly packet: BfdArrival }
  /** The settings are new ones, those before are in the event. The discriminator is the same. */
  | { readonly kind: "reconfigured"; readonly former: BfdSettings }
  /** A wake-up. Early, late or repeated ones do no harm. */
  | { readonly kind: "deadline" };

export type BfdEffect =
  | { readonly kind: "send"; readonly packet: BfdDeparture }
  /** `diagnostic` tells why it is not up any more; 0 when it came up. */
  | {
      readonly kind: "changed";
      readonly from: BfdSessionState;
      readonly to: BfdSessionState;
      readonly diagnostic: number;
      /** What the neighbour said last; 0 where it is not known. */
      readonly remoteDiagnostic: number;
    };

/** What a packet of ours says. */
export interface BfdDeparture {
  readonly state: "admin-down" | BfdSessionState;
  readonly diagnostic: number;
  readonly poll: boolean;
  readonly final: boolean;
  readonly detectMultiplier: number;
  readonly myDiscriminator: number;
  readonly yourDiscriminator: number;
  readonly desiredMinTxInterval: Micros;
  readonly requiredMinRxInterval: Micros;
}

export interface BfdStep {
  readonly session: BfdSession;
  readonly effects: readonly BfdEffect[];
}

export function initialSession(): BfdSession {
  return {
    state: "down",
    diagnostic: DIAGNOSTIC.NONE,
    remote: undefined,
    polling: false,
    transmitAt: undefined,
    former: undefined,
    settlesAt: undefined,
  };
}

/**
 * One session of asynchronous mode takes in one event.
 *
 * @param chance 0 to 1, 1 excluded: by how much the next packet comes early, so that neighbours do not fall into step.
 * @see RFC 5880 section 6.8.
 */
export function stepSession(
  settings: BfdSettings,
  session: BfdSession,
  event: BfdEvent,
  now: Instant,
  chance: number,
): BfdStep {
  switch (event.kind) {
    case "startup": {
      const settlesAt = after(now, micros(settings.multiplier * idleInterval(settings)));
      const transmitAt = settings.passive ? undefined : now;
      return onDeadline(settings, { ...session, settlesAt, transmitAt }, now, chance);
    }
    case "reconfigured":
      return onReconfigured(settings, session, event.former, now, chance);
    case "received":
      return onPacket(settings, session, event.packet, now, chance);
    case "deadline":
      return onDeadline(settings, session, now, chance);
  }
}

/** The packet that tells the neighbour that this session is turned off (RFC 5880 section 6.8.16). */
export function farewell(settings: BfdSettings, session: BfdSession): BfdDeparture {
  const off = { ...session, diagnostic: DIAGNOSTIC.ADMINISTRATIVELY_DOWN, polling: false };
  return { ...departure(settings, off, false), state: "admin-down" };
}

/**
 * A session that has just been opened is no news of the way to the neighbour: it counts as unknown until it has come up, or
 * has had as long for that as a neighbour at its idle pace may be silent.
 */
export function verdictOf(session: BfdSession): BfdVerdict {
  if (session.state === "up") return "up";
  return session.settlesAt === undefined ? "down" : "unknown";
}

/** When a `deadline` event is wanted; undefined: not before something else happens. */
export function nextBfdDeadline(settings: BfdSettings, session: BfdSession): Instant | undefined {
  return earliest(session.transmitAt, detectionAt(settings, session), session.settlesAt);
}

/**
 * How long the neighbour may be silent; undefined while none is known (RFC 5880 section 6.8.4, asynchronous mode). A
 * Required Min RX that was lowered counts only when the neighbour has agreed (section 6.8.3).
 */
export function detectionTime(settings: BfdSettings, { remote, former }: BfdSession): Micros | undefined {
  if (remote === undefined) return undefined;
  return micros(remote.multiplier * Math.max(settings.minRx, former?.minRx ?? 0, remote.desiredMinTx));
}

/** The agreed period of our packets before it is shortened by chance; undefined: nothing periodic is wanted. */
export function transmitInterval(settings: BfdSettings, session: BfdSession): Micros | undefined {
  const { remote } = session;
  const desired = desiredMinTx(settings, session);
  if (remote === undefined) return settings.passive ? undefined : desired;
  if (remote.requiredMinRx === 0) return undefined;
  // Demand mode: the neighbour has asked for silence, as long as both are up and no poll is on.
  if (remote.demand && session.state === "up" && remote.state === "up" && !session.polling) return undefined;
  // While it is up, a longer period counts only when the neighbour has agreed to it (RFC 5880 section 6.8.3).
  const agreed = session.state === "up" ? Math.min(desired, session.former?.minTx ?? desired) : desired;
  return micros(Math.max(agreed, remote.requiredMinRx));
}

function onPacket(
  settings: BfdSettings,
  session: BfdSession,
  packet: BfdArrival,
  now: Instant,
  chance: number,
): BfdStep {
  const remote: BfdRemote = {
    discriminator: packet.myDiscriminator,
    state: packet.state,
    diagnostic: packet.diagnostic,
    demand: packet.demand,
    multiplier: packet.detectMultiplier,
    desiredMinTx: packet.desiredMinTxInterval,
    requiredMinRx: packet.requiredMinRxInterval,
    heardAt: now,
  };
  const isAgreed = session.polling && packet.final;
  const heard: BfdSession = {
    ...session,
    remote,
    polling: session.polling && !isAgreed,
    former: isAgreed ? undefined : session.former,
  };
  const moved = move(heard, packet.state);
  const comesUp = moved.state === "up" && session.state !== "up";
  // Our packets come at another pace while it is up; the neighbour agrees to it by a Poll Sequence.
  const paced = comesUp ? { ...moved, polling: true, settlesAt: undefined } : moved;
  const effects: BfdEffect[] = [];
  if (paced.state !== session.state) {
    effects.push(changeOf(session, paced, packet.diagnostic));
  }
  // An answer carries no P of its own (RFC 5880 section 6.5); a change is told at once rather than at the next beat.
  const changed = paced.state !== session.state;
  if (packet.poll) effects.push({ kind: "send", packet: departure(settings, { ...paced, polling: false }, true) });
  else if (changed) effects.push({ kind: "send", packet: departure(settings, paced, false) });
  const sent = packet.poll || changed;
  return { session: schedule(settings, session, paced, sent, now, chance), effects };
}

/** The state machine of RFC 5880 section 6.2, driven by the neighbour's state. */
function move(session: BfdSession, heard: BfdArrival["state"]): BfdSession {
  const { state } = session;
  const signaledDown = { ...session, state: "down" as const, diagnostic: DIAGNOSTIC.NEIGHBOR_SIGNALED_DOWN };
  if (heard === "admin-down") return state === "down" ? session : signaledDown;
  switch (state) {
    case "down":
      if (heard === "down") return { ...session, state: "init" };
      return heard === "init" ? { ...session, state: "up", diagnostic: DIAGNOSTIC.NONE } : session;
    case "init":
      return heard === "down" ? session : { ...session, state: "up", diagnostic: DIAGNOSTIC.NONE };
    case "up":
      return heard === "down" ? signaledDown : session;
  }
}

function onDeadline(settings: BfdSettings, session: BfdSession, now: Instant, chance: number): BfdStep {
  const settled = session.settlesAt !== undefined && now >= session.settlesAt;
  const current = settled ? { ...session, settlesAt: undefined } : session;
  const detectAt = detectionAt(settings, current);
  if (detectAt !== undefined && now >= detectAt) return onSilence(settings, current, now, chance);
  const due = current.transmitAt !== undefined && now >= current.transmitAt;
  const effects: BfdEffect[] = due ? [{ kind: "send", packet: departure(settings, current, false) }] : [];
  return { session: schedule(settings, current, current, due, now, chance), effects };
}

/** A Detection Time has passed: the neighbour is forgotten, whatever the state (RFC 5880 section 6.8.1, bfd.RemoteDiscr). */
function onSilence(settings: BfdSettings, session: BfdSession, now: Instant, chance: number): BfdStep {
  const forgotten = { ...session, remote: undefined, polling: false, former: undefined };
  if (session.state === "down") {
    return { session: schedule(settings, session, forgotten, false, now, chance), effects: [] };
  }
  const down = { ...forgotten, state: "down" as const, diagnostic: DIAGNOSTIC.DETECTION_TIME_EXPIRED };
  const effects: BfdEffect[] = [changeOf(session, down, session.remote?.diagnostic ?? 0)];
  // At once, so that a neighbour that still hears us learns of it; one that knows nobody stays silent if it is passive.
  if (!settings.passive) effects.push({ kind: "send", packet: departure(settings, down, false) });
  return { session: schedule(settings, session, down, true, now, chance), effects };
}

function changeOf(before: BfdSession, after: BfdSession, remoteDiagnostic: number): BfdEffect {
  return { kind: "changed", from: before.state, to: after.state, diagnostic: after.diagnostic, remoteDiagnostic };
}

function onReconfigured(
  settings: BfdSettings,
  session: BfdSession,
  former: BfdSettings,
  now: Instant,
  chance: number,
): BfdStep {
  const { minTx, minRx } = former;
  const asks = session.state === "up" && (settings.minTx !== minTx || settings.minRx !== minRx);
  const polled = asks ? { ...session, polling: true, former: session.former ?? { minTx, minRx } } : session;
  // Who was passive may not be any more; who was not may stop to speak first.
  const speaks = transmitInterval(settings, polled) !== undefined;
  const soonest = asks ? now : (session.transmitAt ?? now);
  return onDeadline(settings, { ...polled, transmitAt: speaks ? soonest : undefined }, now, chance);
}

/** When the next periodic packet goes out: by the new pace from now if one was just sent, else no later than it was due. */
function schedule(
  settings: BfdSettings,
  before: BfdSession,
  session: BfdSession,
  sent: boolean,
  now: Instant,
  chance: number,
): BfdSession {
  const interval = transmitInterval(settings, session);
  if (interval === undefined) return { ...session, transmitAt: undefined };
  const next = after(now, shortened(interval, settings.multiplier, chance));
  if (sent || before.transmitAt === undefined) return { ...session, transmitAt: next };
  return { ...session, transmitAt: before.transmitAt < next ? before.transmitAt : next };
}

/** Less by up to a quarter; with a multiplier of 1 by at least a tenth (RFC 5880 section 6.8.7). */
function shortened(interval: Micros, multiplier: number, chance: number): Micros {
  const [least, most] = multiplier === 1 ? [0.75, 0.9] : [0.75, 1];
  return micros(Math.floor(interval * (least + chance * (most - least))));
}

function departure(settings: BfdSettings, session: BfdSession, final: boolean): BfdDeparture {
  return {
    state: session.state,
    diagnostic: session.diagnostic,
    poll: session.polling,
    final,
    detectMultiplier: settings.multiplier,
    myDiscriminator: settings.localDiscriminator,
    yourDiscriminator: session.remote?.discriminator ?? 0,
    desiredMinTxInterval: desiredMinTx(settings, session),
    requiredMinRxInterval: settings.minRx,
  };
}

/** bfd.DesiredMinTxInterval: not below a second while the session is not up. */
function desiredMinTx(settings: BfdSettings, session: BfdSession): Micros {
  return session.state === "up" ? settings.minTx : idleInterval(settings);
}

function idleInterval(settings: BfdSettings): Micros {
  return micros(Math.max(settings.idleTx, IDLE_MINIMUM));
}

function detectionAt(settings: BfdSettings, session: BfdSession): Instant | undefined {
  const time = detectionTime(settings, session);
  return session.remote === undefined || time === undefined ? undefined : after(session.remote.heardAt, time);
}

const IDLE_MINIMUM = seconds(1);

/** bfd.LocalDiag, RFC 5880 section 4.1. */
const DIAGNOSTIC = {
  NONE: 0,
  DETECTION_TIME_EXPIRED: 1,
  NEIGHBOR_SIGNALED_DOWN: 3,
  ADMINISTRATIVELY_DOWN: 7,
} as const;
