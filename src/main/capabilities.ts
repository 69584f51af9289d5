import { readFileSync } from "node:fs";

/** A capability of capabilities(7) that Holdfast cannot do without. */
export interface NeededCapability {
  readonly name: "CAP_NET_ADMIN" | "CAP_NET_RAW";
  readonly purpose: string;
}

/** Those that this process lacks, by CapEff of proc(5). Where that cannot be read none is reported: the kernel will say. */
export function missingCapabilities(status: string | undefined = ownStatus()): readonly NeededCapability[] {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1];
  if (effective === undefined) return [];
  const bits = BigInt(`0x${effective}`);
  return NEEDED.filter(({ bit }) => (bits & (1n << bit)) === 0n).map(({ name, purpose }) => ({ name, purpose }));
}

/** One sentence that says what is missing and how it is given. */
export function describeMissing(missing: readonly NeededCapability[]): string {
  const names = missing.map(({ name, purpose }) => `${name} (${purpose})`).join(" and ");
  const list = missing.map(({ name }) => name).join(" ");
  return (
    `No permission: missing ${names}. Start it as root; in a systemd unit say AmbientCapabilities=${list}; ` +
    `in a container say ${missing.map(({ name }) => `--cap-add=${name.slice("CAP_".length)}`).join(" ")}`
  );
}

function ownStatus(): string | undefined {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    return undefined;
  }
}

// linux/capability.h
const NEEDED: readonly (NeededCapability & { readonly bit: bigint })[] = [
  { name: "CAP_NET_ADMIN", bit: 12n, purpose: "to add virtual addresses" },
  { name: "CAP_NET_RAW", bit: 13n, purpose: "to send and receive VRRP and ARP" },
];
