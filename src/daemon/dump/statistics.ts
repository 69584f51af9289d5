/** The counters of one instance under keepalived's names, as its dumps show them. */
export interface Statistics {
  readonly advert_rcvd: number;
  readonly advert_sent: number;
  readonly become_master: number;
  readonly release_master: number;
  readonly packet_len_err: number;
  readonly advert_interval_err: number;
  readonly ip_ttl_err: number;
  readonly invalid_type_rcvd: number;
  readonly addr_list_err: number;
  readonly invalid_authtype: number;
  readonly authtype_mismatch: number;
  readonly auth_failure: number;
  readonly pri_zero_rcvd: number;
  readonly pri_zero_sent: number;
}

/**
 * Gives our counters keepalived's names. keepalived has none for a wrong checksum, version or sender, which only `holdfast
 * status` shows. What it takes for a wrong transport it counts among the address lists.
 */
export function statisticsOf(counters: Readonly<Record<string, number>>): Statistics {
  const sum = (...names: readonly string[]): number => names.reduce((total, name) => total + (counters[name] ?? 0), 0);
  return {
    advert_rcvd: sum("advertisementsReceived"),
    advert_sent: sum("advertisementsSent", "priorityZeroSent"),
    become_master: sum("becameMaster"),
    release_master: sum("releasedMaster"),
    packet_len_err: sum("discarded.TRUNCATED", "discarded.BAD_LENGTH"),
    advert_interval_err: sum("discarded.INTERVAL", "discarded.ZERO_INTERVAL"),
    ip_ttl_err: sum("discarded.TTL"),
    invalid_type_rcvd: sum("discarded.TYPE"),
    addr_list_err: sum("noted.ADDRESS_LIST", "discarded.UNICAST_MULTICAST"),
    invalid_authtype: sum("discarded.AUTHENTICATION_UNKNOWN"),
    authtype_mismatch: sum("discarded.AUTHENTICATION_TYPE"),
    auth_failure: sum("discarded.PASSWORD"),
    pri_zero_rcvd: sum("priorityZeroReceived"),
    pri_zero_sent: sum("priorityZeroSent"),
  };
}

/** keepalived.stats: the counters of each instance, with a newline at the end. */
export function renderStatistics(
  instances: readonly { readonly name: string; readonly counters: Readonly<Record<string, number>> }[],
): string {
  const lines = instances.flatMap(({ name, counters }) => {
    const of = statisticsOf(counters);
    return [
      `VRRP Instance: ${name}`,
      "  Advertisements:",
      `    Received: ${of.advert_rcvd}`,
      `    Sent: ${of.advert_sent}`,
      `  Became master: ${of.become_master}`,
      `  Released master: ${of.release_master}`,
      "  Packet Errors:",
      `    Length: ${of.packet_len_err}`,
      `    TTL: ${of.ip_ttl_err}`,
      `    Invalid Type: ${of.invalid_type_rcvd}`,
      `    Advertisement Interval: ${of.advert_interval_err}`,
      `    Address List: ${of.addr_list_err}`,
      "  Authentication Errors:",
      `    Invalid Type: ${of.invalid_authtype}`,
      `    Type Mismatch: ${of.authtype_mismatch}`,
      `    Failure: ${of.auth_failure}`,
      "  Priority Zero:",
      `    Received: ${of.pri_zero_rcvd}`,
      `    Sent: ${of.pri_zero_sent}`,
    ];
  });
  return lines.map((line) => `${line}\n`).join("");
}
