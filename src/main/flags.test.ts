import { describe, expect, test } from "vitest";
import type { Flags } from "./flags.ts";
import { parseFlags } from "./flags.ts";

describe("parseFlags, spelling as getopt_long(3)", () => {
  test("nothing: keepalived's defaults", () => {
    expect(read("")).toMatchObject({
      configurationFile: undefined,
      foreground: false,
      console: false,
      detail: 0,
      configTest: undefined,
      syslogFacility: "daemon",
      respawn: true,
      vrrp: true,
      runtimeDirectory: "/run/holdfast",
      stateDirectory: "/var/lib/holdfast",
      warnings: [],
    });
  });

  test.each([
    "-n -l -D -f /etc/k.conf",
    "-nlD -f /etc/k.conf",
    "-nlDf/etc/k.conf",
    "-nlDf /etc/k.conf",
    "--dont-fork --log-console --log-detail --use-file=/etc/k.conf",
    "--dont-fork --log-console --log-detail --use-file /etc/k.conf",
    "--dont-fo --log-c --log-d --use /etc/k.conf",
    "-n -l -D -f /etc/k.conf --",
  ])("%s: foreground, console, detail and file", (line) => {
    expect(read(line)).toMatchObject({ foreground: true, console: true, detail: 1, configurationFile: "/etc/k.conf" });
  });

  test.each(["-DD", "-D -D", "--log-detail -D", "-DDD"])("%s: more detail", (line) => {
    expect(read(line).detail).toBe(2);
  });

  test("further flags of keepalived: addresses that come and go, processes without work, SIGINT", () => {
    const flags = read("-a --all --ignore-sigint");
    expect(flags).toMatchObject({ reportsAddresses: true, allProcesses: true, ignoresInterrupt: true, warnings: [] });
    expect(read("--address-monitoring").reportsAddresses).toBe(true);
    expect(read("")).toMatchObject({ reportsAddresses: false, allProcesses: false, ignoresInterrupt: false });
  });

  test("optional argument: only attached, the next word is not taken", () => {
    expect(read("-t").configTest).toEqual({ output: undefined });
    expect(read("-t/tmp/out").configTest).toEqual({ output: "/tmp/out" });
    expect(read("--config-test=/tmp/out").configTest).toEqual({ output: "/tmp/out" });
    expect(parseFlags(["-t", "/tmp/out"])).toEqual({ ok: false, error: "Unexpected argument(s): /tmp/out" });
  });

  test.each([
    ["-f", "Missing parameter for option -f"],
    ["-nf", "Missing parameter for option -f"],
    ["--use-file", "Missing parameter for option --use-file"],
    ["--dont-fork=yes", "Option --dont-fork takes no argument"],
    ["--bogus", "Unknown option --bogus"],
    ["-y", "Unknown option -y"],
    ["-ny", "Unknown option -y"],
    ["-", "Unexpected argument(s): -"],
    ["-n -- a b", "Unexpected argument(s): a b"],
    ["--in-backgroun", "Unknown option --in-backgroun"],
  ])("%s: refused, %s", (line, error) => {
    expect(parseFlags(line.split(" "))).toEqual({ ok: false, error });
  });

  test("a beginning that fits two options: both are named", () => {
    expect(parseFlags(["--log-f"])).toEqual({
      ok: false,
      error: "Option --log-f is ambiguous: --log-facility, --log-file",
    });
  });
});

describe("parseFlags, meaning", () => {
  test.each([
    ["-S 3", 3],
    ["-S local7", 7],
    ["--log-facility=daemon", "daemon"],
    ["-G", undefined],
  ])("%s: facility %s", (line, facility) => {
    expect(read(line).syslogFacility).toBe(facility);
  });

  test.each(["9", "local8", "localhost", "", "-1"])("-S %j: refused", (facility) => {
    const error = `Invalid log facility '${facility}': 0-7, local0-local7 or daemon`;
    expect(parseFlags(["-S", facility])).toEqual({ ok: false, error });
  });

  test.each([
    ["0177", 0o177],
    ["022", 0o22],
    ["63", 63],
    ["0x3f", 63],
    ["0", 0],
  ])("-u %s: %i, in the base that strtol(3) guesses", (text, mask) => {
    expect(read(`-u ${text}`).umask).toBe(mask);
  });

  test.each(["08", "1000", "abc", "", "-1", "0777777"])("-u %j: refused", (text) => {
    expect(parseFlags(["-u", text]).ok).toBe(false);
  });

  test.each([
    ["-P", true],
    ["-C", false],
    ["-P -C", true],
    ["-CP", true],
  ])("%s: the vrrp process is wanted: %s", (line, wanted) => {
    expect(read(line).vrrp).toBe(wanted);
  });

  test("-B and -b: no bfd process, or its pid file there", () => {
    expect([read("").bfd, read("-B").bfd, read("--no_bfd").bfd]).toEqual([true, false, false]);
    expect([read("").bfdPidFile, read("-b /run/b.pid").bfdPidFile]).toEqual([undefined, "/run/b.pid"]);
  });

  test("a flag that changes nothing: accepted with its argument, and said", () => {
    const flags = read("-c /run/c.pid -n");
    expect(flags.foreground).toBe(true);
    expect(flags.warnings).toEqual(["--checkers_pid has no effect: this version has no health checkers"]);
  });

  test("-x and -A: tables of SNMP, and where the master agent listens", () => {
    expect([read("").snmp, read("-x").snmp, read("--snmp").snmp]).toEqual([false, true, true]);
    expect(read("").snmpSocket).toBeUndefined();
    expect(read("-A /run/agentx").snmpSocket).toEqual({ kind: "unix", path: "/run/agentx" });
    expect(read("--snmp-agent-socket=tcp:localhost:705").snmpSocket).toEqual({
      kind: "tcp",
      host: "localhost",
      port: 705,
    });
    expect(parseFlags(["-A", "udp:localhost:161"])).toEqual({
      ok: false,
      error: "Invalid SNMP agent socket 'udp:localhost:161': a path, or tcp:host:port",
    });
  });

  test("-s: the network namespace of the vrrp process", () => {
    expect(read("-s blue").namespace).toBe("blue");
    expect(read("--namespace=blue").namespace).toBe("blue");
  });

  test.each("f P C B l D S:1 G u:0 X V I R n d p:x r:x c:x b:x a x A:/x m M e i:x t v h g L O".split(" "))(
    "-%s: keepalived 2.2.7 knows it, so it is taken",
    (option) => {
      const [letter = "", value = letter === "f" ? "x" : undefined] = option.split(":");
      expect(parseFlags(value === undefined ? [`-${letter}`] : [`-${letter}`, value]).ok).toBe(true);
    },
  );
});

function read(line: string): Flags {
  const parsed = parseFlags(line.split(" ").filter((word) => word !== ""));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
