import { expect, test } from "vitest";
import { readLogLine, readMail, readTransition } from "./node-events.ts";

const entry = (from: string | null, to: string | null, text: string): string =>
  `{"version":1,"at":"2026-11-20T11:51:09.042Z","sequence":2,"instance":"nginx","from":${JSON.stringify(from)},"to":${JSON.stringify(to)},"cause":{"code":"X","text":"${text}","evidence":{}}}`;

test("changes of state in the journal: told with their cause and their own time", () => {
  const atMs = Date.UTC(2026, 10, 20, 11, 51, 9, 42);
  expect(readTransition(entry("BACKUP", "MASTER", "no master was heard"))).toEqual({
    atMs,
    to: "MASTER",
    text: "becomes MASTER: no master was heard",
    tone: "good",
  });
  expect(readTransition(entry("INIT", "BACKUP", "started"))?.text).toBe("is BACKUP: started");
  expect(readTransition(entry("MASTER", "BACKUP", "stronger one"))?.text).toBe("becomes BACKUP: stronger one");
  expect(readTransition(entry("MASTER", "STOP", "stopped: SIGTERM"))?.text).toBe("says farewell: SIGTERM");
  expect(readTransition(entry("BACKUP", "FAULT", "eth0 is down"))?.tone).toBe("bad");
});

test("entries about no state, and what tail says itself: nothing", () => {
  expect(readTransition(entry(null, null, "reloaded"))).toBeUndefined();
  expect(readTransition("tail: '/x' has been replaced;  following new file")).toBeUndefined();
  expect(readTransition("[]")).toBeUndefined();
});

test("priorities in the log, in keepalived's wording: told with the reason by their direction", () => {
  const line = (from: number, to: number): string =>
    `Fri Nov 20 11:35:44 2026: (nginx) Changing effective priority from ${from} to ${to}`;
  expect(readLogLine(line(100, 95))).toMatchObject({
    text: "priority 95 instead of 100: check_nginx.sh has failed three times in a row",
    tone: "bad",
  });
  expect(readLogLine(line(95, 100))).toMatchObject({
    text: "priority 100 instead of 95: check_nginx.sh succeeds again",
    tone: "good",
  });
  expect(readLogLine("Fri Nov 20 11:35:44 2026: (nginx) Entering MASTER STATE")).toBeUndefined();
});

test("a mail that was kept: told with its recipient and text", () => {
  expect(readMail("abc@123.com: 2026-11-20 192.168.5.11 change to master.")?.text).toBe(
    'mails abc@123.com: "2026-11-20 192.168.5.11 change to master."',
  );
  expect(readMail("")).toBeUndefined();
});
