import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ip, mac } from "../../../src/base/address.ts";
import { formatOid, type Oid, type SnmpValue, type VarBind } from "../../../src/base/snmp.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import type { Configuration } from "../../../src/config/model/configuration.ts";
import { nextVariable } from "../../../src/core/snmp/tree.ts";
import { treeOf } from "../../../src/daemon/snmp/mib.ts";
import { trapsOf } from "../../../src/daemon/snmp/traps.ts";
import type { Happening, SnmpFacts, SnmpInstanceFacts } from "../../../src/daemon/snmp-facts.ts";

// walk.txt is what snmpwalk (net-snmp 5.9.3) showed of keepalived 2.2.7 (Debian 12), which ran keepalived.conf alone in a
// namespace for fourteen seconds and was master of everything; traps.txt is what snmptrapd received from its start to its
// stop. What it was doing is written down below by hand; the lines are compared.

describe("the tables beside those of keepalived", () => {
  test("a walk through all of them: the same lines in the same order", () => {
    const theirs = read("walk.txt").filter((line) => !isDifferent(line));
    const ours = walk().filter((line) => !isDifferent(line));
    expect(ours).toEqual(theirs);
    expect(ours.length).toBeGreaterThan(600);
  });

  test.each(DIFFERENCES())("where they differ: %s", (_, pattern, wanted) => {
    expect(walk().filter((line) => pattern.test(line))).toEqual(wanted);
  });
});

describe("traps beside those of keepalived", () => {
  test("from the start to the stop: the same objects with the same values", () => {
    const ours = HAPPENINGS.flatMap((happening) => trapsOf(happening, { configuration: load(), hostName: "host" }));
    const texts = ours.map((bindings) => bindings.map(lineOf).join("\t").replace(/^\S+ = OID: \./, ""));
    // Those of different instances come in another order.
    expect(texts.toSorted()).toEqual(read("traps.txt").toSorted());
  });

  test("without enable_traps there are none", () => {
    const configuration = load();
    const { global } = configuration;
    const silent = { ...configuration, global: { ...global, snmp: { ...global.snmp, traps: false } } };
    expect(HAPPENINGS.flatMap((happening) => trapsOf(happening, { configuration: silent, hostName: "host" }))).toEqual([]);
  });

  test("an advert with a wrong password: of which virtual router, from whom, and why (keepalived 2.2.7)", () => {
    const happening: Happening = {
      kind: "authentication-error",
      name: "V2",
      sender: ip("10.9.0.9"),
      error: "failure",
      interfaceIndex: 3,
    };
    expect(trapLines(happening)).toEqual([
      "1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.2.1.68.0.2",
      "1.3.6.1.2.1.68.1.5.3.51 = IpAddress: 10.9.0.9",
      "1.3.6.1.2.1.68.1.6.3.51 = INTEGER: 3",
    ]);
  });

  test("an advert with a wrong checksum: vrrpv3ProtoError (keepalived 2.2.7)", () => {
    const happening: Happening = { kind: "protocol-error", name: "V3", error: "checksum", interfaceIndex: 3 };
    expect(trapLines(happening)).toEqual([
      "1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.2.1.207.0.2",
      "1.3.6.1.2.1.207.1.2.5.1.6.3.52.1 = INTEGER: 3",
    ]);
  });
});

/** What is not as keepalived has it, each with its reason and what we say instead. */
function DIFFERENCES(): readonly (readonly [string, RegExp, readonly string[]])[] {
  const k = "1.3.6.1.4.1.9586.100.5";
  return [
    ["the version is our own", /\.100\.5\.1\.1\.0 /, [`${k}.1.1.0 = STRING: "Holdfast v1.2.3"`]],
    [
      "whether its own interface is tracked, where keepalived says whether any is",
      /\.100\.5\.2\.3\.1\.11\./,
      [1, 1, 1, 2].map((value, index) => `${k}.2.3.1.11.${index + 1} = INTEGER: ${value}`),
    ],
    [
      "all that is not excluded is advertised, where keepalived says so of the first instance alone",
      /\.100\.5\.2\.6\.1\.11\.[234]/,
      ["2.1", "2.2", "3.1", "3.2", "4.1"].map((row) => `${k}.2.6.1.11.${row} = INTEGER: 1`),
    ],
    ["advmss, which keepalived leaves out", /\.100\.5\.2\.7\.1\.25\./, [`${k}.2.7.1.25.1.1 = Gauge32: 1300`]],
    ["rto_min, which is always locked, as ip-route(8) locks it", /\.100\.5\.2\.7\.1\.39\./, [`${k}.2.7.1.39.1.5 = INTEGER: 1`]],
    [
      "the protocol and the ports of a rule, which keepalived leaves out",
      /\.100\.5\.2\.8\.1\.3[4-8]\./,
      [6, 100, 200, 53, 53].map((value, index) => `${k}.2.8.1.${34 + index}.1.5 = Gauge32: ${value}`),
    ],
    [
      "weights with which files, processes and sessions are tracked, where keepalived has those of their blocks",
      /\.100\.5\.2\.(12|16|17|19|20|22)\.1\.[34]\./,
      [
        "12.1.3.4.1 = INTEGER: 3",
        "12.1.4.4.1 = INTEGER: 1",
        "16.1.3.2.1 = INTEGER: 1",
        "16.1.4.2.1 = INTEGER: 2",
        "17.1.3.4.1 = INTEGER: 5",
        "17.1.4.4.1 = INTEGER: 2",
        "19.1.3.2.1 = INTEGER: 6",
        "19.1.4.2.1 = INTEGER: 2",
        "20.1.3.4.1 = INTEGER: 6",
        "20.1.4.4.1 = INTEGER: 2",
        "22.1.3.2.1 = INTEGER: 3",
        "22.1.4.2.1 = INTEGER: 2",
      ].map((line) => `${k}.2.${line}`),
    ],
    [
      "since when it is up, by the clock of the master agent; keepalived has its own",
      /\.68\.1\.3\.1\.13\./,
      ["1.3.6.1.2.1.68.1.3.1.13.3.51 = Timeticks: (806) 0:00:08.06"],
    ],
  ];
}

