import { describe, expect, test } from "vitest";
import type { InstanceStatus, StatusDocument } from "../../api/contract.ts";
import { ip } from "../../base/address.ts";
import { fail, succeed } from "../../base/result.ts";
import type { Instant } from "../../base/time.ts";
import { instant, millis, seconds } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FromChild, ToChild } from "../messages.ts";
import type { ChildListener, Launcher, LoadedConfiguration } from "./ports.ts";
import type { ReloadOutcome, Supervisor } from "./supervisor.ts";
import { startSupervisor } from "./supervisor.ts";
import { EMPTY_MODEL } from "../../../test/fixtures/empty-model.ts";

// Over 400 lines: the rows share one world of fakes, which stands below them.
describe("supervisor, start", () => {
  test("begins: launches the vrrp process and gives it settings and model", () => {
    const world = createWorld();
    expect(world.children).toHaveLength(1);
    expect(world.child(0).received).toEqual([
      { kind: "start", settings: SETTINGS, configuration: modelOf("first"), predecessor: null },
    ]);
    expect(world.told).toEqual(["info Starting VRRP child process, pid=1001"]);
  });

  test("the vrrp process reports: its pid is published and the service manager is told, not before", () => {
    const world = createWorld();
    expect([world.pids.vrrp, world.managed]).toEqual([undefined, []]);
    world.child(0).says({ kind: "started" });
    expect([world.pids.vrrp, world.managed]).toEqual([1001, ["ready"]]);
  });

  test("the vrrp process lacks permission and exits with 4: its sentence is logged, the supervisor exits with 4", () => {
    const world = createWorld();
    world.child(0).says({ kind: "failed", code: "NO_PERMISSION", message: "Cannot open a socket" });
    world.child(0).ends({ kind: "exited", status: 4 });
    world.run(millis(1));
    expect(world.exits).toEqual([4]);
    expect(world.told).toContain("error Cannot open a socket");
    expect(world.children).toHaveLength(1);
  });

  test("fork is refused: tries again by the policy instead of ending", () => {
    const world = createWorld({ refusals: 2 });
    world.run(seconds(1.1));
    expect(world.children).toHaveLength(1);
    expect(world.told.filter((line) => line.includes("EAGAIN"))).toHaveLength(2);
    expect(world.exits).toEqual([]);
  });
});

describe("supervisor, a vrrp process that dies or hangs", () => {
  test("killed: a new one gets the model in force, and the pid file follows", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.pids.vrrp).toBeUndefined();
    world.child(1).says({ kind: "started" });
    expect(world.pids.vrrp).toBe(1002);
    expect(world.child(1).received[0]).toMatchObject({ kind: "start", configuration: modelOf("first") });
    expect(world.told).toContain("error VRRP child process(1001) died: killed by SIGKILL");
  });

  test("crashes at once again and again: at once, within a lease three times, then after 1 and 2 s (keepalived's back-off)", () => {
    const world = createWorld();
    const startedAt: number[] = [];
    for (let life = 0; life < 7; life += 1) {
      while (world.children.length === life) world.run(millis(10));
      startedAt.push(world.now() / 1_000_000);
      world.child(life).ends({ kind: "exited", status: 70 });
    }
    expect(startedAt).toEqual([0, 0, 0.1, 0.3, 0.7, 1.7, 3.7]);
  });

  test.each([
    ["SYSTEM", 1, 3],
    ["NO_PERMISSION", 4, 2],
  ] as const)("one has run, and the next says %s and exits with %i: %i are started in all", (code, status, starts) => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    world.child(1).says({ kind: "failed", code, message: "Cannot" });
    world.child(1).ends({ kind: "exited", status });
    world.run(seconds(2));
    expect(world.children).toHaveLength(starts);
    expect(world.exits).toEqual(starts === 3 ? [] : [status]);
  });

  test("silent for the limit: killed, and replaced when it is gone", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.beat(0, seconds(1));
    world.run(millis(1_990));
    expect(world.child(0).signals).toEqual([]);
    world.run(millis(20));
    expect(world.child(0).signals).toEqual(["SIGKILL"]);
    expect(world.children).toHaveLength(1);
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.children).toHaveLength(2);
  });

  test("a heartbeat lies unread when the supervisor looks: it is read first, and the process lives", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.run(millis(1_999));
    world.unread(() => world.child(0).says({ kind: "heartbeat" }));
    world.run(millis(100));
    expect(world.child(0).signals).toEqual([]);
  });

  test("rubbish from the process: logged, and no sign of life", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.child(0).saysAnything({ kind: "nonsense" });
    world.child(0).saysAnything("text");
    expect(world.told.slice(-2)).toEqual([
      'error The vrrp process sent a message of unknown kind "nonsense"',
      "error The vrrp process sent a message that is no object but of type string",
    ]);
    world.run(millis(1_990));
    world.child(0).saysAnything({ kind: "nonsense" });
    world.run(millis(20));
    expect(world.child(0).signals).toEqual(["SIGKILL"]);
  });

  test("no respawn (-R): its end ends the supervisor with a failure", () => {
    const world = createWorld({ respawn: false });
    world.child(0).says({ kind: "started" });
    world.child(0).ends({ kind: "killed", signal: "SIGSEGV" });
    world.run(millis(1));
    expect(world.exits).toEqual([1]);
  });
});

