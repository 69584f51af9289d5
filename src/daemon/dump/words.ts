import { addressLength, familyOf } from "../../base/address.ts";
import { toSeconds, type Micros } from "../../base/time.ts";
import type { InstanceStateName } from "../../api/contract.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { ScriptCommand } from "../../config/model/script-command.ts";
import type { NotifySettings } from "../../config/model/telling.ts";

/** keepalived's numbers for the states, which tools compare. */
export const STATE_NUMBERS: Readonly<Record<InstanceStateName, number>> = {
  INIT: 0,
  BACKUP: 1,
  MASTER: 2,
  FAULT: 3,
  STOP: 98,
};

/** An address as keepalived's dumps write it: `10.9.0.100/24 brd 10.9.0.255 dev eth0 scope global label eth0:1 set`. */
export function addressText(address: VirtualAddress, held: boolean): string {
  const far = address.peer === undefined ? "" : ` peer ${address.peer}`;
  const mask = address.prefixLength === addressLength(familyOf(address.address)) ? "" : `/${address.prefixLength}`;
  const words = [
    `${address.address}${far}${mask}`,
    ...(address.broadcast === undefined ? [] : [`brd ${address.broadcast}`]),
    `dev ${address.device}`,
    `scope ${SCOPES.get(address.scope) ?? address.scope}`,
    ...(address.label === undefined ? [] : [`label ${address.label}`]),
    ...(address.tracked ? [] : ["no_track"]),
    ...(held ? ["set"] : []),
  ];
  return words.join(" ");
}

/** A command as keepalived's dumps write it, each word in quotes. */
export function commandText(command: ScriptCommand): string {
  return command.argv.map((word) => `'${word}'`).join(" ");
}

/** Whom a command runs as; undefined in the model is root. */
export function accountText({ user }: ScriptCommand): string {
  return `${user?.user ?? "0"}:${user?.group ?? user?.user ?? "0"}`;
}

/** The scripts of an instance or a group in the order of keepalived's dumps. */
export function scriptsOf(
  notify: NotifySettings,
): readonly { readonly field: string; readonly title: string; readonly command: ScriptCommand }[] {
  const all = [
    { field: "script_backup", title: "Backup state transition", command: notify.backup },
    { field: "script_master", title: "Master state transition", command: notify.master },
    { field: "script_fault", title: "Fault state transition", command: notify.fault },
    { field: "script_stop", title: "Stop state transition", command: notify.stop },
    { field: "script", title: "Generic state transition", command: notify.any },
    {
      field: "script_master_rx_lower_pri",
      title: "Master rx lower pri state transition",
      command: notify.lowerPriority,
    },
  ];
  return all.flatMap(({ field, title, command }) => (command === undefined ? [] : [{ field, title, command }]));
}

export function wholeSeconds(time: Micros): number {
  return Math.floor(toSeconds(time));
}

/** `1795187170.647470 (Fri Nov 20 15:06:10.647470 2026)`, in the time zone of this host as keepalived has it. */
export function timestamp(atMs: number): string {
  const { seconds, fraction, words, year } = wordsOf(atMs);
  return `${seconds}.${fraction} (${words}.${fraction} ${year})`;
}

/** `1795194957.357132 (Fri Nov 20 17:15:57 2026.357132)`, as keepalived's bfd process has it. */
export function timestampOfBfd(atMs: number): string {
  const { seconds, fraction, words, year } = wordsOf(atMs);
  return `${seconds}.${fraction} (${words} ${year}.${fraction})`;
}

function wordsOf(atMs: number): {
  readonly seconds: number;
  readonly fraction: string;
  readonly words: string;
  readonly year: number;
} {
  const total = Math.round(atMs * 1_000);
  const fraction = String(total % 1_000_000).padStart(6, "0");
  const whole = Math.floor(total / 1_000_000);
  // oxlint-disable-next-line no-restricted-globals -- it writes down an instant that it is given, and reads no clock
  const date = new Date(whole * 1_000);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0"));
  const day = String(date.getDate()).padStart(2, " ");
  const words = `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${day} ${clock.join(":")}`;
  return { seconds: whole, fraction, words, year: date.getFullYear() };
}

/** rt_scope_t of linux/rtnetlink.h. */
const SCOPES: ReadonlyMap<number, string> = new Map([
  [0, "global"],
  [200, "site"],
  [253, "link"],
  [254, "host"],
  [255, "nowhere"],
]);

/** As ctime(3) has them, in every locale. */
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
