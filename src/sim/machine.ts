import { after, instant, micros, type Instant, type Micros } from "../base/time.ts";
import type { Random } from "../base/random.ts";
import { EventQueue, type Pending } from "./event-queue.ts";
import type { World } from "./world.ts";

/** What the outside clock of a machine is like; undefined: there is none. */
export type OutsideClock = { readonly resolutionMicros: number } | undefined;

/** Why a machine does nothing: suspended to memory, or a virtual machine whose host does not run it. */
export type Standstill = "suspended" | "frozen";

/**
 * A machine and its clocks. What is to happen on it happens by its own monotonic clock, so that a standstill puts off all
 * of it.
 */
export class Machine {
  readonly name: string;
  readonly world: World;
  readonly random: Random;
  /** By the monotonic clock. For the world alone. */
  readonly queue = new EventQueue();
  readonly #outside: OutsideClock;
  readonly #origin: number;
  readonly #outsideOrigin: number;
  readonly #onLeap = new Set<() => void>();
  #standstill: { readonly kind: Standstill; readonly since: Instant } | undefined;
  /** How long it was frozen, and suspended, in all its standstills that are over. */
  #frozenFor = 0;
  #suspendedFor = 0;
  #wallClockOffMs = 0;

  constructor(
    name: string,
    dependencies: {
      readonly world: World;
      readonly random: Random;
      readonly outside: OutsideClock;
      /** What its clocks show when the world begins; by chance where it is not given. */
      readonly origin?: Instant | undefined;
    },
  ) {
    this.name = name;
    this.world = dependencies.world;
    this.random = dependencies.random;
    this.#outside = dependencies.outside;
    // Clocks of different machines have nothing in common.
    this.#origin = dependencies.origin ?? 1_000_000_000 + this.random.below(1_000_000_000);
    this.#outsideOrigin = this.random.below(1_000_000_000);
    this.world.join(this);
  }

  get standstill(): Standstill | undefined {
    return this.#standstill?.kind;
  }

  /** CLOCK_MONOTONIC. */
  monotonic(): Instant {
    const lost = this.#frozenFor + this.#suspendedFor + this.#lost("frozen") + this.#lost("suspended");
    return instant(this.#origin + this.world.now() - lost);
  }

  /** CLOCK_BOOTTIME. */
  boottime(): Instant {
    return instant(this.#origin + this.world.now() - this.#frozenFor - this.#lost("frozen"));
  }

  outside(): { readonly at: Instant; readonly resolutionMicros: number } | undefined {
    if (this.#outside === undefined) return undefined;
    const { resolutionMicros } = this.#outside;
    const exact = this.#outsideOrigin + this.world.now();
    return { at: instant(exact - (exact % resolutionMicros)), resolutionMicros };
  }

  wallClockMs(): number {
    return WORLD_BEGAN_MS + this.#wallClockOffMs + this.world.now() / 1_000;
  }

  /** Somebody sets the time of day, wrong by so much. No other clock minds. */
  setWallClock(offMs: number): void {
    this.#wallClockOffMs = offMs;
    this.#tellOfLeap();
  }

  /** Calls back when the time of day makes a leap that the kernel knows of. */
  watchLeaps(onLeap: () => void): { close(): void } {
    this.#onLeap.add(onLeap);
    return { close: () => void this.#onLeap.delete(onLeap) };
  }

  /** Does something when the monotonic clock says so; at once where that is in the past. */
  at(when: Instant, action: () => void): Pending {
    const now = this.monotonic();
    return this.queue.add(when < now ? now : when, action);
  }

  after(duration: Micros, action: () => void): Pending {
    return this.queue.add(after(this.monotonic(), duration), action);
  }

  /** When something happens next, in world time; undefined: not before it wakes. */
  nextEvent(): Instant | undefined {
    if (this.#standstill !== undefined) return undefined;
    const next = this.queue.next();
    return next === undefined ? undefined : after(this.world.now(), micros(next - this.monotonic()));
  }

  /** It does nothing any more until `wake`. One that stands still already goes on doing so in the same way. */
  stand(kind: Standstill): void {
    this.#standstill ??= { kind, since: this.world.now() };
  }

  wake(): void {
    this.#frozenFor += this.#lost("frozen");
    this.#suspendedFor += this.#lost("suspended");
    const wasSuspended = this.#standstill?.kind === "suspended";
    this.#standstill = undefined;
    if (wasSuspended) this.#tellOfLeap();
  }

  #tellOfLeap(): void {
    for (const onLeap of this.#onLeap) onLeap();
  }

  #lost(kind: Standstill): number {
    return this.#standstill?.kind === kind ? this.world.now() - this.#standstill.since : 0;
  }
}

const WORLD_BEGAN_MS = 1_767_225_600_000;
