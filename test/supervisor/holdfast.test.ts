import { spawnSync } from "node:child_process";
import { constants, mkdtempSync, openSync, readFileSync, rmSync, statSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Namespaces } from "../netns/namespace.ts";
import { command, makeNamespaces } from "../netns/namespace.ts";
import { needs } from "../require.ts";
import { hasEnded, PROGRAM, run, startDaemon, throws, type Daemon, type Ended } from "./daemon.ts";

/** The whole program in a network namespace of its own, with a configuration that becomes master after 3.6 s. */
needs({ root: true, tools: ["ip", "mkfifo"] })("holdfast", () => {
  let namespaces: Namespaces;
  let namespace = "";
  let folder = "";
  let daemons: Daemon[] = [];

  beforeEach(() => {
    namespaces = makeNamespaces();
    namespace = namespaces.create("node");
    namespaces.join(namespace, "veth0", namespace, "veth1");
    command("ip", "-n", namespace, "address", "add", "10.1.1.5/24", "dev", "veth0");
    folder = mkdtempSync(join(tmpdir(), "hf-run-"));
    writeFileSync(join(folder, "good.conf"), GOOD);
  });

  afterEach(async () => {
    for (const daemon of daemons) await daemon.remove();
    daemons = [];
    namespaces.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (...flags: readonly string[]): Daemon => {
    const daemon = startDaemon(namespace, folder, flags);
    daemons.push(daemon);
    return daemon;
  };
  const holdfast = async (...words: readonly string[]): Promise<Ended> => await run(namespace, words);
  const status = async (): Promise<Ended> => await holdfast("status", "--json", "--runtime-dir", folder);

  test("start: pid files name both processes when they are up, stop removes them and exits with 0", async () => {
    const daemon = start();
    await daemon.line("Startup complete");
    await daemon.pidFile("vrrp.pid");
    expect(daemon.pid("holdfast.pid")).toBe(daemon.processId());
    expect(readFileSync(`/proc/${daemon.pid("vrrp.pid")}/comm`, "utf8")).toBe("holdfast_vrrp\n");
    daemon.signal("SIGTERM");
    expect(await daemon.exit).toBe(0);
    expect([() => daemon.pid("holdfast.pid"), () => daemon.pid("vrrp.pid")].every(throws)).toBe(true);
  });

  test("signals that keepalived's users send: nobody dies, nobody opens a debugger", async () => {
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    const pids = [daemon.pid("holdfast.pid"), daemon.pid("vrrp.pid")];
    for (const pid of pids) {
      for (const [signal, words] of [
        ["PIPE", ""],
        ["USR1", "Printing VRRP data for process"],
        ["USR2", "Printing VRRP stats for process"],
        ["RTMIN+2", "Printing VRRP as json for process"],
        ["RTMAX-1", "Printing and clearing VRRP stats for process"],
        ["RTMAX", "----[ End threads dump ]----"],
      ] as const) {
        command("/bin/bash", "-c", `kill -${signal} ${pid}`);
        await daemon.line(words);
      }
    }
    expect(daemon.output()).not.toContain("ebugger");
    expect([daemon.pid("holdfast.pid"), daemon.pid("vrrp.pid")]).toEqual(pids);
    expect((await status()).status).toBe(0);
  });

  test("SIGRTMIN+2 to either process, as exporters send it: keepalived.json is there, for the owner alone", async () => {
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    await daemon.line("Startup complete");
    for (const pid of ["holdfast.pid", "vrrp.pid"]) {
      command("/bin/bash", "-c", `kill -RTMIN+2 ${daemon.pid(pid)}`);
      await daemon.file("keepalived.json");
      const [instance] = JSON.parse(readFileSync(join(folder, "keepalived.json"), "utf8"));
      expect(instance.data).toMatchObject({
        iname: "VI_1",
        state: 1,
        vrid: 77,
        vips: ["10.1.1.1/24 dev veth0 scope global"],
      });
      expect(statSync(join(folder, "keepalived.json")).mode & 0o777).toBe(0o600);
      rmSync(join(folder, "keepalived.json"));
    }
  });

  test("state_dump_file, stats_dump_file, json_dump_file: each dump goes where the configuration says", async () => {
    const kinds = ["state", "stats", "json"] as const;
    const lines = kinds.map((kind) => `  ${kind}_dump_file ${join(folder, `${kind}.here`)}`);
    writeFileSync(join(folder, "good.conf"), ["global_defs {", ...lines, "}", GOOD].join("\n"));
    const daemon = start();
    await daemon.line("Startup complete");
    await daemon.pidFile("vrrp.pid");
    for (const [signal, kind] of [
      ["USR1", "state"],
      ["USR2", "stats"],
      ["RTMIN+2", "json"],
    ] as const) {
      command("/bin/bash", "-c", `kill -${signal} ${daemon.pid("holdfast.pid")}`);
      await daemon.file(`${kind}.here`);
    }
  });

  test("-t and check of a file that is not there: exit with 6 and with 3, of one that cannot be read -t with 5", async () => {
    const nowhere = join(folder, "nowhere.conf");
    expect([(await holdfast("-t", "-f", nowhere)).status, (await holdfast("check", nowhere)).status]).toEqual([6, 3]);
    expect((await holdfast("-t", "-f", folder)).status).toBe(5);
  });

  test("plan: compares a file with what runs, changes nothing, and says what a reload would refuse", async () => {
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    const plan = async (text: string): Promise<{ status: number | null; document: { changes: unknown } }> => {
      writeFileSync(join(folder, "next.conf"), text);
      const { status: exit, output } = await holdfast(
        "plan",
        "--json",
        join(folder, "next.conf"),
        "--runtime-dir",
        folder,
      );
      return { status: exit, document: JSON.parse(output) };
    };
    expect(await plan(GOOD)).toMatchObject({ status: 0, document: { changes: [], refusedBy: [] } });
    expect(await plan(GOOD.replace("100", "120"))).toMatchObject({
      status: 0,
      document: { changes: [{ kind: "setting-changed", keyword: "priority", from: "100", to: "120" }] },
    });
    expect((await plan(GOOD.replace("priority", "priorityy"))).status).toBe(1);
    const shown = JSON.parse((await status()).output);
    expect(shown.instances[0]).toMatchObject({ name: "VI_1", priority: 100 });
    expect((await holdfast("plan", join(folder, "next.conf"), "--runtime-dir", "/nowhere")).status).toBe(3);
  });

  test("a second start: refused, and the first goes on", async () => {
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    const second = await start().exit;
    expect(second).toBe(1);
    expect((await status()).status).toBe(0);
  });

  test("bad file, SIGHUP to either process: refused and remembered; mended: in force", async () => {
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    for (const bad of ["vrrp_instance VI_1 {\n  priority\n}\n", GOOD.replace("priority", "priorityy")]) {
      writeFileSync(join(folder, "good.conf"), bad);
      daemon.signal("SIGHUP");
      await daemon.line("Reload refused");
      process.kill(daemon.pid("vrrp.pid"), "SIGHUP");
      await daemon.line("Reload refused");
      const { daemon: shown, instances } = JSON.parse((await status()).output);
      expect(shown.refusedReload.reasons.length).toBeGreaterThan(0);
      expect(instances[0]).toMatchObject({ name: "VI_1", priority: 100 });
    }
    const reload = ["reload", "--runtime-dir", folder];
    expect((await holdfast(...reload)).status).toBe(1);
    // The misspelt priority would not have stopped a start, so it may be forced.
    expect((await holdfast(...reload, "--force")).status).toBe(0);
    writeFileSync(join(folder, "good.conf"), GOOD.replace("100", "120"));
    expect((await holdfast(...reload)).status).toBe(0);
    const after = JSON.parse((await status()).output);
    expect(after.daemon.refusedReload).toBeNull();
    expect(after.instances[0].priority).toBe(120);
  });

  test("its pid file removed by somebody, or another's pid in it, then a reload: it goes on", async () => {
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    const reload = ["reload", "--runtime-dir", folder];
    rmSync(join(folder, "holdfast.pid"));
    expect((await holdfast(...reload)).status).toBe(0);
    writeFileSync(join(folder, "holdfast.pid"), "1\n");
    expect((await holdfast(...reload)).status).toBe(0);
    expect((await status()).status).toBe(0);
    expect(daemon.output()).not.toContain("Another Holdfast");
  });

  test("the vrrp process is stopped (SIGSTOP): the status says so, then it is replaced", async () => {
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    const frozen = daemon.pid("vrrp.pid");
    process.kill(frozen, "SIGSTOP");
    const meanwhile = await status();
    expect(meanwhile.status).toBe(5);
    expect(JSON.parse(meanwhile.output)).toMatchObject({
      instances: [],
      daemon: { processes: [{}, { state: "silent" }] },
    });
    await daemon.line("hangs: killing it");
    await daemon.line("Startup complete");
    await daemon.pidFile("vrrp.pid");
    expect(daemon.pid("vrrp.pid")).not.toBe(frozen);
    expect((await status()).status).toBe(0);
  });

  test("kill -9 of the supervisor of a master: the vrrp process takes the address away and ends", async () => {
    const daemon = start();
    await daemon.line("setting VIPs");
    const vrrp = daemon.pid("vrrp.pid");
    expect(addresses(namespace)).toContain("10.1.1.1");
    daemon.signal("SIGKILL");
    await daemon.line("sent 0 priority");
    await daemon.closed;
    expect(addresses(namespace)).not.toContain("10.1.1.1");
    expect(hasEnded(vrrp)).toBe(true);
    // Left-over pid files and the socket do not stand in the way.
    const next = start();
    await next.line("Startup complete");
    await next.pidFile("vrrp.pid");
    expect((await status()).status).toBe(0);
  });

  test("without -n: returns when the daemon is up, with its own exit status when it is not", async () => {
    const flags = ["-G", "--runtime-dir", folder, "--state-dir", folder];
    const started = await holdfast("-f", join(folder, "good.conf"), ...flags);
    expect(started).toEqual({ status: 0, output: "" });
    const pid = Number(readFileSync(join(folder, "holdfast.pid"), "utf8"));
    expect((await status()).status).toBe(0);
    const again = await holdfast("-f", join(folder, "good.conf"), ...flags);
    expect(again).toEqual({ status: 1, output: `daemon is already running, pid ${pid}\n` });
    const gone = untilGone(folder, "holdfast.pid");
    process.kill(pid, "SIGTERM");
    await gone;
    writeFileSync(join(folder, "bad.conf"), "vrrp_instance VI_1 {\n  priority\n}\n");
    const refused = await holdfast("-f", join(folder, "bad.conf"), ...flags);
    expect(refused.status).toBe(2);
    expect(refused.output).toContain('"priority" needs');
    expect((await holdfast("-f", join(folder, "none.conf"), ...flags)).status).toBe(6);
  });

  test("without -n, a daemon that does not come up: the starter waits no longer than its limit, exit 1", () => {
    const mute = join(folder, "mute.mjs");
    writeFileSync(mute, `process.on("disconnect", () => process.exit());`);
    const source = `import { startInBackground } from ${JSON.stringify(DAEMONIZE)};
      startInBackground(${JSON.stringify(mute)}, [], { console: false }, 300);`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" });
    expect([ended.status, ended.stderr]).toEqual([
      1,
      "The daemon is not up after 0.3 s and goes on trying; its log says why\n",
    ]);
  });

  test("no permission: exit 4, and the sentence names the capability", async () => {
    const without = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"];
    const ended = await run(namespace, ["run", "-f", join(folder, "good.conf"), "--runtime-dir", folder], without);
    expect(ended.status).toBe(4);
    expect(ended.output).toContain("missing CAP_NET_RAW");
  });

  test("a file that stops the start: exit 2, and no process is left", async () => {
    writeFileSync(join(folder, "good.conf"), "vrrp_instance VI_1 {\n  priority\n}\n");
    const daemon = start();
    expect(await daemon.exit).toBe(2);
    await daemon.closed;
    expect(throws(() => daemon.pid("holdfast.pid"))).toBe(true);
  });

  test("no such interface: exit 2, and the sentence names it", async () => {
    writeFileSync(join(folder, "good.conf"), GOOD.replace("veth0", "veth77"));
    const daemon = start();
    expect(await daemon.exit).toBe(2);
    expect(daemon.output()).toContain('There is no interface "veth77" on this host');
  });

  test("nobody reads its standard error, and the pipe is full: it works all the same", async () => {
    const fifo = join(folder, "fifo");
    command("mkfifo", fifo);
    const full = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    command("/bin/sh", "-c", `head -c 65536 /dev/zero > ${fifo}`);
    const daemon = startDaemon(namespace, folder, [], full);
    daemons.push(daemon);
    await daemon.pidFile("vrrp.pid");
    expect((await status()).status).toBe(0);
    daemon.signal("SIGTERM");
    expect(await daemon.exit).toBe(0);
  });

  test("standard output that cannot be written: one sentence, exit 1; a reader that has left: nothing", () => {
    const shell = (line: string): { readonly status: number | null; readonly stderr: string } =>
      spawnSync("/bin/bash", ["-c", line, PROGRAM], { encoding: "utf8" });
    const full = shell('"$0" --help > /dev/full');
    expect([full.status, full.stderr]).toEqual([1, "Cannot write to standard output: ENOSPC\n"]);
    // More than a pipe holds, to a pipe that nobody reads.
    writeFileSync(join(folder, "long.conf"), "vrrp_nothing\n".repeat(1_500));
    const left = shell(`set -o pipefail; "$0" check --json ${join(folder, "long.conf")} | true`);
    expect([left.status, left.stderr]).toEqual([2, ""]);
  });

  test("a folder for run files that cannot be written: said, and the service runs", async () => {
    writeFileSync(join(folder, "file"), "");
    const daemon = start("--runtime-dir", join(folder, "file", "run"));
    await daemon.line("going on, but a second start will not be noticed");
    await daemon.line("Startup complete");
    daemon.signal("SIGTERM");
    expect(await daemon.exit).toBe(0);
  });

  test("process_names: keepalived's titles for ps -C and pidof", async () => {
    writeFileSync(join(folder, "good.conf"), `global_defs {\n  process_names\n}\n${GOOD}`);
    const daemon = start();
    await daemon.pidFile("vrrp.pid");
    const names = [daemon.pid("holdfast.pid"), daemon.pid("vrrp.pid")].map((pid) =>
      readFileSync(`/proc/${pid}/comm`, "utf8").trim(),
    );
    expect(names).toEqual(["keepalived", "keepalived_vrrp"]);
  });
});

async function untilGone(folder: string, name: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(folder, () => {
      if (!throws(() => readFileSync(join(folder, name)))) return;
      watcher.close();
      resolve();
    });
  });
}

function addresses(namespace: string): string {
  return command("ip", "-n", namespace, "-brief", "address", "show", "dev", "veth0");
}

const DAEMONIZE = new URL("../../dist/src/main/daemonize.js", import.meta.url).href;

const GOOD = `vrrp_instance VI_1 {
  interface veth0
  virtual_router_id 77
  priority 100
  advert_int 1
  virtual_ipaddress {
    10.1.1.1/24
  }
}
`;
