/** What differs between the configurations of the works. Holdfast and keepalived are given the same text. */
export interface Settings {
  readonly priority: number;
  /** advert_int in seconds. Below 1 makes it version 3, as keepalived demands; else it is 2, the default. */
  readonly interval?: number;
  /** Virtual routers, each with one VIP; 1 unless given. */
  readonly instances?: number;
  /** Interfaces that the instances are dealt out to in turns; eth0 alone unless given. */
  readonly devices?: readonly string[];
  /** Further addresses of each instance (`virtual_ipaddress_excluded`). */
  readonly excluded?: number;
  /** Further lines of each instance. */
  readonly lines?: readonly string[];
}

/** The VIP of the first instance; those of the others follow it. */
export const VIP = "10.77.0.100";

/** Where addresses lie that do not fit into the network of the hosts. */
export const CROWD_NETWORK = "10.78.0.0/16";

/** What `grep -E` finds in the lines of `ip -o addr` with VIPs, and in no other. */
export const VIP_LINE = String.raw`inet 10\.(78\.|77\.0\.1[0-9][0-9]/)`;

/** The VIPs of so many instances. */
export function vipsOf(instances: number): string[] {
  const fit = instances <= 100;
  return Array.from({ length: instances }, (_, index) => (fit ? `10.77.0.${100 + index}` : crowdAddress(index)));
}

/** Writes a keepalived.conf as small as it can be. */
export function configurationOf(settings: Settings): string {
  const { priority, interval = 1, instances = 1, devices = ["eth0"], excluded = 0, lines = [] } = settings;
  const vips = vipsOf(instances);
  const firstVrid = vips.length > 200 ? 1 : 51;
  const blocks = vips.map((vip, index) =>
    [
      `vrrp_instance VI_${index + 1} {`,
      `    state BACKUP`,
      `    interface ${devices[index % devices.length] ?? ""}`,
      `    virtual_router_id ${firstVrid + Math.floor(index / devices.length)}`,
      `    priority ${priority}`,
      `    advert_int ${interval}`,
      ...(interval < 1 ? [`    version 3`] : []),
      ...lines.map((line) => `    ${line}`),
      `    virtual_ipaddress {`,
      `        ${vip}/${vip.startsWith("10.77.") ? 24 : 32}`,
      `    }`,
      ...(excluded === 0 ? [] : excludedBlock(excluded)),
      `}`,
      ``,
    ].join("\n"),
  );
  return ["global_defs {", "    router_id bench", "}", "", ...blocks].join("\n");
}

/**
 * Milliseconds of silence after which a backup becomes master.
 *
 * @see RFC 3768 section 6.1: 3 * Advertisement_Interval + (256 - Priority) / 256 s; RFC 9568 section 6.1: the same with
 * the interval in place of the second.
 */
export function masterDownMs({ priority, interval = 1 }: Settings): number {
  const skew = (256 - priority) / 256;
  return interval < 1 ? (3 + skew) * interval * 1000 : (3 * interval + skew) * 1000;
}

function excludedBlock(count: number): string[] {
  const addresses = Array.from({ length: count }, (_, index) => `        ${crowdAddress(index)}/32`);
  return [`    virtual_ipaddress_excluded {`, ...addresses, `    }`];
}

function crowdAddress(index: number): string {
  return `10.78.${index >> 8}.${index & 0xff}`;
}
