import { beforeEach, expect, test } from "vitest";
import { IDLE_KERNEL } from "../fixtures/idle-kernel.ts";
import { ip } from "../../src/base/address.ts";
import { fail, succeed, type Result } from "../../src/base/result.ts";
import { instant, seconds } from "../../src/base/time.ts";
import type { VirtualAddress } from "../../src/config/model/addresses.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import { startVrrpDriver, type VrrpDriver } from "../../src/daemon/vrrp/driver.ts";
import type { SystemFailure } from "../../src/ports/failure.ts";
import { IFAPROT_HOLDFAST, type AddressRecord, type AddressRequest, type KernelEvent } from "../../src/ports/kernel.ts";
import type { ProgramEnd } from "../../src/ports/processes.ts";
import { checkScript, configuration, instance, virtualAddress } from "./settings.ts";

// What the simulated machine does not do: refuse a socket, and show what the kernel was asked for.

const VIP = virtualAddress(ip("10.0.0.100"), 24);

/** One that needs a socket of its own. */
const other = instance({
  vrid: 52,
  transport: { kind: "multicast", group: ip("224.0.0.19"), source: undefined },
  virtualAddresses: [VIP],
});

let now: number;
let alarms: Set<{ at: number | undefined; readonly callback: () => void }>;
let addresses: Map<string, AddressRecord>;
let events: KernelEvent[];
let asked: string[];
let refusesSockets: boolean;
let refusesAdverts: boolean;
let hasInterface: boolean;
let started: { readonly argv: readonly string[]; readonly end: (end: ProgramEnd) => void }[];
let onKernel: () => void;
let log: string[];

beforeEach(() => {
  now = 1_000_000_000;
  alarms = new Set();
  addresses = new Map();
  events = [];
  asked = [];
  refusesSockets = false;
  refusesAdverts = false;
  hasInterface = true;
  started = [];
  log = [];
  store({ ...VIP, address: ip("10.0.0.1") }, undefined, "forever");
});

test("no socket can be opened: FAULT instead of a master that hears nobody, and mended when one can be", () => {
  const driver = start(configuration([instance({ virtualAddresses: [VIP] })]));
  // Its permissions have been looked at: from now on descriptors are lacking.
  expect(driver.status()[0]).toMatchObject({ state: "BACKUP" });
  refusesSockets = true;
  driver.reload(configuration([other]));
  run(10);
  expect(driver.status()[0]).toMatchObject({ vrid: 52, state: "FAULT", cause: { code: "FAULT" } });
  expect(driver.status()[0]?.cause.text).toContain("Too many open files (EMFILE)");
  expect(log.filter((line) => line.includes("EMFILE") && !line.includes("cause:"))).toHaveLength(1);
  expect(addresses.has("10.0.0.100")).toBe(false);
  refusesSockets = false;
  run(1.1);
  expect(driver.status()[0]?.state).toBe("BACKUP");
  // RFC 3768 section 6.1: 3 s + (256 - 100) / 256 s.
  run(3.7);
  expect(driver.status()[0]?.state).toBe("MASTER");
});

test("no socket can be opened, and the instance is removed while a script of it runs: it does not try again", () => {
  const notify = { ...other.notify, fault: { argv: ["/bin/slow"], user: undefined, place: VIP.place } };
  const driver = start(configuration([instance({ virtualAddresses: [VIP] })]));
  refusesSockets = true;
  driver.reload(configuration([{ ...other, notify }]));
  driver.reload(configuration([instance({ virtualAddresses: [VIP] })]));
  // Nothing wakes anybody again and again without time passing: `run` would say so.
  run(5);
  expect(started).toHaveLength(1);
});

test("an address that is put back late in the interval: it does not outlive the backups' wait, as renewals do not", () => {
  start(configuration([instance({ virtualAddresses: [VIP] })]));
  run(6);
  now += 900_000;
  asked = [];
  remove("10.0.0.100");
  // 3 s less 0.9 s less the kernel's lateness of 0.6 s is 1.5 s: one whole second.
  expect(asked).toEqual(["add 10.0.0.100 for 1"]);
});

