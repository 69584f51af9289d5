import type { InstanceSettings } from "./model/instance.ts";

/** Which instance of a new configuration goes on with the life of which one that runs. */
export interface InstanceMatch<Running> {
  /** In the order of the new configuration; `running` is undefined for one that is new. */
  readonly next: readonly { readonly settings: InstanceSettings; readonly running: Running | undefined }[];
  /** Those that nothing follows. */
  readonly removed: readonly Running[];
}

/**
 * Matches instances as keepalived does at a reload: by family, interface, VRID and transport, not by name. So one that gets
 * another name keeps its state. Several unicast instances may agree in all of these; among them the name decides, then
 * whether they have a peer in common, then their order.
 */
export function matchInstances<Running>(
  running: readonly Running[],
  settingsOf: (running: Running) => InstanceSettings,
  next: readonly InstanceSettings[],
): InstanceMatch<Running> {
  const left = new Set(running);
  const found = new Map<InstanceSettings, Running>();
  const closeness = [hasSameName, sharesPeer, () => true];
  for (const isClose of closeness) {
    for (const settings of next) {
      if (found.has(settings)) continue;
      const match = [...left].find((candidate) => {
        const known = settingsOf(candidate);
        return identityOf(known) === identityOf(settings) && isClose(known, settings);
      });
      if (match === undefined) continue;
      left.delete(match);
      found.set(settings, match);
    }
  }
  return {
    next: next.map((settings) => ({ settings, running: found.get(settings) })),
    removed: running.filter((candidate) => left.has(candidate)),
  };
}

function identityOf({ family, interface: device, vrid, transport }: InstanceSettings): string {
  return `${family} ${device} ${vrid} ${transport.kind}`;
}

function hasSameName(left: InstanceSettings, right: InstanceSettings): boolean {
  return left.name === right.name;
}

function sharesPeer({ transport: left }: InstanceSettings, { transport: right }: InstanceSettings): boolean {
  if (left.kind !== "unicast" || right.kind !== "unicast") return true;
  return left.peers.some(({ address }) => right.peers.some((peer) => peer.address === address));
}
