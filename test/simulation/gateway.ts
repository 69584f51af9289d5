import { ip, type IpAddress } from "../../src/base/address.ts";
import type { Random } from "../../src/base/random.ts";
import { millis, seconds } from "../../src/base/time.ts";
import type { BfdInstanceSettings } from "../../src/config/model/bfd.ts";
import { LAN_INTERFACE, nodeAddress } from "../../src/sim/node.ts";
import { Machine } from "../../src/sim/machine.ts";
import { SimBfd } from "../../src/sim/sim-bfd.ts";
import { SimKernel } from "../../src/sim/sim-kernel.ts";
import { SimUdp, type UdpExchange } from "../../src/sim/sim-udp.ts";
import type { World } from "../../src/sim/world.ts";
import type { NodePlan } from "./plan.ts";

/** The session of each node. */
export const GATEWAY_SESSION = "gateway";
export const GATEWAY_ADDRESS: IpAddress = ip("10.0.0.200");
/** On the LAN. */
export const GATEWAY_NAME = "gateway";

/** A router on the LAN that takes no part in VRRP and has a BFD session with every node. */
export class Gateway {
  readonly bfd: SimBfd;
  readonly #sessions: readonly BfdInstanceSettings[];

  constructor(
    nodes: readonly Pick<NodePlan, "name" | "number">[],
    surroundings: { readonly world: World; readonly random: Random; readonly exchange: UdpExchange },
  ) {
    const { world, random, exchange } = surroundings;
    const machine = new Machine(GATEWAY_NAME, { world, random, outside: undefined });
    const kernel = new SimKernel({ machine, keepsProtocol: true, number: 200 });
    kernel.setInterface(INDEX, LAN_INTERFACE, { up: true, running: true });
    kernel.addresses.add({ ...BY_HAND, address: GATEWAY_ADDRESS }, "host");
    const udp = new SimUdp({ machine, kernel, exchange, interfaceIndex: INDEX });
    this.bfd = new SimBfd({ machine, udp, random, onLog: () => {}, onNews: () => {} });
    this.#sessions = nodes.map(({ name, number }) => sessionTo(name, nodeAddress(number)));
  }

  start(): void {
    this.bfd.start({ bfd: this.#sessions });
  }
}

/** A session that notices silence after a second. */
export function sessionTo(name: string, neighbor: IpAddress): BfdInstanceSettings {
  return {
    name,
    place: { file: "keepalived.conf", line: 1, column: 1 },
    neighbor,
    source: undefined,
    minTx: millis(330),
    minRx: millis(330),
    idleTx: seconds(1),
    multiplier: 3,
    passive: false,
    hopLimit: 255,
    leastHopLimit: 255,
    multihop: false,
  };
}

const INDEX = 2;
const BY_HAND = {
  interfaceIndex: INDEX,
  prefixLength: 24,
  peer: undefined,
  broadcast: undefined,
  label: undefined,
  scope: 0,
  flags: 0,
  validLifetime: "forever",
  preferredLifetime: "forever",
} as const;
