import { SNMP_ERROR, formatOid, type Oid, type VarBind } from "../../base/snmp.ts";
import { after, earliest, elapsed, micros, seconds, type Instant, type Micros } from "../../base/time.ts";

/** What a subagent offers to its master agent. */
export interface AgentSettings {
  /** The subtrees that it answers for. */
  readonly subtrees: readonly Oid[];
  /** What it says of itself in sysORTable. */
  readonly capabilities: readonly Capability[];
}

export interface Capability {
  readonly id: Oid;
  readonly description: string;
}

/** A subagent's session with its master agent (RFC 2741 section 7.1), and the way to the next one. */
export interface AgentState {
  readonly phase: AgentPhase;
  /** Sent, and not answered yet; the oldest first. */
  readonly awaited: readonly Awaited[];
  /** Traps that have yet to be sent, the oldest first. */
  readonly traps: readonly WaitingTrap[];
  /** The h.packetID of what is sent next. */
  readonly nextPacket: number;
  /** The pause after the next failure. */
  readonly pause: Micros;
  /** What was said of the connection last; undefined: nothing yet. */
  readonly told: string | undefined;
}

export type AgentPhase =
  /** Not started, or stopped. */
  | { readonly kind: "idle" }
  /** The master agent is tried again then. */
  | { readonly kind: "resting"; readonly until: Instant }
  | { readonly kind: "connecting"; readonly by: Instant }
  | { readonly kind: "opening" }
  /** Registered, or about to be. */
  | {
      readonly kind: "open";
      readonly session: number;
      readonly since: Instant;
      readonly pingAt: Instant;
      /** The sysUpTime that the master gave, and when. */
      readonly masterTime: { readonly hundredths: number; readonly at: Instant };
    };

/** The way to an answer. */
interface Awaited {
  readonly packet: number;
  readonly by: Instant;
  readonly about: AgentMessage["kind"];
  /** What was registered. */
  readonly subtree?: Oid;
}

interface WaitingTrap {
  readonly bindings: readonly VarBind[];
  /** Whoever hears of it later than that is misled. */
  readonly until: Instant;
}

export type AgentEvent =
  | { readonly kind: "start" }
  | { readonly kind: "connected" }
  /** The connection could not be made, or is gone. */
  | { readonly kind: "disconnected"; readonly reason: string }
  | {
      readonly kind: "response";
      readonly session: number;
      readonly packet: number;
      readonly error: number;
      readonly upTime: number;
    }
  /** The master agent ends the session. */
  | { readonly kind: "closed"; readonly reason: string }
  | { readonly kind: "trap"; readonly bindings: readonly VarBind[] }
  /** The settings are others. */
  | { readonly kind: "reconfigured" }
  /** A wake-up. Early, late or repeated ones do no harm. */
  | { readonly kind: "deadline" }
  | { readonly kind: "stop" };

/** What is said to the master agent without being asked. */
export type AgentMessage =
  | { readonly kind: "open"; readonly timeoutSeconds: number; readonly id: Oid; readonly description: string }
  | { readonly kind: "register"; readonly subtree: Oid; readonly priority: number }
  | { readonly kind: "add-capabilities"; readonly id: Oid; readonly description: string }
  | { readonly kind: "notify"; readonly bindings: readonly VarBind[] }
  | { readonly kind: "ping" }
  | { readonly kind: "close"; readonly reason: "shutdown" | "timeouts" };

export type AgentEffect =
  | { readonly kind: "connect" }
  /** What was sent before still goes out where it can. */
  | { readonly kind: "disconnect" }
  | { readonly kind: "send"; readonly session: number; readonly packet: number; readonly message: AgentMessage }
  /** For the log. */
  | { readonly kind: "report"; readonly news: AgentNews };

export type AgentNews =
  | { readonly kind: "connected" }
  | { readonly kind: "unreachable" | "lost"; readonly reason: string }
  | { readonly kind: "refused"; readonly subtree: Oid; readonly error: number };

export interface AgentStep {
  readonly state: AgentState;
  readonly effects: readonly AgentEffect[];
}

export const IDLE_AGENT: AgentState = {
  phase: { kind: "idle" },
  awaited: [],
  traps: [],
  nextPacket: 1,
  pause: seconds(1),
  told: undefined,
};

