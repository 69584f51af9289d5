import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { seededRandom } from "../base/random.ts";
import { fail, succeed } from "../base/result.ts";
import { checkHost } from "./check-host.ts";
import type { HostFacts } from "./check-host.ts";
import { loadConfiguration } from "./load.ts";

const CONFIGURATION = `global_defs {
 script_user keepalived_script
}
vrrp_script s {
 script "/etc/check.sh a"
 user www
}
vrrp_instance A {
 interface eth0
 virtual_router_id 5
 unicast_src_ip 10.0.0.7
 unicast_peer {
  10.0.0.2
 }
 virtual_ipaddress {
  10.0.0.9/24 dev eth1
 }
 track_script {
  s
 }
 track_interface {
  eth2
 }
 notify "/etc/notify.sh" root
}
`;

const GOOD: HostFacts = {
  interfaceExists: () => true,
  ownAddresses: () => [ip("10.0.0.7")],
  accountExists: () => true,
  program: (name) => ({ kind: "found", path: name, executable: true, insecureBecause: undefined }),
  scriptText: () => "exit 0",
  secret: () => "private",
};

function said(facts: Partial<HostFacts>, text = CONFIGURATION): readonly string[] {
  return found(facts, text).map(
    ({ code, severity, place }) => `${place.line}:${place.column}-${place.endColumn} ${severity} ${code}`,
  );
}

