import { SNMP_ERROR, type VarBind } from "../../base/snmp.ts";
import { after, elapsed, millis, seconds, type Instant } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { MasterAddress } from "../../config/model/snmp.ts";
import {
  agentDeadline,
  IDLE_AGENT,
  masterUpTime,
  registrationError,
  stepAgent,
  type AgentEffect,
  type AgentEvent,
  type AgentNews,
  type AgentState,
} from "../../core/snmp/session.ts";
import { bulkVariables, getVariable, nextVariable, type VariableTree } from "../../core/snmp/tree.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { StreamConnection, Streams } from "../../ports/streams.ts";
import { describeAgentxError } from "../../wire/agentx/decode.ts";
import { encodeAgentx } from "../../wire/agentx/encode.ts";
import type { AgentxBody, AgentxHeader, AgentxPdu } from "../../wire/agentx/pdu.ts";
import type { Happening, SnmpFacts, SnmpInstanceFacts } from "../snmp-facts.ts";
import { agentSettings, treeOf } from "./mib.ts";
import { Reassembly } from "./reassembly.ts";
import { trapsOf } from "./traps.ts";

export interface SnmpPorts {
  readonly clock: Clock;
  readonly streams: Streams;
  readonly log: Log;
  readonly hostName: string;
  readonly release: string;
  /** Asks for facts, which come by `learn` or never. At most twice a second. */
  readonly askFacts: () => void;
}

export interface SnmpDriver {
  /** Applies a checked model. */
  reload(configuration: Configuration): void;
  /** Facts come in parts, each with some of the instances; `more`: this one is not the last. */
  learn(facts: SnmpFacts, more: boolean): void;
  /** Something happened that traps tell of. */
  tell(happening: Happening): void;
  /** Ends the session, and calls back when there was time to send what is on its way. */
  stop(done: () => void): void;
}

/**
 * Starts a subagent of an SNMP master agent (RFC 2741). Where there is none it is tried again and again; what happens
 * meanwhile is told for half a minute and then forgotten.
 */
export function startSnmpDriver(configuration: Configuration, ports: SnmpPorts): SnmpDriver {
  const driver = new Driver(configuration, ports);
  driver.start();
  return driver;
}

/** A question of the master agent. */
type Question = AgentxHeader & Extract<AgentxBody, { readonly kind: "get" | "get-next" | "get-bulk" }>;

class Driver implements SnmpDriver {
  readonly #ports: SnmpPorts;
  readonly #alarm: Alarm;
  readonly #patience: Alarm;
  readonly #reassembly = new Reassembly();
  #configuration: Configuration;
  #agent: AgentState = IDLE_AGENT;
  /** Which of the connections counts. */
  #generation = 0;
  #connection: StreamConnection | undefined;
  #facts: { readonly facts: SnmpFacts; readonly at: Instant } | undefined;
  /** Of parts that have come, as long as the last one has not. */
  readonly #instances = new Map<string, SnmpInstanceFacts>();
  /** Something has happened since the facts came. */
  #outdated = false;
  #tree: VariableTree | undefined;
  #askedAt: Instant | undefined;
  /** They wait for facts; the oldest first. */
  #questions: readonly { readonly question: Question; readonly by: Instant }[] = [];

  constructor(configuration: Configuration, ports: SnmpPorts) {
    this.#configuration = configuration;
    this.#ports = ports;
    this.#alarm = ports.clock.alarm(() => this.#feed({ kind: "deadline" }));
    this.#patience = ports.clock.alarm(() => this.#answerWaiting());
  }

  start(): void {
    this.#feed({ kind: "start" });
  }

