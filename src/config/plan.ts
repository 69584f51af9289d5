import { formatPrefix } from "../base/address.ts";
import { matchInstances } from "./match-instances.ts";
import type { VirtualAddress } from "./model/addresses.ts";
import type { Configuration } from "./model/configuration.ts";
import type { InstanceSettings } from "./model/instance.ts";
import { GLOBAL_WORDS, GROUP_WORDS, INSTANCE_WORDS, HOST_WORDS, SCRIPT_WORDS, type FieldWords } from "./plan-words.ts";

/**
 * What a change does to the service. `none`: nothing that a client or a peer notices. `peers`: the other nodes need the same
 * change, or they throw away each other's adverts. `interrupts`: addresses move or go. `restart`: it has no effect before
 * the daemon is started anew.
 */
export type PlanEffect = "none" | "peers" | "interrupts" | "restart";

/** One difference between the model in force and another. */
export interface PlannedChange {
  readonly kind:
    | "instance-added"
    | "instance-removed"
    | "instance-renamed"
    | "address-added"
    | "address-removed"
    | "address-moved"
    | "group-added"
    | "group-removed"
    | "script-added"
    | "script-removed"
    | "tracker-added"
    | "tracker-removed"
    | "setting-changed";
  /** Name of the instance, group or script; undefined: the whole daemon. */
  readonly subject: string | undefined;
  /** keepalived's keyword, or the field of the model where several keywords make it. */
  readonly keyword: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly effect: PlanEffect;
  /** One sentence about what follows. */
  readonly consequence: string;
}

/**
 * Lists what a reload from one checked model to another would change, in the order: instances that go, instances in the order
 * of the new file, groups, scripts, settings of the daemon. Equal models give no change; where something stands in a file
 * is no difference.
 */
export function planReload(before: Configuration, after: Configuration): readonly PlannedChange[] {
  const { next, removed } = matchInstances(before.instances, (settings) => settings, after.instances);
  const origins = addressesOf(before.instances);
  const targets = addressesOf(after.instances);
  return [
    ...removed.flatMap((settings) => planRemoval(settings, after.instances, targets)),
    ...next.flatMap(({ settings, running }) =>
      running === undefined ? planAddition(settings, origins) : planInstance(running, settings, { origins, targets }),
    ),
    ...planNamed(before.groups, after.groups, GROUP_WORDS, "group"),
    ...planNamed(before.scripts, after.scripts, SCRIPT_WORDS, "script"),
    ...planNamed(before.trackFiles, after.trackFiles, {}, "tracker"),
    ...planNamed(before.trackProcesses, after.trackProcesses, {}, "tracker"),
    ...planNamed(before.bfd, after.bfd, {}, "tracker"),
    ...planFields(
      { links: before.links, statics: before.statics },
      { links: after.links, statics: after.statics },
      HOST_WORDS,
      undefined,
    ),
    ...planFields(before.global, after.global, GLOBAL_WORDS, undefined),
  ];
}

function planRemoval(
  settings: InstanceSettings,
  next: readonly InstanceSettings[],
  targets: ReadonlyMap<string, string>,
): readonly PlannedChange[] {
  const namesake = next.some(({ name }) => name === settings.name);
  const why = namesake ? "its interface, virtual_router_id, family or transport is another: it starts anew; " : "";
  const removal = change("instance-removed", settings.name, {
    from: identityText(settings),
    effect: "interrupts",
    consequence: `${why}where it is MASTER it says farewell and hands over`,
  });
  const addresses = allAddresses(settings).map((address) => {
    const to = targets.get(keyOf(address));
    return to === undefined ? addressRemoved(settings.name, address) : addressMoved(address, settings.name, to);
  });
  return [removal, ...addresses];
}

function planAddition(settings: InstanceSettings, origins: ReadonlyMap<string, string>): readonly PlannedChange[] {
  const addition = change("instance-added", settings.name, {
    to: identityText(settings),
    effect: "none",
    consequence: "it begins as BACKUP and listens for a master first",
  });
  const addresses = allAddresses(settings).filter((address) => !origins.has(keyOf(address)));
  return [addition, ...addresses.map((address) => addressAdded(settings.name, address, "none"))];
}

function planInstance(
  before: InstanceSettings,
  after: InstanceSettings,
  {
    origins,
    targets,
  }: { readonly origins: ReadonlyMap<string, string>; readonly targets: ReadonlyMap<string, string> },
): readonly PlannedChange[] {
  const renamed = before.name !== after.name;
  const rename = change("instance-renamed", after.name, {
    from: before.name,
    to: after.name,
    effect: "none",
    consequence: "it keeps its state and its counters",
  });
  const advertised = new Set(before.virtualAddresses.map(keyOf));
  const known = new Set(allAddresses(before).map(keyOf));
  const kept = new Set(allAddresses(after).map(keyOf));
  const gone = allAddresses(before).filter((address) => !kept.has(keyOf(address)));
  const come = allAddresses(after).filter((address) => !known.has(keyOf(address)));
  const addresses = [
    ...gone.map((address) => {
      const to = targets.get(keyOf(address));
      return to === undefined ? addressRemoved(after.name, address) : addressMoved(address, after.name, to);
    }),
    // One that comes from another instance has been told there.
    ...come
      .filter((address) => !origins.has(keyOf(address)))
      .map((address) => addressAdded(after.name, address, after.virtualAddresses.includes(address) ? "peers" : "none")),
    ...after.virtualAddresses
      .filter((address) => known.has(keyOf(address)) && !advertised.has(keyOf(address)))
      .map((address) => addressAdded(after.name, address, "peers")),
  ];
  return [...(renamed ? [rename] : []), ...addresses, ...planFields(before, after, INSTANCE_WORDS, after.name)];
}

