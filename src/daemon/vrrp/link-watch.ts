import { after, earliest, seconds, toSeconds, type Instant } from "../../base/time.ts";
import type { LinkSettings } from "../../config/model/trackers.ts";
import { followLink, type LinkState } from "../../core/tracking/link-state.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { LinkProbe, LinkProbeMethod } from "../../ports/link-probe.ts";
import type { Log } from "../../ports/log.ts";
import type { InterfaceTable } from "./interface-table.ts";

export interface LinkWatchDependencies {
  readonly clock: Clock;
  readonly linkProbe: LinkProbe;
  readonly interfaces: InterfaceTable;
  readonly log: Log;
}

interface Followed {
  settings: LinkSettings;
  state: LinkState | undefined;
  /** The last answer of its driver; undefined: it is not asked, or knows none of the ways. */
  answer: boolean | undefined;
  /** The ways that are still to be tried, the one in use first. */
  methods: readonly LinkProbeMethod[];
}

/**
 * Says of interfaces whether they are up: as the kernel tells, or, where the configuration wants it, as their driver answers
 * and only after a change has lasted for a while.
 */
export class LinkWatch {
  readonly #dependencies: LinkWatchDependencies;
  readonly #onChange: () => void;
  readonly #alarm: Alarm;
  readonly #followed = new Map<string, Followed>();
  #askAt: Instant | undefined;
  #closed = false;

  /** `onChange` comes when what `isUp` says has changed by itself: a delay is over, or a driver has answered otherwise. */
  constructor(onChange: () => void, dependencies: LinkWatchDependencies) {
    this.#dependencies = dependencies;
    this.#onChange = onChange;
    this.#alarm = dependencies.clock.alarm(() => {
      if (this.#follow()) this.#onChange();
    });
  }

  isUp(device: NetworkInterface): boolean {
    return this.#followed.get(device.name)?.state?.up ?? (device.up && device.running);
  }

  configure(links: readonly LinkSettings[]): void {
    const names = new Set(links.map((settings) => settings.interface));
    for (const name of this.#followed.keys()) if (!names.has(name)) this.#followed.delete(name);
    for (const settings of links) {
      const known = this.#followed.get(settings.interface);
      if (known !== undefined && known.settings.polling === settings.polling) {
        known.settings = settings;
        continue;
      }
      const fresh = { settings, state: known?.state, answer: undefined, methods: waysOf(settings) };
      this.#followed.set(settings.interface, fresh);
    }
    const isPolling = links.some(({ polling }) => polling !== undefined);
    this.#askAt = isPolling ? this.#dependencies.clock.now() : undefined;
    this.#follow();
  }

  /** The kernel has told something of interfaces. */
  noteEvents(): void {
    if (this.#followed.size > 0 && !this.#closed) this.#follow();
  }

  close(): void {
    this.#closed = true;
    this.#alarm.close();
  }

  /** @returns whether anything is up or down now that was not before. */
  #follow(): boolean {
    const { clock, interfaces } = this.#dependencies;
    const now = clock.now();
    if (this.#askAt !== undefined && now >= this.#askAt) {
      this.#askAt = after(now, POLLING_PERIOD);
      for (const followed of this.#followed.values()) this.#ask(followed);
    }
    let changed = false;
    for (const followed of this.#followed.values()) {
      const device = interfaces.byName(followed.settings.interface);
      const before = followed.state;
      followed.state = device === undefined ? undefined : this.#next(followed, device, now);
      changed ||= before?.up !== followed.state?.up;
    }
    const next = earliest(this.#askAt, ...[...this.#followed.values()].map(({ state }) => state?.changesAt));
    if (next === undefined) this.#alarm.clear();
    else this.#alarm.set(next);
    return changed;
  }

  #next({ settings, state, answer }: Followed, device: NetworkInterface, now: Instant): LinkState {
    const next = followLink(settings, state, device.up && (answer ?? device.running), now);
    if (next.changesAt !== undefined && state?.changesAt === undefined) {
      const [delay, change] = next.up ? [settings.down, "down"] : [settings.up, "up"];
      const text = `Interface ${device.name} is ${change}, which counts if it lasts for ${toSeconds(delay)} s`;
      this.#dependencies.log.write("info", text);
    }
    return next;
  }

  /** By the first way that the driver knows. One that knows none is left to the kernel. */
  #ask(followed: Followed): void {
    const { linkProbe, interfaces, log } = this.#dependencies;
    const name = followed.settings.interface;
    if (followed.settings.polling === undefined || interfaces.byName(name) === undefined) return;
    for (let [method] = followed.methods; method !== undefined; [method] = followed.methods) {
      const answer = linkProbe.ask(name, method);
      if (answer.ok) {
        followed.answer = answer.value;
        return;
      }
      // It may be gone this very moment; that says nothing about its driver.
      if (answer.error.errno === "ENODEV") return;
      followed.methods = followed.methods.slice(1);
      const [other] = followed.methods;
      const instead = other === undefined ? "the kernel's word counts" : `${other} is tried`;
      log.write(
        "info",
        `Interface ${name} cannot be asked for its link by ${method}: ${answer.error.message}; ${instead}`,
      );
    }
    followed.answer = undefined;
  }
}

function waysOf({ polling }: LinkSettings): readonly LinkProbeMethod[] {
  return polling === undefined ? [] : [polling, ...METHODS.filter((method) => method !== polling)];
}

const METHODS: readonly LinkProbeMethod[] = ["MII", "ETHTOOL", "IOCTL"];
/** keepalived's. */
const POLLING_PERIOD = seconds(1);