describe("supervisor, reload", () => {
  test("accepted: the model goes to the vrrp process, the answer comes when it has it", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.next = accepted("second");
    const outcomes = world.reload();
    expect(world.child(0).received.at(-1)).toEqual({
      kind: "configure",
      generation: 1,
      configuration: modelOf("second"),
    });
    expect(outcomes).toEqual([]);
    world.child(0).says({ kind: "configured", generation: 1 });
    expect(outcomes).toEqual([{ kind: "accepted" }]);
    expect(world.managed).toEqual(["ready", "reloading", "ready"]);
  });

  test("refused: each reason is logged as an error, nothing is sent, and the status remembers it", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.next = refused("a.conf:3: priority 300 is out of range", "a.conf:9: no vrid");
    const outcomes = world.reload();
    expect(outcomes).toEqual([
      { kind: "refused", reasons: ["a.conf:3: priority 300 is out of range", "a.conf:9: no vrid"] },
    ]);
    expect(world.child(0).received).toHaveLength(1);
    expect(world.told).toContain("error a.conf:3: priority 300 is out of range");
    expect(world.told).toContain("error a.conf:9: no vrid");
    expect(world.status()?.daemon.refusedReload).toEqual({
      at: "2026-11-20T10:00:00.000Z",
      reasons: ["a.conf:3: priority 300 is out of range", "a.conf:9: no vrid"],
    });
    world.next = accepted("second");
    world.reload();
    expect(world.status()?.daemon.refusedReload).toBeNull();
  });

  test("before the vrrp process has ever come up, refused or overtaken by its death: nobody is told that it is ready", () => {
    const world = createWorld();
    world.next = refused("bad");
    world.reload();
    world.next = accepted("second");
    world.reload();
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.managed).toEqual(["reloading", "reloading"]);
    world.child(1).says({ kind: "started" });
    expect(world.managed.at(-1)).toBe("ready");
  });

  test("refused, and the vrrp process dies later: the new one gets the old model", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.next = refused("bad");
    world.reload();
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.child(1).received[0]).toMatchObject({ configuration: modelOf("first") });
  });

  test("accepted, and the vrrp process dies before it has it: the new one starts with it", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.next = accepted("second");
    const outcomes = world.reload();
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.child(1).received[0]).toMatchObject({ configuration: modelOf("second") });
    expect(outcomes).toEqual([{ kind: "accepted" }]);
  });

  test("two at once: each is answered when its own generation is in force", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.next = accepted("second");
    const first = world.reload();
    const second = world.reload();
    world.child(0).says({ kind: "configured", generation: 1 });
    expect([first.length, second.length]).toEqual([1, 0]);
    world.child(0).says({ kind: "configured", generation: 2 });
    expect(second).toEqual([{ kind: "accepted" }]);
  });

  test("SIGHUP to the vrrp process: the supervisor reads the file", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.next = accepted("second");
    world.child(0).says({ kind: "reload-requested" });
    expect(world.child(0).received.at(-1)).toMatchObject({ kind: "configure", configuration: modelOf("second") });
  });
});

