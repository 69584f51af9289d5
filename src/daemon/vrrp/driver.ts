// Over 400 lines: every event of the process comes in here, and their order is what this file is about.
import type { IpAddress } from "../../base/address.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import { after, earliest, millis, nextBeat, seconds, type Instant } from "../../base/time.ts";
import type { GroupStatus, InstanceStatus, StrangerStatus } from "../../api/contract.ts";
import { matchInstances } from "../../config/match-instances.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { Alarm } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { KernelEvent, KernelMonitor } from "../../ports/kernel.ts";
import type { BfdNews } from "../bfd-news.ts";
import type { DumpKind } from "../dump/facts.ts";
import type { SnmpFacts } from "../snmp-facts.ts";
import { AddressReport } from "./address-report.ts";
import { Announcer } from "./announcer.ts";
import { Audience } from "./audience.ts";
import { Deadlines } from "./deadlines.ts";
import { FineLockKeeper } from "./fine-lock-keeper.ts";
import { DeviceKeeper } from "./device-keeper.ts";
import { DumpDesk, type Exhibits } from "./dump-desk.ts";
import type { Surroundings } from "./fitness.ts";
import { GroupSet } from "./group-set.ts";
import { HeldRecord } from "./held-record.ts";
import { HostObjects } from "./host-objects.ts";
import { Instance, type InstanceDependencies } from "./instance.ts";
import { InterfaceTable } from "./interface-table.ts";
import { KernelNeeds } from "./kernel-needs.ts";
import { joiningTime } from "./joining-time.ts";
import type { JournalSink } from "./journal-sink.ts";
import { PauseWatch } from "./pause-watch.ts";
import type { VrrpPorts } from "./ports.ts";
import { probePermissions } from "./probe-permissions.ts";
import { removeLeftOvers } from "./left-overs.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { ScriptSet } from "./script-set.ts";
import { TrackerSets } from "./tracker-sets.ts";
import { SocketPool } from "./socket-pool.ts";
import { startFailure, type StartFailure } from "./start-failure.ts";
import { statusOf } from "./status-view.ts";
import { StrangerTable } from "./stranger-table.ts";
import { Telling } from "./telling.ts";
import { lockTermsOf } from "./vip.ts";

export interface VrrpDriverOptions {
  readonly configuration: Configuration;
  /** Holds what must survive this process but not a reboot. */
  readonly runtimeDirectory: string;
  /** Leave the addresses at the end (`-V`), for ever and without a lease. */
  readonly keepAddresses: boolean;
  /** The log tells which addresses come and go on this host (`-a`). */
  readonly reportsAddresses?: boolean;
  /** It takes the place of a process that died: what the daemon does at its start only has been done. */
  readonly isRestart: boolean;
}

export interface VrrpDriver {
  /** Applies a checked model by its difference to the one in force; what is unchanged is not touched. */
  reload(configuration: Configuration): void;
  /** What the bfd process has told of sessions. */
  learn(news: readonly BfdNews[]): void;
  /** Plain data, true at this moment. */
  status(): readonly InstanceStatus[];
  /** The same for so many instances at a time; each part is true when it is made. */
  statusParts(size: number): Iterable<readonly InstanceStatus[]>;
  /** Whether any instance is master. */
  readonly isMaster: boolean;
  /** The sync groups, as `status`. */
  groups(): readonly GroupStatus[];
  /** Virtual routers on our interfaces that are none of ours, as `status`. */
  strangers(): readonly StrangerStatus[];
  /**
   * Hands over and stops; calls back when nothing is left behind and the stop scripts have had their time. `reason` is for
   * people: who wants it.
   */
  stop(reason: string, done: () => void): void;
  /** One of keepalived's dumps, as it is at this moment. */
  dump(kind: DumpKind): string;
  /** What the tables of SNMP show, in parts of so many instances, each true when it is made, and the rest behind them. */
  snmpFacts(size: number): Iterable<SnmpFacts>;
  /** The dumps count from now on; `status` goes on as before. */
  clearStatistics(): void;
  /** What each instance waits for, one line each. */
  deadlines(): readonly string[];
}

type Ending =
  | { readonly kind: "no" }
  | { readonly kind: "handing-over" | "telling"; readonly by: Instant; readonly done: () => void };

/**
 * Starts all instances of a checked model.
 *
 * Left-over addresses of a run that crashed are removed first, unless their lease proves that nobody else can be master
 * yet: then mastership is resumed. Nothing has been changed when it fails.
 */
