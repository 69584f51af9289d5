import { expect, test } from "vitest";
import type { Host } from "../../src/lab/host.ts";
import { bothAnsweredMs, RollCall, type Answer } from "../../src/lab/roll-call.ts";
import { startNginx } from "../../src/lab/services.ts";
import { needs } from "../require.ts";
import { CONFIGURATION_FILE, configurationOf, isOf, LAB_NEEDS, pass, VIP, withPair, type Pair } from "./cluster.ts";

const OUR_TABLES = ["table arp holdfast_vrrp", "table ip holdfast_vrrp", "table ip6 holdfast_vrrp"];

needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "tcpdump"] })("the fine lock", () => {
  test.each([
    ["SIGKILL", 0.1, 0],
    ["SIGSTOP", 0.1, 0],
    ["SIGKILL", 0.01, 20],
    ["SIGSTOP", 0.01, 20],
  ] as const)("%s of all processes of the master at advert_int %d: at most %i ms in which two nodes answer", (...row) =>
    withPair(async (pair) => {
      const [signal, interval, atMostMs] = row;
      const { a, b, client } = pair;
      await startBoth(pair, interval);
      const call = await RollCall.open(client, VIP, [a.host, b.host]);
      await pass(0.5, client);
      const sinceMs = Date.now();
      expect(await a.host.signal(signal, isOf("holdfast"))).toBe(2);
      await b.host.vips.waitUntil(VIP, true);
      // The address itself is still on the dead node: its lease has whole seconds.
      expect(await a.host.holds(VIP)).toBe(true);
      await pass(2.5, client);
      const answers = await call.stop();
      for (const kind of ["arp", "echo"] as const) {
        const ofKind = answers.filter((answer) => answer.kind === kind);
        expect(namesOf(ofKind)).toEqual(["a", "b"]);
        expect(bothAnsweredMs(ofKind, "a", "b", sinceMs)).toBeLessThanOrEqual(atMostMs);
      }
    }),
  );

  test("a master that lives: nobody's packet is dropped, and a clean stop leaves no table of ours", () =>
    withPair(async (pair) => {
      const { lab, a, b, client } = pair;
      await a.host.runOrThrow(["nft", "add", "table", "ip", "theirs"]);
      await startBoth(pair, 0.1);
      expect(await tablesOf(a.host)).toEqual([...OUR_TABLES, "table ip theirs"].toSorted());
      expect((await a.instance()).fineLock).toMatchObject({ state: "on", windowMs: 300.39 });
      const call = await RollCall.open(client, VIP, [a.host, b.host]);
      await pass(6, client);
      const answers = await call.stop();
      expect(namesOf(answers)).toEqual(["a"]);
      expect(await droppedBy(a.host)).toBe(0);
      await a.stop();
      await lab.waitForOnlyHolder(VIP, b.host);
      expect(await tablesOf(a.host)).toEqual(["table ip theirs"]);
    }));

  test("a crash and a start while the other node serves: adopted, and let go", () =>
    withPair(async (pair) => {
      const { lab, a, b, client } = pair;
      await startBoth(pair, 0.1);
      await a.host.signal("SIGKILL", isOf("holdfast"));
      await b.host.vips.waitUntil(VIP, true);
      await a.holdfast(configurationOf({ priority: 100, interval: 0.1 }));
      await lab.waitForOnlyHolder(VIP, b.host);
      await a.daemon.waitForLine(/Entering BACKUP STATE/);
      await b.stop();
      const call = await RollCall.open(client, VIP, [a.host, b.host]);
      await lab.waitForOnlyHolder(VIP, a.host);
      await pass(1, client);
      expect(namesOf(await call.stop())).toEqual(["a"]);
    }));

  test("all of nf_tables flushed by somebody: there again with the next advert", () =>
    withPair(async (pair) => {
      const { a, b, client } = pair;
      await startBoth(pair, 0.1);
      await a.host.runOrThrow(["nft", "flush", "ruleset"]);
      await a.daemon.waitForLine(/somebody has removed Holdfast's part of nf_tables/);
      await pass(0.5, client);
      expect(await tablesOf(a.host)).toEqual(OUR_TABLES);
      const call = await RollCall.open(client, VIP, [a.host, b.host]);
      const sinceMs = Date.now();
      await a.host.signal("SIGKILL", isOf("holdfast"));
      await b.host.vips.waitUntil(VIP, true);
      await pass(1, client);
      expect(bothAnsweredMs(await call.stop(), "a", "b", sinceMs)).toBe(0);
    }));

  test("nf_tables refuses, for somebody else owns the table: said once and in the status, and the address is served", () =>
    withPair(async ({ lab, a, client }) => {
      const own = "add table ip holdfast_vrrp { flags owner; }";
      // Such a table belongs to the socket that made it, so nft stays.
      const owner = await a.host.start(["sh", "-c", `(echo '${own}'; echo 'list tables'; exec sleep 1000) | nft -i`]);
      await owner.waitForLine(/table ip holdfast_vrrp/);
      await startNginx(a.host);
      const program = await a.holdfast(configurationOf({ priority: 200, interval: 0.1 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      const said = program.lines.filter((line) => line.includes("nf_tables"));
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/EPERM.*a crash can leave two holders for up to 2 s/);
      expect((await a.instance()).fineLock).toMatchObject({ state: "missing", windowMs: null });
      const prober = await client.ask(VIP);
      await prober.waitForAnswer({ by: "a" });
      await prober.stop();
    }));

  test("adverts each second, whose leases end in time: nothing of ours in nf_tables", () =>
    withPair(async ({ lab, a }) => {
      await a.holdfast(configurationOf({ priority: 200, interval: 1 }));
      await lab.waitForOnlyHolder(VIP, a.host);
      expect(await tablesOf(a.host)).toEqual([]);
      expect((await a.instance()).fineLock.state).toBe("off");
    }));
});

needs(LAB_NEEDS)("no_accept", () => {
  test("no_accept: the address answers ARP and nothing else, until a reload takes it away", () =>
    withPair(async ({ lab, a, client }) => {
      const closed = configurationOf({ priority: 200, lines: ["no_accept"] });
      await startNginx(a.host);
      await a.holdfast(closed);
      await lab.waitForOnlyHolder(VIP, a.host);
      expect((await a.instance()).accept).toBe(false);
      const prober = await client.ask(VIP);
      const call = await RollCall.open(client, VIP, [a.host]);
      await prober.waitForSilence();
      const answers = await call.stop();
      expect(answers.filter(({ kind }) => kind === "arp").length).toBeGreaterThan(0);
      expect(answers.filter(({ kind }) => kind === "echo")).toEqual([]);
      // The host's own address is nobody's business.
      const own = await client.ask("10.77.0.1");
      await own.waitForAnswer({ by: "a" });
      await own.stop();
      await a.host.writeFile(CONFIGURATION_FILE, closed.replace("no_accept", ""));
      await a.host.signal("SIGHUP", ({ name }) => name === "holdfast");
      await prober.waitForAnswer({ by: "a" });
      await prober.stop();
    }));
});

/** Both nodes run, and the stronger one holds the VIP. */
async function startBoth({ lab, a, b }: Pair, interval: number): Promise<void> {
  await a.holdfast(configurationOf({ priority: 200, interval }));
  await lab.waitForOnlyHolder(VIP, a.host);
  await b.holdfast(configurationOf({ priority: 150, interval }));
  await b.daemon.waitForLine(/Entering BACKUP STATE/);
}

/** Who answered, in the order in which they first did. */
function namesOf(answers: readonly Answer[]): (string | undefined)[] {
  return [...new Set(answers.map(({ by }) => by))];
}

async function tablesOf(host: Host): Promise<string[]> {
  const listed = await host.runOrThrow(["nft", "list", "tables"]);
  return listed.split("\n").filter(Boolean).toSorted();
}

/** How many packets our rules have dropped on a host. */
async function droppedBy(host: Host): Promise<number> {
  const listed = await host.runOrThrow(["nft", "list", "ruleset"]);
  return [...listed.matchAll(/counter packets (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}