function found(facts: Partial<HostFacts>, text = CONFIGURATION): ReturnType<typeof checkHost> {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const { configuration } = loadConfiguration(
    "f",
    { read: () => succeed(new TextEncoder().encode(text)), list: () => missing, facts: () => missing },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
  return checkHost(configuration, { ...GOOD, ...facts });
}

describe("a configuration on this host", () => {
  test("everything there: nothing to say", () => {
    expect(said({})).toEqual([]);
  });

  test("enable_script_security and no account for a script: keepalived 2.4 would not run it, and this is said", () => {
    const secured = CONFIGURATION.replace("script_user keepalived_script", "enable_script_security");
    expect(said({}, secured)).toEqual([]);
    expect(said({}, secured.replace(" user www\n", ""))).toEqual(["5:9-26 warning SCRIPTS_AS_ROOT"]);
    expect(said({}, secured.replace(" user www\n", "").replace("enable_script_security", ""))).toEqual([]);
    const named = secured.replace(" user www\n", "").replace("{", "{\n script_user root");
    expect(said({}, named)).toEqual([]);
  });

  test("an instance that names no interface: none is looked for", () => {
    const text = CONFIGURATION.replace(" interface eth0\n", "");
    expect(said({ interfaceExists: (name) => name !== "" }, text)).toEqual([]);
  });

  test("missing interfaces: each at the line that names it, an unknown answer is none", () => {
    expect(said({ interfaceExists: () => false })).toEqual([
      "9:2-16 error UNKNOWN_INTERFACE",
      "22:3-7 error UNKNOWN_INTERFACE",
      "16:3-23 error UNKNOWN_INTERFACE",
    ]);
    expect(said({ interfaceExists: () => undefined })).toEqual([]);
  });

  test("an instance's own interface is missing: nothing starts (keepalived 2.2.7: exit 2); another one: it does", () => {
    expect(found({ interfaceExists: () => false }).map(({ effect }) => effect)).toEqual([
      "stops-start",
      "refuses-reload",
      "refuses-reload",
    ]);
  });

  test("one instance tracks what another one runs on: nothing starts, whichever comes first", () => {
    const second = CONFIGURATION.slice(CONFIGURATION.indexOf("vrrp_instance")).replace("instance A", "instance B");
    const both = CONFIGURATION + second.replace("interface eth0", "interface eth2").replace("10.0.0.9", "10.0.0.8");
    expect(found({ interfaceExists: (name) => name !== "eth2" }, both).map(({ effect }) => effect)).toEqual([
      "stops-start",
    ]);
  });

  test("dynamic_interfaces: a missing interface is told and stops nothing (keepalived)", () => {
    const dynamic = CONFIGURATION.replace("global_defs {", "global_defs {\n dynamic_interfaces");
    expect(
      found({ interfaceExists: () => false }, dynamic).map(({ severity, effect }) => `${severity} ${effect}`),
    ).toEqual(["warning logged", "warning logged", "warning logged"]);
  });

  test("programs: missing, not executable", () => {
    expect(said({ program: () => ({ kind: "missing" }) })).toEqual([
      "5:9-26 error SCRIPT_MISSING",
      "24:9-30 error SCRIPT_MISSING",
    ]);
    const path = "/etc/check.sh";
    expect(said({ program: () => ({ kind: "found", path, executable: false, insecureBecause: undefined }) })).toContain(
      "5:9-26 error SCRIPT_NOT_EXECUTABLE",
    );
  });

  test("a program that others may change: an error only where root runs it and enable_script_security refuses it", () => {
    const program: HostFacts["program"] = (name) => ({
      kind: "found",
      path: name,
      executable: true,
      insecureBecause: "/etc is writable by its group",
    });
    expect(said({ program })).toEqual(["24:9-30 warning SCRIPT_INSECURE"]);
    const secured = CONFIGURATION.replace("global_defs {", "global_defs {\n enable_script_security");
    expect(said({ program }, secured)).toEqual(["25:9-30 error SCRIPT_INSECURE"]);
  });

  test("accounts that do not exist: of the script, of the notify line, of script_user", () => {
    expect(said({ accountExists: (user) => user === "root" })).toEqual([
      "5:9-26 error UNKNOWN_ACCOUNT",
      "5:9-26 error UNKNOWN_ACCOUNT",
    ]);
  });

  test("the owner of a FIFO, and the file with the mail password: missing, or open to others", () => {
    const text = `global_defs {
 notification_email {
  a@example.org
 }
 smtp_server mail.example.org
 @holdfast smtp_tls smtps
 @holdfast smtp_user u
 @holdfast smtp_password_file /etc/pw
 notify_fifo /run/f ops
}
`;
    expect(said({}, text)).toEqual([]);
    expect(said({ accountExists: () => false, secret: () => "missing" }, text)).toEqual([
      "9:2-24 error UNKNOWN_ACCOUNT",
      "8:12-38 warning PASSWORD_FILE_MISSING",
    ]);
    expect(said({ secret: () => "readable-by-others" }, text)).toEqual(["8:12-38 error PASSWORD_FILE_INSECURE"]);
    expect(said({ secret: () => undefined }, text)).toEqual([]);
  });

  test("addresses: a peer, a source and a virtual address that are this host's own, or not", () => {
    expect(said({ ownAddresses: () => [ip("10.0.0.2"), ip("10.0.0.9")] })).toEqual([
      "13:3-11 warning OWN_ADDRESS_AS_PEER",
      "8:15-16 warning SOURCE_NOT_HERE",
      "16:3-23 warning ADDRESS_ALREADY_HERE",
    ]);
  });

  test("scripts that stop keepalived: a warning at each, also behind an interpreter and without a script", () => {
    const scriptText = (path: string): string | undefined =>
      path === "/bin/bash" ? undefined : "service keepalived stop";
    expect(said({ scriptText })).toEqual(["5:9-26 warning STOPS_KEEPALIVED", "24:9-30 warning STOPS_KEEPALIVED"]);
    const interpreted = CONFIGURATION.replace("/etc/check.sh a", "/bin/bash /etc/check.sh");
    expect(said({ scriptText }, interpreted)).toContain("5:9-34 warning STOPS_KEEPALIVED");
    const direct = CONFIGURATION.replace("/etc/check.sh a", "/bin/sh -c 'pgrep nginx || killall keepalived'");
    expect(said({}, direct)).toEqual(["5:9-57 warning STOPS_KEEPALIVED"]);
  });
});
