import { ip } from "../../src/base/address.ts";
import { seededRandom, type Random } from "../../src/base/random.ts";
import { micros, millis, seconds, type Micros } from "../../src/base/time.ts";
import type { BfdInstanceSettings } from "../../src/config/model/bfd.ts";
import { startBfdDriver, type BfdDriver } from "../../src/daemon/bfd/driver.ts";
import { learnNews, type BfdNews } from "../../src/daemon/bfd-news.ts";
import { Lan } from "../../src/sim/lan.ts";
import { Machine } from "../../src/sim/machine.ts";
import { SimKernel } from "../../src/sim/sim-kernel.ts";
import { SimProcess } from "../../src/sim/sim-process.ts";
import { SimUdp, UdpExchange } from "../../src/sim/sim-udp.ts";
import { World } from "../../src/sim/world.ts";
import { configuration } from "./settings.ts";

/** Two hosts on one LAN, each with a BFD session to the other. */
export interface BfdWorld {
  readonly world: World;
  readonly lan: Lan;
  readonly random: Random;
  readonly a: BfdHost;
  readonly b: BfdHost;
}

export function createBfdWorld(seed: number, lossPermille = 0, settings: Partial<BfdInstanceSettings> = {}): BfdWorld {
  const random = seededRandom(seed);
  const world = new World();
  const quality = { delay: micros(200), jitter: micros(300), lossPermille, duplicationPermille: 0 };
  const lan = new Lan(quality, { world, random });
  const exchange = new UdpExchange(lan, { world, random });
  const host = (name: string, own: number, other: number): BfdHost =>
    new BfdHost(name, own, sessionTo(other, settings), { world, random, exchange });
  return { world, lan, random, a: host("a", 1, 2), b: host("b", 2, 1) };
}

/** A machine with the bfd process, and one who tracks its session. */
export class BfdHost {
  readonly machine: Machine;
  readonly log: string[] = [];
  /** Every verdict that was told, in order. */
  readonly told: BfdNews["verdict"][] = [];
  /** What those that track it hold of the session. It outlives the process. */
  readonly known = new Map<string, BfdNews>();
  readonly #kernel: SimKernel;
  readonly #udp: SimUdp;
  readonly #random: Random;
  #session: BfdInstanceSettings;
  #process: SimProcess | undefined;
  #driver: BfdDriver | undefined;

  constructor(
    name: string,
    number: number,
    session: BfdInstanceSettings,
    surroundings: { readonly world: World; readonly random: Random; readonly exchange: UdpExchange },
  ) {
    const { world, random, exchange } = surroundings;
    this.machine = new Machine(name, { world, random, outside: undefined, origin: undefined });
    this.#kernel = new SimKernel({ machine: this.machine, keepsProtocol: true, number });
    this.#kernel.setInterface(LAN_INDEX, "eth0", { up: true, running: true });
    this.#kernel.addresses.add({ ...BY_HAND, address: ip(`10.0.0.${number}`) }, "host");
    this.#udp = new SimUdp({ machine: this.machine, kernel: this.#kernel, exchange, interfaceIndex: LAN_INDEX });
    this.#random = random;
    this.#session = session;
  }

  get verdict(): BfdNews["verdict"] {
    return this.known.get("peer")?.verdict ?? "unknown";
  }

  get running(): boolean {
    return this.#process?.alive === true;
  }

  get process(): SimProcess | undefined {
    return this.#process;
  }

  start(): void {
    if (this.running) return;
    const process = new SimProcess(this.machine);
    this.#process = process;
    process.post(() => {
      this.#driver = startBfdDriver(this.#configuration(), {
        clock: process.clock(),
        udp: this.#udp.portFor(process),
        log: { write: (level, text) => void this.log.push(`${level} ${text}`) },
        random: this.#random,
        tell: (news) => {
          learnNews(this.known, news);
          this.told.push(...news.map(({ verdict }) => verdict));
        },
      });
    });
  }

  reload(change: Partial<BfdInstanceSettings>): void {
    this.#session = { ...this.#session, ...change };
    this.#process?.post(() => this.#driver?.reload(this.#configuration()));
  }

  shutDown(): void {
    const process = this.#process;
    process?.post(() => this.#driver?.stop(() => process.exit()));
  }

  crash(): void {
    this.#process?.kill();
  }

  status(): ReturnType<BfdDriver["status"]> {
    return this.running ? (this.#driver?.status() ?? []) : [];
  }

  #configuration(): ReturnType<typeof configuration> {
    return { ...configuration([]), bfd: [this.#session] };
  }
}

function sessionTo(number: number, settings: Partial<BfdInstanceSettings>): BfdInstanceSettings {
  return {
    name: "peer",
    place: { file: "keepalived.conf", line: 1, column: 1 },
    neighbor: ip(`10.0.0.${number}`),
    source: undefined,
    minTx: millis(10),
    minRx: millis(10),
    idleTx: seconds(1),
    multiplier: 3,
    passive: false,
    hopLimit: 255,
    leastHopLimit: 255,
    multihop: false,
    ...settings,
  };
}

/** 3 x 10 ms, and what the LAN and a turn of the process take. */
export const DETECTION: Micros = millis(32);

const LAN_INDEX = 2;
const BY_HAND = {
  interfaceIndex: LAN_INDEX,
  prefixLength: 24,
  peer: undefined,
  broadcast: undefined,
  label: undefined,
  scope: 0,
  flags: 0,
  validLifetime: "forever",
  preferredLifetime: "forever",
} as const;
