import { ip, mac, type AddressFamily, type IpAddress } from "../../base/address.ts";
import { succeed } from "../../base/result.ts";
import { after, instant, micros, seconds, type Instant } from "../../base/time.ts";
import { withoutScripts } from "../../config/commands.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { TrackedThings } from "../../config/model/trackers.ts";
import { activeDownInterval } from "../../core/vrrp/router.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AddressRecord, AddressRequest, Kernel, NetworkInterface } from "../../ports/kernel.ts";
import type { Files } from "../../ports/files.ts";
import type { Links } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import type { Routing } from "../../ports/routing.ts";
import { Announcer } from "./announcer.ts";
import { FineLockKeeper } from "./fine-lock-keeper.ts";
import { HeldRecord } from "./held-record.ts";
import { Instance } from "./instance.ts";
import { InterfaceTable } from "./interface-table.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { RouteKeeper } from "./route-keeper.ts";
import { RoutingRecord } from "./routing-record.ts";
import { SocketPool } from "./socket-pool.ts";
import { lockTermsOf } from "./vip.ts";

/**
 * Plays a take-over and its end once, for nobody. Node compiles a function when it is first called, and a backup would do so
 * in the very moment in which everybody waits for it: a first take-over took 4.5 ms, of which most was compiling.
 *
 * The instance plays on ports that do nothing. Of the real ones the kernel is asked for an address on an interface that there
 * cannot be, and one advert is sent to this host by its loopback interface, where nobody listens.
 */
export function rehearse(settings: InstanceSettings, real: { readonly kernel: Kernel; readonly links: Links }): void {
  const stage = createStage(settings);
  stage.instance.start(false);
  const wait = activeDownInterval(stage.instance.router, settings.advertisementInterval);
  stage.wakeAt(after(START, wait));
  // What is tracked fails, and is back: who is told of a death is to act on it at once.
  stage.track("down");
  stage.track("up");
  stage.wakeAt(after(START, micros(2 * wait)));
  stage.instance.stop("process-end", false, "the rehearsal is over");
  stage.instance.close();

  const [refused] = real.kernel.addAddresses([NOWHERE]);
  const interfaces = real.kernel.interfaces();
  const loopback = interfaces.ok ? interfaces.value.find((entry) => entry.loopback) : undefined;
  if (refused?.ok !== false || loopback === undefined) return;
  const { family } = settings;
  const options = { interfaceIndex: loopback.index, interfaceName: loopback.name, family, groups: [] };
  const socket = real.links.openVrrpSocket(options, () => undefined);
  if (!socket.ok) return;
  const [source, destination] = [LOCALHOST[family], LOCALHOST[family]];
  socket.value.send({ source, destination, hopLimit: 1, identification: 1, message: new Uint8Array(8) });
  socket.value.close();
}

function createStage(settings: InstanceSettings): Stage {
  let now = START;
  let verdict: "up" | "down" = "up";
  const wakers: (() => void)[] = [];
  const clock: Clock = {
    now: () => now,
    boottime: () => now,
    outside: () => undefined,
    wallClockMs: () => 0,
    alarm: (callback) => {
      wakers.push(callback);
      return { set: ignore, clear: ignore, close: ignore };
    },
  };
  const log: Log = { write: ignore };
  const { kernel, links } = createProps(settings);
  const files: Files = {
    read: () => succeed(new Uint8Array(0)),
    append: done,
    replace: done,
    remove: done,
    facts: () => succeed({ kind: "file", uid: 0, gid: 0, mode: 0 }),
    resolve: (path) => succeed(path),
    findProgram: (name) => succeed(name),
  };
  const record = new HeldRecord("", { log, files });
  const interfaces = new InterfaceTable(record);
  interfaces.reload(kernel);
  const leases = new LeaseKeeper({ kernel, clock, log });
  const fineLock = new FineLockKeeper({ clock, log, filter: { prepare: done, change: done, remove: done } });
  fineLock.prepare([lockTermsOf(settings)]);
  const routing: Routing = {
    add: (items) => items.map(done),
    remove: (items) => items.map(done),
    openMonitor: () => succeed({ receive: () => [], close: ignore }),
  };
  const routes = new RouteKeeper({ routing, clock, log, interfaces, record: new RoutingRecord("", { log, files }) });
  const announcer = new Announcer(UNPACED, { clock, links, log, interfaces });
  const ipv6 = { turnOn: ignore, turnOff: ignore };
  const processes = { start: () => undefined, findAccount: () => succeed({ uid: 0, gid: 0, name: "" }) };
  const silent = { ...withoutScripts(settings.notify), mail: false };
  const instance = new Instance(
    { ...settings, ...TRACKED, notify: silent },
    {
      clock,
      log,
      journal: { append: ignore },
      interfaces,
      links: { isUp: () => true },
      scripts: new Map(),
      files: new Map(),
      processes: new Map(),
      bfd: { verdictOf: () => verdict, detailOf: () => "" },
      virtualAddresses: () => new Set(),
      missingStatics: () => [],
      sockets: new SocketPool({ links, clock, log }, ignore),
      buffers: () => ({
        adverts: undefined,
        kernelRequests: undefined,
        kernelEvents: undefined,
        processNotices: undefined,
      }),
      deadlines: clock,
      onConnection: ignore,
      teller: {
        clock,
        processes,
        log,
        accountOf: () => succeed(undefined),
        fifos: { tell: ignore },
        mail: { tell: ignore },
        traps: { tell: ignore },
      },
      holder: { clock, kernel, log, interfaces, leases, fineLock, routes, announcer, record, ipv6, onChange: ignore },
    },
  );
  return {
    instance,
    wakeAt: (later) => {
      now = later;
      for (const wake of wakers) wake();
      leases.renew();
      fineLock.renew();
    },
    track: (changed) => {
      verdict = changed;
      instance.evaluate();
    },
  };
}

