import { describe, expect, test } from "vitest";
import { consoleLine, printable, processLogFile } from "./line.ts";

describe("consoleLine", () => {
  test("a two-digit day: as keepalived 2.2.7 prints it", () => {
    const line = consoleLine(new Date(2026, 10, 20, 10, 57, 2), "Startup complete");
    expect(line).toBe("Fri Nov 20 10:57:02 2026: Startup complete\n");
  });

  test("a one-digit day: padded with a space (asctime(3))", () => {
    expect(consoleLine(new Date(2026, 0, 5, 0, 0, 0), "x")).toBe("Mon Jan  5 00:00:00 2026: x\n");
  });
});

test("printable, newline and escape sequence: cannot forge a line or drive a terminal", () => {
  expect(printable("a\nb\u001b[31mc\u009bd é")).toBe("a\\x0ab\\x1b[31mc\\x9bd é");
});

describe("processLogFile", () => {
  test.each([
    ["/var/log/k.log", "/var/log/k_vrrp.log"],
    ["/var/log/k", "/var/log/k_vrrp"],
    ["/etc/rc.d/k", "/etc/rc.d/k_vrrp"],
    ["/var/log/.hidden", "/var/log/.hidden_vrrp"],
    ["a.b.c", "a.b_vrrp.c"],
  ])("%s: the vrrp process writes %s", (file, expected) => {
    expect(processLogFile(file, "_vrrp")).toBe(expected);
  });
});
