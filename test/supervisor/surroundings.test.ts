import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Namespaces } from "../netns/namespace.ts";
import { command, makeNamespaces } from "../netns/namespace.ts";
import { needs } from "../require.ts";
import { hasEnded, run, startDaemon, type Daemon } from "./daemon.ts";

/** What a configuration says of the processes themselves, with the program started where there is no network. */
needs({ root: true, tools: ["ip", "taskset"] })("the surroundings of the processes", () => {
  let namespaces: Namespaces;
  let network = "";
  let elsewhere = "";
  let folder = "";
  let daemons: Daemon[] = [];

  beforeEach(() => {
    namespaces = makeNamespaces();
    network = namespaces.create("network");
    elsewhere = namespaces.create("elsewhere");
    namespaces.join(network, "veth0", network, "veth1");
    command("ip", "-n", network, "address", "add", "10.1.1.5/24", "dev", "veth0");
    folder = mkdtempSync(join(tmpdir(), "hf-run-"));
  });

  afterEach(async () => {
    for (const daemon of daemons) await daemon.remove();
    daemons = [];
    namespaces.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (namespace: string, text: string, ...flags: readonly string[]): Daemon => {
    writeFileSync(join(folder, "good.conf"), text);
    const daemon = startDaemon(namespace, folder, flags);
    daemons.push(daemon);
    return daemon;
  };
  const script = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test.each([["net_namespace"], ["-s"]])(
    "%s: started elsewhere, it is master in that namespace, its scripts too",
    async (way) => {
      const told = script(
        "told",
        `ip -brief address show dev veth0 > ${folder}/seen.new; mv ${folder}/seen.new ${folder}/seen`,
      );
      const text = instance(`notify_master ${told} root`);
      const daemon =
        way === "-s" ? start(elsewhere, text, "-s", network) : start(elsewhere, `net_namespace ${network}\n${text}`);
      await daemon.line("setting VIPs");
      expect(command("ip", "-n", network, "-brief", "address", "show", "dev", "veth0")).toContain("10.1.1.1/24");
      await daemon.file("seen");
      expect(readFileSync(join(folder, "seen"), "utf8")).toContain("10.1.1.5/24");
      // What a reload is checked against is that namespace, too.
      expect((await run(elsewhere, ["reload", "--runtime-dir", folder])).status).toBe(0);
    },
  );

  test("a namespace that is not there: no start, exit 2, and its name", async () => {
    const daemon = start(elsewhere, `net_namespace hf-none\n${instance("")}`);
    expect(await daemon.exit).toBe(2);
    expect(daemon.output()).toContain("Cannot enter the network namespace hf-none: No such file or directory");
  });

  test("startup_script before everything, shutdown_script after it; one that hangs is killed", async () => {
    const up = script("up", `sleep 0.2; echo up >> ${folder}/order`);
    const down = script(
      "down",
      `cat ${folder}/vrrp.pid >> ${folder}/order 2>&1; echo down >> ${folder}/order; sleep 100`,
    );
    const hooks = `startup_script ${up} root\nshutdown_script ${down} root\nshutdown_script_timeout 1`;
    const daemon = start(network, `global_defs {\n${hooks}\n}\n${instance("")}`);
    await daemon.line("Startup complete");
    expect(readFileSync(join(folder, "order"), "utf8")).toBe("up\n");
    daemon.signal("SIGTERM");
    await daemon.line("shutdown_script took longer than 1 s and was killed");
    expect(await daemon.exit).toBe(0);
    expect(readFileSync(join(folder, "order"), "utf8")).toMatch(/^up\ncat: .*No such file.*\ndown\n$/);
  });

  test("startup_script fails: said, and the service runs", async () => {
    const daemon = start(network, `global_defs {\nstartup_script /usr/bin/false root\n}\n${instance("")}`);
    await daemon.line("startup_script ended with status 1");
    await daemon.line("Startup complete");
  });

  test("SIGTERM while startup_script runs: it is killed, and the daemon ends with 0", async () => {
    const up = script("up", `echo $$ > ${folder}/pid.new; mv ${folder}/pid.new ${folder}/pid; sleep 1000`);
    const daemon = start(network, `global_defs {\nstartup_script ${up} root\n}\n${instance("")}`);
    await daemon.file("pid");
    const pid = daemon.pid("pid");
    daemon.signal("SIGTERM");
    expect(await daemon.exit).toBe(0);
    await daemon.closed;
    expect(hasEnded(pid)).toBe(true);
  });

  test("reload_time_file: it reloads at that time, and the file goes; so does the one of reload_file", async () => {
    const words = `global_defs {\nreload_time_file ${folder}/when\nreload_file ${folder}/reading\n}\n`;
    const daemon = start(network, words + instance(""));
    await daemon.line("Startup complete");
    writeFileSync(join(folder, "good.conf"), words + instance("priority 120"));
    const soon = new Date(Date.now() + 2_500).toISOString();
    writeFileSync(join(folder, "when"), `${soon.slice(11, 19)}Z\n`);
    await daemon.line("A reload is due at");
    await daemon.line("Reload complete");
    const { instances } = JSON.parse((await run(network, ["status", "--json", "--runtime-dir", folder])).output);
    expect(instances[0].priority).toBe(120);
    expect([existsSync(join(folder, "when")), existsSync(join(folder, "reading"))]).toEqual([false, false]);
  });

  test("vrrp_cpu_affinity and umask: as taskset and the kernel show them", async () => {
    const daemon = start(network, `global_defs {\nvrrp_cpu_affinity 0\numask IRWXG | IRWXO\n}\n${instance("")}`);
    await daemon.line("Startup complete");
    await daemon.pidFile("vrrp.pid");
    const vrrp = daemon.pid("vrrp.pid");
    expect(command("taskset", "-p", `${vrrp}`)).toMatch(/affinity mask: 1\n$/);
    for (const pid of [vrrp, daemon.pid("holdfast.pid")]) {
      expect(readFileSync(`/proc/${pid}/status`, "utf8")).toContain("Umask:\t0077\n");
    }
  });

  test("bfd_cpu_affinity, and SIGUSR1: the bfd process is where it should be, and tells of its sessions", async () => {
    const session = "bfd_instance there {\nneighbor_ip 10.1.1.9\n}\n";
    const daemon = start(network, `global_defs {\nbfd_cpu_affinity 0\n}\n${session}${instance("")}`);
    await daemon.line("Startup complete");
    await daemon.pidFile("bfd.pid");
    expect(command("taskset", "-p", `${daemon.pid("bfd.pid")}`)).toMatch(/affinity mask: 1\n$/);
    daemon.signal("SIGUSR1");
    await daemon.file("keepalived_bfd.data");
    expect(readFileSync(join(folder, "keepalived_bfd.data"), "utf8")).toContain(
      " BFD Instance = there\n   Neighbor IP = 10.1.1.9\n",
    );
  });

  test("config_save_dir and reload_check_config: what was read, the states around a reload, and what it found", async () => {
    const words = `global_defs {\nconfig_save_dir ${folder}/saved\nreload_check_config ${folder}/found\n}\n`;
    const daemon = start(network, words + instance(""));
    await daemon.line("Startup complete");
    await daemon.pidFile("vrrp.pid");
    const [all, vrrp] = [daemon.pid("holdfast.pid"), daemon.pid("vrrp.pid")];
    writeFileSync(join(folder, "good.conf"), words + instance("priority 120"));
    daemon.signal("SIGHUP");
    await daemon.line("Reload complete");
    writeFileSync(join(folder, "good.conf"), words + instance("priority many"));
    daemon.signal("SIGHUP");
    await daemon.line("Reload refused");
    // What the vrrp process has sent before its answer has been written by then.
    await run(network, ["status", "--runtime-dir", folder]);
    expect(readdirSync(join(folder, "saved")).toSorted()).toEqual(
      [
        `keepalived.conf.${all}.0`,
        `keepalived.conf.${all}.1`,
        `keepalived_vrrp.${vrrp}.1.post`,
        `keepalived_vrrp.${vrrp}.1.pre`,
      ].toSorted(),
    );
    const saved = (name: string): string => readFileSync(join(folder, "saved", name), "utf8");
    expect(saved(`keepalived.conf.${all}.1`)).toBe(`# ${folder}/good.conf\n${words}${instance("priority 120")}`);
    expect(saved(`keepalived_vrrp.${vrrp}.1.pre`)).toContain("   Priority = 100\n");
    expect(saved(`keepalived_vrrp.${vrrp}.1.post`)).toContain("   Priority = 120\n");
    expect(statSync(join(folder, "saved", `keepalived.conf.${all}.0`)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "found"), "utf8")).toContain('"many" is not a whole number');
  });

  test("disable_local_igmp: groups of 224.0.0.0/24 are not reported while it runs", async () => {
    const reports = (): string =>
      command("ip", "netns", "exec", network, "cat", "/proc/sys/net/ipv4/igmp_link_local_mcast_reports");
    expect(reports()).toBe("1\n");
    const daemon = start(network, `global_defs {\ndisable_local_igmp\n}\n${instance("")}`);
    await daemon.line("Startup complete");
    expect(reports()).toBe("0\n");
    daemon.signal("SIGTERM");
    expect(await daemon.exit).toBe(0);
    expect(reports()).toBe("1\n");
  });

  test("-V: the address stays at the end, for ever, and the next start removes it", async () => {
    const address = (): readonly unknown[] => {
      const [veth0] = JSON.parse(command("ip", "-n", network, "-j", "address", "show", "dev", "veth0"));
      const found = veth0.addr_info.filter(({ local }: { local: string }) => local === "10.1.1.1");
      return found.map(({ valid_life_time }: { valid_life_time: number }) => valid_life_time);
    };
    const first = start(network, instance(""), "-V");
    await first.line("setting VIPs");
    first.signal("SIGTERM");
    expect(await first.exit).toBe(0);
    expect(address()).toEqual([INFINITY_LIFE_TIME]);
    const second = start(network, `global_defs {\nvrrp_startup_delay 60\n}\n${instance("")}`, "-V");
    await second.line("Startup complete");
    expect(address()).toEqual([]);
  });
});

/** linux/if_addr.h: of `ip -j` for an address without an end. */
const INFINITY_LIFE_TIME = 4_294_967_295;

function instance(more: string): string {
  const addresses = "virtual_ipaddress {\n10.1.1.1/24\n}";
  return `vrrp_instance VI_1 {\ninterface veth0\nvirtual_router_id 77\npriority 100\n${addresses}\n${more}\n}\n`;
}
