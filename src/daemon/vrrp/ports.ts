import type { Clock } from "../../ports/clock.ts";
import type { FileWatches } from "../../ports/file-watches.ts";
import type { Devices } from "../../ports/devices.ts";
import type { Files } from "../../ports/files.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { LinkProbe } from "../../ports/link-probe.ts";
import type { Links } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import type { PacketFilter } from "../../ports/packet-filter.ts";
import type { ProcessTable } from "../../ports/process-table.ts";
import type { Processes } from "../../ports/processes.ts";
import type { Routing } from "../../ports/routing.ts";
import type { Sysctls } from "../../ports/sysctls.ts";
import type { WakeUps } from "../../ports/wake-ups.ts";
import type { TellingPorts } from "./telling.ts";

/** Everything that the vrrp process needs of the machine it runs on. */
export interface VrrpPorts extends Pick<TellingPorts, "fifos" | "outbox" | "hostName" | "tellHappening"> {
  readonly clock: Clock;
  readonly links: Links;
  readonly kernel: Kernel;
  readonly packetFilter: PacketFilter;
  readonly routing: Routing;
  readonly devices: Devices;
  readonly processes: Processes;
  readonly files: Files;
  readonly fileWatches: FileWatches;
  readonly processTable: ProcessTable;
  readonly linkProbe: LinkProbe;
  readonly sysctls: Sysctls;
  readonly wakeUps: WakeUps;
  readonly log: Log;
}
