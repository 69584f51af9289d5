import { describe, expect, test } from "vitest";
import { matchesProcess, needsCommandLine, type ProcessPattern } from "./process-match.ts";

const pattern = (match: ProcessPattern["match"], command: string, ...parameters: string[]): ProcessPattern => ({
  command,
  parameters,
  match,
});
const runs = (name: string, ...commandLine: string[]) => ({ name, commandLine });

describe("by the kernel's name", () => {
  test("exactly this name, whatever the command line says (keepalived.conf(5): as pgrep '^ssh$')", () => {
    expect(matchesProcess(pattern("name", "ssh"), runs("ssh", "/usr/bin/ssh", "host"))).toBe(true);
    expect(matchesProcess(pattern("name", "ssh"), runs("sshd", "ssh"))).toBe(false);
    expect(matchesProcess(pattern("name", "ssh"), runs("sh"))).toBe(false);
  });

  test("needs no command line, which all others do", () => {
    expect(needsCommandLine(pattern("name", "ssh"))).toBe(false);
    for (const match of ["command", "exact", "partial", "initial"] as const) {
      expect(needsCommandLine(pattern(match, "ssh"))).toBe(true);
    }
  });
});

describe("by the command line", () => {
  const rows: readonly [ProcessPattern["match"], string[], string[], boolean][] = [
    // match, configured parameters, those of the process, whether it is meant
    ["command", [], [], true],
    ["command", [], ["-x"], true],
    ["exact", [], [], true],
    ["exact", [], ["-x"], false],
    ["exact", ["-f", "a.cfg"], ["-f", "a.cfg"], true],
    ["exact", ["-f", "a.cfg"], ["-f", "a.cfg", "-D"], false],
    ["exact", ["-f", "a.cfg"], ["-f"], false],
    ["exact", ["-f"], ["-F"], false],
    ["partial", ["-f", "a.cfg"], ["-f", "a.cfg", "-D"], true],
    ["partial", ["-f", "a.cfg"], ["-f", "a.cfg2"], false],
    ["partial", ["-f", "a.cfg"], ["-f"], false],
    ["partial", [], ["-D"], true],
    ["initial", ["-f", "a.cf"], ["-f", "a.cfg"], true],
    ["initial", ["-f", "a.cf"], ["-f", "a.cf", "-D"], true],
    ["initial", ["-f", "a.cf"], ["-ff", "a.cf"], false],
    ["initial", ["-f", "a.cf"], ["-f"], false],
    ["initial", [], ["-D"], true],
  ];
  test.each(rows)("%s %j, the process has %j: %s (keepalived.conf(5), param_match)", (match, wanted, given, meant) => {
    const looks = runs("haproxy", "/usr/sbin/haproxy", ...given);
    expect(matchesProcess(pattern(match, "/usr/sbin/haproxy", ...wanted), looks)).toBe(meant);
  });

  test("another first word, or a thread of the kernel, which has none: not meant", () => {
    expect(matchesProcess(pattern("command", "haproxy"), runs("haproxy", "/usr/sbin/haproxy"))).toBe(false);
    expect(matchesProcess(pattern("command", "haproxy"), runs("haproxy"))).toBe(false);
  });
});
