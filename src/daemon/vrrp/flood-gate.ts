import type { Instant } from "../../base/time.ts";
import { openGuard, SAMPLE, watchStrangers, type FloodGuard } from "../../core/flood-guard.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { VrrpSocket } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";

/** Has the kernel throw away what strangers send to one socket while they send by the thousand. */
export class FloodGate {
  readonly #socket: Pick<VrrpSocket, "hearOnly">;
  readonly #device: string;
  readonly #log: Log;
  /** The virtual routers that are heard by this socket, with how many of us each has. */
  readonly #vrids = new Map<number, number>();
  #guard: FloodGuard;

  constructor(socket: Pick<VrrpSocket, "hearOnly">, device: string, log: Log, now: Instant) {
    this.#socket = socket;
    this.#device = device;
    this.#log = log;
    this.#guard = openGuard(now);
  }

  join(vrid: number): void {
    this.#vrids.set(vrid, (this.#vrids.get(vrid) ?? 0) + 1);
    if (this.#guard.kind === "closed") this.#close();
  }

  leave(vrid: number): void {
    const left = (this.#vrids.get(vrid) ?? 0) - 1;
    if (left > 0) this.#vrids.set(vrid, left);
    else this.#vrids.delete(vrid);
    if (this.#guard.kind === "closed") this.#close();
  }

  /** Whether a packet is for one of those who have joined. */
  knows(vrid: number | undefined): boolean {
    return vrid !== undefined && this.#vrids.has(vrid);
  }

  /** So many of those that were read just now were strangers'. */
  watch(strangers: number, now: Instant): void {
    if (strangers === 0 && this.#guard.kind === "open") return;
    const before = this.#guard.kind;
    this.#guard = watchStrangers(this.#guard, strangers, now);
    if (before === this.#guard.kind) return;
    if (this.#guard.kind === "closed") {
      const text = `adverts of unknown VRIDs come to ${this.#device} by the thousand: one in ${SAMPLE} is looked at until they stop`;
      this.#log.write("warn", text);
      return this.#close();
    }
    this.#log.write("info", `the adverts of unknown VRIDs on ${this.#device} have stopped`);
    this.#tell(this.#socket.hearOnly(undefined));
  }

  #close(): void {
    this.#tell(this.#socket.hearOnly({ vrids: new Set(this.#vrids.keys()), sample: SAMPLE }));
  }

  #tell(done: ReturnType<VrrpSocket["hearOnly"]>): void {
    if (!done.ok) this.#log.write("error", describeFailure(done.error));
  }
}
