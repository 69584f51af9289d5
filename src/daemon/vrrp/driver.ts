import { fail, succeed, type Result } from "../../base/result.ts";
import { earliest, type Instant } from "../../base/time.ts";
import type { GroupStatus, InstanceStatus, StrangerStatus } from "../../api/contract.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { BfdNews } from "../bfd-news.ts";
import type { DumpKind } from "../dump/facts.ts";
import type { SnmpFacts } from "../snmp-facts.ts";
import { checkHost } from "./check-host.ts";
import { Deadlines } from "./deadlines.ts";
import { createParts, instanceDependencies, type DriverPorts, type PartOptions, type Parts } from "./driver-parts.ts";
import type { Exhibits } from "./dump-desk.ts";
import { Ending } from "./ending.ts";
import { InstanceSet } from "./instance-set.ts";
import { joiningTime } from "./joining-time.ts";
import { KernelNews } from "./kernel-news.ts";
import { removeLeftOvers } from "./left-overs.ts";
import { startFailure, type StartFailure } from "./start-failure.ts";
import { statusOf } from "./status-view.ts";
import { Ticker } from "./ticker.ts";
import { lockTermsOf } from "./vip.ts";

export interface VrrpDriverOptions extends PartOptions {
  /** Leave the addresses at the end (`-V`), for ever and without a lease. */
  readonly keepAddresses: boolean;
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

/**
 * Starts all instances of a checked model.
 *
 * Left-over addresses of a run that crashed are removed first, unless their lease proves that nobody else can be master
 * yet: then mastership is resumed. Nothing has been changed when it fails.
 */
export function startVrrpDriver(options: VrrpDriverOptions, ports: DriverPorts): Result<VrrpDriver, StartFailure> {
  const driver = new Driver(options, ports);
  const started = driver.start();
  return started.ok ? succeed(driver) : started;
}

class Driver implements VrrpDriver {
  readonly #options: VrrpDriverOptions;
  readonly #ports: DriverPorts;
  readonly #parts: Parts;
  readonly #instances: InstanceSet;
  readonly #kernelNews: KernelNews;
  readonly #ticker: Ticker;
  readonly #deadlines: Deadlines;
  readonly #ending: Ending;
  #configuration: Configuration;
  #wakeUps: { close(): void } | undefined;
  /** Instances join in no earlier (`vrrp_startup_delay`); undefined once they have. */
  #startAt: Instant | undefined;

