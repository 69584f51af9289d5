import type { Configuration } from "../../config/model/configuration.ts";
import type { DeviceKind, Devices } from "../../ports/devices.ts";
import type { Log } from "../../ports/log.ts";
import type { LockHealth } from "./fine-lock-keeper.ts";
import type { InterfaceTable } from "./interface-table.ts";

export interface KernelNeedsDependencies {
  readonly devices: Pick<Devices, "has">;
  readonly interfaces: Pick<InterfaceTable, "byName">;
  readonly log: Log;
}

/** What has been found out by trying. */
export interface Experiences {
  readonly filter: LockHealth;
  /** How processes that begin are noticed; undefined: nobody asks. */
  readonly processes: "events" | "looking" | undefined;
}

/** Says, in one line, what this kernel lacks of what the configuration in force needs. Nothing is said where nothing is. */
export class KernelNeeds {
  readonly #dependencies: KernelNeedsDependencies;
  #told = "";

  constructor(dependencies: KernelNeedsDependencies) {
    this.#dependencies = dependencies;
  }

  /** To be called at the start and after each reload, when all has been tried. The same is not said twice in a row. */
  tell(configuration: Configuration, experiences: Experiences): void {
    const lacks = [...this.#missingKinds(configuration), ...missingParts(experiences)];
    const text = lacks.map(describe).join("; ");
    if (text === this.#told) return;
    this.#told = text;
    if (text !== "")
      this.#dependencies.log.write(
        "warn",
        `This kernel lacks, or does not let us have, what the configuration needs: ${text}`,
      );
  }

  #missingKinds(configuration: Configuration): readonly Lack[] {
    return neededKinds(configuration, this.#dependencies.interfaces).flatMap(({ kind, keyword, consequence }) => {
      const answer = this.#dependencies.devices.has(kind);
      // Who may not ask has been told why already.
      if (!answer.ok || answer.value) return [];
      return [{ part: kind, keyword, consequence, remedy: remedyOf(kind, OPTIONS[kind]) }];
    });
  }
}

interface Lack {
  /** What the kernel calls it. */
  readonly part: string;
  /** What of the configuration needs it. */
  readonly keyword: string;
  readonly consequence: string;
  readonly remedy: string;
}

interface Need {
  readonly kind: DeviceKind;
  readonly keyword: string;
  readonly consequence: string;
}

function neededKinds(
  { instances, statics }: Configuration,
  interfaces: KernelNeedsDependencies["interfaces"],
): readonly Need[] {
  const needs: Need[] = [];
  const made = instances.flatMap(({ virtualInterfaces }) => virtualInterfaces.map(({ kind }) => kind));
  if (made.includes("macvlan"))
    needs.push({
      kind: "macvlan",
      keyword: "use_vmac",
      consequence: "the instance is in FAULT, or its addresses missing",
    });
  if (made.includes("ipvlan"))
    needs.push({ kind: "ipvlan", keyword: "use_ipvlan", consequence: "the instance is in FAULT" });
  const routing = [...instances.flatMap((instance) => instance.routing), ...statics.routing];
  const vrfs = routing.flatMap((entry) =>
    entry.kind === "route" && entry.route.vrf !== undefined ? [entry.route.vrf] : [],
  );
  // One that is there shows that the kernel has them.
  if (vrfs.some((name) => interfaces.byName(name)?.vrfTable === undefined))
    needs.push({ kind: "vrf", keyword: "a route with vrf", consequence: "it is not added" });
  return needs;
}

function missingParts({ filter, processes }: Experiences): readonly Lack[] {
  const lacks: Lack[] = [];
  if (filter.kind === "missing" && !FORBIDDEN.includes(filter.failure.errno)) {
    lacks.push({
      part: "nf_tables",
      keyword: "no_accept, fine_lock and fast adverts",
      consequence: "all who ask are answered, and leases alone end what a crash leaves behind",
      remedy: remedyOf("nf_tables", "CONFIG_NF_TABLES_IPV4, _ARP and _IPV6"),
    });
  }
  if (processes === "looking") {
    lacks.push({
      part: "the proc connector",
      keyword: "track_process",
      consequence: "processes that begin are found a moment later, in /proc",
      remedy: "run outside of containers and net_namespace, on a kernel with CONFIG_PROC_EVENTS",
    });
  }
  return lacks;
}

function remedyOf(module: string, options: string): string {
  return `modprobe ${module}, or a kernel with ${options}`;
}

function describe({ part, keyword, consequence, remedy }: Lack): string {
  return `${part}, for ${keyword}: ${consequence} (${remedy})`;
}

const OPTIONS: Readonly<Record<DeviceKind, string>> = {
  macvlan: "CONFIG_MACVLAN",
  ipvlan: "CONFIG_IPVLAN",
  vrf: "CONFIG_NET_VRF",
};

/** The kernel may well have it, and this process may not use it: another line says so. */
const FORBIDDEN: readonly string[] = ["EPERM", "EACCES"];
