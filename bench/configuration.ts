/** What differs between the configurations of the works. Holdfast and keepalived are given the same text. */
export interface Settings {
  readonly priority: number;
  /** advert_int in seconds. Below 1 makes it version 3, as keepalived demands; else it is 2, the default. */
  readonly interval?: number;
  /** Virtual routers, each with one VIP; 1 unless given. */
  readonly instances?: number;
  /** Further lines of each instance. */
  readonly lines?: readonly string[];
}

/** The VIP of the first instance; those of the others follow it. */
export const VIP = "10.77.0.100";

/** The VIPs of so many instances. */
export function vipsOf(instances: number): string[] {
  return Array.from({ length: instances }, (_, index) => `10.77.0.${100 + index}`);
}

/** Writes a keepalived.conf as small as it can be. */
export function configurationOf(settings: Settings): string {
  const { priority, interval = 1, instances = 1, lines = [] } = settings;
  const blocks = vipsOf(instances).map((vip, index) =>
    [
      `vrrp_instance VI_${index + 1} {`,
      `    state BACKUP`,
      `    interface eth0`,
      `    virtual_router_id ${51 + index}`,
      `    priority ${priority}`,
      `    advert_int ${interval}`,
      ...(interval < 1 ? [`    version 3`] : []),
      ...lines.map((line) => `    ${line}`),
      `    virtual_ipaddress {`,
      `        ${vip}/24`,
      `    }`,
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