describe("supervisor, signals of keepalived", () => {
  test("passed on to the vrrp process; what comes back is written, and with SIGUSR1 what the supervisor knows", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    for (const signal of ["data", "stats", "json", "clear-stats", "deadlines"] as const) {
      world.supervisor.takeSignal(signal);
      expect(world.child(0).received.at(-1)).toEqual({ kind: "signal", signal });
    }
    world.child(0).says({ kind: "dump", of: "json", text: "[]" });
    expect(world.told.filter((line) => line.startsWith("dump"))).toEqual(["dump parent first", "dump json []"]);
  });

  test("there is no vrrp process at the moment: nothing is written but that", () => {
    const world = createWorld();
    world.child(0).ends({ kind: "exited", status: 70 });
    world.child(1).ends({ kind: "exited", status: 70 });
    world.supervisor.takeSignal("data");
    expect(world.told.at(-1)).toBe("dump parent first");
  });
});

describe("supervisor, stop", () => {
  test("asked: SIGTERM, and 0 when the vrrp process is gone", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.supervisor.stop();
    world.supervisor.stop();
    expect(world.child(0).signals).toEqual(["SIGTERM"]);
    world.child(0).ends({ kind: "exited", status: 0 });
    world.run(millis(1));
    expect(world.exits).toEqual([0]);
    expect(world.children).toHaveLength(1);
    expect(world.managed).toEqual(["ready", "stopping"]);
  });

  test("the vrrp process ignores SIGTERM, and a reload has given it more time: SIGKILL after child_wait_time", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    const model = modelOf("second");
    const daemon = { ...model.global.daemon, childWait: seconds(30) };
    const configuration = { ...model, global: { ...model.global, daemon } };
    world.next = { kind: "accepted", configuration, findings: [] };
    world.reload();
    world.supervisor.stop();
    world.run(millis(29_990));
    expect(world.child(0).signals).toEqual(["SIGTERM"]);
    world.run(millis(20));
    expect(world.child(0).signals).toEqual(["SIGTERM", "SIGKILL"]);
  });

  test("the vrrp process ignores SIGTERM: SIGKILL after 5 s (child_wait_time)", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.supervisor.stop();
    world.run(millis(4_990));
    expect(world.child(0).signals).toEqual(["SIGTERM"]);
    world.run(millis(20));
    expect(world.child(0).signals).toEqual(["SIGTERM", "SIGKILL"]);
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    world.run(millis(1));
    expect(world.exits).toEqual([0]);
  });

  test("asked while the next one waits for its start: ends at once, and starts nothing", () => {
    const world = createWorld();
    world.child(0).ends({ kind: "exited", status: 70 });
    world.child(1).ends({ kind: "exited", status: 70 });
    world.supervisor.stop();
    world.run(seconds(60));
    expect([world.exits, world.children.length]).toEqual([[0], 2]);
  });

  test("a reload while stopping: answered so", () => {
    const world = createWorld();
    world.supervisor.stop();
    expect(world.reload()).toEqual([{ kind: "stopping" }]);
  });
});

describe("supervisor, status", () => {
  test("the vrrp process answers: its instances, and both processes", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    const document = world.status([INSTANCE]);
    expect(document).toEqual({
      version: 1,
      daemon: {
        pid: 1000,
        holdfast: "9.9.9",
        startedAt: "2026-11-20T10:00:00.000Z",
        configurationFile: "/etc/a.conf",
        configuredAt: "2026-11-20T10:00:00.000Z",
        refusedReload: null,
        processes: [
          { name: "supervisor", pid: 1000, state: "running", silentMs: null, restarts: 0 },
          { name: "vrrp", pid: 1001, state: "running", silentMs: null, restarts: 0 },
        ],
        mail: null,
      },
      instances: [INSTANCE],
      bfd: [],
      groups: [],
      strangers: [],
      lastKnown: null,
    });
  });

  test("the vrrp process is silent: answered after a second, with what was known and how old it is", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.status([INSTANCE]);
    const documents: StatusDocument[] = [];
    world.supervisor.status((document) => documents.push(document));
    world.run(millis(990));
    expect(documents).toEqual([]);
    world.run(millis(20));
    expect(documents[0]?.instances).toEqual([]);
    expect(documents[0]?.lastKnown).toEqual({
      at: "2026-11-20T10:00:00.000Z",
      instances: [INSTANCE],
      groups: [],
      strangers: [],
    });
    expect(documents[0]?.daemon.processes[1]).toMatchObject({ state: "silent", silentMs: 1_000 });
  });

  test("the vrrp process dies before it answers: answered at once", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    const documents: StatusDocument[] = [];
    world.supervisor.status((document) => documents.push(document));
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(documents).toHaveLength(1);
    expect(documents[0]?.daemon.processes[1]).toMatchObject({ state: "starting", pid: 1002, restarts: 1 });
  });

  test("every 5 s the service manager gets a line", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.beat(0, millis(5_000));
    world.child(0).answersStatus([INSTANCE]);
    expect(world.managed).toEqual(["ready", "status VI_1 MASTER"]);
  });

  test("the service manager wants a sign of life every 3 s: it gets one every 1.5 s", () => {
    const world = createWorld({ watchdog: true });
    world.child(0).says({ kind: "started" });
    world.beat(0, millis(3_100));
    expect(world.managed.filter((line) => line === "alive")).toHaveLength(3);
  });
});

