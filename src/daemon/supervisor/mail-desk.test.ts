import { describe, expect, test } from "vitest";
import { handClock, type HandClock } from "../../../test/fixtures/hand-clock.ts";
import type { Cause } from "../../api/contract.ts";
import { fail, succeed } from "../../base/result.ts";
import { seconds } from "../../base/time.ts";
import type { MailSettings } from "../../config/model/telling.ts";
import type { FromMail, ToMail } from "../mail/messages.ts";
import { MailDesk, type MailProcessListener } from "./mail-desk.ts";

const SECOND = 1_000_000;

const MAIL: MailSettings = {
  recipients: ["a@example.org"],
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

interface FakeProcess {
  readonly received: ToMail[];
  readonly deeds: string[];
  says(message: FromMail): void;
  ends(): void;
}

interface Bench {
  readonly desk: MailDesk;
  readonly clock: HandClock;
  readonly processes: FakeProcess[];
  readonly notes: Cause[];
  readonly log: string[];
  readonly process: (index: number) => FakeProcess;
}

function bench(options: { mail?: MailSettings | undefined; leftOvers?: boolean; refusals?: number } = {}): Bench {
  const { leftOvers = false, refusals = 0 } = options;
  const clock = handClock();
  const processes: FakeProcess[] = [];
  const notes: Cause[] = [];
  const log: string[] = [];
  let refusalsLeft = refusals;
  const launch = (listener: MailProcessListener): ReturnType<ConstructorParameters<typeof MailDesk>[2]["launch"]> => {
    if (refusalsLeft > 0) {
      refusalsLeft -= 1;
      return fail({ operation: "start node", errno: "EAGAIN", message: "Resource temporarily unavailable" });
    }
    const fake: FakeProcess = {
      received: [],
      deeds: [],
      says: (message) => listener.message(message),
      ends: () => listener.ended(),
    };
    processes.push(fake);
    return succeed({
      send: (message: ToMail) => void fake.received.push(message),
      kill: () => void fake.deeds.push("killed"),
      letGo: () => void fake.deeds.push("let go"),
    });
  };
  const desk = new MailDesk(
    { stateDirectory: "/s", log: { console: false, detail: 0, syslogFacility: null, file: null } },
    "mail" in options ? options.mail : MAIL,
    {
      clock,
      log: { write: (level, text) => void log.push(`${level} ${text}`) },
      launch,
      hasLeftOvers: () => leftOvers,
      note: (cause) => void notes.push(cause),
    },
  );
  const process = (index: number): FakeProcess => {
    const found = processes[index];
    if (found === undefined) throw new Error(`there is no mail process ${index}`);
    return found;
  };
  return { desk, clock, processes, notes, log, process };
}

const alert = (subject: string): Parameters<MailDesk["post"]>[0] => ({ subject, body: "b", atMs: 7 });

function subjects({ received }: FakeProcess): readonly string[] {
  return received.flatMap((message) => (message.kind === "post" ? [message.alert.subject] : []));
}

/** Says of everything it got that it is on the disk. */
function keepAll(process: FakeProcess): void {
  for (const message of process.received)
    if (message.kind === "post") process.says({ kind: "kept", id: message.alert.id });
}

const progress = (waiting: number, retryInMs: number | null, failure: string | null): FromMail => ({
  kind: "progress",
  waiting,
  retryInMs,
  failure,
});

describe("mail desk", () => {
  test("nothing to mail: no process is started, and the status says what it knows", () => {
    const { clock, desk, processes } = bench();
    clock.pass(3_600 * SECOND);
    expect(processes).toEqual([]);
    expect(desk.status()).toEqual({ server: "mail.example.org:25", waiting: 0, failure: null, nextAttemptAt: null });
  });

  test("nobody can be mailed: nothing is started, and the status has no mail", () => {
    const { clock, desk, processes } = bench({ mail: undefined, leftOvers: true });
    desk.post(alert("x"));
    clock.pass(3_600 * SECOND);
    expect([processes, desk.status()]).toEqual([[], null]);
  });

  test("changes that come together: one process for all, after a moment", () => {
    const { clock, desk, process, processes } = bench();
    desk.post(alert("x"));
    desk.post(alert("y"));
    clock.pass(0.2 * SECOND);
    expect(processes).toEqual([]);
    clock.pass(0.1 * SECOND);
    expect(process(0).received[0]).toMatchObject({ kind: "start", pauseMs: 0, mail: { host: "mail.example.org" } });
    expect(subjects(process(0))).toEqual(["x", "y"]);
    desk.post(alert("z"));
    expect(subjects(process(0))).toEqual(["x", "y", "z"]);
    expect(processes).toHaveLength(1);
  });

  test("mails that a run before this one has left: a process looks after them", () => {
    const { clock, process } = bench({ leftOvers: true });
    clock.pass(SECOND);
    expect(subjects(process(0))).toEqual([]);
  });

  test("the process dies before it has written anything down: its successor gets all of it, at growing distances", () => {
    const { clock, desk, process, processes } = bench();
    desk.post(alert("x"));
    clock.pass(SECOND);
    process(0).ends();
    clock.pass(0.9 * SECOND);
    expect(processes).toHaveLength(1);
    clock.pass(0.2 * SECOND);
    expect(subjects(process(1))).toEqual(["x"]);
    process(1).ends();
    clock.pass(1.9 * SECOND);
    expect(processes).toHaveLength(2);
    clock.pass(0.2 * SECOND);
    expect(subjects(process(2))).toEqual(["x"]);
  });

  test("the server is dead: the process ends, the next one comes when it said, and a mail meanwhile is only written down", () => {
    const { clock, desk, process, processes } = bench();
    desk.post(alert("x"));
    clock.pass(0.25 * SECOND);
    keepAll(process(0));
    process(0).says(progress(1, 15_000, "connect ECONNREFUSED"));
    process(0).ends();
    expect(desk.status()).toEqual({
      server: "mail.example.org:25",
      waiting: 1,
      failure: "connect ECONNREFUSED",
      nextAttemptAt: "2026-11-20T10:00:15.250Z",
    });
    clock.pass(5 * SECOND);
    desk.post(alert("y"));
    clock.pass(0.25 * SECOND);
    expect(process(1).received[0]).toMatchObject({ kind: "start", pauseMs: 9_750 });
    keepAll(process(1));
    process(1).says(progress(2, 8_750, "connect ECONNREFUSED"));
    process(1).ends();
    clock.pass(8.7 * SECOND);
    expect(processes).toHaveLength(2);
    clock.pass(0.1 * SECOND);
    expect(process(2).received).toMatchObject([{ kind: "start", pauseMs: 0 }]);
  });

  test("the process dies while it sends: its successor sends what is on the disk, though nothing new comes", () => {
    const { clock, desk, process, processes } = bench();
    desk.post(alert("x"));
    clock.pass(0.25 * SECOND);
    keepAll(process(0));
    process(0).says(progress(1, null, null));
    process(0).ends();
    clock.pass(1.1 * SECOND);
    expect(processes).toHaveLength(2);
  });

  test("something for the journal: handed on", () => {
    const { clock, desk, notes, process } = bench();
    desk.post(alert("x"));
    clock.pass(SECOND);
    process(0).says({ kind: "happened", code: "MAIL_GIVEN_UP", text: "words" });
    expect(notes).toEqual([{ code: "MAIL_GIVEN_UP", text: "words", evidence: {} }]);
  });

  test("a process that says nothing for ten minutes: killed", () => {
    const { clock, desk, process } = bench();
    desk.post(alert("x"));
    clock.pass(0.25 * SECOND);
    clock.pass(599 * SECOND);
    expect(process(0).deeds).toEqual([]);
    clock.pass(2 * SECOND);
    expect(process(0).deeds).toEqual(["killed"]);
  });

  test("other settings by a reload: the process goes, and its successor gets them without a pause", () => {
    const { clock, desk, process } = bench();
    desk.post(alert("x"));
    clock.pass(SECOND);
    keepAll(process(0));
    process(0).says(progress(1, 900_000, "certificate has expired"));
    desk.configure({ ...MAIL, host: "other.example.org" });
    expect(process(0).deeds).toEqual(["killed"]);
    clock.pass(SECOND);
    process(0).ends();
    expect(process(1).received[0]).toMatchObject({ kind: "start", pauseMs: 0, mail: { host: "other.example.org" } });
  });

  test("the same settings by a reload, in another line: nothing is touched", () => {
    const login = { user: "u", passwordFile: "/p", place: { file: "f", line: 1, column: 1 } };
    const { clock, desk, process } = bench({ mail: { ...MAIL, login } });
    desk.post(alert("x"));
    clock.pass(SECOND);
    desk.configure({ ...MAIL, login: { ...login, place: { ...login.place, line: 9 } } });
    expect(process(0).deeds).toEqual([]);
  });

  test("the end: waits until all is sent, then lets the process go on alone", () => {
    const { clock, desk, process } = bench();
    let ended = 0;
    desk.post(alert("stopping"));
    desk.close(() => (ended += 1));
    // It does not wait for more to come.
    expect(subjects(process(0))).toEqual(["stopping"]);
    expect(ended).toBe(0);
    keepAll(process(0));
    process(0).says(progress(1, 0, null));
    expect(ended).toBe(0);
    process(0).says(progress(0, null, null));
    expect([ended, process(0).deeds]).toEqual([1, ["let go"]]);
    clock.pass(10 * SECOND);
    expect(ended).toBe(1);
  });

  test("the end while the server fails: all is on the disk, and nobody waits longer", () => {
    const { desk, process } = bench();
    let ended = 0;
    desk.post(alert("stopping"));
    desk.close(() => (ended += 1));
    process(0).says(progress(0, 15_000, "connect ECONNREFUSED"));
    expect(ended).toBe(0);
    keepAll(process(0));
    process(0).says(progress(1, 15_000, "connect ECONNREFUSED"));
    expect(ended).toBe(1);
  });

  test("the end while the disk takes nothing: after a second, and the loss is said", () => {
    const { clock, desk, log } = bench();
    let ended = 0;
    desk.post(alert("stopping"));
    desk.close(() => (ended += 1));
    clock.pass(0.9 * SECOND);
    expect(ended).toBe(0);
    clock.pass(0.2 * SECOND);
    expect(ended).toBe(1);
    expect(log).toEqual(["error 1 mails are lost: they could not be written down in time"]);
  });

  test("the end with nothing to mail: at once, and no process is started for it", () => {
    const { desk, processes } = bench();
    let ended = 0;
    desk.close(() => (ended += 1));
    expect([ended, processes]).toEqual([1, []]);
  });

  test("a process cannot be started: said, and tried again", () => {
    const { clock, desk, log, process } = bench({ refusals: 1 });
    desk.post(alert("x"));
    clock.pass(2 * SECOND);
    expect(log).toEqual(["error Cannot start node: Resource temporarily unavailable (EAGAIN)"]);
    expect(subjects(process(0))).toEqual(["x"]);
  });
});
