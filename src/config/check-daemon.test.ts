import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { fail, succeed } from "../base/result.ts";
import { loadConfiguration } from "./load.ts";

const INSTANCE = `vrrp_instance A {
 interface eth0
 virtual_router_id 5
 virtual_ipaddress {
  10.0.0.9/24
 }
}
`;

describe("what concerns the processes", () => {
  test.each([
    ["0177", 0o177],
    ["127", 127],
    ["0x3f", 0x3f],
    ["IRWXG | IRWXO", 0o077],
    ["S_IWGRP|S_IROTH", 0o024],
  ])("umask %s (sys/stat.h)", (text, expected) => {
    expect(load(`global_defs {\n umask ${text}\n}\n`).daemon.umask).toBe(expected);
  });

  test.each(["01777", "089", "IRWX", "lots"])("umask %s: refused with a word, and none is set", (text) => {
    const { daemon, codes } = load(`global_defs {\n umask ${text}\n}\n`);
    expect([daemon.umask, codes]).toEqual([undefined, ["OUT_OF_RANGE"]]);
  });

  test("processors: each once; one that cannot be: none", () => {
    expect(load("global_defs {\n vrrp_cpu_affinity 2 0 2\n}\n").daemon.cpus).toEqual([2, 0]);
    const { daemon, codes } = load("global_defs {\n vrrp_cpu_affinity 0 1024\n}\n");
    expect([daemon.cpus, codes]).toEqual([[], ["OUT_OF_RANGE"]]);
  });

  test("data_use_instance: namespace and name go into the names of the dumps, in this order", () => {
    const named = "net_namespace blue\ninstance one\n";
    expect(load(named).dumps.name).toBeUndefined();
    expect(load(`${named}global_defs {\n data_use_instance\n}\n`).dumps.name).toBe("blue_one");
  });

  test("a name that would leave the folder: refused", () => {
    const { daemon, codes } = load("instance ../etc\n");
    expect([daemon.instanceName, codes]).toEqual([undefined, ["OUT_OF_RANGE"]]);
  });

  test("a start script with its own time and account", () => {
    const { daemon } = load("global_defs {\n startup_script /usr/bin/true nobody\n startup_script_timeout 3\n}\n");
    expect(daemon.startupScript).toMatchObject({
      command: { argv: ["/usr/bin/true"], user: { user: "nobody" } },
      timeout: 3_000_000,
    });
    expect(daemon.shutdownScript).toBeUndefined();
  });
});

function load(
  text: string,
): ReturnType<typeof loadConfiguration>["configuration"]["global"] & { readonly codes: readonly string[] } {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const { configuration, diagnostics } = loadConfiguration(
    "/etc/a.conf",
    { read: () => succeed(new TextEncoder().encode(text + INSTANCE)), list: () => missing, facts: () => missing },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
  const codes = diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code);
  return { ...configuration.global, codes };
}
