import { IFAPROT_HOLDFAST, type AddressRecord, type KernelEvent } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { InterfaceTable } from "./interface-table.ts";

/**
 * `-a`: writes to the log, in keepalived's words, which addresses the kernel tells of. Those that Holdfast adds are left out
 * where the kernel says so (since 5.18): their renewals would fill it.
 */
export class AddressReport {
  readonly #interfaces: InterfaceTable;
  readonly #log: Log;

  constructor(interfaces: InterfaceTable, log: Log) {
    this.#interfaces = interfaces;
    this.#log = log;
  }

  /** What is there at the start. */
  begin(): void {
    for (const record of this.#interfaces.all()) this.#tell(record, "added to");
  }

  /** To be called before the table of interfaces follows the event. A renewal is no news. */
  note(event: KernelEvent): void {
    if (event.kind === "address-removed") this.#tell(event.record, "removed from");
    else if (event.kind === "address-added" && this.#interfaces.find(event.record) === undefined)
      this.#tell(event.record, "added to");
  }

  #tell({ address, interfaceIndex, protocol }: AddressRecord, what: string): void {
    if (protocol === IFAPROT_HOLDFAST) return;
    const device = this.#interfaces.interfaces().find(({ index }) => index === interfaceIndex);
    this.#log.write("info", `Netlink reflector reports IP ${address} ${what} ${device?.name ?? interfaceIndex}`);
  }
}
