import { afterAll, beforeAll, expect, test } from "vitest";
import { needs } from "../require.ts";
import type { Host } from "../../src/lab/host.ts";
import { Lab } from "../../src/lab/lab.ts";
import { runOrThrow, type Program } from "../../src/lab/program.ts";
import { startKeepalived, startNginx } from "../../src/lab/services.ts";

const VIP = "10.77.0.100";
const TOOLS = ["ip", "nsenter", "nginx", "keepalived", "nft", "tcpdump"];

needs({ root: true, tools: TOOLS })("a lab with two keepaliveds", () => {
  let lab: Lab;
  let a: Host;
  let b: Host;
  let client: Host;
  let stronger: Program;

  beforeAll(async () => {
    lab = await Lab.open();
    a = await lab.host("a", { address: "10.77.0.1/24" });
    b = await lab.host("b", { address: "10.77.0.2/24" });
    client = await lab.host("client", { address: "10.77.0.9/24" });
    await Promise.all([startNginx(a), startNginx(b)]);
    stronger = await startKeepalived(a, configuration("MASTER", 100));
    await startKeepalived(b, configuration("BACKUP", 99));
    await stronger.waitForLine(/Entering MASTER STATE/);
    await lab.waitForOnlyHolder(VIP, a);
  });

  afterAll(() => lab.close());

  test("programs of one host, seen from another: invisible", async () => {
    const names = async (host: Host): Promise<string[]> => (await host.processes()).map(({ name }) => name);
    expect((await names(a)).filter((name) => name === "nginx")).toHaveLength(2);
    expect(await names(client)).not.toContain("nginx");
    const counted = await a.runOrThrow(["sh", "-c", "ps -C keepalived --no-heading | wc -l"]);
    expect(counted.trim()).toBe("2");
  });

  test("files of one host: its own", async () => {
    await a.writeFile("/etc/keepalived/check.sh", "#!/bin/sh\nexit 3\n", 0o755);
    expect((await a.run(["/etc/keepalived/check.sh"])).end).toEqual({ kind: "exited", status: 3 });
    expect((await b.run(["test", "-e", "/etc/keepalived/check.sh"])).end).toEqual({ kind: "exited", status: 1 });
    expect(await b.readFile("/etc/keepalived/keepalived.conf")).toContain("priority 99");
  });

  test("adverts on the wire: captured", async () => {
    const capture = await b.capture("vrrp");
    const counter = await b.start(["tcpdump", "-l", "-n", "-i", "eth0", "-c", "1", "vrrp"]);
    await counter.waitForLine(/VRRPv2, Advertisement, vrid 51, prio 100/);
    const pcap = await capture.stop();
    // Header of the file and of one record, then Ethernet, IP and a version 2 advertisement with one address.
    expect(pcap.length).toBeGreaterThanOrEqual(24 + 16 + 14 + 20 + 20);
  });

  test("the stronger node stopped: the VIP moves, the client is answered by the other, and back", async () => {
    const prober = await client.ask(VIP);
    await prober.waitForAnswer({ by: "a" });
    const stoppedAt = Date.now();
    await stronger.stop();
    await lab.waitForOnlyHolder(VIP, b);
    await prober.waitForAnswer({ by: "b" });
    const stop = await prober.measure();
    expect(stop.answeredBy).toEqual(["a", "b"]);
    // The successor waits for Skew_Time, (256 - 99) / 256 s, after the farewell; the address goes at once (RFC 3768 6.1).
    expect(stop.longestOutageMs).toBeGreaterThan(500);
    expect(stop.longestOutageMs).toBeLessThan(1500);
    expect(await a.holds(VIP)).toBe(false);
    expect(await b.holds(VIP)).toBe(true);

    const startedAt = Date.now();
    stronger = await startKeepalived(a, configuration("MASTER", 100));
    await lab.waitForOnlyHolder(VIP, a);
    await prober.waitForAnswer({ by: "a", sinceMs: Date.now() });
    const back = await prober.measure(startedAt);
    expect(back.answeredBy.at(-1)).toBe("a");
    await prober.stop();
    process.stdout.write(
      `keepalived: outage ${stop.longestOutageMs.toFixed(0)} ms at a planned stop, ` +
        `${back.longestOutageMs.toFixed(0)} ms at the return; two holders ${lab.twoHoldersMs(VIP, stoppedAt).toFixed(1)} ms\n`,
    );
  });

  test("adverts lost in one direction: two holders until they are heard again, and the harness sees it", async () => {
    const sinceMs = Date.now();
    const mend = await b.lose("adverts", a);
    await b.vips.waitUntil(VIP, true);
    expect(lab.holders(VIP)).toEqual(["a", "b"]);
    await mend();
    await lab.waitForOnlyHolder(VIP, a);
    expect(lab.twoHoldersMs(VIP, sinceMs)).toBeGreaterThan(0);
    // The clock of the program is read in whole milliseconds, the kernel's has fractions.
    expect(lab.twoHoldersMs(VIP, Date.now() + 1)).toBe(0);
  });

  test("a cable pulled and plugged: the VIP goes to the other and returns", async () => {
    await a.setCable("pulled");
    await lab.waitForOnlyHolder(VIP, b);
    await a.setCable("plugged");
    await lab.waitForOnlyHolder(VIP, a);
    await a.setLink("down");
    await lab.waitForOnlyHolder(VIP, b);
    await a.setLink("up");
    await lab.waitForOnlyHolder(VIP, a);
  });

  test("everything frozen, woken and killed: signals reach all processes of the host", async () => {
    const ours = ({ name }: { name: string }): boolean => name.startsWith("keepalived");
    expect(await a.signal("SIGSTOP", ours)).toBe(2);
    await b.vips.waitUntil(VIP, true);
    expect(lab.holders(VIP)).toEqual(["a", "b"]);
    expect(await a.signal("SIGCONT", ours)).toBe(2);
    await lab.waitForOnlyHolder(VIP, a);
    expect(await a.signal("SIGKILL", ours)).toBe(2);
    expect(await stronger.waitForEnd()).toEqual({ kind: "killed", signal: "SIGKILL" });
    // Nobody is left to take the address away.
    await b.vips.waitUntil(VIP, true);
    expect(lab.holders(VIP)).toEqual(["a", "b"]);
  });
});