/** Blocks that are known by their names. */
function planNamed<Block extends { readonly name: string }>(
  before: readonly Block[],
  after: readonly Block[],
  words: Readonly<Record<string, FieldWords>>,
  what: "group" | "script" | "tracker",
): readonly PlannedChange[] {
  const known = new Map(before.map((block) => [block.name, block]));
  const names = new Set(after.map(({ name }) => name));
  const consequences = NAMED_WORDS[what];
  return [
    ...before
      .filter(({ name }) => !names.has(name))
      .map(({ name }) => change(`${what}-removed`, name, { effect: "none", consequence: consequences.removed })),
    ...after.flatMap((block) => {
      const old = known.get(block.name);
      if (old !== undefined) return planFields(old, block, words, block.name);
      return [change(`${what}-added`, block.name, { effect: "none", consequence: consequences.added })];
    }),
  ];
}

function planFields(
  before: object,
  after: object,
  words: Readonly<Record<string, FieldWords>>,
  subject: string | undefined,
): readonly PlannedChange[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const fields = new Map<string, unknown>(Object.entries(after));
  return [...new Set([...old.keys(), ...fields.keys()])].flatMap((field) => {
    if (UNCOMPARED.has(field)) return [];
    const [from, to] = [textOf(old.get(field)), textOf(fields.get(field))];
    if (from === to) return [];
    const { keyword, effect, consequence } = words[field] ?? { keyword: field, effect: "none", consequence: FOLLOWED };
    return [change("setting-changed", subject, { keyword, from, to, effect, consequence })];
  });
}

function addressAdded(subject: string, address: VirtualAddress, effect: PlanEffect): PlannedChange {
  const shared = effect === "peers" ? "; keepalived before 2.3.3 discards adverts whose list differs from its own" : "";
  const consequence = `it is added and announced where the instance is MASTER${shared}`;
  return change("address-added", subject, { to: addressText(address), effect, consequence });
}

function addressRemoved(subject: string, address: VirtualAddress): PlannedChange {
  const consequence = "it is removed from this host, and no instance serves it any more";
  return change("address-removed", subject, { from: addressText(address), effect: "interrupts", consequence });
}

function addressMoved(address: VirtualAddress, from: string, to: string): PlannedChange {
  return change("address-moved", to, {
    keyword: addressText(address),
    from,
    to,
    effect: "none",
    consequence: "it stays on this host where both instances are MASTER here",
  });
}

function change(
  kind: PlannedChange["kind"],
  subject: string | undefined,
  rest: Partial<PlannedChange> & Pick<PlannedChange, "effect" | "consequence">,
): PlannedChange {
  return { kind, subject, keyword: undefined, from: undefined, to: undefined, ...rest };
}

/** Which instance has which address. */
function addressesOf(instances: readonly InstanceSettings[]): ReadonlyMap<string, string> {
  return new Map(
    instances.flatMap((settings) => allAddresses(settings).map((address) => [keyOf(address), settings.name] as const)),
  );
}

function allAddresses(settings: InstanceSettings): readonly VirtualAddress[] {
  return [...settings.virtualAddresses, ...settings.excludedAddresses];
}

function keyOf(address: VirtualAddress): string {
  return textOf(address) ?? "";
}

function addressText({ address, prefixLength, device }: VirtualAddress): string {
  return `${formatPrefix({ address, length: prefixLength })} on ${device}`;
}

function identityText({ family, interface: device, vrid, transport }: InstanceSettings): string {
  return `VRID ${vrid} on ${device}, ${family}, ${transport.kind}`;
}

/** A value without its place in a file, the same text for the same value; undefined where there is none. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value, replaceKey);
}

function replaceKey(key: string, value: unknown): unknown {
  if (PLACES.has(key)) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

const PLACES: ReadonlySet<string> = new Set(["place", "interfacePlace"]);
/** Told by changes of their own. */
const UNCOMPARED: ReadonlySet<string> = new Set([...PLACES, "name", "virtualAddresses", "excludedAddresses"]);

const FOLLOWED = "it is followed at once";

const NAMED_WORDS = {
  group: {
    added: "its members are MASTER together or not at all from now on",
    removed: "its members go on, each by itself",
  },
  script: {
    added: "it is run at once; an instance that tracks it without a weight waits for its first result",
    removed: "it is run no more",
  },
  tracker: {
    added: "it is looked at from now on",
    removed: "it is looked at no more",
  },
} as const;
