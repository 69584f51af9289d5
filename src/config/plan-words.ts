import type { Configuration } from "./model/configuration.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { PlanEffect } from "./plan.ts";

/** What a difference in one field of the model is called, and what follows from it. */
export interface FieldWords {
  readonly keyword: string;
  readonly effect: PlanEffect;
  readonly consequence: string;
}

type Words<Fields> = Readonly<Partial<Record<keyof Fields, FieldWords>>>;

/** Fields that are missing here are followed at once and disturb nobody. */
export const INSTANCE_WORDS: Words<InstanceSettings> = {
  version: peers("version"),
  priority: {
    keyword: "priority",
    effect: "interrupts",
    consequence: "it goes out with the next advert; the addresses move where it makes another node the strongest",
  },
  advertisementInterval: peers("advert_int"),
  preemptMode: none("nopreempt"),
  preemptDelay: none("preempt_delay"),
  downTimerAdverts: none("down_timer_adverts", "the lease of the addresses follows it"),
  advertInterface: interrupts("use_vmac, use_ipvlan"),
  virtualInterfaces: interrupts("use_vmac, use_ipvlan, vmac_*"),
  routing: none("virtual_routes, virtual_rules", "the master has the new ones at once"),
  trackSource: none("track_src_ip"),
  transport: peers("unicast_peer, unicast_src_ip, mcast_src_ip"),
  authentication: peers("auth_type, auth_pass, auth_hmac"),
  checksumAsV2: peers("v3_checksum_as_v2"),
  skipCheckAdvertisedAddresses: none("skip_check_adv_addr"),
  trackScripts: none("track_script", "the priority follows the trackers at once, and so may the addresses"),
  trackInterfaces: none("track_interface", "the priority follows the trackers at once, and so may the addresses"),
  trackFiles: none("track_file", "the priority follows the trackers at once, and so may the addresses"),
  trackProcesses: none("track_process", "the priority follows the trackers at once, and so may the addresses"),
  trackBfd: none("track_bfd", "the priority follows the trackers at once, and so may the addresses"),
  trackOwnInterface: none("dont_track_primary"),
  announce: none("garp_master_*"),
  notify: none("notify*", "the next change runs the new scripts"),
  lease: none("vip_lease", "the next renewal has the new lifetime"),
  repair: none("repair"),
  answersLowerPriority: none("lower_prio_no_advert"),
  answersHigherPriority: none("higher_prio_send_advert"),
  ownerIgnoresAdverts: none("owner_ignore_adverts"),
  quickPreempt: none("quick_preempt"),
  strongestBackup: none("timer_expired_backup"),
  promotesSecondaries: none("promote_secondaries"),
  receiveBuffer: none("kernel_rx_buf_size"),
};

export const HOST_WORDS: Readonly<Record<string, FieldWords>> = {
  statics: none("static_ipaddress, static_routes, static_rules"),
  links: none("interface_up_down_delays, linkbeat_interfaces, linkbeat_use_polling"),
};

export const GROUP_WORDS: Readonly<Record<string, FieldWords>> = {
  members: none("group", "a member that comes joins in when it has heard nobody; one that leaves goes on by itself"),
  notify: none("notify*", "the next change runs the new scripts"),
  trackingWeight: none("sync_group_tracking_weight"),
};

export const SCRIPT_WORDS: Readonly<Record<string, FieldWords>> = {
  check: none("script", "it is run at once, and what was known of the old one is forgotten"),
};

export const GLOBAL_WORDS: Words<Configuration["global"]> = {
  routerId: none("router_id"),
  scriptSecurity: none("enable_script_security"),
  scriptUser: none("script_user"),
  pacing: none("vrrp_garp_interval, vrrp_gna_interval, garp_group"),
  buffers: none(
    "vrrp_rx_bufs_policy, vrrp_rx_bufs_multiplier, *_rcv_bufs",
    "sockets for adverts follow at once; those on which the kernel speaks have it after a restart",
  ),
  delayAfterBoot: {
    keyword: "vrrp_delay_after_boot",
    effect: "restart",
    consequence: "it counts from the boot of the host",
  },
  startupDelay: {
    keyword: "vrrp_startup_delay",
    effect: "restart",
    consequence: "it counts from the start of the daemon",
  },
  dynamicInterfaces: none("dynamic_interfaces"),
  fifos: none("notify_fifo, vrrp_notify_fifo"),
  tellsStatesOnReload: none("fifo_write_vrrp_states_on_reload"),
  snmp: none("enable_snmp_*, enable_traps, snmp_socket"),
  mail: none("notification_email, smtp_server and their like"),
  defaultInterface: none("default_interface"),
  withoutLocalIgmp: none("disable_local_igmp"),
  supplementaryGroups: none("set_supplementary_groups", "the next start of a script has them"),
  processes: none("vrrp_priority, vrrp_rt_priority, bfd_priority, bfd_rt_priority, process_names"),
  logsUnknownVrids: none("log_unknown_vrids"),
  daemon: {
    keyword:
      "net_namespace, instance, umask, startup_script, shutdown_script, *_cpu_affinity, child_wait_time, config_save_dir",
    effect: "restart",
    consequence: "the namespace, the name and the start script wait for a restart; the rest is followed at once",
  },
  dumps: none("state_dump_file, stats_dump_file, json_dump_file, json_version"),
};

function none(keyword: string, consequence = "it is followed at once"): FieldWords {
  return { keyword, effect: "none", consequence };
}

function interrupts(keyword: string): FieldWords {
  return { keyword, effect: "interrupts", consequence: "the interface is another, and what is on it starts anew" };
}

function peers(keyword: string): FieldWords {
  return { keyword, effect: "peers", consequence: "nodes that do not have the same may discard each other's adverts" };
}