/** One step of the session. Total: an event that means nothing in a state changes nothing. */
export function stepAgent(settings: AgentSettings, state: AgentState, event: AgentEvent, now: Instant): AgentStep {
  switch (event.kind) {
    case "start":
      return state.phase.kind === "idle" ? connect(state, now) : unchanged(state);
    case "connected":
      return state.phase.kind === "connecting" ? open(state, now) : unchanged(state);
    case "disconnected":
    case "closed":
      return state.phase.kind === "idle" || state.phase.kind === "resting"
        ? unchanged(state)
        : give(state, event.reason, now);
    case "response":
      return takeResponse(settings, state, event, now);
    case "trap":
      return keepTrap(state, event.bindings, now);
    case "reconfigured":
      return state.phase.kind === "idle" ? unchanged(state) : reopen(state, now);
    case "deadline":
      return meetDeadline(state, now);
    case "stop":
      return stop(state, now);
  }
}

/** When `deadline` is due; undefined: nothing is to be done by itself. */
export function agentDeadline({ phase, awaited }: AgentState): Instant | undefined {
  const answer = earliest(...awaited.map(({ by }) => by));
  switch (phase.kind) {
    case "idle":
      return undefined;
    case "resting":
      return phase.until;
    case "connecting":
      return phase.by;
    case "opening":
      return answer;
    case "open":
      return earliest(answer, phase.pingAt);
  }
}

/** The sysUpTime of the master agent now, in hundredths of a second; undefined: there is no session. */
export function masterUpTime({ phase }: AgentState, now: Instant): number | undefined {
  if (phase.kind !== "open") return undefined;
  const { hundredths, at } = phase.masterTime;
  return hundredths + Math.floor(elapsed(at, now) / HUNDREDTH);
}

function connect(state: AgentState, now: Instant): AgentStep {
  return {
    state: { ...state, phase: { kind: "connecting", by: after(now, PATIENCE) }, awaited: [] },
    effects: [{ kind: "connect" }],
  };
}

function open(state: AgentState, now: Instant): AgentStep {
  const message: AgentMessage = { kind: "open", timeoutSeconds: 0, id: AGENT_ID, description: AGENT_DESCRIPTION };
  return send({ ...state, phase: { kind: "opening" } }, [message], now);
}

function takeResponse(
  settings: AgentSettings,
  state: AgentState,
  event: Extract<AgentEvent, { kind: "response" }>,
  now: Instant,
): AgentStep {
  const question = state.awaited.find(({ packet }) => packet === event.packet);
  if (question === undefined) return unchanged(state);
  const heard: AgentState = { ...state, awaited: state.awaited.filter((awaited) => awaited !== question) };
  if (question.about === "open") return takeOpening(settings, heard, event, now);
  if (event.error === SNMP_ERROR.NOT_OPEN) return give(heard, "it does not know the session any more", now);
  if (question.about === "register" && event.error !== SNMP_ERROR.NO_ERROR) {
    const { subtree = [] } = question;
    return { state: heard, effects: [{ kind: "report", news: { kind: "refused", subtree, error: event.error } }] };
  }
  return sendTraps(heard, now);
}

function takeOpening(
  { subtrees, capabilities }: AgentSettings,
  state: AgentState,
  { session, error, upTime }: Extract<AgentEvent, { kind: "response" }>,
  now: Instant,
): AgentStep {
  if (state.phase.kind !== "opening") return unchanged(state);
  if (error !== SNMP_ERROR.NO_ERROR) return give(state, `it refuses the session (error ${error})`, now);
  const phase: AgentPhase = {
    kind: "open",
    session,
    since: now,
    pingAt: after(now, PING_INTERVAL),
    masterTime: { hundredths: upTime, at: now },
  };
  const registered = send(
    { ...state, phase, told: CONNECTED },
    [
      ...subtrees.map((subtree): AgentMessage => ({ kind: "register", subtree, priority: USUAL_PRIORITY })),
      ...capabilities.map(({ id, description }): AgentMessage => ({ kind: "add-capabilities", id, description })),
    ],
    now,
  );
  const told = sendTraps(registered.state, now);
  const report: readonly AgentEffect[] =
    state.told === CONNECTED ? [] : [{ kind: "report", news: { kind: "connected" } }];
  return { state: told.state, effects: [...report, ...registered.effects, ...told.effects] };
}

function keepTrap(state: AgentState, bindings: readonly VarBind[], now: Instant): AgentStep {
  if (state.phase.kind === "idle") return unchanged(state);
  const fresh = state.traps.filter(({ until }) => until > now);
  const all = [...fresh, { bindings, until: after(now, TRAP_LIFETIME) }];
  return sendTraps({ ...state, traps: all.slice(-MOST_TRAPS) }, now);
}

/** As many as may be unanswered at a time: whoever does not answer gets no more. */
function sendTraps(state: AgentState, now: Instant): AgentStep {
  const free = MOST_AWAITED - state.awaited.length;
  if (state.phase.kind !== "open" || state.traps.length === 0 || free <= 0) return unchanged(state);
  const due = state.traps.filter(({ until }) => until > now);
  const messages = due.slice(0, free).map(({ bindings }): AgentMessage => ({ kind: "notify", bindings }));
  return send({ ...state, traps: due.slice(free) }, messages, now);
}

