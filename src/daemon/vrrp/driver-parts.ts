import type { IpAddress } from "../../base/address.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import { AddressReport } from "./address-report.ts";
import { Announcer } from "./announcer.ts";
import type { Deadlines } from "./deadlines.ts";
import { DeviceKeeper } from "./device-keeper.ts";
import { DumpDesk } from "./dump-desk.ts";
import { FineLockKeeper } from "./fine-lock-keeper.ts";
import type { Surroundings } from "./fitness.ts";
import { GroupSet } from "./group-set.ts";
import { HeldRecord } from "./held-record.ts";
import { HostObjects } from "./host-objects.ts";
import type { InstanceDependencies } from "./instance.ts";
import { InterfaceTable } from "./interface-table.ts";
import type { JournalSink } from "./journal-sink.ts";
import { KernelNeeds } from "./kernel-needs.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { VrrpPorts } from "./ports.ts";
import { ScriptSet } from "./script-set.ts";
import { SocketPool } from "./socket-pool.ts";
import { StrangerTable } from "./stranger-table.ts";
import { Telling } from "./telling.ts";
import { TrackerSets } from "./tracker-sets.ts";

export type DriverPorts = VrrpPorts & { readonly journal: JournalSink };

export interface PartOptions {
  /** What the process starts with. */
  readonly configuration: Configuration;
  /** Holds what must survive this process but not a reboot. */
  readonly runtimeDirectory: string;
  /** The log tells which addresses come and go on this host (`-a`). */
  readonly reportsAddresses?: boolean;
}

/** What the parts call when something has happened. None of it comes before `createParts` has returned. */
export interface PartHooks {
  /** The configuration in force. */
  readonly configuration: () => Configuration;
  /** The kernel has something to tell of routes or rules. */
  readonly onReadable: () => void;
  readonly onPackets: () => void;
  /** Something that is tracked has changed. */
  readonly onTrackerChange: () => void;
}

/** What all instances of the process share, joined to each other; nothing of it has begun to work. */
export interface Parts {
  readonly held: HeldRecord;
  readonly interfaces: InterfaceTable;
  /** Undefined: nobody wants to read of addresses. */
  readonly addressReport: AddressReport | undefined;
  readonly leases: LeaseKeeper;
  readonly fineLock: FineLockKeeper;
  readonly host: HostObjects;
  readonly announcer: Announcer;
  readonly devices: DeviceKeeper;
  readonly needs: KernelNeeds;
  readonly sockets: SocketPool;
  readonly scripts: ScriptSet;
  readonly telling: Telling;
  readonly trackers: TrackerSets;
  readonly surroundings: Surroundings;
  readonly strangers: StrangerTable;
  readonly dumps: DumpDesk;
  readonly groups: GroupSet;
}

export function createParts(options: PartOptions, ports: DriverPorts, hooks: PartHooks): Parts {
  const { clock, kernel, links, log, files, processes } = ports;
  const { configuration, runtimeDirectory } = options;
  const { onReadable, onPackets, onTrackerChange } = hooks;
  const held = new HeldRecord(`${runtimeDirectory}/held-addresses.json`, { files, log });
  const interfaces = new InterfaceTable(held);
  const addressReport = options.reportsAddresses === true ? new AddressReport(interfaces, log) : undefined;
  const leases = new LeaseKeeper({ kernel, clock, log });
  const fineLock = new FineLockKeeper({ filter: ports.packetFilter, clock, log });
  const host = new HostObjects({ ...ports, interfaces, runtimeDirectory, onReadable });
  const announcer = new Announcer(configuration.global.pacing, { clock, links, log, interfaces });
  const devices = new DeviceKeeper(runtimeDirectory, { ...ports, interfaces, leases });
  const needs = new KernelNeeds({ ...ports, interfaces });
  const sockets = new SocketPool({ links, clock, log }, onPackets);
  const scripts = new ScriptSet(onTrackerChange, { clock, processes, files, log });
  const telling = new Telling(configuration, { ...ports, accountOf: (command) => scripts.accountOf(command) });
  const trackers = new TrackerSets(onTrackerChange, { ...ports, interfaces });
  const surroundings: Surroundings = {
    interfaces,
    scripts: scripts.trackers,
    ...trackers.surroundings,
    virtualAddresses: virtualAddressesOf(hooks.configuration),
    missingStatics: (instance) => host.statics.missingFor(instance),
  };
  const strangers = new StrangerTable({ log, clock });
  const dumps = new DumpDesk(clock, surroundings);
  const groups = new GroupSet({ clock, log, journal: ports.journal, teller: telling.tellers });
  return {
    held,
    interfaces,
    addressReport,
    leases,
    fineLock,
    host,
    announcer,
    devices,
    needs,
    sockets,
    scripts,
    telling,
    trackers,
    surroundings,
    strangers,
    dumps,
    groups,
  };
}

/** What an instance finds of all this. `onHoldingsChange` comes when a renewal may be due, or a hand-over may have ended. */
export function instanceDependencies(
  parts: Parts,
  ports: DriverPorts,
  driver: Pick<PartHooks, "configuration"> & {
    readonly deadlines: Deadlines;
    readonly onHoldingsChange: () => void;
  },
): Omit<InstanceDependencies, "onConnection"> {
  const { clock, log, kernel, journal } = ports;
  const { interfaces, leases, fineLock, host, announcer, held, devices } = parts;
  return {
    clock,
    log,
    journal,
    ...parts.surroundings,
    sockets: parts.sockets,
    buffers: () => driver.configuration().global.buffers,
    deadlines: driver.deadlines,
    teller: parts.telling.tellers,
    holder: {
      clock,
      kernel,
      log,
      interfaces,
      leases,
      fineLock,
      routes: host.routes,
      announcer,
      record: held,
      ipv6: devices.ipv6,
      onChange: driver.onHoldingsChange,
    },
  };
}

/** Of all instances, made once for each configuration. */
function virtualAddressesOf(configuration: () => Configuration): () => ReadonlySet<IpAddress> {
  let made: { readonly of: Configuration; readonly addresses: ReadonlySet<IpAddress> } | undefined;
  return () => {
    const current = configuration();
    if (made?.of !== current) {
      const vips = current.instances.flatMap((each) => [...each.virtualAddresses, ...each.excludedAddresses]);
      made = { of: current, addresses: new Set(vips.map(({ address }) => address)) };
    }
    return made.addresses;
  };
}