describe("supervisor, a second process", () => {
  test("wanted by the configuration: both are started, and the pid file of each is told", () => {
    const world = createWorld({ bfd: BFD });
    expect(world.children.map(({ program }) => program)).toEqual(["vrrp", "bfd"]);
    world.child(1).says({ kind: "started" });
    expect([world.pids, world.managed]).toEqual([{ vrrp: undefined, bfd: 1002 }, []]);
    expect(world.told).toContain("info Starting BFD child process, pid=1002");
  });

  test("a reload wants it: started; one that does not: stopped, and the service goes on", () => {
    const world = createWorld();
    world.child(0).says({ kind: "started" });
    world.next = accepted("second", BFD);
    world.reload();
    expect(world.child(1).received[0]).toMatchObject({ kind: "start", configuration: modelOf("second", BFD) });
    world.next = accepted("third");
    const outcomes = world.reload();
    expect([world.child(0).signals, world.child(1).signals]).toEqual([[], ["SIGTERM"]]);
    world.child(0).says({ kind: "configured", generation: 2 });
    expect(outcomes).toEqual([{ kind: "accepted" }]);
    world.child(1).ends({ kind: "exited", status: 0 });
    world.run(millis(1));
    expect([world.exits, world.told.filter((line) => line.includes("died"))]).toEqual([[], []]);
  });

  test("wanted again while it stops: started when it is gone", () => {
    const world = createWorld({ bfd: BFD });
    world.next = accepted("second");
    world.reload();
    world.next = accepted("third", BFD);
    world.reload();
    expect(world.children).toHaveLength(2);
    world.child(1).ends({ kind: "exited", status: 0 });
    expect(world.child(2).received[0]).toMatchObject({ kind: "start", configuration: modelOf("third", BFD) });
  });

  test("SIGUSR1: the bfd process hears of it, too, and what it writes lies beside the other dumps", () => {
    const world = createWorld({ bfd: BFD });
    world.supervisor.takeSignal("data");
    expect(world.child(1).received.at(-1)).toEqual({ kind: "signal", signal: "data" });
    world.child(1).says({ kind: "dump", of: "bfd", text: "sessions" });
    expect(world.told.at(-1)).toBe("dump bfd sessions");
  });

  test("config_save_dir: each tells its state before the reload and after it, to files with keepalived's names", () => {
    const world = createWorld({ bfd: BFD });
    for (const child of world.children) child.says({ kind: "started" });
    const saving = (name: string, savesTo: string | undefined): Configuration => {
      const model = modelOf(name, BFD);
      return { ...model, global: { ...model.global, daemon: { ...model.global.daemon, savesTo } } };
    };
    // The first one has no folder, so nothing is kept of the state before; the third one has none any more.
    for (const [name, folder] of [
      ["second", "/saved"],
      ["third", undefined],
    ] as const) {
      world.next = { kind: "accepted", configuration: saving(name, folder), findings: [] };
      world.reload();
    }
    const asked = world.child(0).received.flatMap((message) => (message.kind === "save-request" ? [message.path] : []));
    expect(asked).toEqual(["/saved/keepalived_vrrp.1001.1.post", "/saved/keepalived_vrrp.1001.2.pre"]);
    expect(
      world
        .child(1)
        .received.slice(-3)
        .map(({ kind }) => kind),
    ).toEqual(["save-request", "save-request", "configure"]);
    world.child(1).says({ kind: "saved", path: "/saved/keepalived_bfd.1002.1.post", text: "sessions" });
    expect(world.told.at(-1)).toBe("save /saved/keepalived_bfd.1002.1.post sessions");
  });

  test("a reload is answered when both have it", () => {
    const world = createWorld({ bfd: BFD });
    world.next = accepted("second", BFD);
    const outcomes = world.reload();
    world.child(0).says({ kind: "configured", generation: 1 });
    expect(outcomes).toEqual([]);
    world.child(1).says({ kind: "configured", generation: 1 });
    expect(outcomes).toEqual([{ kind: "accepted" }]);
  });

  test.each([1, 2, 4, 70])("it ends with status %i: started anew, and the vrrp process is left alone", (status) => {
    const world = createWorld({ bfd: BFD });
    world.child(1).says({ kind: "failed", code: "SYSTEM", message: "Cannot" });
    world.child(1).ends({ kind: "exited", status });
    world.run(millis(1));
    expect(world.children.map(({ program }) => program)).toEqual(["vrrp", "bfd", "bfd"]);
    expect([world.exits, world.child(0).signals]).toEqual([[], []]);
    expect(world.child(2).received[0]).toMatchObject({ predecessor: `exited with status ${status}${MEANING[status]}` });
  });

  test("no respawn (-R), and it dies: the vrrp process hands over first, then the supervisor ends with a failure", () => {
    const world = createWorld({ bfd: BFD, respawn: false });
    world.child(1).ends({ kind: "killed", signal: "SIGSEGV" });
    world.run(millis(1));
    expect([world.exits, world.child(0).signals]).toEqual([[], ["SIGTERM"]]);
    world.child(0).ends({ kind: "exited", status: 0 });
    world.run(millis(1));
    expect(world.exits).toEqual([1]);
  });

  test("the vrrp process gives up: the other is stopped before the supervisor ends with its status", () => {
    const world = createWorld({ bfd: BFD });
    world.child(0).says({ kind: "failed", code: "NO_PERMISSION", message: "Cannot" });
    world.child(0).ends({ kind: "exited", status: 4 });
    world.run(millis(1));
    expect([world.exits, world.child(1).signals]).toEqual([[], ["SIGTERM"]]);
    world.child(1).ends({ kind: "exited", status: 0 });
    world.run(millis(1));
    expect(world.exits).toEqual([4]);
  });

  test("stop: the vrrp process hands over while the other still runs", () => {
    const world = createWorld({ bfd: BFD });
    world.supervisor.stop();
    expect([world.child(0).signals, world.child(1).signals]).toEqual([["SIGTERM"], []]);
    world.child(0).ends({ kind: "exited", status: 0 });
    expect(world.child(1).signals).toEqual(["SIGTERM"]);
    world.child(1).ends({ kind: "exited", status: 0 });
    world.run(millis(1));
    expect(world.exits).toEqual([0]);
  });

  test("news of a session: passed on, and told to the next vrrp process after its start", () => {
    const world = createWorld({ bfd: BFD });
    const up = { name: "peer", verdict: "up", detail: "Up" } as const;
    world.child(1).says({ kind: "bfd-news", news: [up] });
    expect(world.child(0).received.at(-1)).toEqual({ kind: "bfd-news", news: [up] });
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.child(2).received.map(({ kind }) => kind)).toEqual(["start", "bfd-news"]);
    expect(world.child(1).received.map(({ kind }) => kind)).toEqual(["start"]);
  });

  test("the bfd process dies and its successor does not know yet: what was known last is told on", () => {
    const world = createWorld({ bfd: BFD });
    world.child(1).says({ kind: "bfd-news", news: [{ name: "peer", verdict: "up", detail: "Up" }] });
    world.child(1).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.child(2).received.map(({ kind }) => kind)).toEqual(["start"]);
    world.child(2).says({ kind: "bfd-news", news: [{ name: "peer", verdict: "unknown", detail: "Down" }] });
    world.child(0).ends({ kind: "killed", signal: "SIGKILL" });
    expect(world.child(3).received[1]).toMatchObject({ news: [{ verdict: "up" }] });
  });

  test("turned off (-B): it is not started, and its sessions are told as down at start and reload", () => {
    const world = createWorld({ bfd: BFD, withoutBfd: true });
    const down = {
      kind: "bfd-news",
      news: [{ name: "peer", verdict: "down", detail: "Down (BFD is turned off by -B)" }],
    };
    expect(world.children.map(({ program }) => program)).toEqual(["vrrp"]);
    expect(world.child(0).received[1]).toEqual(down);
    world.next = accepted("second", BFD);
    world.reload();
    expect(world.child(0).received.slice(2)).toMatchObject([{ kind: "configure" }, down]);
  });

  test("status: each process is asked, and the answer has both, and all parts", () => {
    const world = createWorld({ bfd: BFD });
    const documents: StatusDocument[] = [];
    world.supervisor.status((document) => documents.push(document));
    const part = { kind: "status", request: 1, groups: [], strangers: [] } as const;
    world.child(0).says({ ...part, more: true, instances: [INSTANCE] });
    world.child(0).says({ ...part, more: true, instances: [{ ...INSTANCE, name: "VI_2" }] });
    world.child(0).says({ ...part, more: false, instances: [] });
    expect(documents).toEqual([]);
    world.child(1).says({ kind: "bfd-status", request: 1, sessions: [SESSION] });
    expect(documents[0]).toMatchObject({ bfd: [SESSION], lastKnown: null });
    expect(documents[0]?.instances.map(({ name }) => name)).toEqual([INSTANCE.name, "VI_2"]);
    expect(documents[0]?.daemon.processes.map(({ name }) => name)).toEqual(["supervisor", "vrrp", "bfd"]);
  });
});

