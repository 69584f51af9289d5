import type { ServiceName } from "./services.ts";

export type Daemon = "holdfast" | "keepalived";

/** What goes wrong. A fault of a node names it. */
export type Fault =
  /** kill -9; of Holdfast's vrrp process and supervisor, or keepalived's child and parent, or of all at once. */
  | { readonly kind: "kill"; readonly node: string; readonly which: Which }
  /** SIGSTOP, and SIGCONT when it is mended. */
  | { readonly kind: "freeze"; readonly node: string; readonly which: "all" | "vrrp" }
  /** A clean stop, and a start when it is mended. */
  | { readonly kind: "stop"; readonly node: string }
  /** `ip link set eth0 down`. */
  | { readonly kind: "link-down"; readonly node: string }
  /** The carrier goes. */
  | { readonly kind: "cable-pulled"; readonly node: string }
  /** The switch loses everything that the node sends (out), all that is sent to it (in), or both; no interface tells. */
  | { readonly kind: "cut"; readonly node: string; readonly direction: "in" | "out" | "both" }
  /** A virtual address is deleted by hand where it is held. */
  | { readonly kind: "vip-deleted"; readonly node: string; readonly service: ServiceName }
  /** A virtual address is added by hand where it is not held, and deleted again. */
  | { readonly kind: "foreign-vip"; readonly node: string; readonly service: ServiceName }
  /** A reload that changes the priority, for good. */
  | { readonly kind: "reload"; readonly node: string; readonly priority: number }
  /** A reload of a file with an error. */
  | { readonly kind: "bad-reload"; readonly node: string }
  /** The tracked script fails. */
  | { readonly kind: "script-fails"; readonly node: string }
  /** The number in the tracked file, which is added to the priority. */
  | { readonly kind: "number-written"; readonly node: string; readonly value: number }
  /** Busy loops on the processors of all. */
  | { readonly kind: "cpu-load"; readonly node: string; readonly loops: number }
  /** The file system of the runtime directory is full. */
  | { readonly kind: "runtime-full"; readonly node: string }
  /** Each advertisement is lost to each receiver with this chance. */
  | { readonly kind: "loss"; readonly permille: number }
  /** A stranger sends thousands of invalid advertisements a second. */
  | { readonly kind: "flood" };

export type Which = "all" | "vrrp" | "supervisor";

export type NodeFault = Extract<Fault, { readonly node: string }>;

/** A fault as it was carried out. Times are ms since 1970. */
export interface FaultRecord {
  readonly fault: Fault;
  /** Just before the first deed. */
  readonly beginMs: number;
  /** After it was done. */
  readonly doneMs: number;
  /** Just before it was mended; as `doneMs` where nothing has to be. */
  readonly mendMs: number;
  /** After it was mended. */
  readonly mendedMs: number;
}

/** The node that a fault is of; undefined: it is one of the network. */
export function nodeOf(fault: Fault): string | undefined {
  return "node" in fault ? fault.node : undefined;
}

/** The one service that suffers from a fault; undefined: all do. */
export function serviceOf(fault: Fault): ServiceName | undefined {
  return "service" in fault ? fault.service : undefined;
}

/** A fault in a few words. */
export function describeFault(fault: Fault): string {
  const node = nodeOf(fault);
  const { kind } = fault;
  const details = Object.entries(fault).flatMap(([key, value]) =>
    key === "kind" || key === "node" ? [] : [`${key} ${String(value)}`],
  );
  return [kind, ...(node === undefined ? [] : [`on ${node}`]), ...details].join(" ");
}