export function startVrrpDriver(
  options: VrrpDriverOptions,
  ports: VrrpPorts & { readonly journal: JournalSink },
): Result<VrrpDriver, StartFailure> {
  const driver = new Driver(options, ports);
  const started = driver.start();
  return started.ok ? succeed(driver) : started;
}

class Driver implements VrrpDriver {
  readonly #options: VrrpDriverOptions;
  readonly #ports: VrrpPorts & { readonly journal: JournalSink };
  readonly #interfaces: InterfaceTable;
  readonly #leases: LeaseKeeper;
  readonly #fineLock: FineLockKeeper;
  readonly #announcer: Announcer;
  readonly #sockets: SocketPool;
  readonly #held: HeldRecord;
  readonly #host: HostObjects;
  readonly #scripts: ScriptSet;
  readonly #trackers: TrackerSets;
  readonly #devices: DeviceKeeper;
  readonly #needs: KernelNeeds;
  readonly #groups: GroupSet;
  readonly #telling: Telling;
  readonly #surroundings: Surroundings;
  readonly #dumps: DumpDesk;
  readonly #strangers: StrangerTable;
  readonly #tick: Alarm;
  readonly #deadlines: Deadlines;
  readonly #audience: Audience<Instance>;
  #configuration: Configuration;
  #virtual: { readonly configuration: Configuration; readonly addresses: ReadonlySet<IpAddress> } | undefined;
  #instances: readonly Instance[] = [];
  /** Removed by a reload; still handing over. */
  #leaving: readonly Instance[] = [];
  #monitor: KernelMonitor | undefined;
  #wakeUps: { close(): void } | undefined;
  readonly #pauses: PauseWatch;
  /** Instances join in no earlier (`vrrp_startup_delay`); undefined once they have. */
  #startAt: Instant | undefined;
  #tickedAt: Instant;
  /** What is held has changed, or was adverted: the driver is to wake at once. */
  #isTickDue = false;
  #ending: Ending = { kind: "no" };
  readonly #addressReport: AddressReport | undefined;
  /** Of `LeaseKeeper.changes`, when the record was written last. */
  #savedChanges: number | undefined;
  /** Nothing happens any more. */
  #closed = false;

