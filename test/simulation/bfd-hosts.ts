import { ip } from "../../src/base/address.ts";
import { seededRandom, type Random } from "../../src/base/random.ts";
import { micros, millis, seconds, type Micros } from "../../src/base/time.ts";
import type { BfdInstanceSettings } from "../../src/config/model/bfd.ts";
import type { BfdNews } from "../../src/daemon/bfd-news.ts";
import { Lan } from "../../src/sim/lan.ts";
import { Machine } from "../../src/sim/machine.ts";
import { SimBfd } from "../../src/sim/sim-bfd.ts";
import { SimKernel } from "../../src/sim/sim-kernel.ts";
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
export class BfdHost extends SimBfd {
  readonly machine: Machine;
  readonly log: string[];
  /** Every verdict that was told, in order. */
  readonly told: BfdNews["verdict"][];
  #session: BfdInstanceSettings;

  constructor(
    name: string,
    number: number,
    session: BfdInstanceSettings,
    surroundings: { readonly world: World; readonly random: Random; readonly exchange: UdpExchange },
  ) {
    const { world, random, exchange } = surroundings;
    const machine = new Machine(name, { world, random, outside: undefined, origin: undefined });
    const kernel = new SimKernel({ machine, keepsProtocol: true, number });
    kernel.setInterface(LAN_INDEX, "eth0", { up: true, running: true });
    kernel.addresses.add({ ...BY_HAND, address: ip(`10.0.0.${number}`) }, "host");
    const udp = new SimUdp({ machine, kernel, exchange, interfaceIndex: LAN_INDEX });
    const log: string[] = [];
    const told: BfdNews["verdict"][] = [];
    super({
      machine,
      udp,
      random,
      onLog: (level, text) => void log.push(`${level} ${text}`),
      onNews: (news) => void told.push(...news.map(({ verdict }) => verdict)),
    });
    [this.machine, this.log, this.told, this.#session] = [machine, log, told, session];
  }

  get verdict(): BfdNews["verdict"] {
    return this.known.get("peer")?.verdict ?? "unknown";
  }

  begin(): void {
    this.start(this.#configuration());
  }

  change(change: Partial<BfdInstanceSettings>): void {
    this.#session = { ...this.#session, ...change };
    this.reload(this.#configuration());
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
