/** Titles and comm of the processes unless the configuration names them (`process_names`). At most 15 bytes. */
export const DEFAULT_TITLES = {
  supervisor: "holdfast",
  vrrp: "holdfast_vrrp",
  bfd: "holdfast_bfd",
  mail: "holdfast_mail",
  snmp: "holdfast_snmp",
} as const;
