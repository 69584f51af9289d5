import type { Clock } from "../../ports/clock.ts";
import type { InstanceSettings } from "../../config/model.ts";
import type { Log } from "../../ports/log.ts";
import { AUTHENTICATION_HEADER_LENGTH } from "../../wire/authentication-header.ts";
import { LimitedLog } from "./limited-log.ts";
import type { PooledPacket } from "./socket-pool.ts";

/** Tells of adverts for virtual routers that are not configured here, each sender and VRID once (`log_unknown_vrids`). */
export class UnknownVrids {
  readonly #log: Log;
  readonly #told = new Set<string>();

  constructor(dependencies: { readonly log: Log; readonly clock: Clock }) {
    this.#log = new LimitedLog(dependencies.log, dependencies.clock);
  }

  /** No instance is concerned by this packet. It may be another socket's that hears the same interface. */
  note({ need, packet }: PooledPacket, instances: readonly InstanceSettings[]): void {
    const { interfaceName: device, family } = need;
    const vrid = packet.message[(need.authenticationHeader ? AUTHENTICATION_HEADER_LENGTH : 0) + AT_VRID];
    if (vrid === undefined) return;
    const isKnown = instances.some((each) => each.interface === device && each.family === family && each.vrid === vrid);
    if (isKnown) return;
    const key = `${device} ${packet.source} ${vrid}`;
    if (this.#told.has(key)) return;
    // Senders can be forged: whoever fills the memory has the lines told again, which are limited.
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(key);
    this.#log.write("info", `Unknown VRID ${vrid} received on ${device} from ${packet.source}, ignoring it`);
  }
}

/** In a VRRP message. */
const AT_VRID = 1;

const MOST_TOLD = 256;
