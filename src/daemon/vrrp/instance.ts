// Over 400 lines: whatever can happen to one instance comes in here and is fed to its machine; the parts lie beside it.
import { compareAddresses, type IpAddress } from "../../base/address.ts";
import { earlier, type Instant } from "../../base/time.ts";
import type { BufferSettings } from "../../config/model/global.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { RoutingSettings } from "../../config/model/routing.ts";
import { memberView, type MemberView } from "../../core/sync-group.ts";
import type { Event } from "../../core/vrrp/event.ts";
import { step } from "../../core/vrrp/machine.ts";
import { type FaultCause, type FaultCauses, type State, nextDeadline } from "../../core/vrrp/state.ts";
import { trustWindow, type VirtualRouter } from "../../core/vrrp/router.ts";
import type { Pause } from "../../core/pause.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { VrrpPacket } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import { AddressHolder, type HolderDependencies } from "./address-holder.ts";
import { AdvertisementSender } from "./advertisement-sender.ts";
import { Authenticator } from "./authenticator.ts";
import { stateName } from "./cause-words.ts";
import { Chronicle, type Since } from "./chronicle.ts";
import { Connection } from "./connection.ts";
import type { Deadlines } from "./deadlines.ts";
import { Deeds } from "./deeds.ts";
import { judgeFitness, type Surroundings } from "./fitness.ts";
import { concernsGroup, type GroupSeat } from "./group-seat.ts";
import type { History } from "./history.ts";
import { InstanceTraps } from "./instance-traps.ts";
import type { JournalSink } from "./journal-sink.ts";
import { narrateTurn } from "./narrator.ts";
import { OwnershipWatch } from "./ownership-watch.ts";
import type { PeerTable } from "./peer-table.ts";
import { Reception } from "./reception.ts";
import { protocolOf, routerOf } from "./router-of.ts";
import { formatRouting } from "./routing-item.ts";
import { SendingWatch } from "./sending-watch.ts";
import type { SocketPool } from "./socket-pool.ts";
import { Teller, type TellerDependencies } from "./teller.ts";

export interface InstanceDependencies extends Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: JournalSink;
  readonly sockets: SocketPool;
  readonly holder: HolderDependencies;
  readonly teller: TellerDependencies;
  readonly buffers: () => BufferSettings;
  /** Rings only after what has arrived meanwhile was taken in: a backup must not conclude anything from silence before. */
  readonly deadlines: Pick<Deadlines, "alarm">;
  /** Its packets come from another socket, or from none. */
  readonly onConnection: () => void;
}

/**
 * One vrrp_instance at work: turns what happens into events for the machine, and the machine's effects into deeds.
 *
 * Everything it does is done within the call that caused it; nothing of it waits.
 */
export class Instance {
  readonly #dependencies: InstanceDependencies;
  readonly #alarm: Alarm;
  readonly #teller: Teller;
  readonly #authenticator: Authenticator;
  readonly #reception: Reception;
  readonly #sender: AdvertisementSender;
  readonly #ownership: OwnershipWatch;
  readonly #connection: Connection;
  readonly #sending: SendingWatch;
  readonly #deeds: Deeds;
  readonly #chronicle: Chronicle;
  readonly #traps: InstanceTraps;
  readonly holder: AddressHolder;
  #settings: InstanceSettings;
  #router: VirtualRouter;
  #state: State = { kind: "initialize" };
  #life: "waiting" | "running" | "stopped" = "waiting";
  /** Set once at the start: the addresses of a run before this one are still leased. */
  #resumes = false;
  #group: GroupSeat | undefined;
  #faults: readonly FaultCause[] = [];
  /** All trackers that decide have a result. */
  #informed = false;

