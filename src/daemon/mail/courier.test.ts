import { describe, expect, test } from "vitest";
import { handClock } from "../../../test/fixtures/hand-clock.ts";
import { fail, succeed } from "../../base/result.ts";
import { seconds } from "../../base/time.ts";
import type { MailSettings } from "../../config/model/telling.ts";
import type { FileFacts } from "../../ports/files.ts";
import type { MailOutcome, MailServer, OutgoingMail } from "../../ports/mailer.ts";
import { textBytes, textFromBytes } from "../../wire/text.ts";
import { Courier } from "./courier.ts";
import type { FromMail } from "./messages.ts";

const SECOND = 1_000_000;

const PLAIN: MailSettings = {
  recipients: ["a@example.org", "b@example.org"],
  sender: undefined,
  host: "mail.example.org",
  port: 25,
  helloName: undefined,
  timeout: seconds(30),
  tls: "off",
  verifiesServer: true,
  authorities: undefined,
  login: undefined,
  omitsFaults: false,
};

interface Bench {
  readonly courier: Courier;
  readonly sent: { readonly server: MailServer; readonly mail: OutgoingMail }[];
  readonly messages: FromMail[];
  readonly log: string[];
  readonly exits: number[];
  /** Answers the mail that is under way. */
  readonly answer: (outcome: MailOutcome) => void;
  readonly pass: (microseconds: number) => void;
}

interface Surroundings {
  readonly mail?: Partial<MailSettings>;
  readonly pauseMs?: number;
  readonly disk?: Map<string, string>;
  readonly facts?: FileFacts;
  readonly isFull?: () => boolean;
}

const PRIVATE: FileFacts = { kind: "file", uid: 0, gid: 0, mode: 0o600 };

function bench(surroundings: Surroundings = {}): Bench {
  const {
    disk = new Map<string, string>(),
    facts = PRIVATE,
    isFull = () => false,
    mail = {},
    pauseMs = 0,
  } = surroundings;
  const clock = handClock();
  const sent: Bench["sent"] = [];
  const messages: FromMail[] = [];
  const log: string[] = [];
  const exits: number[] = [];
  const waiting: ((outcome: MailOutcome) => void)[] = [];
  const missing = { operation: "read", errno: "ENOENT", message: "No such file or directory" };
  const full = { operation: "write it", errno: "ENOSPC", message: "No space left on device" };
  const courier = new Courier(
    { mail: { ...PLAIN, ...mail }, pauseMs, stateDirectory: "/s", defaultSender: "root@lb1", hostName: "lb1" },
    {
      clock,
      files: {
        read: (path) => {
          const text = disk.get(path);
          return text === undefined ? fail(missing) : succeed(textBytes(text));
        },
        append: () => succeed(undefined),
        replace: (path, text) => {
          if (isFull()) return fail(full);
          disk.set(path, text);
          return succeed(undefined);
        },
        remove: (path) => {
          disk.delete(path);
          return succeed(undefined);
        },
        facts: (path) => (disk.has(path) ? succeed(facts) : fail(missing)),
        resolve: () => fail(missing),
        findProgram: () => fail(missing),
      },
      mailer: {
        send: (server, outgoing, done) => {
          sent.push({ server, mail: outgoing });
          waiting.push(done);
        },
      },
      log: { write: (level, text) => void log.push(`${level} ${text}`) },
      send: (message) => void messages.push(message),
      exit: () => void exits.push(clock.now() / SECOND),
    },
  );
  return {
    courier,
    sent,
    messages,
    log,
    exits,
    answer: (outcome) => waiting.shift()?.(outcome),
    pass: (microseconds) => clock.pass(microseconds),
  };
}

