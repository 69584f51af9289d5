import { beforeEach, describe, expect, test } from "vitest";
import { fail, succeed, type Result } from "../../base/result.ts";
import { instant, seconds, type Instant } from "../../base/time.ts";
import type { LinkSettings } from "../../config/model/trackers.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { LinkProbeMethod } from "../../ports/link-probe.ts";
import { InterfaceTable } from "./interface-table.ts";
import { LinkWatch } from "./link-watch.ts";

describe("links that take their time", () => {
  let now: Instant;
  let dueAt: Instant | undefined;
  let ring: () => void;
  let answers: Map<LinkProbeMethod, boolean | string>;
  let asked: LinkProbeMethod[];
  let changes: number;
  let log: string[];
  let interfaces: InterfaceTable;
  let links: LinkWatch;

  const clock: Clock = {
    now: () => now,
    boottime: () => now,
    outside: () => undefined,
    wallClockMs: () => 0,
    alarm: (callback) => {
      ring = callback;
      return {
        set: (at) => void (dueAt = at),
        clear: () => void (dueAt = undefined),
        close: () => void (dueAt = undefined),
      };
    },
  };
  const ask = (name: string, method: LinkProbeMethod): Result<boolean, SystemFailure> => {
    asked.push(method);
    const answer = answers.get(method) ?? "EOPNOTSUPP";
    if (typeof answer === "boolean") return succeed(answer);
    return fail({ operation: `ask ${name}`, errno: answer, message: "Operation not supported" });
  };

  beforeEach(() => {
    now = instant(1_000_000);
    dueAt = undefined;
    answers = new Map();
    asked = [];
    changes = 0;
    log = [];
    interfaces = new InterfaceTable({ has: () => false });
    const dependencies = {
      clock,
      interfaces,
      linkProbe: { ask },
      log: { write: (_: unknown, text: string) => log.push(text) },
    };
    links = new LinkWatch(() => (changes += 1), dependencies);
    kernelSays(true);
  });

  const device = (running: boolean): NetworkInterface => {
    const facts = { multicast: true, loopback: false, noArp: false, mtu: 1500, mac: undefined, forwardsIpv6: false };
    return { index: 2, name: "eth0", up: true, running, ...facts };
  };
  const kernelSays = (running: boolean): void => {
    interfaces.apply({ kind: "interface-changed", interface: device(running) });
    links.noteEvents();
  };
  const passTime = (count: number): void => {
    const end = instant(now + seconds(count));
    while (dueAt !== undefined && dueAt <= end) {
      now = dueAt;
      dueAt = undefined;
      ring();
    }
    now = end;
  };
  const isUp = (): boolean => {
    const entry = interfaces.byName("eth0");
    return entry !== undefined && links.isUp(entry);
  };
  const eth0 = (settings: Partial<LinkSettings>): LinkSettings => {
    return { interface: "eth0", down: seconds(0), up: seconds(0), polling: undefined, ...settings };
  };

  test("no settings: as the kernel says, at once", () => {
    kernelSays(false);
    expect(isUp()).toBe(false);
    kernelSays(true);
    expect(isUp()).toBe(true);
  });

  test("a delay: counts when it is over, and then says so", () => {
    links.configure([eth0({ down: seconds(2), up: seconds(3) })]);
    kernelSays(false);
    expect(isUp()).toBe(true);
    expect(log).toEqual(["Interface eth0 is down, which counts if it lasts for 2 s"]);
    passTime(1.9);
    expect([isUp(), changes]).toEqual([true, 0]);
    passTime(0.1);
    expect([isUp(), changes]).toEqual([false, 1]);
    kernelSays(true);
    passTime(3);
    expect([isUp(), changes]).toEqual([true, 2]);
  });

  test("back in time: nothing happens", () => {
    links.configure([eth0({ down: seconds(2) })]);
    kernelSays(false);
    passTime(1);
    kernelSays(true);
    passTime(5);
    expect([isUp(), changes]).toEqual([true, 0]);
  });

  test("a reload without delays, in the middle of one: counts at once", () => {
    links.configure([eth0({ down: seconds(2) })]);
    kernelSays(false);
    links.configure([]);
    expect(isUp()).toBe(false);
    expect(dueAt).toBeUndefined();
  });

  test("the interface goes and comes back: what is seen first counts at once", () => {
    links.configure([eth0({ down: seconds(2), up: seconds(2) })]);
    interfaces.apply({ kind: "interface-removed", index: 2, name: "eth0" });
    links.noteEvents();
    kernelSays(false);
    expect(isUp()).toBe(false);
  });

  test("polling: by the first way that the driver knows, once a second, and its word counts", () => {
    answers.set("ETHTOOL", true);
    links.configure([eth0({ polling: "MII" })]);
    expect(asked).toEqual(["MII", "ETHTOOL"]);
    kernelSays(false);
    expect(isUp()).toBe(true);
    answers.set("ETHTOOL", false);
    passTime(1);
    expect([isUp(), changes]).toEqual([false, 1]);
    passTime(2);
    expect(asked).toEqual(["MII", "ETHTOOL", "ETHTOOL", "ETHTOOL", "ETHTOOL"]);
  });

  test("polling a driver that knows no way: said once, and the kernel's word counts", () => {
    links.configure([eth0({ polling: "ETHTOOL" })]);
    passTime(3);
    expect(asked).toEqual(["ETHTOOL", "MII", "IOCTL"]);
    expect(log).toHaveLength(3);
    kernelSays(false);
    expect(isUp()).toBe(false);
  });

  test("polling an interface that vanishes under the question: the way stays", () => {
    answers.set("MII", "ENODEV");
    links.configure([eth0({ polling: "MII" })]);
    answers.set("MII", false);
    passTime(1);
    expect([asked, isUp()]).toEqual([["MII", "MII"], false]);
  });

  test("closed: the kernel's events set off nothing", () => {
    links.configure([eth0({ down: seconds(2) })]);
    links.close();
    kernelSays(false);
    expect(dueAt).toBeUndefined();
  });
});
