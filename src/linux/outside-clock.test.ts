import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findOutsideClock } from "./outside-clock.ts";

describe("the clock outside this kernel", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "holdfast-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const ofVirtualMachine = "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n";

  test("a KVM guest with its PTP clock behind that of a network card: the PTP clock of KVM", () => {
    write("sys/class/ptp/ptp0/clock_name", "i210\n");
    write("sys/class/ptp/ptp1/clock_name", "KVM virtual PTP\n");
    write("sys/class/rtc/rtc0/since_epoch", "1700000000\n");
    write("proc/cpuinfo", ofVirtualMachine);
    expect(findOutsideClock(root)).toEqual({ kind: "ptp", device: join(root, "dev/ptp1") });
  });

  test("a guest without a PTP clock of the hypervisor: the RTC", () => {
    write("sys/class/ptp/ptp0/clock_name", "i210\n");
    write("sys/class/rtc/rtc0/since_epoch", "1700000000\n");
    write("proc/cpuinfo", ofVirtualMachine);
    expect(findOutsideClock(root)).toEqual({ kind: "rtc", file: join(root, "sys/class/rtc/rtc0/since_epoch") });
  });

  test("bare metal with an RTC: none", () => {
    write("sys/class/rtc/rtc0/since_epoch", "1700000000\n");
    write("proc/cpuinfo", "flags\t\t: fpu vme lahf_lm\nmodel name\t: hypervisor\n");
    expect(findOutsideClock(root)).toBeUndefined();
  });

  test("a guest without any: none", () => {
    write("proc/cpuinfo", ofVirtualMachine);
    expect(findOutsideClock(root)).toBeUndefined();
  });
});
