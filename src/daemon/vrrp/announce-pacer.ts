import type { AddressFamily, IpAddress } from "../../base/address.ts";
import { earliest, type Micros } from "../../base/time.ts";
import type { PacingSettings } from "../../config/model/announcing.ts";
import {
  emptyQueue,
  enqueue,
  queueDeadline,
  takeDue,
  withdraw,
  type AnnounceQueue,
} from "../../core/vrrp/announce-queue.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";

/** One address that is to be announced on an interface. */
export interface Announcement {
  readonly device: string;
  readonly family: AddressFamily;
  readonly address: IpAddress;
}

export interface PacerDependencies {
  readonly clock: Clock;
  /** Sends these now, in their order. */
  readonly send: (announcements: readonly Announcement[]) => void;
}

/** Lets announcements out no faster than `vrrp_garp_interval`, `vrrp_gna_interval` and garp_group say. */
export class AnnouncePacer {
  readonly #dependencies: PacerDependencies;
  readonly #alarm: Alarm;
  readonly #announcements = new Map<string, Announcement>();
  readonly #queues = new Map<string, { queue: AnnounceQueue; interval: Micros }>();
  #settings: PacingSettings;

  constructor(settings: PacingSettings, dependencies: PacerDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#alarm = dependencies.clock.alarm(() => this.#wake());
  }

  /** What waits goes on by the new pace. */
  reconfigure(settings: PacingSettings): void {
    this.#settings = settings;
    const waiting = [...this.#queues.values()].flatMap(({ queue }) => [...queue.waiting]);
    this.#queues.clear();
    for (const [key, count] of waiting) {
      const announcement = this.#announcements.get(key);
      if (announcement !== undefined) this.submit([announcement], count);
    }
  }

  /** Sends `repeat` rounds of these, or lets them wait for their turn. They are of one interface and one family. */
  submit(announcements: readonly Announcement[], repeat: number): void {
    const [first] = announcements;
    if (first === undefined) return;
    const { name, interval } = this.#paceOf(first);
    if (interval === 0) {
      for (let round = 0; round < repeat; round++) this.#dependencies.send(announcements);
      return;
    }
    const now = this.#dependencies.clock.now();
    const known = this.#queues.get(name) ?? { queue: emptyQueue(now), interval };
    for (const announcement of announcements) this.#announcements.set(keyOf(announcement), announcement);
    this.#queues.set(name, { queue: enqueue(known.queue, announcements.map(keyOf), repeat, now), interval });
    this.#wake();
  }

  /** These addresses are not ours to announce any more. */
  withdraw(gone: readonly { readonly device: string; readonly address: IpAddress }[]): void {
    if (this.#queues.size === 0) return;
    const keys = new Set(gone.map(keyOf));
    for (const [name, { queue, interval }] of this.#queues) {
      this.#queues.set(name, { queue: withdraw(queue, (key) => keys.has(key)), interval });
    }
    this.#tidy();
  }

  close(): void {
    this.#alarm.close();
  }

  #wake(): void {
    const now = this.#dependencies.clock.now();
    for (const [name, { queue, interval }] of this.#queues) {
      const due = takeDue(queue, interval, now);
      this.#queues.set(name, { queue: due.queue, interval });
      this.#dependencies.send(due.keys.flatMap((key) => this.#announcements.get(key) ?? []));
    }
    this.#tidy();
  }

  /** Forgets what is done with, and sets the alarm for what is not. */
  #tidy(): void {
    const now = this.#dependencies.clock.now();
    for (const [name, { queue }] of this.#queues) {
      if (queue.waiting.size === 0 && queue.freeAt <= now) this.#queues.delete(name);
    }
    const waiting = new Set([...this.#queues.values()].flatMap(({ queue }) => [...queue.waiting.keys()]));
    for (const key of this.#announcements.keys()) if (!waiting.has(key)) this.#announcements.delete(key);
    const deadline = earliest(...[...this.#queues.values()].map(({ queue }) => queueDeadline(queue)));
    if (deadline === undefined) this.#alarm.clear();
    else this.#alarm.set(deadline);
  }

  /** Interfaces of one garp_group wait for one another, others each for itself. */
  #paceOf({ device, family }: Announcement): { readonly name: string; readonly interval: Micros } {
    const index = this.#settings.groups.findIndex(({ interfaces }) => interfaces.includes(device));
    const group = this.#settings.groups[index] ?? this.#settings;
    const interval = family === "ipv4" ? group.arpInterval : group.neighborInterval;
    return { name: `${index < 0 ? device : `group ${index}`} ${family}`, interval };
  }
}

function keyOf({ device, address }: { readonly device: string; readonly address: IpAddress }): string {
  return `${device} ${address}`;
}
