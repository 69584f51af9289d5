import { familyOf, parseIpAddress, type IpAddress } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import {
  elapsed,
  instant,
  micros,
  millis,
  seconds,
  toSeconds,
  type Instant,
  type Micros,
} from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import {
  checkScript,
  configuration,
  instance,
  virtualAddress,
  VRRP_GROUP,
  VRRP_GROUP_IPV6,
} from "../simulation/settings.ts";

/** What a scenario got wrong: where, what was expected, and all that happened. */
export interface Mismatch {
  readonly line: number;
  readonly message: string;
  readonly happened: readonly string[];
}

/**
 * Plays a scenario. It is written in blocks: commands, a line `----`, what is to be seen. README.md has the words.
 *
 * Throws on a word it does not know.
 */
export function play(text: string): readonly Mismatch[] {
  const stage = new Stage();
  const mismatches: Mismatch[] = [];
  for (const block of blocksOf(text)) {
    stage.begin();
    for (const command of block.commands) stage.obey(command.words, command.text);
    const message = stage.compare(block.expected);
    if (message !== undefined) mismatches.push({ line: block.line, message, happened: stage.happened() });
  }
  return mismatches;
}

interface Block {
  readonly line: number;
  readonly commands: readonly { readonly words: readonly string[]; readonly text: string }[];
  readonly expected: readonly string[];
}

interface Happening {
  readonly at: Micros;
  /** `a active`, `b holds`. */
  readonly what: string;
}

interface Actor {
  readonly node: SimNode;
  settings: InstanceSettings;
  script: "works" | "fails" | "dawdles";
}

class Stage {
  readonly #world = new World();
  readonly #random = seededRandom(1);
  readonly #lan: Lan;
  readonly #actors = new Map<string, Actor>();
  readonly #scripted: { weight: number | undefined } = { weight: undefined };
  #startupDelay = seconds(0);
  #began: Instant = instant(0);
  #happenings: Happening[] = [];