  reload(configuration: Configuration): void {
    const before = sessionTerms(this.#configuration);
    this.#configuration = configuration;
    this.#tree = undefined;
    if (sessionTerms(configuration) !== before) this.#feed({ kind: "reconfigured" });
  }

  learn(part: SnmpFacts, more: boolean): void {
    for (const instance of part.instances) this.#instances.set(instance.name, instance);
    if (more) return;
    const facts: SnmpFacts = { ...part, instances: [...this.#instances.values()] };
    this.#instances.clear();
    this.#facts = { facts, at: this.#ports.clock.now() };
    this.#outdated = false;
    this.#tree = undefined;
    this.#answerWaiting();
  }

  tell(happening: Happening): void {
    const { hostName } = this.#ports;
    // What is asked for after a trap is to be what the trap tells.
    this.#outdated = true;
    for (const bindings of trapsOf(happening, { configuration: this.#configuration, hostName })) {
      this.#feed({ kind: "trap", bindings });
    }
  }

  stop(done: () => void): void {
    const { clock } = this.#ports;
    let closing = false;
    const last = clock.alarm(() => {
      if (closing) {
        last.close();
        this.#alarm.close();
        this.#patience.close();
        return done();
      }
      closing = true;
      this.#feed({ kind: "stop" });
      last.set(after(clock.now(), FLUSH_TIME));
    });
    // What the vrrp process has told last may lie unread in the pipe.
    last.set(after(clock.now(), FLUSH_TIME));
  }

  #feed(event: AgentEvent): void {
    const settings = agentSettings(this.#configuration.global.snmp);
    const { state, effects } = stepAgent(settings, this.#agent, event, this.#ports.clock.now());
    this.#agent = state;
    for (const effect of effects) this.#obey(effect);
    const deadline = agentDeadline(this.#agent);
    if (deadline === undefined) this.#alarm.clear();
    else this.#alarm.set(deadline);
  }

  #obey(effect: AgentEffect): void {
    switch (effect.kind) {
      case "connect":
        return this.#connect();
      case "disconnect":
        this.#generation += 1;
        this.#connection?.close();
        this.#connection = undefined;
        this.#questions = [];
        return;
      case "send":
        return this.#send({ session: effect.session, transaction: 0, packet: effect.packet, ...effect.message });
      case "report":
        return this.#report(effect.news);
    }
  }

  #connect(): void {
    this.#generation += 1;
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation;
    this.#reassembly.clear();
    this.#connection = this.#ports.streams.connect(this.#master(), {
      connected: () => {
        if (isCurrent()) this.#feed({ kind: "connected" });
      },
      received: (bytes) => {
        if (isCurrent()) this.#receive(bytes, isCurrent);
      },
      closed: (reason) => {
        if (isCurrent()) this.#feed({ kind: "disconnected", reason });
      },
    });
  }

  #receive(bytes: Uint8Array, isCurrent: () => boolean): void {
    const pdus = this.#reassembly.take(bytes);
    if (!pdus.ok) {
      return this.#feed({ kind: "disconnected", reason: `it has sent ${describeAgentxError(pdus.error)}` });
    }
    for (const pdu of pdus.value) if (isCurrent()) this.#take(pdu);
  }

  #take(pdu: AgentxPdu): void {
    switch (pdu.kind) {
      case "response":
        return this.#feed({ ...pdu, kind: "response" });
      case "close":
        return this.#feed({ kind: "closed", reason: `it has closed the session (${pdu.reason})` });
      case "get":
      case "get-next":
      case "get-bulk":
        return this.#takeQuestion(pdu);
      case "test-set":
        return this.#respond(pdu, SNMP_ERROR.NOT_WRITABLE, [], 1);
      // Not asked for after a test that failed.
      case "commit-set":
        return this.#respond(pdu, SNMP_ERROR.COMMIT_FAILED, [], 1);
      case "undo-set":
        return this.#respond(pdu, SNMP_ERROR.UNDO_FAILED, [], 1);
      default:
        // CleanupSet is not answered, and the rest is for master agents.
        return undefined;
    }
  }

  #takeQuestion(question: Question): void {
    const now = this.#ports.clock.now();
    if (this.#questions.length === 0 && this.#isFresh(now)) return this.#answer(question, now);
    if (this.#questions.length >= MOST_QUESTIONS) return this.#respond(question, SNMP_ERROR.GEN_ERR, []);
    this.#questions = [...this.#questions, { question, by: after(now, FACTS_LIMIT) }];
    this.#lookAfterQuestions(now);
  }

  /** Facts have come, or do not come. */
  #answerWaiting(): void {
    const now = this.#ports.clock.now();
    const due = this.#questions.filter(({ by }) => this.#isFresh(now) || by <= now);
    this.#questions = this.#questions.filter((waiting) => !due.includes(waiting));
    for (const { question } of due) this.#answer(question, now);
    this.#lookAfterQuestions(now);
  }

  /** Asks for facts as soon as that is allowed, and wakes up when the oldest question must be answered without. */
  #lookAfterQuestions(now: Instant): void {
    const [first] = this.#questions;
    if (first === undefined) return this.#patience.clear();
    const mayAsk = this.#askedAt === undefined ? now : after(this.#askedAt, ASK_INTERVAL);
    if (mayAsk <= now) {
      this.#askedAt = now;
      this.#ports.askFacts();
    }
    this.#patience.set(mayAsk > now && mayAsk < first.by ? mayAsk : first.by);
  }

