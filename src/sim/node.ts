import type { GroupStatus, InstanceStatus } from "../api/contract.ts";
import { ip, type IpAddress } from "../base/address.ts";
import type { Random } from "../base/random.ts";
import { millis, type Instant, type Micros } from "../base/time.ts";
import type { Configuration } from "../config/model/configuration.ts";
import { openJournal } from "../daemon/journal.ts";
import type { BfdNews } from "../daemon/bfd-news.ts";
import { startVrrpDriver, type VrrpDriver } from "../daemon/vrrp/driver.ts";
import type { Happening } from "../daemon/snmp-facts.ts";
import type { StartFailure } from "../daemon/vrrp/start-failure.ts";
import type { DeviceKind } from "../ports/devices.ts";
import type { AddressRequest } from "../ports/kernel.ts";
import type { Links } from "../ports/links.ts";
import type { LogLevel } from "../ports/log.ts";
import type { Alert } from "../ports/outbox.ts";
import type { Lan } from "./lan.ts";
import { Machine, type OutsideClock, type Standstill } from "./machine.ts";
import { NetworkStack } from "./network-stack.ts";
import { SimBfd } from "./sim-bfd.ts";
import { SimFifos } from "./sim-fifos.ts";
import { simDevices } from "./sim-devices.ts";
import { SimTrackedFiles } from "./sim-file-watches.ts";
import { SimFiles } from "./sim-files.ts";
import { SimKernel } from "./sim-kernel.ts";
import { SimPacketFilter } from "./sim-packet-filter.ts";
import { SimProcessTable } from "./sim-process-table.ts";
import { SimProcess, type Misfortune } from "./sim-process.ts";
import { SimRouting } from "./sim-routing.ts";
import { SimSysctls } from "./sim-sysctls.ts";
import { SimPrograms } from "./sim-programs.ts";
import { SimUdp, type UdpExchange } from "./sim-udp.ts";
import type { World } from "./world.ts";

export interface NodeOptions {
  readonly name: string;
  /** 1-254: the last byte of its address and of its MAC address. */
  readonly number: number;
  readonly outside: OutsideClock;
  /** Its kernel remembers who added an address. */
  readonly keepsProtocol: boolean;
  /** Its kernel has nf_tables; it has unless this says otherwise. */
  readonly filtersPackets?: boolean;
  /** Kinds of interfaces that its kernel has not; it has all unless this says otherwise. */
  readonly lacks?: readonly DeviceKind[];
  /** What its clocks show when the world begins; by chance where it is not given. */
  readonly origin?: Instant;
  /** Its interfaces have link-local IPv6 addresses. */
  readonly hasIpv6?: boolean;
}

export interface NodeSurroundings {
  readonly world: World;
  readonly lan: Lan;
  /** It has one more interface, eth1, plugged into this one. */
  readonly secondLan?: Lan | undefined;
  /** It can have a bfd process, whose packets go this way. */
  readonly exchange?: UdpExchange | undefined;
  readonly random: Random;
  readonly onLog: (node: SimNode, level: LogLevel, text: string) => void;
}

/** The interface of every node that is plugged into the LAN. */
export const LAN_INTERFACE = "eth0";

/** The one that is plugged into the second LAN, where there is one. */
export const SECOND_INTERFACE = "eth1";

/** The network of the LAN is 10.0.0.0/24, that of the second one 10.0.1.0/24. */
export function nodeAddress(number: number, lan: "first" | "second" = "first"): IpAddress {
  return ip(`10.0.${lan === "first" ? 0 : 1}.${number}`);
}

/** The link-local address that the kernel gives a node's interface, with 64 bits of prefix. */
export function nodeLinkLocalAddress(number: number, lan: "first" | "second" = "first"): IpAddress {
  return ip(`fe80::${lan === "first" ? 1 : 2}:${number}`);
}