const alert = (id: string): Parameters<Courier["post"]>[0] => ({
  id,
  subject: `s ${id}`,
  body: "=> b <=",
  atMs: 1_000,
});
const SENT: MailOutcome = { kind: "sent", refused: [] };
const DEAD: MailOutcome = { kind: "failed", reason: "connect ECONNREFUSED" };
const progress = (messages: readonly FromMail[]): FromMail | undefined =>
  messages.findLast(({ kind }) => kind === "progress");

describe("courier", () => {
  test("a mail is posted: on the disk first, then sent with keepalived's defaults, then gone from the disk", () => {
    const disk = new Map<string, string>();
    const { answer, courier, messages, pass, sent } = bench({ disk });
    courier.post(alert("x"));
    expect(JSON.parse(disk.get("/s/mail-queue.json") ?? "")).toMatchObject([{ id: "x", subject: "s x", rounds: 0 }]);
    expect(messages).toContainEqual({ kind: "kept", id: "x" });
    pass(0);
    expect(sent).toEqual([
      {
        server: {
          host: "mail.example.org",
          port: 25,
          helloName: "lb1",
          tls: "off",
          verifies: true,
          authorities: undefined,
          login: undefined,
          timeout: 30 * SECOND,
        },
        mail: {
          from: "root@lb1",
          to: ["a@example.org", "b@example.org"],
          subject: "s x",
          body: "=> b <=",
          dateMs: 1_000,
          id: "x",
        },
      },
    ]);
    answer(SENT);
    expect(disk.has("/s/mail-queue.json")).toBe(false);
    expect(progress(messages)).toEqual({ kind: "progress", waiting: 0, retryInMs: null, failure: null });
  });

  test("all is sent: ends a second later", () => {
    const { answer, courier, exits, pass } = bench();
    courier.post(alert("x"));
    pass(0.2 * SECOND);
    answer(SENT);
    pass(SECOND);
    expect(exits).toEqual([1.2]);
  });

  test("the server is dead: what waits is on the disk, says when to come again, and ends", () => {
    const disk = new Map<string, string>();
    const { answer, courier, exits, log, messages, pass } = bench({ disk });
    courier.post(alert("x"));
    courier.post(alert("y"));
    pass(0);
    answer(DEAD);
    const text = "Remote SMTP server [mail.example.org]:25: connect ECONNREFUSED; 2 mails wait, next attempt in 15 s";
    expect(log).toContain(`warn ${text}`);
    expect(messages).toContainEqual({ kind: "happened", code: "MAIL_WAITS", text });
    pass(SECOND);
    expect(exits).toEqual([1]);
    expect(progress(messages)).toEqual({
      kind: "progress",
      waiting: 2,
      retryInMs: 14_000,
      failure: "connect ECONNREFUSED",
    });
    expect(JSON.parse(disk.get("/s/mail-queue.json") ?? "")).toMatchObject([
      { id: "x", rounds: 1 },
      { id: "y", rounds: 1 },
    ]);
  });

  test("its successor after the pause: sends what it finds, in order", () => {
    const left =
      '[{"id":"x","subject":"s x","body":"b","atMs":5,"rounds":3},{"id":"y","subject":"s","body":"b","atMs":6,"rounds":3}]';
    const { answer, pass, sent } = bench({ disk: new Map([["/s/mail-queue.json", left]]) });
    pass(0);
    answer(SENT);
    answer(SENT);
    expect(sent.map(({ mail }) => [mail.id, mail.dateMs])).toEqual([
      ["x", 5],
      ["y", 6],
    ]);
  });

  test("posted while the server is left alone: kept on the disk, not tried, and the process ends", () => {
    const { courier, exits, messages, pass, sent } = bench({ pauseMs: 60_000 });
    courier.post(alert("x"));
    pass(2 * SECOND);
    expect(sent).toEqual([]);
    expect(exits).toEqual([1]);
    expect(messages).toContainEqual({ kind: "kept", id: "x" });
    expect(progress(messages)).toMatchObject({ waiting: 1, retryInMs: 59_000 });
  });

  test("the disk is full: not kept, so whoever posted it holds it; sent all the same, and then settled", () => {
    const { answer, courier, log, messages, pass } = bench({ isFull: () => true });
    courier.post(alert("x"));
    expect(messages.filter(({ kind }) => kind === "kept")).toEqual([]);
    expect(log[0]).toMatch(/^error Cannot write it: No space left on device \(ENOSPC\)/);
    pass(0);
    answer(SENT);
    expect(messages).toContainEqual({ kind: "kept", id: "x" });
  });

  test("the file of the queue is torn: said, and written anew", () => {
    const disk = new Map([["/s/mail-queue.json", '[{"id":"x","sub']]);
    const { courier, log } = bench({ disk });
    expect(log).toEqual(["error /s/mail-queue.json is no queue of mails; it is written anew"]);
    courier.post(alert("y"));
    expect(JSON.parse(disk.get("/s/mail-queue.json") ?? "")).toMatchObject([{ id: "y" }]);
  });

  test("login: the first line of the password file", () => {
    const login = { user: "u", passwordFile: "/etc/pw", place: { file: "f", line: 1, column: 1 } };
    const { courier, pass, sent } = bench({ mail: { login }, disk: new Map([["/etc/pw", "geheim ä\r\nmore\n"]]) });
    courier.post(alert("x"));
    pass(0);
    expect(sent[0]?.server.login).toEqual({ user: "u", password: "geheim ä" });
  });

  test.each([
    ["readable by its group", { ...PRIVATE, mode: 0o640 }],
    ["of another user", { ...PRIVATE, uid: 1000 }],
  ])("login: a password file %s is not used, and the mail waits", (_words, facts) => {
    const login = { user: "u", passwordFile: "/etc/pw", place: { file: "f", line: 1, column: 1 } };
    const { courier, messages, pass, sent } = bench({ mail: { login }, disk: new Map([["/etc/pw", "x\n"]]), facts });
    courier.post(alert("x"));
    pass(0);
    expect(sent).toEqual([]);
    expect(progress(messages)).toMatchObject({
      waiting: 1,
      failure: "the password in /etc/pw is not used: others than root may read or change it",
    });
  });

  test("refused for good: reported, the journal hears of it, and the next one is sent", () => {
    const { answer, courier, messages, pass, sent } = bench();
    courier.post(alert("x"));
    courier.post(alert("y"));
    pass(0);
    answer({ kind: "refused", reason: "550 no such user" });
    const text = 'The mail "s x" is not sent: refused by [mail.example.org]:25: 550 no such user';
    expect(messages).toContainEqual({ kind: "happened", code: "MAIL_REFUSED", text });
    expect(sent.map(({ mail }) => mail.id)).toEqual(["x", "y"]);
  });

  test("the supervisor goes: what is under way has ten seconds, the rest stays on the disk", () => {
    const disk = new Map<string, string>();
    const { courier, exits, pass, sent } = bench({ disk });
    courier.post(alert("x"));
    courier.finish();
    expect(sent.map(({ mail }) => mail.id)).toEqual(["x"]);
    pass(9.9 * SECOND);
    expect(exits).toEqual([]);
    pass(0.2 * SECOND);
    expect(exits).toEqual([10]);
    expect(disk.get("/s/mail-queue.json")).toContain('"id":"x"');
  });

  test("the supervisor goes while nothing is under way: ends at once", () => {
    const { courier, exits } = bench({ pauseMs: 60_000 });
    courier.finish();
    expect(exits).toEqual([0]);
  });
});

test("what is written down survives as it is: names in UTF-8", () => {
  const disk = new Map<string, string>();
  const { courier } = bench({ disk });
  courier.post({ ...alert("x"), subject: "[Zürich] VRRP Instance 主 - Stopping" });
  expect(textFromBytes(textBytes(disk.get("/s/mail-queue.json") ?? ""))).toContain(
    "[Zürich] VRRP Instance 主 - Stopping",
  );
});
