import type { Cause, DaemonStatus, InstanceStatus, StatusDocument } from "../../api/contract.ts";
import { after, micros, millis, seconds } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { RestartPolicy } from "../../core/restart-policy.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { BfdNews } from "../bfd-news.ts";
import { learnNews } from "../bfd-news.ts";
import type { ChildSettings, DumpSignal, FromChild, ToChild } from "../messages.ts";
import { timeOfDay } from "../time-of-day.ts";
import type { DumpWriter } from "./dump-writer.ts";
import type { MailDesk } from "./mail-desk.ts";
import type { ConfigurationSource, ServiceManager } from "./ports.ts";
import { SupervisedChild, type ChildSpec, type StatusAnswer } from "./supervised-child.ts";
import { summarize } from "./words.ts";

export interface SupervisorOptions {
  readonly policy: RestartPolicy;
  readonly settings: ChildSettings;
  /** Of this process and this release, for the status. */
  readonly pid: number;
  readonly release: string;
  /** The model to begin with, checked and accepted already. */
  readonly configuration: Configuration;
  /** The processes that there may be, the vrrp process among them. At the end those that are vital stop first. */
  readonly children: readonly ChildSpec[];
  /** `-B`: no bfd process, and what tracks sessions is told that they are down. */
  readonly withoutBfd: boolean;
}

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly source: ConfigurationSource;
  readonly manager: ServiceManager;
  readonly dumps: DumpWriter;
  readonly mail: Pick<MailDesk, "post" | "configure" | "status" | "close">;
  /** Tells the pid of a child whose handlers stand, undefined when there is none any more. */
  readonly publishPid: (name: ChildSpec["name"], pid: number | undefined) => void;
  /** A configuration came into force after the start. */
  readonly configured: (configuration: Configuration) => void;
  /** The very last call: no child is left. */
  readonly exit: (status: number) => void;
}

export type ReloadOutcome =
  /** The children have it, or their successors will. */
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reasons: readonly string[] }
  | { readonly kind: "stopping" };

export interface Supervisor {
  /** Reads and checks the file first; a refusal changes nothing. Reloads asked for meanwhile are answered in their order. */
  reload(force: boolean, answer: (outcome: ReloadOutcome) => void): void;
  /** Waits at most a second for each process, for all of them at the same time. */
  status(answer: (document: StatusDocument) => void): void;
  /** The model in force, or about to be. */
  configuration(): Configuration;
  /** One of keepalived's further signals. What is to be written goes to `dumps`; nothing happens where no vrrp process is. */
  takeSignal(signal: DumpSignal): void;
  /** Writes something down for good that happened in another process; lost where the vrrp process does not run. */
  note(cause: Cause): void;
  /** Stops the vrrp process, which hands over first, then the others; then calls `exit` with 0. A second call does nothing. */
  stop(): void;
}

/**
 * Runs the processes that the configuration wants and keeps them running, each by the restart policy, and passes on what
 * one has to tell the others. It decides nothing itself.
 *
 * `exit` is called once, in a later turn.
 */
export function startSupervisor(options: SupervisorOptions, ports: SupervisorPorts): Supervisor {
  return new RunningSupervisor(options, ports);
}

class RunningSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #ports: SupervisorPorts;
  readonly #startedAt: string;
  readonly #children: readonly SupervisedChild[];
  /** With which status it all ends; undefined: it goes on. */
  #exitStatus: number | undefined;
  #ended = false;

  #configuration: Configuration;
  #configuredAt: string;
  #generation = 0;
  #refusedReload: DaemonStatus["refusedReload"] = null;
  /** Who waits for the children to take a configuration, and for which of them. */
  #reloads: readonly WaitingReload[] = [];

  #lastKnown: StatusDocument["lastKnown"] = null;
  readonly #bfdNews = new Map<string, BfdNews>();

  readonly #look;
  readonly #watchdog;

  constructor(options: SupervisorOptions, ports: SupervisorPorts) {
    const { clock, log } = ports;
    this.#options = options;
    this.#ports = ports;
    this.#startedAt = this.#timeOfDay();
    this.#configuration = options.configuration;
    this.#configuredAt = this.#startedAt;
    this.#look = clock.alarm(() => this.#lookAround());
    this.#watchdog = clock.alarm(() => this.#reportAlive());
    this.#children = options.children.map(
      (spec) =>
        new SupervisedChild(
          spec,
          () => this.#policy(),
          { clock, log },
          {
            message: (child, message) => this.#take(child, message),
            greeting: (child, predecessor) => this.#greet(child, predecessor),
            pid: (child, pid) => this.#notePid(child, pid),
            ended: (child) => this.#noteTaken(child, this.#generation),
            stopped: () => this.#settle(),
            gaveUp: (_child, exitStatus) => this.#giveUp(exitStatus),
          },
        ),
    );
    this.#settle();
    this.#reportAlive();
    this.#look.set(after(clock.now(), LOOK_INTERVAL));
  }

  reload(force: boolean, answer: (outcome: ReloadOutcome) => void): void {
    if (this.#exitStatus !== undefined) return answer({ kind: "stopping" });
    const { log, manager, source } = this.#ports;
    manager.reloading();
    log.write("info", "Reloading ...");
    const loaded = source.load(force);
    for (const finding of loaded.findings) log.write(finding.level, finding.text);
    if (loaded.kind === "refused") {
      const reasons = loaded.findings.filter((finding) => finding.refuses).map((finding) => finding.text);
      this.#refusedReload = { at: this.#timeOfDay(), reasons };
      log.write("error", `Reload refused: ${source.file} has errors; the configuration in force is kept`);
      this.#noteReady();
      return answer({ kind: "refused", reasons });
    }
    const { configuration } = loaded;
    // A child that dies instead of answering is followed by one that starts with the new configuration.
    const takers = this.#children.filter((child) => child.takesOrders && this.#wants(child, configuration));
    this.#generation += 1;
    this.#askForStates(takers, this.#configuration, "pre");
    this.#configuration = configuration;
    this.#configuredAt = this.#timeOfDay();
    this.#refusedReload = null;
    this.#ports.configured(configuration);
    this.#ports.mail.configure(configuration.global.mail);
    this.#reloads = [...this.#reloads, { generation: this.#generation, waiting: new Set(takers), answer }];
    for (const child of takers) {
      child.send({ kind: "configure", generation: this.#generation, configuration });
      if (this.#options.withoutBfd) child.send({ kind: "bfd-news", news: withoutBfd(configuration) });
    }
    this.#askForStates(takers, configuration, "post");
    this.#settle();
    this.#finishReloads();
  }

  status(answer: (document: StatusDocument) => void): void {
    const answers = new Map<SupervisedChild, StatusAnswer | undefined>();
    // The snmp process knows nothing that others do not.
    const asked = this.#children.filter(({ spec }) => spec.name !== "snmp");
    for (const child of asked) {
      child.ask((status) => {
        answers.set(child, status);
        if (answers.size === asked.length) answer(this.#document([...answers.values()]));
      });
    }
  }

  configuration(): Configuration {
    return this.#configuration;
  }

  takeSignal(signal: DumpSignal): void {
    if (signal === "data") this.#ports.dumps.writeParent(this.#configuration.global);
    for (const child of this.#children) child.send({ kind: "signal", signal });
  }

  note(cause: Cause): void {
    for (const child of this.#children) if (child.spec.name === "vrrp") child.send({ kind: "note", cause });
  }

  stop(): void {
    if (this.#exitStatus !== undefined) return;
    this.#ports.log.write("info", "Stopping");
    this.#ports.manager.stopping();
    this.#stopWith(0);
  }

  #stopWith(exitStatus: number): void {
    this.#exitStatus = exitStatus;
    this.#settle();
  }

  #giveUp(exitStatus: number): void {
    if (this.#exitStatus === undefined) this.#stopWith(exitStatus);
    else this.#settle();
  }

  /** Starts what is wanted, stops what is not, and ends when there is nothing left to stop. */
  #settle(): void {
    if (this.#exitStatus === undefined) {
      for (const child of this.#children) {
        if (!this.#wants(child)) child.stop();
        else if (child.idle) child.start();
      }
      return;
    }
    // The others may serve those that are vital until these have handed over.
    const vital = this.#children.filter((child) => child.spec.vital && !child.idle);
    const others = this.#children.filter((child) => !child.idle);
    for (const child of vital.length > 0 ? vital : others) child.stop();
    if (this.#children.every((child) => child.idle)) this.#end(this.#exitStatus);
  }

  #policy(): RestartPolicy {
    const { policy } = this.#options;
    return { ...policy, stopLimit: this.#configuration.global.daemon.childWait ?? policy.stopLimit };
  }

  #greet(child: SupervisedChild, predecessor: string | null): readonly ToChild[] {
    const { settings } = this.#options;
    const start: ToChild = { kind: "start", settings, configuration: this.#configuration, predecessor };
    const news = this.#options.withoutBfd ? withoutBfd(this.#configuration) : [...this.#bfdNews.values()];
    return child.spec.name === "bfd" || news.length === 0 ? [start] : [start, { kind: "bfd-news", news }];
  }

  /** For `config_save_dir`, under keepalived's names. */
  #askForStates(children: readonly SupervisedChild[], { global }: Configuration, moment: "pre" | "post"): void {
    const folder = global.daemon.savesTo;
    if (folder === undefined) return;
    for (const child of children) {
      if (child.spec.name === "snmp") continue;
      const name = `keepalived_${child.spec.name}.${child.pid}.${this.#generation}.${moment}`;
      child.send({ kind: "save-request", path: `${folder}/${name}` });
    }
  }

  #wants({ spec }: SupervisedChild, configuration = this.#configuration): boolean {
    return spec.wanted(configuration) && !(spec.name === "bfd" && this.#options.withoutBfd);
  }

  #notePid(child: SupervisedChild, pid: number | undefined): void {
    this.#ports.publishPid(child.spec.name, pid);
    if (pid !== undefined && child.spec.vital) this.#ports.manager.ready();
  }

  /** After a reload; before the service has ever come up nobody is told that it has. */
  #noteReady(): void {
    const vital = this.#children.filter((child) => child.spec.vital);
    if (vital.every((child) => child.everStarted)) this.#ports.manager.ready();
  }

  #take(child: SupervisedChild, message: FromChild): void {
    switch (message.kind) {
      case "configured":
        return this.#noteTaken(child, message.generation);
      case "mail":
        return this.#ports.mail.post(message.alert);
      case "reload-requested":
        return this.reload(false, () => {});
      case "dump":
        return this.#ports.dumps.write(message.of, message.text, this.#configuration.global.dumps);
      case "saved":
        return this.#ports.dumps.save(message.path, message.text);
      case "status": {
        const { instances, groups, strangers } = message;
        this.#lastKnown = { at: this.#timeOfDay(), instances, groups, strangers };
        return undefined;
      }
      case "facts-wanted":
        return this.#send("vrrp", { kind: "facts-request" });
      case "facts":
      case "happening":
        return this.#send("snmp", message);
      case "bfd-news":
        learnNews(this.#bfdNews, message.news);
        for (const other of this.#children) if (other !== child) other.send(message);
        return undefined;
      case "bfd-status":
      case "started":
      case "failed":
      case "heartbeat":
        return undefined;
    }
  }

  #send(name: ChildSpec["name"], message: ToChild): void {
    for (const child of this.#children) if (child.spec.name === name) child.send(message);
  }

  #noteTaken(child: SupervisedChild, generation: number): void {
    for (const reload of this.#reloads) if (reload.generation <= generation) reload.waiting.delete(child);
    this.#finishReloads();
  }

  #finishReloads(): void {
    const finished = this.#reloads.filter(({ waiting }) => waiting.size === 0);
    this.#reloads = this.#reloads.filter(({ waiting }) => waiting.size > 0);
    if (finished.length === 0) return;
    this.#noteReady();
    for (const { answer } of finished) answer({ kind: "accepted" });
  }

  #document(answers: readonly (StatusAnswer | undefined)[]): StatusDocument {
    const vrrp = answers.find((answer) => answer?.kind === "status");
    const bfd = answers.find((answer) => answer?.kind === "bfd-status");
    return {
      version: 1,
      daemon: this.#describeDaemon(),
      instances: vrrp?.kind === "status" ? vrrp.instances : [],
      groups: vrrp?.kind === "status" ? vrrp.groups : [],
      strangers: vrrp?.kind === "status" ? vrrp.strangers : [],
      bfd: bfd?.kind === "bfd-status" ? bfd.sessions : [],
      lastKnown: vrrp === undefined ? this.#lastKnown : null,
    };
  }

  #describeDaemon(): DaemonStatus {
    const { pid, release } = this.#options;
    const shown = this.#children.filter((child) => !child.idle || this.#wants(child));
    return {
      pid,
      holdfast: release,
      startedAt: this.#startedAt,
      configurationFile: this.#ports.source.file,
      configuredAt: this.#configuredAt,
      refusedReload: this.#refusedReload,
      processes: [
        { name: "supervisor", pid, state: "running", silentMs: null, restarts: 0 },
        ...shown.map((child) => child.describe()),
      ],
      mail: this.#ports.mail.status(),
    };
  }

  #lookAround(): void {
    // The answer costs both processes some ten microseconds an instance.
    const spacing = micros(this.#configuration.instances.length * LOOK_SPACING);
    this.#look.set(after(this.#ports.clock.now(), micros(LOOK_INTERVAL + spacing)));
    const vrrp = this.#children.find((child) => child.spec.name === "vrrp");
    const show = (instances: readonly InstanceStatus[] | undefined): void => {
      if (this.#exitStatus !== undefined) return;
      this.#ports.manager.status(summarize(instances, this.#refusedReload !== null));
    };
    vrrp?.ask((answer) => show(answer?.kind === "status" ? answer.instances : undefined));
  }

  #reportAlive(): void {
    const interval = this.#ports.manager.watchdogInterval;
    if (interval === undefined) return;
    this.#ports.manager.alive();
    // sd_watchdog_enabled(3) advises half of the interval.
    this.#watchdog.set(after(this.#ports.clock.now(), micros(Math.floor(interval / 2))));
  }

  #end(status: number): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const child of this.#children) child.close();
    this.#look.close();
    this.#watchdog.close();
    const goodbye = this.#ports.clock.alarm(() => {
      goodbye.close();
      this.#ports.mail.close(() => this.#ports.exit(status));
    });
    goodbye.set(this.#ports.clock.now());
  }

  #timeOfDay(): string {
    return timeOfDay(this.#ports.clock.wallClockMs());
  }
}

function withoutBfd({ bfd }: Configuration): readonly BfdNews[] {
  return bfd.map(({ name }) => ({ name, verdict: "down", detail: "Down (BFD is turned off by -B)" }));
}

interface WaitingReload {
  readonly generation: number;
  readonly waiting: Set<SupervisedChild>;
  readonly answer: (outcome: ReloadOutcome) => void;
}

/** How often the supervisor looks at the instances, for the line that systemd shows. */
const LOOK_INTERVAL = seconds(5);
/** For each instance. */
const LOOK_SPACING = millis(50);
