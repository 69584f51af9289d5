import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatagramSender, openServiceNotifier, openSyslog, serializeSyslog } from "./datagram.ts";
import type { SyslogOptions } from "./datagram.ts";
import { SOCK_DGRAM, openLinuxSocket } from "./linux-socket.ts";
import type { LinuxSocket } from "./linux-socket.ts";
import { unixAddress } from "./socket-address.ts";

describe("datagrams to the system's daemons", () => {
  let folder: string;
  let receivers: LinuxSocket[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-"));
    receivers = [];
  });
  afterEach(() => {
    for (const receiver of receivers) receiver.close();
    rmSync(folder, { recursive: true });
  });

  const listen = (path: string): LinuxSocket => {
    const arena = { count: 64, payloadSize: 9_000, nameSize: 0, controlSize: 0 };
    const opened = openLinuxSocket({ domain: 1, type: SOCK_DGRAM, protocol: 0, label: "the receiver", arena });
    if (!opened.ok) throw new Error(opened.error.message);
    receivers.push(opened.value);
    expect(opened.value.bind(unixAddress(path) ?? new Uint8Array(0)).ok).toBe(true);
    return opened.value;
  };
  const heard = (receiver: LinuxSocket): string[] =>
    receiver.receive().messages.map(({ payload }) => new TextDecoder().decode(payload));

  const options = (changes: Partial<SyslogOptions> = {}): SyslogOptions => ({
    path: join(folder, "log"),
    ident: "Keepalived_vrrp",
    pid: 4_711,
    facility: "daemon",
    ...changes,
  });

  test.each([
    { facility: "daemon", level: "info", priority: "<30>" },
    { facility: "daemon", level: "error", priority: "<27>" },
    { facility: 0, level: "warn", priority: "<132>" },
    { facility: 7, level: "debug", priority: "<191>" },
  ] as const)("a line of $level for $facility: begins with $priority (RFC 3164 section 4.1.1)", (row) => {
    const at = new Date(2025, 10, 3, 4, 5, 6);
    const line = new TextDecoder().decode(serializeSyslog(options(row), row.level, "(VI_1) Entering MASTER STATE", at));
    expect(line).toBe(`${row.priority}Nov  3 04:05:06 Keepalived_vrrp[4711]: (VI_1) Entering MASTER STATE`);
  });

  test("a text with line breaks and control characters: one line", () => {
    const line = new TextDecoder().decode(serializeSyslog(options(), "info", "a\nb\u001b[1m\0c\n", new Date()));
    expect(line).toMatch(/: a b \[1m c$/);
  });

  test("a text that is too long: cut to what receivers take", () => {
    expect(serializeSyslog(options(), "info", "x".repeat(20_000), new Date())).toHaveLength(8_192);
  });

  test("a log that dies and comes back: the lines meanwhile are lost and counted, those after it arrive", () => {
    const syslog = openSyslog(options());
    syslog.write("info", "before it is there");
    const first = listen(options().path);
    syslog.write("info", "one");
    expect(heard(first)).toEqual([expect.stringMatching(/: one$/)]);
    first.close();
    syslog.write("info", "while it is dead");
    rmSync(options().path);
    const second = listen(options().path);
    syslog.write("info", "two");
    expect(heard(second)).toEqual([expect.stringMatching(/: two$/)]);
    expect(syslog.lost).toBe(2);
    syslog.close();
  });

  test("a log that nobody reads: loses lines and does not wait", () => {
    const receiver = listen(options().path);
    const syslog = openSyslog(options());
    for (let line = 0; line < 5_000; line++) syslog.write("info", `line ${line}`);
    expect(syslog.lost).toBeGreaterThan(0);
    let taken = 0;
    for (let lines = heard(receiver); lines.length > 0; lines = heard(receiver)) taken += lines.length;
    expect(taken + syslog.lost).toBe(5_000);
    syslog.close();
  });

  test.each([{ name: "a file" }, { name: "the abstract namespace" }])(
    "the service manager at $name: hears",
    ({ name }) => {
      const path = name === "a file" ? join(folder, "notify") : `@${folder}/notify`;
      const receiver = listen(path);
      const notifier = openServiceNotifier(path);
      expect(notifier.notify("READY=1\nMAINPID=42")).toBe(true);
      expect(heard(receiver)).toEqual(["READY=1\nMAINPID=42"]);
      notifier.close();
    },
  );

  test.each([undefined, "", "/".repeat(120), "a\0b"])("no service manager (%j): nothing happens", (path) => {
    const notifier = openServiceNotifier(path);
    expect(notifier.notify("READY=1")).toBe(false);
    notifier.close();
  });

  test("a sender that was closed: takes nothing and does not throw", () => {
    const sender = openDatagramSender(options().path);
    listen(options().path);
    expect(sender.send(Uint8Array.of(1))).toBe(true);
    sender.close();
    sender.close();
    expect(sender.send(Uint8Array.of(1))).toBe(false);
  });
});