  constructor() {
    const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
    this.#lan = new Lan(quality, { world: this.#world, random: this.#random });
    this.#lan.observe((station, frame) => {
      if (frame.kind === "vrrp" && frame.packet.message[2] === 0) this.#happens(station.name, "farewell");
    });
  }

  begin(): void {
    this.#began = this.#world.now();
    this.#happenings = [];
  }

  happened(): readonly string[] {
    const states = [...this.#actors].map(([name, actor]) => `${name} ${stateOf(actor)}`);
    return [...this.#happenings.map(({ at, what }) => `${toSeconds(at).toFixed(3)}s ${what}`), ...states];
  }

  obey(words: readonly string[], text: string): void {
    const [verb = "", name = "", ...rest] = words;
    switch (verb) {
      case "lan":
        return this.#createLan(words.slice(1));
      case "run":
        return this.#world.runFor(durationOf(name));
      case "cut":
        return this.#lan.cut(name, rest[0] ?? "");
      case "mend":
        return this.#lan.mend();
      default:
        return this.#direct(verb, this.#actor(name, text), rest, text);
    }
  }

  /** @returns what is wrong; undefined: nothing. */
  compare(expected: readonly string[]): string | undefined {
    const timed = expected.filter((line) => /^[0-9]/.test(line));
    const states = expected.filter((line) => !timed.includes(line));
    for (const line of states) {
      const [name = "", state = ""] = line.split(/\s+/);
      const seen = stateOf(this.#actor(name, line));
      if (seen !== state) return `expected "${line}", but ${name} is ${seen}`;
    }
    if (timed.length === 0) return undefined;
    for (const [index, line] of timed.entries()) {
      const happening = this.#happenings[index];
      if (happening === undefined || !matches(line, happening)) return `expected "${line}"`;
    }
    return timed.length < this.#happenings.length ? `more happened than the ${timed.length} lines expected` : undefined;
  }

  #createLan(words: readonly string[]): void {
    const options = new Map(
      words.map((word): [string, string] => {
        const [key = "", value = ""] = word.split("=");
        return [key, value];
      }),
    );
    const common = commonSettings(options);
    const weight = options.get("script");
    this.#startupDelay = durationOf(options.get("startup_delay") ?? "0s");
    this.#scripted.weight = weight === undefined ? undefined : Number(weight);
    const later = new Set((options.get("later") ?? "").split(","));
    for (const [index, name] of NAMES.entries()) {
      const value = options.get(name);
      if (value === undefined) continue;
      const [priority = "", own] = value.split("@");
      const advertisementInterval = own === undefined ? common.advertisementInterval : durationOf(own);
      const settings = instance({ ...common, advertisementInterval, priority: Number(priority) });
      this.#createActor(name, index + 1, settings, options.get("owns") === name);
    }
    for (const [name, actor] of this.#actors) if (!later.has(name)) actor.node.start(this.#configurationOf(actor));
  }

  #createActor(name: string, number: number, settings: InstanceSettings, owns: boolean): void {
    const node = new SimNode(
      {
        name,
        number,
        outside: { resolutionMicros: 1 },
        keepsProtocol: true,
        origin: instant(originOf(number)),
        hasIpv6: settings.family === "ipv6",
      },
      {
        world: this.#world,
        lan: this.#lan,
        random: this.#random,
        onLog: (_, _level, text) => {
          const entered = /Entering ([A-Z]+) STATE/.exec(text)?.[1];
          if (entered !== undefined) this.#happens(name, STATE_NAMES.get(entered) ?? entered);
          if (text.includes("Stopped:")) this.#happens(name, "initialize");
        },
      },
    );
    const actor: Actor = { node, settings, script: "works" };
    node.programs.install(CHECK, () => ({
      status: actor.script === "fails" ? 1 : 0,
      duration: actor.script === "dawdles" ? millis(900) : millis(10),
      stubborn: false,
    }));
    if (owns) for (const vip of settings.virtualAddresses) node.addByHand(vip.address, vip.prefixLength);
    node.kernel.observe(({ kind, record }) => {
      if (!settings.virtualAddresses.some(({ address }) => address === record.address)) return;
      if (kind === "added") this.#happens(name, "holds");
      if (kind === "removed") this.#happens(name, "releases");
    });
    let silent = false;
    node.packetFilter.observe(() => {
      const before = silent;
      silent = settings.virtualAddresses.some(({ address }) => {
        return node.kernel.addresses.has(address) && node.packetFilter.blocks(address);
      });
      if (silent && !before) this.#happens(name, "silent");
    });
    this.#actors.set(name, actor);
  }

  #direct(verb: string, actor: Actor, rest: readonly string[], text: string): void {
    const { node } = actor;
    switch (verb) {
      case "start":
        return node.start(this.#configurationOf(actor));
      case "shutdown":
        return node.shutDown();
      case "crash":
        return node.crash();
      case "pause":
        return node.stop();
      case "resume":
        return node.resume();
      case "suspend":
        return node.stand("suspended");
      case "freeze":
        return node.stand("frozen");
      case "wake":
        return node.wake();
      case "unplug":
        return node.plug(false);
      case "plug":
        return node.plug(true);
      case "forbid":
        return node.forbidAdverts(true);
      case "allow":
        return node.forbidAdverts(false);
      case "remove":
        for (const { address } of actor.settings.virtualAddresses) node.removeByHand(address);
        return;
      case "deconfigure":
        return node.removeOwnAddresses();
      case "configure":
        return node.addOwnAddresses();
      case "script":
        actor.script = rest[0] === "fails" || rest[0] === "dawdles" ? rest[0] : "works";
        return;
      case "reload":
        actor.settings = { ...actor.settings, priority: Number(rest[0]) };
        return node.reload(this.#configurationOf(actor));
      default:
        throw new RangeError(`There is no command "${text}"`);
    }
  }

  #configurationOf({ settings }: Actor): Configuration {
    const { weight } = this.#scripted;
    if (weight === undefined) return this.#delayed(configuration([settings]));
    const trackScripts = [{ script: "check", weight, reverse: false }];
    const script = checkScript("check", CHECK, { interval: seconds(1), rise: 2, fall: 2 });
    return this.#delayed(configuration([{ ...settings, trackScripts }], [script]));
  }

  #delayed(model: Configuration): Configuration {
    return { ...model, global: { ...model.global, startupDelay: this.#startupDelay } };
  }

  #actor(name: string, text: string): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new RangeError(`There is no node "${name}" for "${text}"`);
    return actor;
  }

  #happens(name: string, what: string): void {
    this.#happenings.push({ at: elapsed(this.#began, this.#world.now()), what: `${name} ${what}` });
  }
}

