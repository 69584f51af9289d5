import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { fail, succeed } from "../base/result.ts";
import { loadConfiguration } from "./load.ts";
import { checkExitStatus, configTestExitStatus, verdict } from "./verdict.ts";

function load(text: string | undefined): ReturnType<typeof loadConfiguration> {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  return loadConfiguration(
    "/etc/holdfast/holdfast.conf",
    {
      read: () => (text === undefined ? missing : succeed(new TextEncoder().encode(text))),
      list: () => missing,
      facts: () => missing,
    },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
}

const GOOD = `vrrp_instance A {
 interface eth0
 virtual_router_id 5
 virtual_ipaddress {
  10.0.0.9/24
 }
 EXTRA
}
`;
const withLine = (line: string): string => GOOD.replace("EXTRA", line);
const withoutLastBrace = (text: string): string => text.slice(0, text.lastIndexOf("}"));
const judge = (text: string | undefined, running?: string): ReturnType<typeof verdict> => {
  const { diagnostics, configuration } = load(text);
  return verdict(diagnostics, configuration, running === undefined ? undefined : load(running).diagnostics);
};

describe("what a configuration may do", () => {
  test("a good one starts and reloads", () => {
    expect(judge(withLine(""))).toEqual({
      startRefused: undefined,
      reloadRefusedBy: [],
      forcedReloadRefusedBy: [],
    });
  });

  test.each([
    ["a file that cannot be read", undefined, 2, "UNREADABLE_FILE"],
    ["a missing parameter (keepalived ends with 2)", withLine("priority"), 2, "MISSING_PARAMETER"],
    ["no instance (keepalived ends with 6)", "global_defs {\n}\n", 6, "NO_USABLE_INSTANCE"],
    ["an empty file", "", 6, "EMPTY_CONFIGURATION"],
  ])("%s: does not start, and not even a forced reload takes it", (_name, text, exitStatus, code) => {
    const decision = judge(text);
    expect(decision.startRefused).toMatchObject({ exitStatus });
    expect(decision.startRefused?.because.map((diagnostic) => diagnostic.code)).toContain(code);
    expect(decision.forcedReloadRefusedBy.map((diagnostic) => diagnostic.code)).toContain(code);
  });

  test("a misspelt priority starts, as keepalived does, but is no reload unless forced", () => {
    const decision = judge(withLine("priorityy 120"));
    expect(decision.startRefused).toBeUndefined();
    expect(decision.reloadRefusedBy.map((diagnostic) => diagnostic.code)).toEqual(["UNKNOWN_KEYWORD"]);
    expect(decision.forcedReloadRefusedBy).toEqual([]);
  });

  test("a missing brace at the end starts, as keepalived runs such a file, but is no reload unless forced", () => {
    const decision = judge(withoutLastBrace(withLine("")));
    expect(decision.startRefused).toBeUndefined();
    expect(decision.reloadRefusedBy.map((diagnostic) => diagnostic.code)).toEqual(["MISSING_CLOSING_BRACE"]);
    expect(decision.forcedReloadRefusedBy).toEqual([]);
  });

  test("a missing brace that the running configuration lacks too does not stop a reload, another one does", () => {
    const running = withoutLastBrace(withLine(""));
    expect(judge(running, running).reloadRefusedBy).toEqual([]);
    expect(judge(`# a line more\n${running.replace("id 5", "id 6")}`, running).reloadRefusedBy).toEqual([]);
    const { reloadRefusedBy } = judge(`${running}track_interface {\n eth1\n`, running);
    expect(reloadRefusedBy.map(({ code, message }) => [code, message])).toEqual([
      ["MISSING_CLOSING_BRACE", expect.stringContaining("track_interface")],
    ]);
    expect(judge(running, withLine("")).reloadRefusedBy).toHaveLength(1);
  });

  test("a missing brace in the middle that the running configuration lacks too does not stop a reload, wherever it moved", () => {
    const running = withLine("track_interface {\n  eth1\n priority 90");
    expect(judge(running).reloadRefusedBy.map(({ code }) => code)).toEqual(["MISSING_CLOSING_BRACE"]);
    expect(judge(`# a line more\n${running}`, running).reloadRefusedBy).toEqual([]);
  });

  test("an error that the running configuration has once stops a reload that has it twice", () => {
    const running = withLine("priorityy 120");
    const other = running.replace("instance A", "instance B").replace("id 5", "id 6").replace("10.0.0.9", "10.0.0.8");
    expect(judge(running + other, running).reloadRefusedBy.map(({ code }) => code)).toEqual(["UNKNOWN_KEYWORD"]);
    expect(judge(running + other, running + other).reloadRefusedBy).toEqual([]);
  });

  test("what stops a start stops a reload too, although the running configuration has it", () => {
    const missing = withLine("priority");
    expect(judge(missing, missing).reloadRefusedBy.map(({ code }) => code)).toEqual(["MISSING_PARAMETER"]);
  });

  test("an unknown keyword that resembles nothing does not stop a reload", () => {
    expect(judge(withLine("xyzzy_frotz 1")).reloadRefusedBy).toEqual([]);
  });

  test("an error that the running configuration has too does not stop a reload, wherever it moved", () => {
    const running = withLine("priorityy 120");
    expect(judge(`# a line more\n${running}`, running).reloadRefusedBy).toEqual([]);
    expect(judge(withLine("priorityy 120\n advert_inn 3"), running).reloadRefusedBy).toHaveLength(1);
  });

  test.each([
    [withLine(""), 0, 0, 0],
    [withLine("nopreempt 1"), 0, 1, 0],
    [withLine("xyzzy_frotz 1"), 2, 2, 5],
    [withLine("priority"), 2, 2, 2],
    [withLine("notify /bin/true"), 0, 1, 6],
    [undefined, 3, 3, 5],
  ])("%j: check, check --strict and -t exit with %i, %i, %i", (text, status, strict, test) => {
    const { diagnostics } = load(text);
    expect(checkExitStatus(diagnostics, false)).toBe(status);
    expect(checkExitStatus(diagnostics, true)).toBe(strict);
    expect(configTestExitStatus(diagnostics)).toBe(test);
  });
});
