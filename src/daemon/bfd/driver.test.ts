import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { seededRandom, type Random } from "../../base/random.ts";
import { fail, succeed } from "../../base/result.ts";
import { instant, millis, seconds } from "../../base/time.ts";
import type { BfdInstanceSettings } from "../../config/model/bfd.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { UdpDatagram, UdpSenderOptions } from "../../ports/udp.ts";
import { startBfdDriver } from "./driver.ts";

describe("BFD driver, sockets", () => {
  test("the source port: from 49152 to 65535, one for each session, kept (RFC 5881 section 4)", () => {
    const bench = createBench([sessionTo("10.0.0.2"), sessionTo("10.0.0.3")]);
    bench.run(seconds(20));
    expect(bench.senders).toHaveLength(2);
    for (const { sourcePort } of bench.senders) {
      expect(sourcePort).toBeGreaterThanOrEqual(49_152);
      expect(sourcePort).toBeLessThanOrEqual(65_535);
    }
    expect(bench.senders.map(({ destinationPort, hopLimit }) => [destinationPort, hopLimit])).toEqual([
      [3784, 255],
      [3784, 255],
    ]);
  });

  test("the discriminators: none is 0, and each is another (RFC 5880 section 6.8.1)", () => {
    const drawn = [0, 7, 7, 0, 9];
    const random = { ...seededRandom(1), below: (bound: number) => (bound > 65_536 ? (drawn.shift() ?? 1) : 0) };
    const bench = createBench([sessionTo("10.0.0.2"), sessionTo("10.0.0.3")], { random });
    bench.run(seconds(1));
    const sent = bench.payloads.map((payload) => new DataView(payload.buffer, payload.byteOffset).getUint32(4));
    expect([...new Set(sent)]).toEqual([7, 9]);
  });

  test("a source port that is taken: the next one, and from the last the first", () => {
    const bench = createBench([sessionTo("10.0.0.2")], { takenPorts: 40 });
    expect(bench.attempts).toBe(41);
    const ports = new Set(bench.refusedPorts);
    expect([ports.size, bench.refusedPorts.every((port) => port >= 49_152 && port <= 65_535)]).toEqual([40, true]);
  });

  test("a source address that the host lacks: told once, tried with every packet, and used when it comes", () => {
    const bench = createBench([sessionTo("10.0.0.2")], { withoutSource: true });
    bench.run(seconds(5));
    expect(bench.lines).toEqual(["error (10.0.0.2) Cannot bind: Cannot assign requested address (EADDRNOTAVAIL)"]);
    bench.giveSource();
    bench.run(seconds(1.1));
    expect(bench.senders).toHaveLength(1);
  });

  test("one receiver for each family and kind, whatever the number of sessions", () => {
    const bench = createBench([
      sessionTo("10.0.0.2"),
      sessionTo("10.0.0.3"),
      sessionTo("10.0.0.4", { multihop: true }),
      sessionTo("fd00::2"),
    ]);
    expect(bench.receivers).toEqual(["ipv4 3784", "ipv4 4784", "ipv6 3784"]);
  });

  test("the port of the receiver is taken: told once, tried every second, and heard when it is free", () => {
    const bench = createBench([sessionTo("10.0.0.2")], { portTaken: true });
    bench.run(seconds(3.5));
    expect(bench.lines.filter((line) => line.includes("EADDRINUSE"))).toEqual([
      "error Cannot bind: Address already in use (EADDRINUSE); is another BFD daemon running on this host?; trying again every second, its sessions stay down",
    ]);
    bench.freePort();
    bench.run(seconds(1));
    expect(bench.receivers).toEqual(["ipv4 3784"]);
    expect(bench.lines.at(-1)).toBe("info Listening on UDP port 3784 of IPv4");
  });

  test("strangers: discarded with the reason, and not more than the log bears", () => {
    const bench = createBench([sessionTo("10.0.0.2")]);
    for (let count = 0; count < 500; count += 1) bench.arrive({ payload: new Uint8Array(3) });
    expect(bench.lines[0]).toBe("warn Discarding BFD packet from 10.0.0.9, TTL 255: TRUNCATED");
    expect(bench.lines.length).toBeLessThan(25);
    expect(bench.driver.status()[0]?.counters["received"]).toBeUndefined();
  });
});