  constructor(options: VrrpDriverOptions, ports: VrrpPorts & { readonly journal: JournalSink }) {
    const { clock, kernel, links, log, files, processes } = ports;
    this.#options = options;
    this.#ports = ports;
    this.#configuration = options.configuration;
    this.#tickedAt = clock.now();
    this.#held = new HeldRecord(`${options.runtimeDirectory}/held-addresses.json`, { files, log });
    this.#interfaces = new InterfaceTable(this.#held);
    this.#addressReport = options.reportsAddresses === true ? new AddressReport(this.#interfaces, log) : undefined;
    this.#leases = new LeaseKeeper({ kernel, clock, log });
    this.#fineLock = new FineLockKeeper({ filter: ports.packetFilter, clock, log });
    this.#host = new HostObjects({
      ...ports,
      interfaces: this.#interfaces,
      runtimeDirectory: options.runtimeDirectory,
      onReadable: () => this.#onReadable(),
    });
    this.#announcer = new Announcer(options.configuration.global.pacing, {
      clock,
      links,
      log,
      interfaces: this.#interfaces,
    });
    this.#devices = new DeviceKeeper(options.runtimeDirectory, {
      ...ports,
      interfaces: this.#interfaces,
      leases: this.#leases,
    });
    this.#needs = new KernelNeeds({ ...ports, interfaces: this.#interfaces });
    this.#sockets = new SocketPool(links, () => this.#onPackets());
    this.#scripts = new ScriptSet(() => this.#onTrackerChange(), { clock, processes, files, log });
    this.#telling = new Telling(options.configuration, {
      ...ports,
      accountOf: (command) => this.#scripts.accountOf(command),
    });
    this.#trackers = new TrackerSets(() => this.#onTrackerChange(), { ...ports, interfaces: this.#interfaces });
    this.#surroundings = {
      interfaces: this.#interfaces,
      scripts: this.#scripts.trackers,
      ...this.#trackers.surroundings,
      virtualAddresses: () => this.#virtualAddresses(),
      missingStatics: (instance) => this.#host.statics.missingFor(instance),
    };
    this.#strangers = new StrangerTable({ log, clock });
    this.#dumps = new DumpDesk(clock, this.#surroundings);
    this.#groups = new GroupSet({ clock, log, journal: ports.journal, teller: this.#telling.tellers });
    this.#tick = clock.alarm(() => this.#onTick());
    this.#audience = new Audience(() => [...this.#instances, ...this.#leaving]);
    this.#deadlines = new Deadlines(clock, () => {
      this.#enter();
      this.#catchUp();
    });
    this.#pauses = new PauseWatch(clock);
  }

  start(): Result<void, StartFailure> {
    const { kernel, log } = this.#ports;
    const monitor = kernel.openMonitor(() => this.#onReadable());
    if (!monitor.ok) return fail(startFailure(monitor.error));
    this.#monitor = monitor.value;
    this.#held.load();
    const read = this.#interfaces.reload(kernel);
    if (!read.ok) return this.#abandon(startFailure(read.error));
    this.#addressReport?.begin();
    // What the daemon started with was right. It may be missing at this moment, and whoever needs it waits for it.
    const checked = this.#options.isRestart ? succeed(undefined) : this.#checkHost();
    if (!checked.ok) return this.#abandon(checked.error);

    this.#fineLock.prepare(this.#configuration.instances.map(lockTermsOf));
    this.#scripts.configure(this.#configuration);
    this.#telling.configure(this.#configuration);
    this.#trackers.configure(this.#configuration, this.#options.isRestart ? "reload" : "start");
    this.#devices.apply(this.#configuration.instances, this.#configuration.global);
    this.#instances = this.#configuration.instances.map((settings) => this.#createInstance(settings));
    this.#audience.forget();
    this.#groups.configure(this.#configuration.groups, this.#byName());
    const resuming = new Set([...this.#groups.resuming(this.#instances)].map(({ holder }) => holder));
    this.#host.start(this.#configuration, resuming);
    removeLeftOvers(
      this.#instances.map(({ holder }) => holder),
      resuming,
      { kernel, log, interfaces: this.#interfaces, record: this.#held },
    );
    // After a suspension another node may serve: every moment counts until that is noticed.
    this.#wakeUps = this.#ports.wakeUps.watch(() => this.#onTick());
    this.#startAt = joiningTime(this.#configuration.global, this.#ports.clock);
    // What was served a moment ago is served on: a delay is for a host that comes up.
    for (const instance of this.#instances) if (resuming.has(instance.holder)) instance.start(true);
    this.#groups.resume();
    this.#startInstances();
    this.#schedule();
    this.#tellNeeds();
    log.write("info", "Startup complete");
    return succeed(undefined);
  }

  #checkHost(): Result<void, StartFailure> {
    const { kernel, links } = this.#ports;
    for (const { name, interface: device } of this.#configuration.instances) {
      if (this.#interfaces.byName(device) !== undefined || this.#configuration.global.dynamicInterfaces) continue;
      return fail({ code: "NO_INTERFACE", message: `instance ${name}: there is no interface ${device} on this host` });
    }
    const permitted = probePermissions(this.#configuration, { links, kernel, interfaces: this.#interfaces });
    return permitted.ok ? permitted : fail(startFailure(permitted.error));
  }

  reload(configuration: Configuration): void {
    this.#enter();
    this.#configuration = configuration;
    this.#fineLock.prepare(configuration.instances.map(lockTermsOf));
    this.#scripts.configure(configuration);
    this.#telling.configure(configuration);
    this.#trackers.configure(configuration, "reload");
    this.#announcer.reconfigure(configuration.global.pacing);
    // What is not wanted any more goes when those that use it have let go.
    const wanted = [...this.#instances.map(({ settings }) => settings), ...configuration.instances];
    this.#devices.apply(wanted, configuration.global);
    const matched = matchInstances(this.#instances, ({ settings }) => settings, configuration.instances);
    const next = matched.next.map(({ settings, running }) => {
      return { settings, known: running, instance: running ?? this.#createInstance(settings) };
    });
    this.#instances = next.map(({ instance }) => instance);
    this.#groups.configure(
      configuration.groups,
      new Map(next.map(({ settings, instance }) => [settings.name, instance])),
    );
    // Those that leave say farewell before the others claim, so that an address can move from one to another.
    this.#leaving = [...this.#leaving, ...matched.removed];
    this.#audience.forget();
    this.#host.configure(configuration);
    for (const instance of matched.removed) {
      instance.join(undefined);
      instance.stop("removal", false, "removed by a reload");
    }
    for (const { settings, known, instance } of next) {
      if (known !== undefined) known.reconfigure(settings);
      // A lease that still runs is another instance's, which has just said farewell.
      else if (this.#startAt === undefined) instance.start(false);
    }
    for (const { known } of next) known?.holder.removeGone();
    this.#strangers.forgetOwn(configuration.instances);
    this.#groups.resume();
    this.#prepareDevices();
    this.#scripts.stopOthers(configuration);
    this.#trackers.stopOthers(configuration);
    if (configuration.global.tellsStatesOnReload) {
      this.#groups.repeatStates();
      for (const instance of this.#instances) instance.repeatState();
    }
    this.#schedule();
    this.#tellNeeds();
    this.#ports.log.write("info", "Reload complete");
  }

  learn(news: readonly BfdNews[]): void {
    this.#enter();
    this.#trackers.learn(news);
  }

  status(): readonly InstanceStatus[] {
    return this.#instances.map((instance) => this.#statusOf(instance));
  }

  *statusParts(size: number): Generator<readonly InstanceStatus[]> {
    const instances = this.#instances;
    for (let at = 0; at < instances.length; at += size) {
      yield instances.slice(at, at + size).map((instance) => this.#statusOf(instance));
    }
  }

  #statusOf(instance: Instance): InstanceStatus {
    const holding = { leases: this.#leases, fineLock: this.#fineLock };
    return statusOf(instance, this.#surroundings, this.#ports.clock, holding);
  }

  get isMaster(): boolean {
    return this.#instances.some(({ state }) => state.kind === "active");
  }

  groups(): readonly GroupStatus[] {
    return this.#groups.status();
  }

  strangers(): readonly StrangerStatus[] {
    return this.#strangers.status();
  }

  dump(kind: DumpKind): string {
    return this.#dumps.write(kind, this.#exhibits());
  }

  snmpFacts(size: number): Iterable<SnmpFacts> {
    return this.#dumps.snmpFacts(this.#exhibits(), this.#strangers.adverts, size);
  }

  clearStatistics(): void {
    this.#dumps.clear(this.#exhibits());
  }

  deadlines(): readonly string[] {
    return this.#dumps.deadlines(this.#exhibits());
  }

  stop(reason: string, done: () => void): void {
    this.#enter();
    this.#ending = { kind: "handing-over", by: after(this.#ports.clock.now(), HAND_OVER_BOUND), done };
    this.#scripts.stopAll();
    this.#trackers.stopAll();
    this.#groups.stop();
    for (const instance of this.#instances) instance.stop("process-end", this.#options.keepAddresses, reason);
    this.#groups.tellStop(reason);
    this.#checkStopped();
    this.#schedule();
  }

  #exhibits(): Exhibits {
    return { configuration: this.#configuration, instances: this.#instances, groups: this.#groups.groups };
  }

  #createInstance(settings: InstanceSettings): Instance {
    const { clock, log, kernel, journal } = this.#ports;
    const dependencies: InstanceDependencies = {
      clock,
      log,
      journal,
      ...this.#surroundings,
      sockets: this.#sockets,
      buffers: () => this.#configuration.global.buffers,
      deadlines: this.#deadlines,
      onConnection: () => this.#audience.forget(),
      teller: this.#telling.tellers,
      holder: {
        clock,
        kernel,
        log,
        interfaces: this.#interfaces,
        leases: this.#leases,
        fineLock: this.#fineLock,
        routes: this.#host.routes,
        announcer: this.#announcer,
        record: this.#held,
        ipv6: this.#devices.ipv6,
        onChange: () => this.#onHoldingsChange(),
      },
    };
    return new Instance(settings, dependencies);
  }

  #byName(): ReadonlyMap<string, Instance> {
    return new Map(this.#instances.map((instance) => [instance.settings.name, instance]));
  }

  #abandon(failure: StartFailure): Result<void, StartFailure> {
    this.#monitor?.close();
    this.#tick.close();
    this.#deadlines.close();
    return fail(failure);
  }

  /** Of all instances, made once for each configuration. */
  #virtualAddresses(): ReadonlySet<IpAddress> {
    if (this.#virtual?.configuration !== this.#configuration) {
      const vips = this.#configuration.instances.flatMap((each) => [
        ...each.virtualAddresses,
        ...each.excludedAddresses,
      ]);
      this.#virtual = { configuration: this.#configuration, addresses: new Set(vips.map(({ address }) => address)) };
    }
    return this.#virtual.addresses;
  }

  #onTrackerChange(): void {
    this.#enter();
    for (const instance of this.#instances) instance.evaluate();
    this.#schedule();
  }

  #onPackets(): void {
    this.#enter();
    this.#receive();
  }

  #onReadable(): void {
    this.#enter();
    this.#catchUp();
    this.#schedule();
  }

  /** Before anything else: has time passed that nobody saw? */
  #enter(): void {
    const pause = this.#pauses.look();
    if (pause.kind === "none") return;
    // Waking is over: the next look judges only what comes after this one.
    this.#pauses.expect(after(this.#ports.clock.now(), TICK));
    for (const instance of this.#instances) instance.noticePause(pause);
  }

  #receive(): void {
    const { global, instances } = this.#configuration;
    for (const pooled of this.#sockets.receive()) {
      const concerned = this.#audience.of(pooled);
      for (const instance of concerned) instance.receive(pooled.packet);
      if (concerned.length === 0) this.#strangers.note(pooled, instances, global.logsUnknownVrids);
    }
  }

  /** Takes in what the network and the kernel have told meanwhile. */
  #catchUp(): void {
    this.#receive();
    const events = this.#monitor?.receive() ?? [];
    if (events.length > 0) this.#onKernelEvents(events);
    this.#lookAfterHost();
  }

  #prepareDevices(): void {
    const wanted = [...this.#instances, ...this.#leaving].map(({ settings }) => settings);
    this.#devices.apply(wanted, this.#configuration.global);
  }

  #tellNeeds(): void {
    const experiences = { filter: this.#fineLock.health, processes: this.#trackers.processSource };
    this.#needs.tell(this.#configuration, experiences);
  }

  /** Routes and rules follow the addresses that they need. */
  #lookAfterHost(): void {
    const { losses, staticsChanged } = this.#host.look();
    if (staticsChanged) for (const instance of this.#instances) instance.evaluate();
    for (const { owner, settings } of losses) {
      for (const instance of this.#instances) if (instance.holder === owner) instance.noticeRoutingLoss(settings);
    }
  }

  #onKernelEvents(events: readonly KernelEvent[]): void {
    const { kernel, log } = this.#ports;
    let structural = false;
    for (const event of events) {
      if (event.kind === "address-added" && this.#leases.isOutdated(event.record)) continue;
      structural ||= this.#isStructural(event);
      if (event.kind === "interface-changed") this.#tellLinkState(event);
      this.#addressReport?.note(event);
      this.#interfaces.apply(event);
      if (event.kind === "overrun") {
        log.write("warn", "the kernel had more to tell than we could hear; reading interfaces and addresses anew");
        const read = this.#interfaces.reload(kernel);
        if (!read.ok) log.write("error", describeFailure(read.error));
        for (const index of read.ok ? read.value : []) this.#forgetInterface(index);
        this.#leases.expectNoRemovals();
        for (const held of this.#leases.all()) {
          if (this.#interfaces.find(held.request) === undefined) this.#noticeRemoval(held.request);
        }
      } else if (event.kind === "interface-removed") {
        this.#forgetInterface(event.index);
        for (const held of this.#leases.all()) {
          if (held.request.interfaceIndex === event.index) this.#noticeRemoval(held.request);
        }
      } else if (event.kind === "address-removed") {
        if (!this.#leases.wasExpected(event.record)) this.#noticeRemoval(event.record);
      }
    }
    if (structural) {
      this.#host.noticeChange();
      this.#prepareDevices();
      this.#trackers.noteInterfaces();
      for (const instance of this.#instances) {
        instance.holder.retryNow();
        instance.evaluate();
      }
    }
    for (const instance of this.#instances) instance.repair();
  }

  #forgetInterface(index: number): void {
    this.#announcer.forget(index);
    for (const instance of [...this.#instances, ...this.#leaving]) instance.disconnect(index);
  }

  #noticeRemoval(key: Parameters<Instance["noticeRemoval"]>[0]): void {
    for (const instance of this.#instances) instance.noticeRemoval(key);
  }

  /** Renewals of our own addresses tell nothing new, and there may be thousands of them. */
  #isStructural(event: KernelEvent): boolean {
    if (event.kind !== "address-added") return true;
    const known = this.#interfaces.find(event.record);
    if (known === undefined) return this.#leases.find(event.record) === undefined;
    // From now on it can be sent from, or not any more.
    return known.tentative !== event.record.tentative;
  }

  #tellLinkState(event: Extract<KernelEvent, { kind: "interface-changed" }>): void {
    const { name, up, running } = event.interface;
    const before = this.#interfaces.byName(name);
    const isUp = up && running;
    if (before === undefined || (before.up && before.running) === isUp) return;
    this.#ports.log.write("info", `Netlink reports ${name} ${isUp ? "up" : "down"}`);
  }

  #onTick(): void {
    const { clock } = this.#ports;
    this.#enter();
    this.#tickedAt = clock.now();
    this.#isTickDue = false;
    this.#catchUp();
    this.#startInstances();
    const lockAt = this.#fineLock.renewalDueAt();
    if (lockAt !== undefined && clock.now() >= lockAt) this.#fineLock.renew();
    const renewAt = this.#leases.renewalDueAt();
    if (renewAt !== undefined && clock.now() >= renewAt) this.#leases.renew();
    for (const instance of this.#leaving) instance.repair();
    const left = this.#leaving.filter((instance) => instance.finished && instance.quiet);
    for (const instance of left) instance.close();
    if (left.length > 0) {
      this.#leaving = this.#leaving.filter((instance) => !left.includes(instance));
      this.#audience.forget();
      this.#prepareDevices();
    }
    this.#saveHeld();
    this.#checkStopped();
    this.#schedule();
  }

  #saveHeld(): void {
    if (this.#savedChanges === this.#leases.changes && this.#held.settled) return;
    this.#savedChanges = this.#leases.changes;
    this.#held.save(this.#leases.all().map((held) => held.request));
  }

  #startInstances(): void {
    if (this.#startAt === undefined || this.#ports.clock.now() < this.#startAt) return;
    this.#startAt = undefined;
    this.#groups.hold();
    for (const instance of this.#instances) if (!instance.running) instance.start(false);
    this.#groups.resume();
  }

  #onHoldingsChange(): void {
    this.#leases.noticeOwners();
    // A renewal is due, or the hand-over may have been the last thing to wait for. Once for all that happens in this turn.
    if (this.#isTickDue || this.#closed) return;
    this.#isTickDue = true;
    this.#wakeAt(this.#ports.clock.now());
  }

  /**
   * The driver's own wake-up: renewals are due, or it is time to look whether time stood still. Packets come faster than that,
   * and must not put it off.
   */
  #schedule(): void {
    if (this.#closed || this.#isTickDue) return;
    const renewal = earliest(this.#leases.renewalDueAt(), this.#fineLock.renewalDueAt());
    this.#wakeAt(earliest(renewal, this.#startAt, nextBeat(this.#tickedAt, TICK)) ?? this.#tickedAt);
  }

  #wakeAt(next: Instant): void {
    this.#pauses.expect(next);
    this.#tick.set(next);
  }

  /** A stop goes on in two steps: until nothing is held any more, then until the scripts have been told. */
  #checkStopped(): void {
    const ending = this.#ending;
    if (ending.kind === "no") return;
    const now = this.#ports.clock.now();
    const everybody = [...this.#instances, ...this.#leaving];
    if (ending.kind === "handing-over") {
      for (const instance of everybody) instance.repair();
      if (now < ending.by && !everybody.every((instance) => instance.finished)) return;
      for (const instance of everybody) instance.holder.release();
      this.#telling.finish();
      this.#ending = { kind: "telling", by: after(now, TELLING_BOUND), done: ending.done };
      this.#checkStopped();
      return;
    }
    const isQuiet = this.#telling.quiet && this.#groups.quiet && everybody.every((instance) => instance.quiet);
    if (now < ending.by && !isQuiet) return;
    this.#ending = { kind: "no" };
    for (const instance of everybody) {
      if (!instance.quiet) instance.hurry();
      instance.close();
    }
    this.#groups.close();
    this.#telling.close();
    this.#held.save([]);
    this.#fineLock.close();
    this.#host.close();
    this.#devices.release(this.#options.keepAddresses);
    this.#announcer.close();
    this.#monitor?.close();
    this.#closed = true;
    this.#wakeUps?.close();
    this.#tick.close();
    this.#deadlines.close();
    ending.done();
  }
}

/** How often to look whether time stood still when nothing else happens. */
const TICK = millis(250);

/** The longest hand-over (3 s) and a little more. */
const HAND_OVER_BOUND = millis(3_500);

/** keepalived's: stop scripts that take longer go on without us. */
const TELLING_BOUND = seconds(1);