  constructor(options: VrrpDriverOptions, ports: DriverPorts) {
    const { clock } = ports;
    this.#options = options;
    this.#ports = ports;
    this.#configuration = options.configuration;
    const configuration = (): Configuration => this.#configuration;
    this.#parts = createParts(options, ports, {
      configuration,
      onReadable: () => this.#onReadable(),
      onPackets: () => this.#onPackets(),
      onTrackerChange: () => this.#onTrackerChange(),
    });
    this.#ticker = new Ticker({ clock, onTick: () => this.#onTick(), dueAt: () => this.#dueAt() });
    this.#deadlines = new Deadlines(clock, () => {
      this.#enter();
      this.#catchUp();
    });
    const instances = new InstanceSet(
      instanceDependencies(this.#parts, ports, {
        configuration,
        deadlines: this.#deadlines,
        onHoldingsChange: () => this.#onHoldingsChange(),
      }),
    );
    this.#instances = instances;
    this.#kernelNews = new KernelNews({ ...ports, ...this.#parts, instances });
    this.#ending = new Ending({ ...this.#parts, clock, instances, onEnd: () => this.#close() });
  }

  start(): Result<void, StartFailure> {
    const { kernel, links, log } = this.#ports;
    const { held, interfaces, groups } = this.#parts;
    const opened = this.#kernelNews.open(() => this.#onReadable());
    if (!opened.ok) return fail(startFailure(opened.error));
    held.load();
    const read = interfaces.reload(kernel);
    if (!read.ok) return this.#abandon(startFailure(read.error));
    this.#parts.addressReport?.begin();
    // What the daemon started with was right. It may be missing at this moment, and whoever needs it waits for it.
    const checked = this.#options.isRestart
      ? succeed(undefined)
      : checkHost(this.#configuration, { kernel, links, interfaces });
    if (!checked.ok) return this.#abandon(checked.error);

    this.#configureParts("start");
    this.#parts.devices.apply(this.#configuration.instances, this.#configuration.global);
    const { byName } = this.#instances.follow(this.#configuration.instances);
    const instances = this.#instances.configured;
    groups.configure(this.#configuration.groups, byName);
    const resuming = new Set([...groups.resuming(instances)].map(({ holder }) => holder));
    this.#parts.host.start(this.#configuration, resuming);
    const holders = instances.map(({ holder }) => holder);
    removeLeftOvers(holders, resuming, { kernel, log, interfaces, record: held });
    // After a suspension another node may serve: every moment counts until that is noticed.
    this.#wakeUps = this.#ports.wakeUps.watch(() => this.#onTick());
    this.#startAt = joiningTime(this.#configuration.global, this.#ports.clock);
    // What was served a moment ago is served on: a delay is for a host that comes up.
    for (const instance of instances) if (resuming.has(instance.holder)) instance.start(true);
    groups.resume();
    this.#startInstances();
    this.#ticker.schedule();
    this.#tellNeeds();
    log.write("info", "Startup complete");
    return succeed(undefined);
  }

  reload(configuration: Configuration): void {
    this.#enter();
    const { announcer, devices, groups, host, scripts, strangers, trackers } = this.#parts;
    this.#configuration = configuration;
    this.#configureParts("reload");
    announcer.reconfigure(configuration.global.pacing);
    // What is not wanted any more goes when those that use it have let go.
    const wanted = [...this.#instances.configured.map(({ settings }) => settings), ...configuration.instances];
    devices.apply(wanted, configuration.global);
    const { next, removed, byName } = this.#instances.follow(configuration.instances);
    groups.configure(configuration.groups, byName);
    host.configure(configuration);
    // Those that leave say farewell before the others claim, so that an address can move from one to another.
    for (const instance of removed) {
      instance.join(undefined);
      instance.stop("removal", false, "removed by a reload");
    }
    for (const { settings, instance, isNew } of next) {
      if (!isNew) instance.reconfigure(settings);
      // A lease that still runs is another instance's, which has just said farewell.
      else if (this.#startAt === undefined) instance.start(false);
    }
    for (const { instance, isNew } of next) if (!isNew) instance.holder.removeGone();
    strangers.forgetOwn(configuration.instances);
    groups.resume();
    this.#prepareDevices();
    scripts.stopOthers(configuration);
    trackers.stopOthers(configuration);
    if (configuration.global.tellsStatesOnReload) {
      groups.repeatStates();
      for (const instance of this.#instances.configured) instance.repeatState();
    }
    this.#ticker.schedule();
    this.#tellNeeds();
    this.#ports.log.write("info", "Reload complete");
  }

  learn(news: readonly BfdNews[]): void {
    this.#enter();
    this.#parts.trackers.learn(news);
  }

  status(): readonly InstanceStatus[] {
    return [...this.statusParts(Infinity)].flat();
  }

  *statusParts(size: number): Generator<readonly InstanceStatus[]> {
    const { clock } = this.#ports;
    const told = this.#instances.configured;
    for (let at = 0; at < told.length; at += size) {
      yield told
        .slice(at, at + size)
        .map((instance) => statusOf(instance, this.#parts.surroundings, clock, this.#parts));
    }
  }

  get isMaster(): boolean {
    return this.#instances.configured.some(({ state }) => state.kind === "active");
  }

  groups(): readonly GroupStatus[] {
    return this.#parts.groups.status();
  }

  strangers(): readonly StrangerStatus[] {
    return this.#parts.strangers.status();
  }

  dump(kind: DumpKind): string {
    return this.#parts.dumps.write(kind, this.#exhibits());
  }

  snmpFacts(size: number): Iterable<SnmpFacts> {
    return this.#parts.dumps.snmpFacts(this.#exhibits(), this.#parts.strangers.adverts, size);
  }

  clearStatistics(): void {
    this.#parts.dumps.clear(this.#exhibits());
  }

  deadlines(): readonly string[] {
    return this.#parts.dumps.deadlines(this.#exhibits());
  }

  stop(reason: string, done: () => void): void {
    this.#enter();
    const { scripts, trackers, groups } = this.#parts;
    this.#ending.begin(done);
    scripts.stopAll();
    trackers.stopAll();
    groups.stop();
    for (const instance of this.#instances.configured) {
      instance.stop("process-end", this.#options.keepAddresses, reason);
    }
    groups.tellStop(reason);
    this.#ending.look();
    this.#ticker.schedule();
  }

  #exhibits(): Exhibits {
    const { groups } = this.#parts.groups;
    return { configuration: this.#configuration, instances: this.#instances.configured, groups };
  }

  /** What comes before the instances follow a configuration. At the start of the daemon files are given their first number. */
  #configureParts(occasion: "start" | "reload"): void {
    const { fineLock, scripts, telling, trackers } = this.#parts;
    fineLock.prepare(this.#configuration.instances.map(lockTermsOf));
    scripts.configure(this.#configuration);
    telling.configure(this.#configuration);
    trackers.configure(this.#configuration, this.#options.isRestart ? "reload" : occasion);
  }

  #abandon(failure: StartFailure): Result<void, StartFailure> {
    this.#kernelNews.close();
    this.#ticker.close();
    this.#deadlines.close();
    return fail(failure);
  }

  #onTrackerChange(): void {
    this.#enter();
    for (const instance of this.#instances.configured) instance.evaluate();
    this.#ticker.schedule();
  }

  #onPackets(): void {
    this.#enter();
    this.#receive();
  }

  #onReadable(): void {
    this.#enter();
    this.#catchUp();
    this.#ticker.schedule();
  }

  #onTick(): void {
    const { fineLock, held, leases } = this.#parts;
    this.#enter();
    // Mostly it is only asked whether time stood still: what arrives has wake-ups of its own.
    if (!this.#ticker.begin() && !this.#isBusy()) return this.#ticker.schedule();
    this.#catchUp();
    this.#startInstances();
    for (const lease of [fineLock, leases]) {
      const dueAt = lease.renewalDueAt();
      if (dueAt !== undefined && this.#ports.clock.now() >= dueAt) lease.renew();
    }
    for (const instance of this.#instances.leaving) instance.repair();
    if (this.#instances.closeLeft()) this.#prepareDevices();
    held.saveChanges(leases, this.#ports.clock.now());
    this.#ending.look();
    this.#ticker.schedule();
  }

  /** Whether something is under way that is looked after regularly. */
  #isBusy(): boolean {
    const { held, host, leases } = this.#parts;
    return this.#ending.underWay || this.#instances.leaving.length > 0 || host.active || !held.isSaved(leases);
  }

  /** A renewal is due, or the hand-over may have been the last thing to wait for. */
  #onHoldingsChange(): void {
    this.#ticker.hurry();
  }

  #dueAt(): Instant | undefined {
    const { leases, fineLock } = this.#parts;
    return earliest(leases.renewalDueAt(), fineLock.renewalDueAt(), this.#startAt);
  }

  /** Before anything else: has time passed that nobody saw? */
  #enter(): void {
    const pause = this.#ticker.look();
    if (pause.kind === "none") return;
    for (const instance of this.#instances.configured) instance.noticePause(pause);
  }

  #receive(): void {
    const { global, instances } = this.#configuration;
    const { sockets, strangers } = this.#parts;
    for (const pooled of sockets.receive()) {
      const concerned = this.#instances.concernedBy(pooled);
      for (const instance of concerned) instance.receive(pooled.packet);
      if (concerned.length === 0) strangers.note(pooled, instances, global.logsUnknownVrids);
    }
  }

  /** Takes in what the network and the kernel have told meanwhile. */
  #catchUp(): void {
    this.#receive();
    const news = this.#kernelNews.take();
    if (news?.structural === true) this.#lookAgain();
    if (news?.repairable === true) for (const instance of this.#instances.configured) instance.repair();
    this.#lookAfterHost();
  }

  /** Interfaces or addresses are others than before. */
  #lookAgain(): void {
    this.#parts.host.noticeChange();
    this.#prepareDevices();
    this.#parts.trackers.noteInterfaces();
    for (const instance of this.#instances.configured) {
      instance.holder.retryNow();
      instance.evaluate();
    }
  }

  /** Routes and rules follow the addresses that they need. */
  #lookAfterHost(): void {
    const { losses, staticsChanged } = this.#parts.host.look();
    const instances = this.#instances.configured;
    if (staticsChanged) for (const instance of instances) instance.evaluate();
    for (const { owner, settings } of losses) {
      for (const instance of instances) if (instance.holder === owner) instance.noticeRoutingLoss(settings);
    }
  }

  #startInstances(): void {
    if (this.#startAt === undefined || this.#ports.clock.now() < this.#startAt) return;
    this.#startAt = undefined;
    this.#parts.groups.hold();
    for (const instance of this.#instances.configured) if (!instance.running) instance.start(false);
    this.#parts.groups.resume();
  }

  #prepareDevices(): void {
    const wanted = this.#instances.everybody().map(({ settings }) => settings);
    this.#parts.devices.apply(wanted, this.#configuration.global);
  }

  #tellNeeds(): void {
    const { needs, fineLock, trackers } = this.#parts;
    needs.tell(this.#configuration, { filter: fineLock.health, processes: trackers.processSource });
  }

  /** The stop is over: gives back all that the process has of the host. */
  #close(): void {
    const { held, fineLock, host, devices, announcer } = this.#parts;
    held.save([]);
    fineLock.close();
    host.close();
    devices.release(this.#options.keepAddresses);
    announcer.close();
    this.#kernelNews.close();
    this.#wakeUps?.close();
    this.#ticker.close();
    this.#deadlines.close();
  }
}
