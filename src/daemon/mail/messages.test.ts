import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseFromMail, parseQueuedMail, parseToMail } from "./messages.ts";

const ALERT = { id: "x", subject: "s", body: "b", atMs: 5 };
const MAIL = { recipients: ["a@example.org"], host: "h", port: 25, timeout: 1 };
const SETTINGS = { stateDirectory: "/s", log: {} };

describe("messages of the mail process", () => {
  test.each([
    { kind: "post", alert: ALERT },
    { kind: "start", settings: SETTINGS, mail: MAIL, pauseMs: 0 },
  ])("to it, $kind: taken as it is", (message) => {
    expect(parseToMail(message)).toEqual(message);
  });

  test.each([
    { kind: "kept", id: "x" },
    { kind: "progress", waiting: 1, retryInMs: null, failure: null },
    { kind: "progress", waiting: 1, retryInMs: 5, failure: "no" },
    { kind: "happened", code: "MAIL_GIVEN_UP", text: "t" },
  ])("from it, $kind: taken as it is", (message) => {
    expect(parseFromMail(message)).toEqual(message);
  });

  test.each([
    { kind: "post", alert: { ...ALERT, atMs: "5" } },
    { kind: "start", settings: SETTINGS, mail: { ...MAIL, port: "25" }, pauseMs: 0 },
    { kind: "start", settings: SETTINGS, mail: MAIL },
    { kind: "kept", id: 7 },
    { kind: "happened", code: "OTHER", text: "t" },
    { kind: "progress", waiting: 1, retryInMs: undefined, failure: null },
  ])("%j: understood by nobody", (message) => {
    expect([parseToMail(message), parseFromMail(message)]).toEqual([undefined, undefined]);
  });

  test("a mail of the queue's file: with its number of attempts, or not at all", () => {
    expect(parseQueuedMail({ ...ALERT, rounds: 3, more: 1 })).toEqual({ ...ALERT, rounds: 3 });
    expect(parseQueuedMail(ALERT)).toBeUndefined();
    expect(parseQueuedMail({ ...ALERT, rounds: -1 })).toBeUndefined();
  });

  test("anything else: no exception", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseToMail(value);
        parseFromMail(value);
        parseQueuedMail(value);
      }),
    );
  });
});