describe("the snmp process", () => {
  test("is there while the configuration wants it; a reload waits for it as for the others", () => {
    const world = createWorld();
    expect(world.children.map(({ program }) => program)).toEqual(["vrrp"]);
    world.next = withSnmp(true);
    world.reload();
    expect(world.children.map(({ program }) => program)).toEqual(["vrrp", "snmp"]);
    world.next = withSnmp(false);
    world.reload();
    expect([world.child(0).signals, world.child(1).signals]).toEqual([[], ["SIGTERM"]]);
  });

  test("asks the vrrp process by the supervisor; the answer, and what happens, reach it alone", () => {
    const world = createWorld({ bfd: BFD });
    world.next = withSnmp(true, BFD);
    world.reload();
    const before = world.child(1).received.length;
    world.child(2).says({ kind: "facts-wanted" });
    expect(world.child(0).received.at(-1)).toEqual({ kind: "facts-request" });
    const facts: FromChild & { readonly kind: "facts" } = {
      kind: "facts",
      more: false,
      facts: {
        atMs: 1,
        instances: [],
        groups: [],
        scripts: [],
        files: [],
        processes: [],
        bfd: [],
        interfaces: [],
        strangers: 0,
      },
    };
    world.child(0).says(facts);
    const happening = {
      kind: "happening",
      happening: { kind: "group-state", name: "VG", state: "MASTER" },
    } as const;
    world.child(0).says(happening);
    expect(world.child(2).received.slice(-2)).toEqual([facts, happening]);
    expect(world.child(1).received).toHaveLength(before);
  });

  test("is not asked for the status, and is shown in it; it stops after the vrrp process, whose end it may tell", () => {
    const world = createWorld();
    world.next = withSnmp(true);
    world.reload();
    const documents: StatusDocument[] = [];
    world.supervisor.status((document) => documents.push(document));
    world.child(0).answersStatus([INSTANCE]);
    expect(documents[0]?.daemon.processes.map(({ name }) => name)).toEqual(["supervisor", "vrrp", "snmp"]);
    world.supervisor.stop();
    expect(world.child(1).signals).toEqual([]);
    world.child(0).ends({ kind: "exited", status: 0 });
    expect(world.child(1).signals).toEqual(["SIGTERM"]);
  });
});

