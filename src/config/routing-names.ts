import type { ConfigReader } from "./reader.ts";

/** What has names in the files of iproute2, as the files are called. */
export type NameTable = "rt_tables" | "rt_protos" | "rt_scopes" | "rt_realms" | "rt_dsfield" | "group";

/** The names that numbers of routing have on this host. */
export interface RoutingNames {
  /** Undefined: there is no such name. Numbers are no names. */
  numberOf(table: NameTable, name: string): number | undefined;
}

/**
 * Reads the names of iproute2 when one is asked for: those that are always there, then those of the system's folder, then
 * the administrator's (`iproute_usr_dir`, `iproute_etc_dir`), each with the files of its `TABLE.d` folders. A later one counts.
 */
export function openRoutingNames(reader: ConfigReader, folders: readonly string[]): RoutingNames {
  const read = new Map<NameTable, ReadonlyMap<string, number>>();
  return {
    numberOf: (table, name) => {
      let names = read.get(table);
      if (names === undefined) {
        names = readTable(table, reader, folders);
        read.set(table, names);
      }
      return names.get(name);
    },
  };
}

function readTable(table: NameTable, reader: ConfigReader, folders: readonly string[]): ReadonlyMap<string, number> {
  const names = new Map(BUILT_IN[table]);
  for (const folder of folders) {
    const listed = reader.list(`${folder}/${table}.d`);
    const more = listed.ok ? listed.value.filter((file) => file.endsWith(".conf")).toSorted() : [];
    for (const path of [`${folder}/${table}`, ...more.map((file) => `${folder}/${table}.d/${file}`)]) {
      const bytes = reader.read(path);
      if (bytes.ok) for (const [name, number] of parseNames(bytes.value)) names.set(name, number);
    }
  }
  return names;
}

/** Each line has a number, decimal or with 0x, and a name; # begins a comment. */
function parseNames(bytes: Uint8Array): readonly (readonly [string, number])[] {
  // The files are in ASCII; a name that is not is compared byte by byte with nothing.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return text.split("\n").flatMap((line) => {
    const [, number = "", name = ""] = /^\s*(0x[0-9a-fA-F]+|\d+)\s+([^\s#]+)/.exec(line) ?? [];
    return name === "" ? [] : [[name, Number(number)] as const];
  });
}

/** linux/rtnetlink.h has these. */
const BUILT_IN: Readonly<Record<NameTable, readonly (readonly [string, number])[]>> = {
  rt_tables: [
    ["default", 253],
    ["main", 254],
    ["local", 255],
  ],
  rt_protos: [
    ["redirect", 1],
    ["kernel", 2],
    ["boot", 3],
    ["static", 4],
    ["zebra", 11],
    ["bird", 12],
    ["dhcp", 16],
    ["keepalived", 18],
    ["babel", 42],
    ["bgp", 186],
    ["isis", 187],
    ["ospf", 188],
    ["rip", 189],
    ["eigrp", 192],
  ],
  rt_scopes: [
    ["global", 0],
    ["universe", 0],
    ["site", 200],
    ["link", 253],
    ["host", 254],
    ["nowhere", 255],
  ],
  rt_realms: [["unknown", 0]],
  rt_dsfield: [],
  group: [["default", 0]],
};

/** Where Debian and others keep them. */
export const NAME_FOLDERS = { system: "/usr/share/iproute2", administrator: "/etc/iproute2" } as const;
