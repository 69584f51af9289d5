import { elapsed, micros, millis, seconds, type Instant } from "../../src/base/time.ts";
import { LAN_INTERFACE, SECOND_INTERFACE } from "../../src/sim/node.ts";
import type { Cluster, Member } from "./cluster.ts";
import { GATEWAY_NAME } from "./gateway.ts";
import { routersOf } from "./routers.ts";
import type { Told } from "./told.ts";

/** Looks at what a node says of itself, again and again, between its turns. */
export class Inspection {
  readonly #cluster: Cluster;
  readonly #told: Told;
  readonly #complain: (text: string) => void;
  /** Since when a node's interface has had no carrier. By node and interface. */
  readonly #unpluggedSince = new Map<string, Instant>();
  /** Since when nothing can come of a node's session. */
  readonly #cutOffSince = new Map<string, Instant>();
  /** Nodes whose session has been known. */
  readonly #informed = new Set<string>();

  constructor(cluster: Cluster, told: Told, complain: (text: string) => void) {
    this.#cluster = cluster;
    this.#told = told;
    this.#complain = complain;
  }

  look(): void {
    for (const member of this.#cluster.members) {
      const isDeaf = this.#cluster.invariants.some((rules) => rules.isDeaf(member.node));
      this.#lookAtLinks(member, isDeaf);
      this.#lookAtSession(member);
      if (!isDeaf) this.#told.demand(member.node);
    }
  }

  /** A node without a carrier is no master, once it has had the patience with its link that it was told to have. */
  #lookAtLinks({ node }: Member, isDeaf: boolean): void {
    const { plan, world } = this.#cluster;
    const { linkDownDelay = micros(0), polling = false } = plan.trackers ?? {};
    for (const router of routersOf(plan)) {
      const device = router.lan === "first" ? LAN_INTERFACE : SECOND_INTERFACE;
      const key = `${node.name} ${device}`;
      const isPlugged = node.kernel.interfaceNamed(device)?.running !== false;
      if (isPlugged || isDeaf) {
        this.#unpluggedSince.delete(key);
        continue;
      }
      const since = this.#unpluggedSince.get(key) ?? world.now();
      this.#unpluggedSince.set(key, since);
      if (elapsed(since, world.now()) <= linkDownDelay + (polling ? seconds(1) : 0) + PATIENCE) continue;
      const state = node.status().find(({ name }) => name === router.name)?.state;
      if (state === "MASTER") this.#complain(`${node.name} is master of ${router.name} without a carrier`);
    }
  }

  /** What was known of a session is never forgotten, and a gateway that is gone is missed in time. */
  #lookAtSession({ node }: Member): void {
    const { gateway, lans, world } = this.#cluster;
    const { bfd, machine } = node;
    if (bfd === undefined || gateway === undefined) return;
    const verdict = [...bfd.known.values()][0]?.verdict;
    if (verdict === "up" || verdict === "down") this.#informed.add(node.name);
    if (verdict === "unknown" && this.#informed.has(node.name)) {
      this.#complain(`${node.name} has forgotten what it knew of its session`);
    }
    const isCutOff = !gateway.bfd.running || lans.first.isCut(GATEWAY_NAME, node.name);
    if (!isCutOff || !bfd.running || bfd.stopped || machine.standstill !== undefined) {
      this.#cutOffSince.delete(node.name);
      return;
    }
    const since = this.#cutOffSince.get(node.name) ?? world.now();
    this.#cutOffSince.set(node.name, since);
    if (verdict === "up" && elapsed(since, world.now()) > LONGEST_DETECTION) {
      this.#complain(`${node.name} takes its session for up, and its gateway is gone`);
    }
  }
}

const PATIENCE = millis(100);
/** At the pace of a session that has just come, and a restart of the process in between. */
const LONGEST_DETECTION = seconds(3.5);
