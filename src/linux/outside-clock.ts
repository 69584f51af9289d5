import { closeSync, constants, openSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { instant } from "../base/time.ts";
import type { Instant } from "../base/time.ts";
import { readClock } from "./read-clock.ts";

/** A clock that the hypervisor keeps, or the battery-backed one. */
export interface OutsideClock {
  /** Undefined when the clock has stopped answering. */
  read(): { readonly at: Instant; readonly resolutionMicros: number } | undefined;
  close(): void;
}

/** Where to look for an outside clock. */
export type OutsideClockSource =
  /** A PTP device that shows the host's clock. */
  | { readonly kind: "ptp"; readonly device: string }
  /** A file that holds the RTC's seconds since 1970. */
  | { readonly kind: "rtc"; readonly file: string };

/**
 * Opens the best outside clock of this machine, or undefined: on bare metal, where it is not needed, and in containers
 * and small virtual machines that show none.
 */
export function openOutsideClock(): OutsideClock | undefined {
  const source = findOutsideClock("/");
  if (source === undefined) return undefined;
  return source.kind === "ptp" ? openPtpClock(source.device) : openRtc(source.file);
}

/**
 * Finds the outside clock below a root folder: a PTP clock that belongs to the hypervisor, else the RTC of a virtual
 * machine. The PTP clock of a network card is none: it is a device of its own and may be set by a daemon.
 *
 * @see sysfs-ptp: /sys/class/ptp/ptpN/clock_name; drivers/ptp: ptp_kvm_common.c, ptp_vmw.c, hv_util.c.
 */
export function findOutsideClock(root: string): OutsideClockSource | undefined {
  for (const name of list(join(root, "sys/class/ptp")).toSorted()) {
    const clockName = text(join(root, "sys/class/ptp", name, "clock_name")).trim();
    if (HYPERVISOR_CLOCKS.has(clockName)) return { kind: "ptp", device: join(root, "dev", name) };
  }
  // The seconds come from sysfs and not from /dev/rtc0, which only one program at a time can hold open.
  const file = join(root, "sys/class/rtc/rtc0/since_epoch");
  if (text(file) !== "" && isVirtualMachine(root)) return { kind: "rtc", file };
  return undefined;
}

function openPtpClock(device: string): OutsideClock | undefined {
  let fd: number;
  try {
    fd = openSync(device, constants.O_RDONLY);
  } catch {
    return undefined;
  }
  // FD_TO_CLOCKID of clock_getres(2).
  const clock = (~fd << 3) | 3;
  return {
    read: () => {
      const at = readClock(clock);
      return at === undefined ? undefined : { at, resolutionMicros: 1 };
    },
    close: () => closeSync(fd),
  };
}

function openRtc(file: string): OutsideClock {
  return {
    read: () => {
      const seconds = Number.parseInt(text(file), 10);
      return Number.isNaN(seconds) ? undefined : { at: instant(seconds * 1_000_000), resolutionMicros: 1_000_000 };
    },
    close: () => undefined,
  };
}

function isVirtualMachine(root: string): boolean {
  if (text(join(root, "sys/hypervisor/type")) !== "") return true;
  if (list(join(root, "proc/device-tree/hypervisor")).length > 0) return true;
  return /^flags\s*:.*\bhypervisor\b/m.test(text(join(root, "proc/cpuinfo")));
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const HYPERVISOR_CLOCKS: ReadonlySet<string> = new Set(["KVM virtual PTP", "ptp_vmw", "hyperv"]);
