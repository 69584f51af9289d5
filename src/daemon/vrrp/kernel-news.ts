import { succeed, type Result } from "../../base/result.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Kernel, KernelEvent, KernelMonitor } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { AddressReport } from "./address-report.ts";
import type { Announcer } from "./announcer.ts";
import type { InstanceSet } from "./instance-set.ts";
import type { AddressKey, InterfaceTable } from "./interface-table.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";

export interface KernelNewsDependencies {
  readonly kernel: Kernel;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
  readonly leases: LeaseKeeper;
  readonly announcer: Announcer;
  readonly instances: InstanceSet;
  /** Undefined: nobody wants to read of addresses. */
  readonly addressReport: AddressReport | undefined;
}

/** Takes in what the kernel tells of interfaces and addresses, and tells whoever loses something by it. */
export class KernelNews {
  readonly #dependencies: KernelNewsDependencies;
  #monitor: KernelMonitor | undefined;

  constructor(dependencies: KernelNewsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Listens from now on. `onReadable` comes when the kernel has something to tell; the receiver then calls `take`. */
  open(onReadable: () => void): Result<void, SystemFailure> {
    const opened = this.#dependencies.kernel.openMonitor(onReadable);
    if (!opened.ok) return opened;
    this.#monitor = opened.value;
    return succeed(undefined);
  }

  close(): void {
    this.#monitor?.close();
  }

  /**
   * Takes what the kernel has told. @returns undefined: nothing. `structural`: interfaces or addresses are others than before, so
   * that everybody is to look again. `repairable`: somebody may have something to put back.
   */
  take(): { readonly structural: boolean; readonly repairable: boolean } | undefined {
    const events = this.#monitor?.receive() ?? [];
    if (events.length === 0) return undefined;
    const { interfaces, leases, addressReport } = this.#dependencies;
    let structural = false;
    for (const event of events) {
      if (event.kind === "address-added" && leases.isOutdated(event.record)) continue;
      const isOwnRemoval = event.kind === "address-removed" && leases.wasExpected(event.record);
      structural ||= !isOwnRemoval && this.#isStructural(event);
      if (event.kind === "interface-changed") this.#tellLinkState(event);
      addressReport?.note(event);
      interfaces.apply(event);
      if (event.kind === "overrun") this.#readAnew();
      else if (event.kind === "interface-removed") this.#noticeInterfaceRemoval(event.index);
      else if (event.kind === "address-removed" && !isOwnRemoval) this.#noticeRemoval(event.record);
    }
    return { structural, repairable: leases.takeWantedBack() || structural };
  }

  #readAnew(): void {
    const { kernel, log, interfaces, leases } = this.#dependencies;
    log.write("warn", "the kernel had more to tell than we could hear; reading interfaces and addresses anew");
    const read = interfaces.reload(kernel);
    if (!read.ok) log.write("error", describeFailure(read.error));
    for (const index of read.ok ? read.value : []) this.#forgetInterface(index);
    leases.expectNoRemovals();
    for (const { request } of leases.all()) {
      if (interfaces.find(request) === undefined) this.#noticeRemoval(request);
    }
  }

  #noticeInterfaceRemoval(index: number): void {
    this.#forgetInterface(index);
    for (const { request } of this.#dependencies.leases.all()) {
      if (request.interfaceIndex === index) this.#noticeRemoval(request);
    }
  }

  #forgetInterface(index: number): void {
    const { announcer, instances } = this.#dependencies;
    announcer.forget(index);
    for (const instance of instances.everybody()) instance.disconnect(index);
  }

  #noticeRemoval(key: AddressKey): void {
    const { instances, leases } = this.#dependencies;
    const owner = leases.find(key)?.owner;
    for (const instance of instances.configured) {
      if (owner === undefined || instance.holder === owner) instance.noticeRemoval(key);
    }
  }

  /** What becomes of our own addresses by our own hand tells nothing new, and there may be thousands of them. */
  #isStructural(event: KernelEvent): boolean {
    if (event.kind !== "address-added") return true;
    const { interfaces, leases } = this.#dependencies;
    const known = interfaces.find(event.record);
    if (known === undefined) return leases.find(event.record) === undefined;
    // From now on it can be sent from, or not any more.
    return known.tentative !== event.record.tentative;
  }

  #tellLinkState(event: Extract<KernelEvent, { kind: "interface-changed" }>): void {
    const { interfaces, log } = this.#dependencies;
    const { name, up, running } = event.interface;
    const before = interfaces.byName(name);
    const isUp = up && running;
    if (before === undefined || (before.up && before.running) === isUp) return;
    log.write("info", `Netlink reports ${name} ${isUp ? "up" : "down"}`);
  }
}