interface FakeChild {
  readonly program: "vrrp" | "bfd" | "snmp";
  readonly received: ToChild[];
  readonly signals: string[];
  says(message: FromChild): void;
  saysAnything(value: unknown): void;
  answersStatus(instances: readonly InstanceStatus[]): void;
  ends(end: Parameters<ChildListener["ended"]>[0]): void;
}

interface World {
  readonly supervisor: Supervisor;
  readonly children: FakeChild[];
  readonly told: string[];
  readonly managed: string[];
  readonly exits: number[];
  readonly pids: Readonly<Record<FakeChild["program"], number | undefined>>;
  next: LoadedConfiguration;
  now(): Instant;
  child(index: number): FakeChild;
  /** Lets time pass, alarm by alarm. */
  run(duration: number): void;
  /** Lets time pass while the child gives its sign of life every 250 ms. */
  beat(index: number, duration: number): void;
  /** Something lies in the pipe, and is read one turn after the next alarm. */
  unread(arrival: () => void): void;
  reload(): ReloadOutcome[];
  status(instances?: readonly InstanceStatus[]): StatusDocument | undefined;
}

function createWorld(
  options: {
    refusals?: number;
    respawn?: boolean;
    watchdog?: boolean;
    bfd?: Configuration["bfd"];
    withoutBfd?: boolean;
  } = {},
): World {
  const { refusals = 0, respawn = true, watchdog = false } = options;
  let now = 0;
  let refusalsLeft = refusals;
  let arrival: (() => void) | undefined;
  const alarms = new Set<{ at: number | undefined; callback: () => void }>();
  const clock: Clock = {
    now: () => instant(now),
    boottime: () => instant(now),
    outside: () => undefined,
    wallClockMs: () => Date.UTC(2026, 10, 20, 10),
    alarm: (callback) => {
      const alarm: { at: number | undefined; callback: () => void } = { at: undefined, callback };
      alarms.add(alarm);
      return {
        set: (at) => (alarm.at = at),
        clear: () => (alarm.at = undefined),
        close: () => alarms.delete(alarm),
      };
    },
  };
  const children: FakeChild[] = [];
  const told: string[] = [];
  const managed: string[] = [];
  const exits: number[] = [];
  const pids: Record<FakeChild["program"], number | undefined> = { vrrp: undefined, bfd: undefined, snmp: undefined };
  let nextPid = 1001;

  const launch = (program: FakeChild["program"], listener: ChildListener): ReturnType<Launcher["launch"]> => {
    if (refusalsLeft > 0) {
      refusalsLeft -= 1;
      return fail({ operation: "start node", errno: "EAGAIN", message: "Resource temporarily unavailable" });
    }
    const child: FakeChild = {
      program,
      received: [],
      signals: [],
      says: (message) => listener.message(message),
      saysAnything: (value) => listener.message(value),
      answersStatus: (instances) => {
        const asked = child.received.findLast((message) => message.kind === "status-request");
        if (asked?.kind === "status-request")
          child.says({ kind: "status", request: asked.request, more: false, instances, groups: [], strangers: [] });
      },
      ends: (end) => listener.ended(end),
    };
    children.push(child);
    const pid = nextPid;
    nextPid += 1;
    return succeed({
      pid,
      send: (message: ToChild) => void child.received.push(message),
      signal: (signal: string) => void child.signals.push(signal),
    });
  };

  const launcherOf = (program: FakeChild["program"]): Launcher => ({ launch: (listener) => launch(program, listener) });

  const run = (duration: number): void => {
    const end = now + duration;
    for (;;) {
      const due = [...alarms]
        .filter(({ at }) => at !== undefined && at <= end)
        .sort((a, b) => (a.at ?? 0) - (b.at ?? 0))[0];
      if (due?.at === undefined) break;
      now = Math.max(now, due.at);
      due.at = undefined;
      due.callback();
      const read = arrival;
      arrival = undefined;
      read?.();
    }
    now = end;
  };

  const world: World = {
    supervisor: undefined as unknown as Supervisor,
    children,
    told,
    managed,
    exits,
    pids,
    next: accepted("first"),
    now: () => instant(now),
    child: (index) => {
      const child = children[index];
      if (child === undefined) throw new Error(`there is no child ${index}`);
      return child;
    },
    run,
    beat: (index, duration) => {
      const end = now + duration;
      while (now < end) {
        run(Math.min(250_000, end - now));
        world.child(index).says({ kind: "heartbeat" });
      }
    },
    unread: (read) => {
      arrival = read;
    },
    reload: () => {
      const outcomes: ReloadOutcome[] = [];
      world.supervisor.reload(false, (outcome) => outcomes.push(outcome));
      return outcomes;
    },
    status: (instances = []) => {
      const documents: StatusDocument[] = [];
      world.supervisor.status((document) => documents.push(document));
      children.at(-1)?.answersStatus(instances);
      return documents[0];
    },
  };
  const supervisor = startSupervisor(
    {
      policy: {
        respawn,
        heartbeatInterval: millis(500),
        heartbeatLimit: seconds(2),
        startLimit: seconds(10),
        stopLimit: seconds(5),
      },
      settings: SETTINGS,
      pid: 1000,
      release: "9.9.9",
      configuration: modelOf("first", options.bfd),
      children: [
        { name: "vrrp", title: "VRRP", launcher: launcherOf("vrrp"), wanted: () => true, vital: true },
        {
          name: "bfd",
          title: "BFD",
          launcher: launcherOf("bfd"),
          wanted: ({ bfd }) => bfd.length > 0,
          vital: false,
        },
        {
          name: "snmp",
          title: "SNMP",
          launcher: launcherOf("snmp"),
          wanted: ({ global }) => global.snmp.keepalived,
          vital: false,
        },
      ],
      withoutBfd: options.withoutBfd === true,
    },
    {
      clock,
      log: { write: (level, text) => void told.push(`${level} ${text}`) },
      mail: {
        post: (alert) => void told.push(`mail ${alert.subject}`),
        configure: () => {},
        status: () => null,
        close: (done) => done(),
      },
      source: { file: "/etc/a.conf", load: () => world.next },
      manager: {
        ready: () => void managed.push("ready"),
        reloading: () => void managed.push("reloading"),
        stopping: () => void managed.push("stopping"),
        status: (text) => void managed.push(`status ${text}`),
        alive: () => void managed.push("alive"),
        watchdogInterval: watchdog ? seconds(3) : undefined,
      },
      dumps: {
        write: (kind, text) => void told.push(`dump ${kind} ${text}`),
        save: (path, text) => void told.push(`save ${path} ${text}`),
        writeParent: ({ routerId }) => void told.push(`dump parent ${routerId}`),
      },
      publishPid: (name, pid) => {
        pids[name] = pid;
      },
      configured: () => {},
      exit: (status) => void exits.push(status),
    },
  );
  Object.assign(world, { supervisor });
  return world;
}