  constructor(settings: InstanceSettings, dependencies: InstanceDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#router = routerOf(settings, { priority: settings.priority, source: undefined, synced: false });
    const { clock, log, interfaces } = dependencies;
    this.#chronicle = new Chronicle(dependencies);
    const count = (counter: string): void => this.#chronicle.count(counter);
    this.#authenticator = new Authenticator(settings.authentication, clock);
    this.#reception = new Reception(settings, { clock, log, authenticator: this.#authenticator, count });
    this.#ownership = new OwnershipWatch(settings, {
      clock,
      log,
      assert: () => this.#advertise(this.#router.priority),
      onChange: () => this.evaluate(),
    });
    this.#sending = new SendingWatch({ clock, log, count });
    // Who is master is not to lose that because others, all at once, become it.
    this.#alarm = dependencies.deadlines.alarm(
      () => this.#wake(),
      () => this.#state.kind === "active",
    );
    this.#teller = new Teller({ kind: "INSTANCE", name: settings.name }, settings.notify, dependencies.teller);
    this.holder = new AddressHolder(settings.name, settings, dependencies.holder, {
      onUnannounced: () => this.#challenge(),
      onDeadline: () => this.#arm(),
      count,
    });
    this.#deeds = new Deeds({ log, holder: this.holder, advertise: (priority) => this.#advertise(priority) });
    this.#sender = new AdvertisementSender(settings, {
      sockets: dependencies.sockets,
      authenticator: this.#authenticator,
    });
    this.#connection = new Connection({ ...dependencies, sender: this.#sender });
    const { traps } = dependencies.teller;
    this.#traps = new InstanceTraps(settings, { traps, interfaces, history: this.history });
  }

  get settings(): InstanceSettings {
    return this.#settings;
  }

  get state(): State {
    return this.#state;
  }

  get router(): VirtualRouter {
    return this.#router;
  }

  get since(): Since {
    return this.#chronicle.since;
  }

  get history(): History {
    return this.#chronicle.history;
  }

  /** Why its latest advert could not be sent; undefined: it was, or none was tried. */
  get sendFailure(): string | undefined {
    return this.#sending.unsent;
  }

  get peers(): PeerTable {
    return this.#reception.peers;
  }

  get counters(): ReadonlyMap<string, number> {
    return this.#chronicle.counters;
  }

  /** Stopped, with nothing left on any interface. Scripts may still run: see `quiet`. */
  get finished(): boolean {
    return this.#life === "stopped" && !this.holder.handingOver;
  }

  /** Started and not stopped. */
  get running(): boolean {
    return this.#life === "running";
  }

  /** What is broken by itself, whatever its group says. */
  get faults(): readonly FaultCause[] {
    return this.#faults;
  }

  /** What its sync group goes by. */
  get view(): MemberView {
    const { name } = this.#settings;
    const waits = !this.#informed && !(this.#resumes && this.#state.kind === "initialize");
    const fitness = this.#faults.length > 0 ? "faulty" : waits ? "waiting" : "fit";
    return memberView(this.#router, this.#state, {
      name,
      cause: this.#chronicle.cause,
      fitness,
      resumes: this.#resumes,
    });
  }

  /** Belongs to a sync group from now on, or to none. To be followed by `evaluate`. */
  join(group: GroupSeat | undefined): void {
    this.#group = group;
    this.#router = { ...this.#router, synced: group !== undefined };
  }

  /**
   * Joins in: at once, or as soon as the trackers that decide have a result and its sync group admits it. It resumes where,
   * at the start of a process, a lease that still runs proves that nobody else is master.
   */
  start(resumes: boolean): void {
    this.#life = "running";
    this.#resumes = resumes;
    this.evaluate();
    this.holder.prepare();
    this.#sender.prepare(this.#router.source);
  }

  /**
   * Looks again at everything that decides whether, and how strongly, it takes part: its interface, its source address
   * and its trackers.
   */
  evaluate(): void {
    if (this.#life !== "running") return;
    const { device, source, verdict, faults } = judgeFitness(this.#settings, this.#dependencies);
    this.#connection.connect(this.#settings, device);
    const previous = this.#router;
    const priority = this.#ownership.limit(verdict.kind === "priority" ? verdict.effective : previous.priority);
    const synced = this.#group !== undefined;
    const { unsent } = this.#sending;
    this.#router = { ...routerOf(this.#settings, { priority, source: source ?? previous.source, synced }), unsent };
    const { fault } = this.#connection;
    this.#faults = fault === undefined ? faults : [...faults, fault];
    this.#informed = verdict.kind === "priority";
    if (priority !== previous.priority) {
      const change = `Changing effective priority from ${previous.priority} to ${priority}`;
      this.#dependencies.log.write("info", `(${this.#settings.name}) ${change}`);
      this.#feed({ kind: "priority-changed", previous });
      const state = stateName(this.#state);
      if (state === "MASTER" || state === "BACKUP") this.#teller.tellPriority(state, priority);
    }
    const [first, ...others] = this.#faults;
    // A member's group decides what follows. Other causes of a fault that it is in already are no change.
    if (first !== undefined && (this.#group === undefined || this.#state.kind === "fault")) {
      this.#feed({ kind: "fault", causes: [first, ...others] });
    }
    if (this.#group !== undefined) this.#group.notice(this);
    else if (first === undefined) this.admit();
  }

  /** Nothing keeps it from taking part. */
  admit(): void {
    const { kind } = this.#state;
    // What has not been checked yet may be broken still.
    if (kind === "fault" && this.#informed) this.#feed({ kind: "fault-cleared" });
    else if (kind === "initialize" && this.#resumes) this.#feed({ kind: "resume" });
    else if (kind === "initialize" && this.#informed) this.#feed({ kind: "startup" });
    // One that was ready when it left its group claims alone.
    else if (kind === "backup" && this.#group === undefined) this.claim();
  }

  /** It is broken, by itself or because another member of its group is. */
  fail(causes: FaultCauses): void {
    this.#feed({ kind: "fault", causes });
  }

  /** All members of its group are ready. */
  claim(): void {
    this.#feed({ kind: "group-claim" });
  }

  /** Another member of its group is not master any more. */
  yieldWithGroup(event: Omit<Extract<Event, { kind: "group-yield" }>, "kind">): void {
    this.#feed({ kind: "group-yield", ...event });
  }

  /** Another member of its group, which is master, has heard a weaker one. */
  announceWithGroup(): void {
    this.#feed({ kind: "group-challenged" });
  }

  /** The socket that its packets come from; undefined: it has none. */
  get socketKey(): string | undefined {
    return this.#connection.socketKey;
  }

  /** Looks at a packet that concerns it. */
  receive(packet: VrrpPacket): void {
    const takesPart = this.#state.kind === "backup" || this.#state.kind === "active";
    if (!takesPart && !this.holder.handingOver) return;
    const now = this.#dependencies.clock.now();
    const judgement = this.#reception.judge(packet, this.#router.source);
    const { sender } = judgement;
    if (judgement.kind === "discard") {
      this.#traps.tellDiscarded(judgement.reason, sender.source);
      return this.#reception.noteDiscarded(judgement, now);
    }
    if (sender.priority > 0 && this.holder.handingOver) this.holder.noticeSuccessor();
    if (!takesPart) return this.#arm();
    this.#reception.noteObeyed(judgement, now);
    for (const { note } of judgement.remarks) {
      if (note === "OLD_UNICAST_CHECKSUM") this.#sender.useOldUnicastChecksum();
    }
    const { source, priority } = sender;
    const isChallenge = this.#state.kind === "active" && this.#isWeaker(priority, source);
    if (isChallenge && !this.#reception.mayAnswer(now)) return this.#count("unanswered");
    this.#feed({ kind: "advertisement", priority, interval: judgement.interval, source }, now);
    if (isChallenge && priority > 0) {
      this.#teller.tellLowerPriority(this.#router.priority);
      this.#group?.challenged(this);
    }
    this.#ownership.noticeAdvertisement({ priority, source, interval: judgement.interval }, this.#router, this.#state);
    // The advert that made us yield is the successor's first.
    if (priority > 0 && this.holder.handingOver) this.holder.noticeSuccessor();
    this.#arm();
  }

  /** This process or its machine stood still. Short pauses, which nobody can have noticed, are none. */
  noticePause(pause: Pause): void {
    if (pause.kind === "none") return;
    const noticed = trustWindow(this.#router) - this.#router.advertisementInterval;
    if (pause.length >= noticed) this.#feed({ kind: "paused", by: pause.by, length: pause.length });
  }

  /** The interface is gone, and with it what its sockets had joined, even if one with its index comes. */
  disconnect(interfaceIndex: number): void {
    this.#connection.disconnect(interfaceIndex);
  }

  /** An address went that nobody of us removed. */
  noticeRemoval(record: { interfaceIndex: number; address: IpAddress; prefixLength: number }): void {
    this.#checkLease(this.#dependencies.clock.now());
    const lost = this.holder.noticeRemoval(record);
    if (lost === undefined) return;
    const { log } = this.#dependencies;
    const where = `${lost.address}/${lost.prefixLength} was removed from ${lost.device} by somebody else`;
    log.write("warn", `(${this.#settings.name}) ${where}`);
    this.#count("addressesLost");
    if (!this.#settings.repair) this.#feed({ kind: "address-lost", address: lost.address });
  }

  /** A route or rule went that nobody of us removed, and it is not to be put back. */
  noticeRoutingLoss(lost: RoutingSettings): void {
    this.#count("routesLost");
    this.#feed({ kind: "address-lost", address: formatRouting(lost) });
  }

  /** Puts back what is missing and goes on with a hand-over. */
  repair(): void {
    this.holder.repair();
    this.#arm();
  }

  /** Follows a new configuration of the same virtual router. */
  reconfigure(settings: InstanceSettings): void {
    const changed = protocolOf(settings) !== protocolOf(this.#settings);
    const announcesOtherwise = JSON.stringify(settings.announce) !== JSON.stringify(this.#settings.announce);
    const previous = this.#router;
    this.#settings = settings;
    this.#teller.reconfigure(settings.name, settings.notify);
    this.#traps.reconfigure(settings);
    this.#authenticator.reconfigure(settings.authentication);
    this.#reception.reconfigure(settings);
    this.#ownership.reconfigure(settings);
    this.#sender.reconfigure(settings);
    this.holder.reconfigure(settings.name, settings);
    this.evaluate();
    if (announcesOtherwise) this.#feed({ kind: "announcing-changed", previous });
    if (changed) this.#feed({ kind: "reconfigured" });
    this.#arm();
  }

  /**
   * Says farewell and hands over; `finished` tells when nothing is left. `occasion` decides what scripts are told. `reason` is
   * for people.
   */
  stop(occasion: "process-end" | "removal", keepAddresses: boolean, reason: string): void {
    if (this.#life === "stopped") return;
    this.#checkLease(this.#dependencies.clock.now());
    if (keepAddresses) this.holder.makePermanent();
    this.#feed({ kind: "shutdown", reason });
    this.#life = "stopped";
    this.#connection.giveUp();
    if (occasion === "removal") {
      this.#teller.tellRemoved(this.#router.priority);
      this.#traps.tellState(this.#settings.notify.tellsDeleted ? "DELETED" : "FAULT", this.#router.source);
    } else this.#tell("STOP");
    this.#arm();
  }

  /** Says once more what state it is in, to those who read FIFOs. */
  repeatState(): void {
    const state = stateName(this.#state);
    if (state !== "INIT") this.#teller.repeat(state, this.#router.priority);
  }

  /** Whether no notify script runs or waits. */
  get quiet(): boolean {
    return this.#teller.quiet;
  }

  /** Scripts that still wait are started, in no order. */
  hurry(): void {
    this.#teller.hurry();
  }

  close(): void {
    this.holder.release();
    this.#alarm.close();
    this.#teller.close();
    this.#sender.close();
  }

  #wake(): void {
    const { retryAt } = this.#connection;
    if (retryAt !== undefined && this.#dependencies.clock.now() >= retryAt) this.evaluate();
    this.holder.repair();
    this.#ownership.wake(this.#router, this.#state);
    this.#feed({ kind: "deadline" });
  }

  #feed(event: Event, now = this.#dependencies.clock.now()): void {
    const { log } = this.#dependencies;
    if (event.kind !== "lease-expired") this.#checkLease(now);
    const before = this.#state;
    const { state, effects, cause } = step(this.#router, before, event, now);
    this.#state = state;
    // What a packet alone makes us say can be had by anybody on the link, as often as he likes.
    const sayer = event.kind === "advertisement" && cause === undefined ? this.#reception.log : log;
    narrateTurn(sayer, this.#settings.name, { router: this.#router, before, event, after: state, cause, now });
    const advert = this.#deeds.obey(this.#settings, { before, after: state, effects }, now);
    if (cause !== undefined) {
      this.#chronicle.note(this.#settings.name, { before, after: state, cause }, now);
      this.#reception.peers.forgetRemarks();
      const to = stateName(state);
      if (to !== "INIT") this.#tell(to);
      this.#ownership.noticeState(this.#router, state);
      if (state.kind === "fault" || state.kind === "initialize") this.#forgetSending();
    }
    this.#arm();
    if (concernsGroup(before, state)) this.#group?.notice(this);
    if (advert === "unsent") this.#feed({ kind: "unsent", before });
  }

  /** Before anything else: what the kernel may have taken away is not ours any more. */
  #checkLease(now: Instant): void {
    const age = this.#dependencies.holder.leases.expiredAge(this.holder, now);
    if (age === undefined) return;
    this.#feed({ kind: "lease-expired", age });
    // Not every state answers by removing them: a hand-over may have been under way.
    this.holder.release();
  }

  #isWeaker(priority: number, source: IpAddress): boolean {
    return (priority - this.#router.priority || compareAddresses(source, this.#router.source)) < 0;
  }

  /** @returns whether it was sent to anybody. */
  #advertise(priority: number): boolean {
    const sending = this.#sender.send(priority, this.#router.source);
    if (priority === 0) this.#sending.noteFarewell(sending);
    else this.#sending.note(this.#settings.name, sending);
    this.#router = { ...this.#router, unsent: this.#sending.unsent };
    return sending.sent;
  }

  /**
   * The master that it yielded to may never have left, nor heard of it: then nobody has told hosts and switches that the addresses
   * are not here. A weaker advert makes a master announce them again.
   */
  #challenge(): void {
    if (this.#state.kind !== "backup" || this.#state.master.kind !== "heard") return;
    if (this.#state.master.priority < this.#router.priority) return;
    const { log } = this.#dependencies;
    log.write("info", `(${this.#settings.name}) advertising once more, so that the master announces the VIPs`);
    this.#advertise(this.#router.priority);
  }

  #forgetSending(): void {
    this.#sending.forget();
    this.#router = { ...this.#router, unsent: undefined };
  }

  #arm(): void {
    const own = earlier(nextDeadline(this.#state), this.#ownership.nextDeadline());
    const deadline = earlier(own, earlier(this.#connection.retryAt, this.holder.nextDeadline()));
    if (deadline === undefined) this.#alarm.clear();
    else this.#alarm.set(deadline);
  }

  #tell(state: "BACKUP" | "MASTER" | "FAULT" | "STOP"): void {
    this.#teller.tell(state, this.#router.priority);
    this.#traps.tellState(state, this.#router.source);
  }

  #count(counter: string): void {
    this.#chronicle.count(counter);
  }
}