/**
 * A machine on the LAN, with an address of its own and the vrrp process of Holdfast, which may run or not. What the process
 * leaves behind when it ends, kernel and files keep.
 */
export class SimNode {
  readonly name: string;
  readonly address: IpAddress;
  readonly #number: number;
  readonly #hasIpv6: boolean;
  readonly #lacks: readonly DeviceKind[];
  readonly machine: Machine;
  readonly kernel: SimKernel;
  readonly packetFilter: SimPacketFilter;
  readonly routing: SimRouting;
  readonly files = new SimFiles();
  readonly trackedFiles = new SimTrackedFiles();
  /** What runs beside Holdfast. */
  readonly others: SimProcessTable;
  readonly sysctls = new SimSysctls();
  readonly programs: SimPrograms;
  readonly fifos = new SimFifos();
  /** What its processes wanted to have mailed, in order. */
  readonly mails: Alert[] = [];
  /** What its processes wanted to have told by traps, in order. */
  readonly happenings: Happening[] = [];
  /** Undefined: its packets would have no way. */
  readonly bfd: SimBfd | undefined;
  readonly #udp: SimUdp | undefined;
  readonly #network: NetworkStack;
  #secondNetwork: NetworkStack | undefined;
  readonly #onLog: NodeSurroundings["onLog"];
  #process: SimProcess | undefined;
  #stopping: SimProcess | undefined;
  #driver: VrrpDriver | undefined;
  #failure: StartFailure | undefined;
  #interfaceIndex = LAN_INDEX;

