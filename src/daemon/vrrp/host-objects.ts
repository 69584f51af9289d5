import type { Configuration } from "../../config/model/configuration.ts";
import type { RoutingSettings } from "../../config/model/routing.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Files } from "../../ports/files.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { Routing, RoutingMonitor } from "../../ports/routing.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { InterfaceTable } from "./interface-table.ts";
import { RouteKeeper, type RoutingLoss } from "./route-keeper.ts";
import { routingKey } from "./routing-item.ts";
import { RoutingRecord } from "./routing-record.ts";
import { StaticHolder } from "./static-holder.ts";

export interface HostObjectDependencies {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly routing: Routing;
  readonly files: Files;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
  readonly runtimeDirectory: string;
  /** The kernel has something to tell of routes or rules: `look` is to be called. */
  readonly onReadable: () => void;
}

/** What the vrrp process puts on the host besides virtual addresses: routes, rules, and static addresses. */
export class HostObjects {
  readonly routes: RouteKeeper;
  readonly statics: StaticHolder;
  readonly #dependencies: HostObjectDependencies;
  #monitor: RoutingMonitor | undefined;
  #missing = "";

  constructor(dependencies: HostObjectDependencies) {
    const { runtimeDirectory, files, log } = dependencies;
    this.#dependencies = dependencies;
    const record = new RoutingRecord(`${runtimeDirectory}/held-routes.json`, { files, log });
    this.routes = new RouteKeeper({ ...dependencies, record });
    this.statics = new StaticHolder({ ...dependencies, routes: this.routes });
  }

  /**
   * Clears away what a run before this one left behind, and adds what is always there. `resuming`: those that go on as the
   * masters that they were keep what they had.
   */
  start(configuration: Configuration, resuming: ReadonlySet<AddressHolder>): void {
    const kept = [...[...resuming].flatMap((holder) => holder.routing()), ...configuration.statics.routing];
    const configured = configuration.instances.flatMap((instance) => instance.routing);
    this.routes.removeLeftOvers(configured, new Set(kept.map(routingKey)));
    this.configure(configuration);
  }

  configure(configuration: Configuration): void {
    this.#listen([...configuration.instances.flatMap(({ routing }) => routing), ...configuration.statics.routing]);
    this.statics.configure(configuration.statics);
  }

  /** Whether there is anything to look after. */
  get active(): boolean {
    return this.routes.active || this.statics.active;
  }

  /** An interface or an address has changed. */
  noticeChange(): void {
    this.routes.noticeChange();
  }

  /**
   * Takes what the kernel has told and puts right what is missing. @returns what was lost and is not put back, and whether
   * something else than before is missing of what track groups name.
   */
  look(): { readonly losses: readonly RoutingLoss[]; readonly staticsChanged: boolean } {
    if (this.#monitor !== undefined) this.routes.notice(this.#monitor.receive());
    this.statics.look();
    const losses = this.routes.look();
    const missing = this.statics.allMissing().join(", ");
    const staticsChanged = missing !== this.#missing;
    this.#missing = missing;
    return { losses, staticsChanged };
  }

  /** Removes what is static; that of the instances has gone with them. */
  close(): void {
    this.statics.release();
    this.#monitor?.close();
    this.#monitor = undefined;
  }

  /** A router's table changes all the time, so nobody listens who has nothing there. */
  #listen(wanted: readonly RoutingSettings[]): void {
    const { routing, log, onReadable } = this.#dependencies;
    if (wanted.length === 0 || this.#monitor !== undefined) return;
    const opened = routing.openMonitor(onReadable);
    if (opened.ok) this.#monitor = opened.value;
    else log.write("error", describeFailure(opened.error));
  }
}