test("two instances with one address, the one that had it last gives it up: the other puts it back", () => {
  const both = [instance({ virtualAddresses: [VIP] }), instance({ name: "VI_2", vrid: 52, virtualAddresses: [VIP] })];
  const driver = start(configuration(both));
  run(6);
  expect(driver.status().map(({ state }) => state)).toEqual(["MASTER", "MASTER"]);
  driver.reload(configuration(both.slice(0, 1)));
  run(5);
  expect(addresses.has("10.0.0.100")).toBe(true);
  expect(asked.at(-1)).toMatch(/^renew 10\.0\.0\.100/);
});

test.each([["from the first to the second"], ["from the second to the first"], ["each to the other"]])(
  "addresses move between two masters in one reload, %s: no address leaves the interface",
  (way) => {
    const [one, two] = [virtualAddress(ip("10.0.0.101"), 24), virtualAddress(ip("10.0.0.102"), 32)];
    const model = (first: readonly VirtualAddress[], second: readonly VirtualAddress[]): Configuration =>
      configuration([
        instance({ virtualAddresses: [VIP, ...first] }),
        instance({ name: "VI_2", vrid: 52, virtualAddresses: second }),
      ]);
    const [before, after] =
      way === "each to the other"
        ? [model([one], [two]), model([two], [one])]
        : way === "from the first to the second"
          ? [model([one], [two]), model([], [two, one])]
          : [model([], [two, one]), model([one], [two])];
    const driver = start(before);
    run(6);
    events.length = 0;
    asked = [];
    const since = driver.status().map((shown) => [shown.since, shown.counters["becameMaster"]]);
    driver.reload(after);
    expect(events.filter(({ kind }) => kind === "address-removed")).toEqual([]);
    run(3);
    expect(asked.filter((line) => line.startsWith("add"))).toEqual([]);
    expect([...addresses.keys()]).toEqual(expect.arrayContaining(["10.0.0.101", "10.0.0.102"]));
    expect(driver.status().map((shown) => [shown.since, shown.counters["becameMaster"]])).toEqual(since);
    expect(driver.status()[1]?.virtualAddresses.every(({ held }) => held)).toBe(true);
  },
);

test("an address gets another label: it goes and comes, since the kernel cannot change it", () => {
  const driver = start(configuration([instance({ virtualAddresses: [VIP] })]));
  run(6);
  asked = [];
  driver.reload(configuration([instance({ virtualAddresses: [{ ...VIP, label: "eth0:1" }] })]));
  expect(asked).toContainEqual(expect.stringMatching(/^add 10\.0\.0\.100/));
  run(3);
  expect(addresses.has("10.0.0.100")).toBe(true);
});

test("an instance that is renamed: its scripts are told the new name (keepalived matches by VRID and interface)", () => {
  const notify = { ...instance({}).notify, any: { argv: ["/bin/tell"], user: undefined, place: VIP.place } };
  const driver = start(configuration([instance({ virtualAddresses: [VIP], notify })]));
  end(0);
  driver.reload(configuration([instance({ name: "WEB", virtualAddresses: [VIP], notify })]));
  run(6);
  expect(started.map(({ argv }) => argv.join(" "))).toEqual([
    "/bin/tell INSTANCE VI_1 BACKUP 100",
    "/bin/tell INSTANCE WEB MASTER 100",
  ]);
});

test("FAULT, and the script that decides becomes another: FAULT stays until that one has a result", () => {
  const tracking = (path: string): Configuration => {
    const settings: InstanceSettings = instance({
      virtualAddresses: [VIP],
      trackScripts: [{ script: "check", weight: 0, reverse: false }],
    });
    return configuration([settings], [checkScript("check", path, { interval: seconds(60), rise: 1, fall: 1 })]);
  };
  const driver = start(tracking("/bin/one"));
  end(1);
  expect(driver.status()[0]?.state).toBe("FAULT");
  driver.reload(tracking("/bin/other"));
  run(10);
  expect(driver.status()[0]?.state).toBe("FAULT");
  end(0);
  expect(driver.status()[0]?.state).toBe("BACKUP");
});