interface Stage {
  readonly instance: Instance;
  wakeAt(now: Instant): void;
  track(verdict: "up" | "down"): void;
}

/** A kernel and a network in which everything succeeds and nothing happens. */
function createProps(settings: InstanceSettings): { readonly kernel: Kernel; readonly links: Links } {
  const names = new Set([
    settings.interface,
    settings.advertInterface,
    ...settings.virtualAddresses.map(({ device }) => device),
  ]);
  const devices = [...names].map((name, index): NetworkInterface => ({
    index: index + 1,
    name,
    up: true,
    running: true,
    multicast: true,
    loopback: false,
    noArp: false,
    mtu: 1500,
    mac: mac("02:00:00:00:00:01"),
    forwardsIpv6: false,
  }));
  const home: AddressRecord = {
    interfaceIndex: 1,
    // Whatever the configuration has the instance send from is there.
    address: settings.transport.source ?? HOME[settings.family],
    prefixLength: settings.family === "ipv4" ? 24 : 64,
    secondary: false,
    tentative: false,
    protocol: undefined,
    validLifetime: "forever",
  };
  const quiet = { receive: () => [], close: ignore };
  return {
    kernel: {
      interfaces: () => succeed(devices),
      addresses: () => succeed([home]),
      addAddress: done,
      addAddresses: (requests) => requests.map(done),
      prepareAddresses: ignore,
      renewAddresses: (requests) => requests.map(done),
      removeAddress: done,
      openMonitor: () => succeed(quiet),
    },
    links: {
      openVrrpSocket: () => succeed({ ...quiet, send: done, setReceiveBuffer: done, hearOnly: done }),
      openArpSocket: () => succeed({ ...quiet, send: done }),
      openNeighborSocket: () => succeed({ ...quiet, send: done }),
    },
  };
}

function ignore(): void {}

function done(): { readonly ok: true; readonly value: undefined } {
  return { ok: true, value: undefined };
}

const TRACKED: TrackedThings = {
  trackScripts: [],
  trackInterfaces: [],
  trackFiles: [],
  trackProcesses: [],
  trackBfd: [{ bfd: "rehearsal", weight: 0, reverse: false }],
};

const START = instant(seconds(1_000));
const UNPACED = { arpInterval: micros(0), neighborInterval: micros(0), groups: [] };

const LOCALHOST: Readonly<Record<AddressFamily, IpAddress>> = { ipv4: ip("127.0.0.1"), ipv6: ip("::1") };
const HOME: Readonly<Record<AddressFamily, IpAddress>> = { ipv4: ip("192.0.2.254"), ipv6: ip("fe80::1") };

const NOWHERE: AddressRequest = {
  interfaceIndex: 0x7fff_fffe,
  address: ip("192.0.2.255"),
  prefixLength: 32,
  peer: undefined,
  broadcast: undefined,
  label: undefined,
  scope: 0,
  flags: 0,
  validLifetime: 1,
  preferredLifetime: 1,
};