function accepted(routerId: string, bfd: Configuration["bfd"] = []): LoadedConfiguration {
  return { kind: "accepted", configuration: modelOf(routerId, bfd), findings: [] };
}

function refused(...reasons: readonly string[]): LoadedConfiguration {
  return { kind: "refused", findings: reasons.map((text) => ({ level: "error" as const, text, refuses: true })) };
}

/** A model that can be told from others. */
function modelOf(routerId: string, bfd: Configuration["bfd"] = []): Configuration {
  return { ...EMPTY_MODEL, global: { ...EMPTY_MODEL.global, routerId }, bfd };
}

function withSnmp(keepalived: boolean, bfd: Configuration["bfd"] = []): LoadedConfiguration {
  const model = modelOf("snmp", bfd);
  const { global } = model;
  const configuration = { ...model, global: { ...global, snmp: { ...global.snmp, keepalived } } };
  return { kind: "accepted", configuration, findings: [] };
}

const BFD: Configuration["bfd"] = [
  {
    name: "peer",
    place: { file: "/etc/a.conf", line: 1, column: 1 },
    neighbor: ip("10.0.0.2"),
    source: undefined,
    minTx: millis(10),
    minRx: millis(10),
    idleTx: seconds(1),
    multiplier: 5,
    passive: false,
    hopLimit: 255,
    leastHopLimit: 255,
    multihop: false,
  },
];