test("a firewall begins to refuse its adverts: none counts as sent, and it lets go before a backup takes over", () => {
  const driver = start(configuration([instance({ virtualAddresses: [VIP] })]));
  run(6);
  const sent = driver.status()[0]?.counters["advertisementsSent"];
  expect(driver.status()[0]).toMatchObject({ state: "MASTER", sendFailure: null });
  refusesAdverts = true;
  asked = [];
  // Two adverts do not leave. The leases of 2 s end before three have not, which is what backups wait for.
  run(3);
  expect(driver.status()[0]).toMatchObject({
    state: "BACKUP",
    sendFailure: "Cannot send an advert: Operation not permitted (EPERM)",
    cause: { code: "SILENT", evidence: { unsent: "Cannot send an advert: Operation not permitted (EPERM)" } },
  });
  expect(driver.status()[0]?.counters).toMatchObject({ advertisementsSent: sent, sendErrors: 2 });
  expect(addresses.has("10.0.0.100")).toBe(false);
  expect(log.filter((line) => line.includes("adverts cannot be sent"))).toHaveLength(1);
});

test("its adverts are refused and nobody else is heard: it serves as in a network that is cut, and stays", () => {
  refusesAdverts = true;
  const driver = start(configuration([instance({ virtualAddresses: [VIP] })]));
  run(30);
  expect(driver.status()[0]).toMatchObject({ state: "MASTER", counters: { becameMaster: 1 } });
  expect(driver.status()[0]?.counters["advertisementsSent"]).toBeUndefined();
  expect(addresses.has("10.0.0.100")).toBe(true);
  refusesAdverts = false;
  run(1.1);
  expect(driver.status()[0]).toMatchObject({ sendFailure: null, counters: { advertisementsSent: 1 } });
  expect(log.at(-1)).toBe("(VI_1) adverts can be sent again");
});

test("its interface is missing: a first start fails, a restarted process waits for it in FAULT", () => {
  hasInterface = false;
  const model = configuration([instance({ virtualAddresses: [VIP] })]);
  expect(() => start(model)).toThrow("there is no interface eth0");
  const driver = start(model, false, true);
  expect(driver.status()[0]).toMatchObject({ state: "FAULT", cause: { text: "interface eth0 does not exist" } });
  hasInterface = true;
  events.push({ kind: "interface-changed", interface: ETH0 });
  run(4);
  expect(driver.status()[0]?.state).toBe("MASTER");
});

test("the addresses shall stay (-V): for ever, and preferred for no longer than configured", () => {
  const driver = start(configuration([instance({ virtualAddresses: [{ ...VIP, preferredLifetime: 0 }] })]), true);
  run(6);
  asked = [];
  driver.stop("SIGTERM", () => {});
  expect(asked).toEqual(["renew 10.0.0.100 for forever preferred 0"]);
});

