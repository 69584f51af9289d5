import { familyOf, isMulticast, type IpAddress } from "../../base/address.ts";
import { EVERY_INTERFACE, interfaceText } from "../../base/every-interface.ts";
import { elapsed, toMillis, type Instant } from "../../base/time.ts";
import type { StrangerStatus } from "../../api/contract.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { AUTHENTICATION_HEADER_LENGTH } from "../../wire/authentication-header.ts";
import { arrived, type Arrival } from "./arrival.ts";
import { LimitedLog } from "./limited-log.ts";
import type { PooledPacket } from "./socket-pool.ts";

/**
 * Virtual routers that are heard on our interfaces and are none of ours: other clusters, whose numbers are taken. Nothing of
 * what they say is believed or checked but the VRID and the priority.
 */
export class StrangerTable {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #strangers = new Map<string, Stranger>();

  #adverts = 0;

  constructor({ clock, log }: { readonly log: Log; readonly clock: Clock }) {
    this.#clock = clock;
    this.#log = new LimitedLog(log, clock);
  }

  /**
   * No instance is concerned by this packet, which may still be another socket's that hears the same interface. Each sender and
   * VRID is told once where that is wanted (`log_unknown_vrids`).
   */
  note({ need, packet }: PooledPacket, instances: readonly InstanceSettings[], isTold: boolean): void {
    const { interfaceName: device, family } = need;
    const start = need.authenticationHeader ? AUTHENTICATION_HEADER_LENGTH : 0;
    const [vrid, priority] = [packet.message[start + AT_VRID], packet.message[start + AT_PRIORITY]];
    // Unicast comes to every socket of the interface, multicast to the one that has joined the group.
    if (vrid === undefined || priority === undefined) return;
    if (isMulticast(packet.destination) !== (need.group !== undefined)) return;
    const isOurs = instances.some((each) => isThere(each, device) && each.family === family && each.vrid === vrid);
    if (isOurs) return;
    this.#adverts += 1;
    const { source } = packet;
    const key = `${device} ${vrid} ${source}`;
    const known = this.#strangers.get(key);
    if (known === undefined && this.#strangers.size >= MOST_STRANGERS) this.#forgetOldest();
    const arrival = arrived(known?.arrival, this.#clock.now());
    const isNew = isTold && known?.told !== true;
    const adverts = (known?.adverts ?? 0) + 1;
    this.#strangers.set(key, {
      device,
      vrid,
      source,
      priority,
      adverts,
      arrival,
      told: isTold || known?.told === true,
    });
    if (isNew)
      this.#log.write("info", `Unknown VRID ${vrid} received on ${interfaceText(device)} from ${source}, ignoring it`);
  }

  /** All adverts of theirs that came, forgotten ones too. */
  get adverts(): number {
    return this.#adverts;
  }

  /** A reload may have made one of ours of it. */
  forgetOwn(instances: readonly InstanceSettings[]): void {
    for (const [key, { device, vrid, source }] of this.#strangers) {
      const family = familyOf(source);
      const isOurs = instances.some((each) => isThere(each, device) && each.family === family && each.vrid === vrid);
      if (isOurs) this.#strangers.delete(key);
    }
  }

  status(): readonly StrangerStatus[] {
    const now = this.#clock.now();
    return [...this.#strangers.values()].map(({ device, vrid, source, priority, adverts, arrival }) => ({
      interface: device,
      vrid,
      family: familyOf(source),
      address: source,
      priority,
      adverts,
      lastHeardMsAgo: Math.round(toMillis(elapsed(arrival.lastAt, now))),
      intervalMs: arrival.interval === undefined ? null : toMillis(arrival.interval),
    }));
  }

  #forgetOldest(): void {
    let oldest: { readonly key: string; readonly at: Instant } | undefined;
    for (const [key, { arrival }] of this.#strangers) {
      if (oldest === undefined || arrival.lastAt < oldest.at) oldest = { key, at: arrival.lastAt };
    }
    if (oldest !== undefined) this.#strangers.delete(oldest.key);
  }
}

/** Its own interface, or the one with its virtual MAC address. What hears all interfaces hears what others are sent, too. */
function isThere(settings: InstanceSettings, device: string): boolean {
  if (device === EVERY_INTERFACE || settings.interface === EVERY_INTERFACE) return true;
  return settings.interface === device || settings.advertInterface === device;
}

interface Stranger {
  readonly device: string;
  readonly vrid: number;
  readonly source: IpAddress;
  readonly priority: number;
  readonly adverts: number;
  readonly arrival: Arrival;
  readonly told: boolean;
}

/** In a VRRP message. */
const AT_VRID = 1;
const AT_PRIORITY = 2;

/** Senders can be forged, so their number is bounded. */
const MOST_STRANGERS = 64;