function meetDeadline(state: AgentState, now: Instant): AgentStep {
  const { phase, awaited } = state;
  const due = agentDeadline(state);
  if (due === undefined || now < due) return unchanged(state);
  if (phase.kind === "resting") return connect(state, now);
  if (phase.kind === "connecting" || awaited.some(({ by }) => by <= now)) return give(state, "it does not answer", now);
  if (phase.kind !== "open") return unchanged(state);
  return send({ ...state, phase: { ...phase, pingAt: after(now, PING_INTERVAL) } }, [{ kind: "ping" }], now);
}

/** The connection is of no use: after a pause another one is made. */
function give(state: AgentState, reason: string, now: Instant): AgentStep {
  const { phase, told } = state;
  const wasOpen = phase.kind === "open";
  const steady = phase.kind === "open" && elapsed(phase.since, now) >= STEADY;
  const pause = steady ? FIRST_PAUSE : state.pause;
  const news: AgentNews = { kind: wasOpen ? "lost" : "unreachable", reason };
  // A master agent that was never there is told of once, and so is one that went, whatever the reasons are later.
  const report: readonly AgentEffect[] = told === undefined || told === CONNECTED ? [{ kind: "report", news }] : [];
  return {
    state: {
      ...state,
      phase: { kind: "resting", until: after(now, pause) },
      awaited: [],
      pause: micros(Math.min(pause * 2, LONGEST_PAUSE)),
      told: reason,
    },
    effects: [...report, { kind: "disconnect" }],
  };
}

/** At once, and nothing is said of it. */
function reopen(state: AgentState, now: Instant): AgentStep {
  const closed = farewell(state, now);
  const next = connect({ ...closed.state, phase: { kind: "idle" } }, now);
  return { state: next.state, effects: [...closed.effects, { kind: "disconnect" }, ...next.effects] };
}

function stop(state: AgentState, now: Instant): AgentStep {
  if (state.phase.kind === "idle") return unchanged(state);
  const closed = farewell(state, now);
  return {
    state: { ...IDLE_AGENT, nextPacket: closed.state.nextPacket },
    effects: [...closed.effects, { kind: "disconnect" }],
  };
}

function farewell(state: AgentState, now: Instant): AgentStep {
  if (state.phase.kind !== "open") return unchanged(state);
  return send(state, [{ kind: "close", reason: "shutdown" }], now);
}

function send(state: AgentState, messages: readonly AgentMessage[], now: Instant): AgentStep {
  const session = state.phase.kind === "open" ? state.phase.session : 0;
  const by = after(now, PATIENCE);
  const numbered = messages.map((message, index) => ({ message, packet: (state.nextPacket + index) % PACKET_NUMBERS }));
  return {
    state: {
      ...state,
      nextPacket: (state.nextPacket + messages.length) % PACKET_NUMBERS,
      awaited: [
        ...state.awaited,
        ...numbered.map(({ message, packet }): Awaited => {
          const { kind: about } = message;
          return message.kind === "register" ? { packet, by, about, subtree: message.subtree } : { packet, by, about };
        }),
      ],
    },
    effects: numbered.map(({ message, packet }) => ({ kind: "send", session, packet, message })),
  };
}

function unchanged(state: AgentState): AgentStep {
  return { state, effects: [] };
}

/** For a log: why a registration was refused. */
export function registrationError(subtree: Oid, error: number): string {
  const why = error === SNMP_ERROR.DUPLICATE_REGISTRATION ? "somebody else answers for it" : `error ${error}`;
  return `${formatOid(subtree)}: ${why}`;
}

const CONNECTED = "connected";

/** { enterprises netSnmp(8072) netSnmpObjects(3) netSnmpAgentOIDs(2) linux(10) }, as subagents of net-snmp say. */
const AGENT_ID: Oid = [1, 3, 6, 1, 4, 1, 8072, 3, 2, 10];
const AGENT_DESCRIPTION = "Holdfast";

/** How long an answer may take. A master agent asks its other subagents meanwhile, for a second each. */
const PATIENCE = seconds(5);

/** As net-snmp's subagents do. */
const PING_INTERVAL = seconds(15);

const FIRST_PAUSE = seconds(1);
const LONGEST_PAUSE = seconds(15);
/** A session that has lasted so long was a good one. */
const STEADY = seconds(15);

const MOST_TRAPS = 100;
const TRAP_LIFETIME = seconds(30);
const MOST_AWAITED = 20;

const USUAL_PRIORITY = 127;
const PACKET_NUMBERS = 0x7fff_ffff;
const HUNDREDTH = 10_000;