function commonSettings(options: ReadonlyMap<string, string>): InstanceSettings {
  const vip = options.get("vip") ?? "10.0.0.100/24";
  const address = addressOf(vip);
  const family = familyOf(address);
  const group = family === "ipv4" ? VRRP_GROUP : VRRP_GROUP_IPV6;
  return instance({
    family,
    transport: { kind: "multicast", group, source: undefined },
    version: options.get("version") === "3" ? 3 : 2,
    advertisementInterval: durationOf(options.get("interval") ?? "1s"),
    downTimerAdverts: Number(options.get("down_timer_adverts") ?? "3"),
    preemptMode: !options.has("nopreempt"),
    preemptDelay: durationOf(options.get("preempt_delay") ?? "0s"),
    quickPreempt: options.has("quick_preempt"),
    virtualAddresses: [virtualAddress(address, Number(vip.split("/")[1]))],
  });
}

function blocksOf(text: string): readonly Block[] {
  const lines = text.split("\n").map((line, index) => ({ text: line.replace(/#.*/, "").trim(), line: index + 1 }));
  const blocks: Block[] = [];
  let commands: { words: readonly string[]; text: string }[] = [];
  let expected: string[] | undefined;
  let start = 1;
  for (const { text: content, line } of [...lines, { text: "", line: lines.length + 1 }]) {
    if (content === "----") {
      expected = [];
      start = line;
    } else if (content === "") {
      // A blank line ends what is expected; between commands it is air.
      if (expected !== undefined) blocks.push({ line: start, commands, expected });
      if (expected !== undefined) [commands, expected] = [[], undefined];
    } else if (expected === undefined) {
      commands.push({ words: content.split(/\s+/), text: content });
    } else {
      expected.push(content);
    }
  }
  if (commands.length > 0) throw new RangeError("The last commands have nothing to be seen");
  return blocks;
}

/** `3.609s a active` or `1s..2.6s a releases`. */
function matches(line: string, happening: Happening): boolean {
  const [time = "", ...words] = line.split(/\s+/);
  const [from = "", to] = time.split("..");
  const low = durationOf(from) - (to === undefined ? PRECISION : 0);
  const high = to === undefined ? durationOf(from) + PRECISION : durationOf(to);
  return happening.what === words.join(" ") && happening.at >= low && happening.at <= high;
}

function stateOf({ node }: Actor): string {
  if (!node.running) return "down";
  const state = node.status()[0]?.state ?? "INIT";
  return STATE_NAMES.get(state) ?? state;
}

function durationOf(text: string): Micros {
  const [, count, unit] = /^([0-9.]+)(ms|s)$/.exec(text) ?? [];
  if (count === undefined) throw new RangeError(`"${text}" is no duration`);
  return unit === "ms" ? millis(Number(count)) : seconds(Number(count));
}

function addressOf(text: string): IpAddress {
  const address = parseIpAddress(text.split("/")[0] ?? "");
  if (address === undefined) throw new RangeError(`"${text}" is no address`);
  return address;
}

/** The beat of a's adverts falls on whole seconds of the story, that of b 0.3 s before, that of c 0.6 s before them. */
function originOf(number: number): number {
  return seconds(3600) + millis(300 * (number - 1));
}

/** The RFC's words for keepalived's. */
const STATE_NAMES: ReadonlyMap<string, string> = new Map([
  ["INIT", "initialize"],
  ["BACKUP", "backup"],
  ["MASTER", "active"],
  ["FAULT", "fault"],
]);

const NAMES = ["a", "b", "c"];
const CHECK = "/usr/local/bin/check";
/** A packet takes 0.2 ms and each wake-up 0.04 ms; what is written has milliseconds. */
const PRECISION = millis(2);