interface BenchOptions {
  readonly takenPorts?: number;
  readonly withoutSource?: boolean;
  readonly portTaken?: boolean;
  readonly random?: Random;
}

function createBench(sessions: readonly BfdInstanceSettings[], options: BenchOptions = {}) {
  let now = 0;
  let { takenPorts = 0, withoutSource = false, portTaken = false } = options;
  const alarms = new Set<{ at: number | undefined; callback: () => void }>();
  const senders: UdpSenderOptions[] = [];
  const receivers: string[] = [];
  const refusedPorts: number[] = [];
  const lines: string[] = [];
  const inbox: UdpDatagram[] = [];
  const readers: (() => void)[] = [];
  const payloads: Uint8Array[] = [];
  let attempts = 0;
  const driver = startBfdDriver(
    { bfd: sessions },
    {
      clock: {
        now: () => instant(now),
        boottime: () => instant(now),
        outside: () => undefined,
        wallClockMs: () => 0,
        alarm: (callback) => {
          const alarm: { at: number | undefined; callback: () => void } = { at: undefined, callback };
          alarms.add(alarm);
          return {
            set: (at) => (alarm.at = at),
            clear: () => (alarm.at = undefined),
            close: () => alarms.delete(alarm),
          };
        },
      },
      log: { write: (level, text) => void lines.push(`${level} ${text}`) },
      random: options.random ?? seededRandom(65_536),
      tell: () => {},
      udp: {
        openReceiver: ({ family, port }, onReadable) => {
          if (portTaken) return fail(IN_USE);
          receivers.push(`${family} ${port}`);
          readers.push(onReadable);
          return succeed({ receive: () => inbox.splice(0, 64), close: () => {} });
        },
        openSender: (wanted) => {
          attempts += 1;
          if (withoutSource) return fail(NOT_HERE);
          if (takenPorts > 0) {
            takenPorts -= 1;
            refusedPorts.push(wanted.sourcePort);
            return fail(IN_USE);
          }
          senders.push(wanted);
          return succeed({ send: (payload) => succeed(void payloads.push(payload.slice())), close: () => {} });
        },
      },
    },
  );
  return {
    driver,
    senders,
    receivers,
    refusedPorts,
    lines,
    payloads,
    get attempts() {
      return attempts;
    },
    giveSource: () => void (withoutSource = false),
    freePort: () => void (portTaken = false),
    arrive: (datagram: Partial<UdpDatagram>) => {
      const whole = { source: ip("10.0.0.9"), destination: ip("10.0.0.1"), interfaceIndex: 2, hopLimit: 255 };
      inbox.push({ ...whole, payload: new Uint8Array(24), ...datagram });
      readers[0]?.();
    },
    run: (duration: number) => {
      const end = now + duration;
      for (;;) {
        const due = [...alarms]
          .filter(({ at }) => at !== undefined && at <= end)
          .sort((left, right) => (left.at ?? 0) - (right.at ?? 0))[0];
        if (due?.at === undefined) break;
        now = Math.max(now, due.at);
        due.at = undefined;
        due.callback();
      }
      now = end;
    },
  };
}

function sessionTo(neighbor: string, change: Partial<BfdInstanceSettings> = {}): BfdInstanceSettings {
  return {
    name: neighbor,
    place: { file: "a.conf", line: 1, column: 1 },
    neighbor: ip(neighbor),
    source: undefined,
    minTx: millis(10),
    minRx: millis(10),
    idleTx: seconds(1),
    multiplier: 3,
    passive: false,
    hopLimit: 255,
    leastHopLimit: 255,
    multihop: false,
    ...change,
  };
}

const IN_USE: SystemFailure = { operation: "bind", errno: "EADDRINUSE", message: "Address already in use" };
const NOT_HERE: SystemFailure = {
  operation: "bind",
  errno: "EADDRNOTAVAIL",
  message: "Cannot assign requested address",
};