  constructor(options: NodeOptions, surroundings: NodeSurroundings) {
    const { world, lan, secondLan, exchange, random, onLog } = surroundings;
    this.name = options.name;
    this.address = nodeAddress(options.number);
    this.#number = options.number;
    this.#hasIpv6 = options.hasIpv6 === true;
    this.#lacks = options.lacks ?? [];
    this.machine = new Machine(options.name, { world, random, outside: options.outside, origin: options.origin });
    this.kernel = new SimKernel({
      machine: this.machine,
      keepsProtocol: options.keepsProtocol,
      number: options.number,
    });
    this.packetFilter = new SimPacketFilter({ machine: this.machine, exists: options.filtersPackets ?? true });
    this.routing = new SimRouting(this.kernel);
    this.programs = new SimPrograms(this.machine);
    this.others = new SimProcessTable(this.machine);
    this.#onLog = onLog;
    this.kernel.setInterface(LAN_INDEX, LAN_INTERFACE, { up: true, running: true });
    this.#network = new NetworkStack({ machine: this.machine, kernel: this.kernel, lan, interfaceIndex: LAN_INDEX });
    this.addOwnAddresses();
    const { machine, kernel } = this;
    if (exchange !== undefined) {
      const udp = new SimUdp({ machine, kernel, exchange, interfaceIndex: LAN_INDEX });
      const onLogged = (level: LogLevel, text: string): void => onLog(this, level, text);
      this.#udp = udp;
      this.bfd = new SimBfd({ machine, udp, random, onLog: onLogged, onNews: (news) => this.#passOn(news) });
    }
    if (secondLan === undefined) return;
    kernel.setInterface(SECOND_INDEX, SECOND_INTERFACE, { up: true, running: true });
    this.#secondNetwork = new NetworkStack({ machine, kernel, lan: secondLan, interfaceIndex: SECOND_INDEX });
    this.addOwnAddresses("second");
  }

  /** Why the last start failed; undefined: it did not. */
  get failure(): StartFailure | undefined {
    return this.#failure;
  }

  get running(): boolean {
    return this.#process?.alive === true;
  }

  /** Its process has been stopped by a signal. */
  get stopped(): boolean {
    return this.#process?.stopped === true;
  }

  /** Starts the process. Nothing happens while one runs. `isRestart`: it takes the place of one that died. */
  start(configuration: Configuration, isRestart = false): void {
    if (this.running) return;
    const process = new SimProcess(this.machine);
    this.#process = process;
    this.#driver = undefined;
    this.#failure = undefined;
    process.post(() => {
      const clock = process.clock();
      const files = this.files.portFor(process);
      const log = { write: (level: LogLevel, text: string): void => this.#onLog(this, level, text) };
      const started = startVrrpDriver(
        { configuration, runtimeDirectory: "/run/holdfast", keepAddresses: false, isRestart },
        {
          clock,
          files,
          log,
          fileWatches: this.trackedFiles.portFor(process),
          processTable: this.others.portFor(process),
          linkProbe: this.kernel.probeFor(process),
          sysctls: this.sysctls.portFor(process),
          wakeUps: process.wakeUps(),
          fifos: this.fifos.portFor(process),
          outbox: { post: (alert) => void this.mails.push(alert) },
          hostName: this.name,
          tellHappening: (happening) => void this.happenings.push(happening),
          kernel: this.kernel.portFor(process),
          packetFilter: this.packetFilter.portFor(process),
          routing: this.routing.portFor(process),
          devices: simDevices(this.kernel, process, this.#lacks),
          links: this.#linksFor(process),
          processes: this.programs.portFor(process),
          journal: openJournal({ directory: "/var/lib/holdfast" }, { clock, files, log }),
        },
      );
      if (started.ok) {
        this.#driver = started.value;
        this.#passOn([...(this.bfd?.known.values() ?? [])]);
        return;
      }
      this.#failure = started.error;
      process.exit();
    });
  }

  /** SIGKILL. */
  crash(): void {
    this.#process?.kill();
  }

  /** SIGTERM: hands over and ends. Who is told again does nothing new. */
  shutDown(): void {
    const process = this.#process;
    if (process === undefined || process === this.#stopping) return;
    this.#stopping = process;
    process.post(() => this.#driver?.stop("SIGTERM", () => process.exit()));
  }

  reload(configuration: Configuration): void {
    this.#process?.post(() => this.#driver?.reload(configuration));
  }

  /** SIGSTOP. */
  stop(): void {
    this.#process?.stop();
  }

  /** SIGCONT. */
  resume(): void {
    this.#process?.resume();
  }

  /** Something is to go wrong at its `countdown`th system call from here; `onStrike` comes when it does. */
  doom(countdown: number, what: Misfortune, onStrike: () => void): void {
    this.#process?.doom(countdown, what, onStrike);
  }

  /** What has not gone wrong yet will not. */
  spare(): void {
    this.#process?.spare();
  }

  stand(kind: Standstill): void {
    this.machine.stand(kind);
  }

  wake(): void {
    this.machine.wake();
    this.#network.deliverBacklog();
    this.#secondNetwork?.deliverBacklog();
  }

  /** The cable: without it the interface has no carrier. */
  plug(running: boolean, lan: "first" | "second" = "first"): void {
    if (lan === "second") {
      this.kernel.setInterface(SECOND_INDEX, SECOND_INTERFACE, { up: true, running });
      return;
    }
    if (this.kernel.interfaceAt(this.#interfaceIndex) === undefined) return;
    this.kernel.setInterface(this.#interfaceIndex, LAN_INTERFACE, { up: true, running });
  }

  /** Its firewall refuses, or allows, the adverts that it would send; it hears those of others. */
  forbidAdverts(isForbidden: boolean, lan: "first" | "second" = "first"): void {
    const network = lan === "first" ? this.#network : this.#secondNetwork;
    if (network !== undefined) network.forbidsAdverts = isForbidden;
  }

  /** Whether its firewall refuses adverts on some LAN. */
  get isMute(): boolean {
    return this.#network.forbidsAdverts || this.#secondNetwork?.forbidsAdverts === true;
  }

  /** The interface goes, and all its addresses with it. */
  removeInterface(): void {
    this.kernel.removeInterface(this.#interfaceIndex);
  }

  /** One of the same name comes, with another index and the host's own address. */
  createInterface(): void {
    if (this.kernel.interfaceAt(this.#interfaceIndex) !== undefined) return;
    this.#interfaceIndex += 1;
    this.#network.plugInto(this.#interfaceIndex);
    this.#udp?.plugInto(this.#interfaceIndex);
    this.kernel.setInterface(this.#interfaceIndex, LAN_INTERFACE, { up: true, running: true });
    this.addOwnAddresses();
  }

  /** `ip address add` by an administrator. */
  addByHand(address: IpAddress, prefixLength: number, lan: "first" | "second" = "first"): void {
    const interfaceIndex = lan === "first" ? this.#interfaceIndex : SECOND_INDEX;
    const request: AddressRequest = { ...BY_HAND, interfaceIndex, address, prefixLength };
    this.kernel.addresses.add(request, "host");
  }

  /** `ip address delete` by an administrator. */
  removeByHand(address: IpAddress): void {
    const record = this.kernel.addresses.records().find((candidate) => candidate.address === address);
    if (record !== undefined) this.kernel.addresses.remove(record, "host");
  }

  /** The addresses that an interface has before any VIP. */
  addOwnAddresses(lan: "first" | "second" = "first"): void {
    this.addByHand(nodeAddress(this.#number, lan), 24, lan);
    if (this.#hasIpv6) this.addByHand(nodeLinkLocalAddress(this.#number, lan), 64, lan);
  }

  removeOwnAddresses(): void {
    this.removeByHand(this.address);
    if (this.#hasIpv6) this.removeByHand(nodeLinkLocalAddress(this.#number));
  }

  /** A script that succeeds or fails as `works` says at its start, after a moment. */
  installCheck(path: string, works: () => boolean, duration: Micros = millis(10)): void {
    this.programs.install(path, () => ({ status: works() ? 0 : 1, duration, stubborn: false }));
  }

  /** Whether it answers for the address to others: a machine that stands still, or is not connected, does not. */
  serves(address: IpAddress): boolean {
    if (this.machine.standstill !== undefined || this.packetFilter.blocks(address)) return false;
    const record = this.kernel.addresses.records().find((candidate) => candidate.address === address);
    const device = record === undefined ? undefined : this.kernel.interfaceAt(record.interfaceIndex);
    return device !== undefined && device.up && device.running;
  }

  /** The supervisor tells what it has of sessions. */
  #passOn(news: readonly BfdNews[]): void {
    if (news.length > 0) this.#process?.post(() => this.#driver?.learn(news));
  }

  #linksFor(process: SimProcess): Links {
    const first = this.#network.portFor(process);
    const second = this.#secondNetwork?.portFor(process);
    if (second === undefined) return first;
    const on = (index: number): Links => (this.kernel.baseOf(index) === SECOND_INDEX ? second : first);
    return {
      openVrrpSocket: (options, onReadable) => on(options.interfaceIndex).openVrrpSocket(options, onReadable),
      openArpSocket: (options, onReadable) => on(options.interfaceIndex).openArpSocket(options, onReadable),
      openNeighborSocket: (options, onReadable) => on(options.interfaceIndex).openNeighborSocket(options, onReadable),
    };
  }

  /** What its process says of itself; nothing where it does not run. */
  status(): readonly InstanceStatus[] {
    return this.running ? (this.#driver?.status() ?? []) : [];
  }

  /** What its process says of its sync groups. */
  groups(): readonly GroupStatus[] {
    return this.running ? (this.#driver?.groups() ?? []) : [];
  }
}

const LAN_INDEX = 2;
/** Far from those that the first one has after it went and came. */
const SECOND_INDEX = 100;

const BY_HAND: Omit<AddressRequest, "interfaceIndex" | "address" | "prefixLength"> = {
  peer: undefined,
  broadcast: undefined,
  label: undefined,
  scope: 0,
  flags: 0,
  validLifetime: "forever",
  preferredLifetime: "forever",
};