function start(model: Configuration, keepAddresses = false, isRestart = false): VrrpDriver {
  const open = <Socket>(socket: Socket): Result<Socket, SystemFailure> =>
    refusesSockets
      ? fail({ operation: "open a socket", errno: "EMFILE", message: "Too many open files" })
      : succeed(socket);
  const nothing = { receive: () => [], close: () => {} };
  const missing = { operation: "read", errno: "ENOENT", message: "No such file or directory" };
  const result = startVrrpDriver(
    { configuration: model, runtimeDirectory: "/run/x", keepAddresses, isRestart },
    {
      clock: {
        now: () => instant(now),
        boottime: () => instant(now),
        outside: () => undefined,
        wallClockMs: () => 0,
        alarm: (callback) => {
          const alarm: { at: number | undefined; readonly callback: () => void } = { at: undefined, callback };
          alarms.add(alarm);
          return {
            set: (at) => (alarm.at = at),
            clear: () => (alarm.at = undefined),
            close: () => alarms.delete(alarm),
          };
        },
      },
      packetFilter: {
        prepare: () => succeed(undefined),
        change: () => succeed(undefined),
        remove: () => succeed(undefined),
      },
      wakeUps: { watch: () => ({ close: () => {} }) },
      sysctls: { read: () => fail(NO_SETTING), write: () => fail(NO_SETTING) },
      fifos: { open: () => fail(missing) },
      outbox: { post: () => {} },
      tellHappening: () => {},
      hostName: "x",
      links: {
        openVrrpSocket: () =>
          open({
            ...nothing,
            send: () => (refusesAdverts ? fail(FORBIDDEN) : succeed(undefined)),
            setReceiveBuffer: () => succeed(undefined),
            hearOnly: () => succeed(undefined),
          }),
        openArpSocket: () => succeed({ ...nothing, send: () => succeed(undefined) }),
        openNeighborSocket: () => succeed({ ...nothing, send: () => succeed(undefined) }),
      },
      devices: NO_DEVICES,
      routing: { add: () => [], remove: () => [], openMonitor: () => succeed(nothing) },
      kernel: {
        ...IDLE_KERNEL,
        interfaces: () => succeed(hasInterface ? [ETH0] : []),
        addresses: () => succeed([...addresses.values()]),
        addAddresses: (requests) =>
          requests.map((request) => {
            if (addresses.has(request.address)) return fail({ ...missing, errno: "EEXIST" });
            asked.push(`add ${request.address} for ${request.validLifetime}`);
            return succeed(store(request, IFAPROT_HOLDFAST, request.validLifetime));
          }),
        renewAddresses: (requests) =>
          requests.map((request) => {
            const preferred =
              request.preferredLifetime === request.validLifetime ? "" : ` preferred ${request.preferredLifetime}`;
            asked.push(`renew ${request.address} for ${request.validLifetime}${preferred}`);
            return succeed(undefined);
          }),
        removeAddress: ({ address }) => {
          const record = addresses.get(address);
          if (record === undefined) return fail({ operation: "remove", errno: "ENODEV", message: "No such device" });
          addresses.delete(address);
          return succeed(void events.push({ kind: "address-removed", record }));
        },
        openMonitor: (onReadable) => {
          onKernel = onReadable;
          return succeed({ receive: () => events.splice(0), close: () => {} });
        },
      },
      processes: {
        start: ({ argv }, onEnd) => {
          started.push({ argv, end: onEnd });
          return { pid: 1, signalGroup: () => {} };
        },
        findAccount: () => fail(missing),
      },
      files: {
        read: () => fail(missing),
        append: () => succeed(undefined),
        replace: () => succeed(undefined),
        remove: () => succeed(undefined),
        facts: () => fail(missing),
        resolve: () => fail(missing),
        findProgram: () => fail(missing),
      },
      fileWatches: {
        watch: () => ({ source: "events", read: () => fail(missing), close: () => {} }),
        initialize: () => succeed(undefined),
      },
      processTable: { watch: () => ({ source: "events", close: () => {} }) },
      linkProbe: { ask: () => fail(missing) },
      log: { write: (_level, text) => void log.push(text) },
      journal: { append: () => {} },
    },
  );
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** Lets so many seconds pass, alarm by alarm, and tells what the kernel has to tell. */
function run(duration: number): void {
  const until = now + seconds(duration);
  let turns = 0;
  for (;;) {
    if (events.length > 0) onKernel();
    const [due] = [...alarms]
      .filter(({ at }) => at !== undefined && at <= until)
      .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));
    if (due?.at === undefined) break;
    now = Math.max(now, due.at);
    turns += 1;
    if (turns > 10_000) throw new Error("a storm");
    due.at = undefined;
    due.callback();
  }
  now = until;
}

/** The last program that was started ends. */
function end(status: number): void {
  started.at(-1)?.end({ kind: "exited", status });
}

/** Somebody else removes an address. */
function remove(address: string): void {
  const record = addresses.get(address);
  if (record === undefined) throw new Error(`there is no ${address}`);
  addresses.delete(address);
  events.push({ kind: "address-removed", record });
  onKernel();
}

function store(
  { address, prefixLength }: Pick<AddressRequest, "address" | "prefixLength">,
  protocol: number | undefined,
  validLifetime: AddressRecord["validLifetime"],
): void {
  const flags = { secondary: false, tentative: false };
  addresses.set(address, { interfaceIndex: 2, address, prefixLength, ...flags, protocol, validLifetime });
}

const ETH0 = {
  index: 2,
  name: "eth0",
  up: true,
  running: true,
  multicast: true,
  loopback: false,
  noArp: false,
  mtu: 1500,
  mac: undefined,
  forwardsIpv6: false,
} as const;

const FORBIDDEN = { operation: "send an advert", errno: "EPERM", message: "Operation not permitted" };

const NO_SETTING = { operation: "use", errno: "ENOENT", message: "No such file or directory" };

const NO_DEVICES = {
  createMacvlan: () => succeed(undefined),
  createIpvlan: () => succeed(undefined),
  has: () => succeed(true),
  setVrf: () => succeed(undefined),
  withoutLinkLocal: () => succeed(undefined),
  setUp: () => succeed(undefined),
  tellOf: () => succeed(undefined),
  remove: () => succeed(undefined),
};
