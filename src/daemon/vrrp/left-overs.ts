import type { IpAddress } from "../../base/address.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { HeldRecord } from "./held-record.ts";
import type { InterfaceTable } from "./interface-table.ts";

export interface LeftOverDependencies {
  readonly kernel: Kernel;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
  readonly record: HeldRecord;
}

/**
 * Removes the addresses that a run before this one left behind when it crashed: those of this configuration, and those
 * in the record that it does not name any more. Those of the holders that resume stay.
 */
export function removeLeftOvers(
  holders: readonly AddressHolder[],
  resuming: ReadonlySet<AddressHolder>,
  dependencies: LeftOverDependencies,
): void {
  const { kernel, log, interfaces, record } = dependencies;
  const configured = new Map<IpAddress, IpAddress | undefined>();
  const resumed = new Set<IpAddress>();
  for (const holder of holders) {
    const resumes = resuming.has(holder);
    for (const { address, peer } of holder.addresses()) {
      configured.set(address, peer);
      if (resumes) resumed.add(address);
    }
  }
  for (const found of interfaces.all()) {
    const isLeftOver = interfaces.isOurs(found) && (configured.has(found.address) || record.has(found));
    if (!isLeftOver || resumed.has(found.address)) continue;
    const removed = kernel.removeAddress({ ...found, peer: configured.get(found.address) });
    const what = `${found.address}/${found.prefixLength}, left over from a run that crashed`;
    if (removed.ok) log.write("warn", `removed ${what}`);
    else log.write("error", `${describeFailure(removed.error)} (${what})`);
  }
  const reread = interfaces.reload(kernel);
  if (!reread.ok) log.write("error", describeFailure(reread.error));
}