function isDifferent(line: string): boolean {
  return DIFFERENCES().some(([, pattern]) => pattern.test(line));
}

function walk(): readonly string[] {
  const tree = treeOf({
    configuration: load(),
    facts: FACTS,
    hostName: "host",
    release: "1.2.3",
    upTimeAt: (atMs) => 200 + (atMs - STARTED_MS) / 10,
  });
  const lines: string[] = [];
  for (let start: Oid = []; ; ) {
    const found = nextVariable(tree, { start, included: false, end: [] });
    if (found.value.kind === "end-of-mib-view") return lines;
    lines.push(lineOf(found));
    start = found.oid;
  }
}

function trapLines(happening: Happening): readonly string[] {
  return trapsOf(happening, { configuration: load(), hostName: "host" }).flatMap((bindings) => bindings.map(lineOf));
}

/** As snmpwalk -On prints it, without the first dot. */
function lineOf({ oid, value }: VarBind): string {
  return `${formatOid(oid)} = ${valueText(value)}`;
}

function valueText(value: SnmpValue): string {
  switch (value.kind) {
    case "integer":
      return `INTEGER: ${value.value}`;
    case "gauge32":
      return `Gauge32: ${value.value}`;
    case "counter32":
      return `Counter32: ${value.value}`;
    case "counter64":
      return `Counter64: ${value.value}`;
    case "ip-address":
      return `IpAddress: ${value.value}`;
    case "oid":
      return `OID: .${formatOid(value.value)}`;
    case "time-ticks": {
      const pad = (number: number): string => String(number).padStart(2, "0");
      const [all, hundredths] = [Math.floor(value.value / 100), value.value % 100];
      return `Timeticks: (${value.value}) 0:${pad(Math.floor(all / 60))}:${pad(all % 60)}.${pad(hundredths)}`;
    }
    case "octets": {
      const bytes = [...value.value];
      if (bytes.length === 0) return '""';
      if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return `STRING: "${String.fromCharCode(...bytes)}"`;
      return `Hex-STRING: ${bytes.map((byte) => `${byte.toString(16).padStart(2, "0").toUpperCase()} `).join("")}`;
    }
    default:
      return value.kind;
  }
}

const STARTED_MS = 1_795_197_600_000;

function instance(name: string, given: Partial<SnmpInstanceFacts> & { readonly upFor: number }): SnmpInstanceFacts {
  const { upFor, ...facts } = given;
  return {
    name,
    state: "MASTER",
    wanted: "MASTER",
    effectivePriority: 100,
    upSinceMs: STARTED_MS + 20_000 - upFor * 10,
    held: [true, true, true, true, true],
    routing: Array.from({ length: 20 }, () => true),
    counters: { becameMaster: 1 },
    newMasterReason: "no-response",
    protocolError: "none",
    ...facts,
  };
}

const FACTS: SnmpFacts = {
  atMs: STARTED_MS + 20_000,
  instances: [
    instance("V2", { source: ip("10.9.0.1"), upFor: 1_394 }),
    instance("V3", { source: ip("10.9.0.1"), upFor: 1_393, effectivePriority: 103 }),
    instance("V6", { source: ip("fe80::1"), upFor: 1_393, effectivePriority: 128 }),
    instance("VT", { source: ip("10.9.1.77"), upFor: 1_392, effectivePriority: 73 }),
  ],
  groups: [
    { name: "G", state: "MASTER" },
    { name: "G2", state: "MASTER" },
  ],
  scripts: [
    { name: "chk", verdict: "up" },
    { name: "bad", verdict: "down" },
  ],
  files: [{ name: "tf", value: 3 }],
  processes: [{ name: "proc", count: 0, verdict: "down" }],
  bfd: [{ name: "bf", verdict: "down" }],
  interfaces: [
    { index: 3, name: "d0", mac: mac("4a:bb:a2:86:89:67") },
    { index: 5, name: "d1", mac: mac("8a:0d:42:a4:ca:d0") },
  ],
  strangers: 0,
};

const HAPPENINGS: readonly Happening[] = (["BACKUP", "MASTER", "STOP"] as const).flatMap((state): readonly Happening[] => [
    { kind: "group-state", name: "G", state },
    { kind: "group-state", name: "G2", state },
    ...FACTS.instances.map(({ name, source, newMasterReason }): Happening => {
      const interfaceIndex = name === "VT" ? 5 : 3;
      return source === undefined
        ? { kind: "instance-state", name, state, newMasterReason, interfaceIndex }
        : { kind: "instance-state", name, state, source, newMasterReason, interfaceIndex };
    }),
  ],
);

function load(): Configuration {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const file = readFileSync(join(import.meta.dirname, "keepalived.conf"), "utf8");
  const { configuration } = loadConfiguration(
    "/etc/keepalived/keepalived.conf",
    { read: () => succeed(new TextEncoder().encode(file)), list: () => missing, facts: () => missing },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
  return configuration;
}

function read(name: string): readonly string[] {
  return readFileSync(join(import.meta.dirname, name), "utf8").split("\n").filter((line) => line !== "");
}