needs({ root: true, tools: ["ip", "nsenter", "chrt"] })("what a lab measures with", () => {
  test("an address added while real-time work keeps all processors busy: seen when it was added, not when that ends", async () => {
    const lab = await Lab.open();
    try {
      const host = await lab.host("a", { address: "10.78.0.1/24" });
      const added = await host.runOrThrow(["chrt", "--rr", "45", "sh", "-c", ADD_WHILE_BUSY, "sh", VIP]);
      const heldMs = await host.vips.waitUntil(VIP, true);
      expect(heldMs - Number(added)).toBeLessThan(50);
    } finally {
      await lab.close();
    }
  });
});

needs({ root: true, tools: ["ip", "nsenter"] })("what a lab leaves behind", () => {
  test("closed: no namespace and no process", async () => {
    const lab = await Lab.open();
    const host = await lab.host("a", { address: "10.78.0.1/24" });
    const program = await host.start(["sh", "-c", "sleep 1000 & echo $!; wait"]);
    await program.waitForLine(/^\d+$/);
    await lab.close();
    expect(await program.waitForEnd()).toEqual({ kind: "killed", signal: "SIGKILL" });
    expect(await runOrThrow(["ip", "netns", "list"])).not.toContain(`hf${process.pid}x`);
  });

  test("a program that never says what is awaited: the error says what, and shows the output", async () => {
    const lab = await Lab.open();
    try {
      const host = await lab.host("a", { address: "10.78.0.1/24" });
      const program = await host.start(["sh", "-c", "echo something else; sleep 1000"]);
      await program.waitForLine(/something/);
      const failure = program.waitForLine(/never/, { withinMs: 50 });
      await expect(failure).rejects.toThrow(/Waited 50 ms in vain for a line \/never\/[^]*something else/);
      const ended = await host.start(["sh", "-c", "echo bye; exit 7"]);
      await expect(ended.waitForLine(/never/)).rejects.toThrow(/exit status 7[^]*bye/);
      const missing = await host.start(["no-such-program"]);
      await expect(missing.waitForLine(/never/)).rejects.toThrow(/exit status 127[^]*no-such-program/);
    } finally {
      await lab.close();
    }
  });
});

function configuration(state: "MASTER" | "BACKUP", priority: number): string {
  return `global_defs {
  router_id lab
}
vrrp_instance web {
  state ${state}
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass secret
  }
  virtual_ipaddress {
    ${VIP}
  }
}
`;
}

/** Says when it added the address, in ms since 1970. The loops go on for 0.2 s after that. */
const ADD_WHILE_BUSY = `
for processor in $(seq "$(nproc --all)"); do chrt --rr 10 timeout 0.3 sh -c 'while :; do :; done' & done
sleep 0.1
date +%s%3N
ip addr add "$1/24" dev eth0
wait
`;