const SESSION: StatusDocument["bfd"][number] = {
  name: "peer",
  neighbor: "10.0.0.2",
  source: null,
  multihop: false,
  state: "Up",
  verdict: "up",
  since: "2026-11-20T10:00:00.000Z",
  detail: "Up",
  diagnostic: "No Diagnostic",
  localDiscriminator: 7,
  remote: null,
  transmitIntervalMs: 10,
  detectionTimeMs: null,
  counters: {},
};

/** What the log says of an exit status. */
const MEANING: Readonly<Record<number, string>> = {
  1: " (fatal)",
  2: " (configuration)",
  4: " (no permission)",
  70: " (a bug)",
};

const SETTINGS = {
  runtimeDirectory: "/run/x",
  stateDirectory: "/var/x",
  keepAddresses: false,
  reportsAddresses: false,
  detail: 0,
  heartbeatIntervalMs: 500,
  log: { console: true, detail: 0, syslogFacility: null, file: null },
} as const;

const INSTANCE: InstanceStatus = {
  name: "VI_1",
  interface: "eth0",
  vrid: 51,
  family: "ipv4",
  protocolVersion: 2,
  state: "MASTER",
  priority: 100,
  effectivePriority: 100,
  since: "2026-11-20T10:00:00.000Z",
  cause: { code: "MASTER_SILENT", text: "nobody was heard", evidence: {} },
  advertisementIntervalMs: 1_000,
  sendFailure: null,
  master: null,
  virtualAddresses: [],
  fineLock: { state: "off", windowMs: null, detail: "not needed: leases end before a backup takes over" },
  accept: true,
  trackers: [],
  peers: [],
  counters: {},
};