  #isFresh(now: Instant): boolean {
    return !this.#outdated && this.#age(now) < FRESH;
  }

  #answer(question: Question, now: Instant): void {
    // Of a vrrp process that does not say what it does, nothing is told.
    const tree = this.#age(now) < STALE ? this.#currentTree(now) : undefined;
    if (tree === undefined) return this.#respond(question, SNMP_ERROR.GEN_ERR, [], 1);
    switch (question.kind) {
      case "get":
        return this.#respond(
          question,
          SNMP_ERROR.NO_ERROR,
          question.names.map((name) => getVariable(tree, name)),
        );
      case "get-next":
        return this.#respond(
          question,
          SNMP_ERROR.NO_ERROR,
          question.ranges.map((range) => nextVariable(tree, range)),
        );
      case "get-bulk":
        return this.#respond(question, SNMP_ERROR.NO_ERROR, bulkVariables(tree, question, MOST_VARIABLES));
    }
  }

  #respond(to: AgentxHeader, error: number, bindings: readonly VarBind[], index = 0): void {
    const { session, transaction, packet } = to;
    this.#send({ session, transaction, packet, kind: "response", upTime: 0, error, index, bindings });
  }

  #send(pdu: AgentxPdu): void {
    if (this.#connection?.send(encodeAgentx(pdu)) !== false) return;
    this.#feed({ kind: "disconnected", reason: "it takes nothing any more" });
  }

  #currentTree(now: Instant): VariableTree | undefined {
    if (this.#facts === undefined) return undefined;
    const { clock, hostName, release } = this.#ports;
    const wallClockMs = clock.wallClockMs();
    const upTime = masterUpTime(this.#agent, now) ?? 0;
    this.#tree ??= treeOf({
      configuration: this.#configuration,
      facts: this.#facts.facts,
      hostName,
      release,
      upTimeAt: (atMs) => upTime - (wallClockMs - atMs) / 10,
    });
    return this.#tree;
  }

  #age(now: Instant): number {
    return this.#facts === undefined ? Number.POSITIVE_INFINITY : elapsed(this.#facts.at, now);
  }

  #master(): MasterAddress {
    return this.#configuration.global.snmp.master ?? DEFAULT_MASTER;
  }

  #report(news: AgentNews): void {
    const { log } = this.#ports;
    const where = addressText(this.#master());
    switch (news.kind) {
      case "connected":
        return log.write("info", `SNMP: connected to the master agent at ${where}`);
      case "lost":
        return log.write("warn", `SNMP: lost the master agent at ${where}: ${news.reason}; trying again`);
      case "unreachable":
        return log.write("warn", `SNMP: no master agent at ${where}: ${news.reason}; trying again`);
      case "refused":
        return log.write("warn", `SNMP: the master agent refuses ${registrationError(news.subtree, news.error)}`);
    }
  }
}

/** What makes another session necessary. */
function sessionTerms({ global: { snmp } }: Configuration): string {
  return JSON.stringify({ ...snmp, traps: undefined });
}

function addressText(address: MasterAddress): string {
  if (address.kind === "unix") return address.path;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Where Debian's net-snmp listens. */
const DEFAULT_MASTER: MasterAddress = { kind: "unix", path: "/var/agentx/master" };

/** Facts so old are as good as new: a walk asks hundreds of times. */
const FRESH = millis(500);

/** The vrrp process is asked no more often. */
const ASK_INTERVAL = millis(500);

/** A master agent waits a second for an answer. */
const FACTS_LIMIT = millis(700);

/** What is older may not be true any more: leases have ended by then. */
const STALE = seconds(3);

const MOST_QUESTIONS = 100;
const MOST_VARIABLES = 200;

/** For what is on its way at the end. */
const FLUSH_TIME = millis(100);
