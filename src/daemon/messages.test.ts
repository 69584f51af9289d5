import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeMessageError, parseFromChild, parseToChild } from "./messages.ts";

const SETTINGS = {
  runtimeDirectory: "/run/x",
  stateDirectory: "/var/x",
  keepAddresses: false,
  reportsAddresses: false,
  detail: 1,
  heartbeatIntervalMs: 250,
  log: { console: true, detail: 1, syslogFacility: 7, file: null },
};
const MODEL = {
  global: { scriptSecurity: false, startupDelay: 0, processes: {}, dumps: {}, daemon: {}, snmp: {} },
  shown: {},
  scripts: [{ name: "chk" }],
  trackFiles: [{ name: "state" }],
  trackProcesses: [],
  links: [],
  instances: [{ name: "VI_1", vrid: 51, notify: {} }],
  bfd: [{ name: "peer", neighbor: "10.0.0.2" }],
  groups: [{ name: "VG_1", members: ["VI_1"], notify: {} }],
};
const INSTANCE = {
  name: "VI_1",
  state: "MASTER",
  since: "2026-11-20T10:00:00.000Z",
  cause: {},
  virtualAddresses: [],
  trackers: [],
  peers: [],
};
const GROUP = {
  name: "VG_1",
  state: "MASTER",
  since: "2026-11-20T10:00:00.000Z",
  cause: {},
  members: ["VI_1"],
};

const FACTS = {
  atMs: 1,
  instances: [{ name: "VI_1", state: "MASTER" }],
  groups: [],
  scripts: [],
  files: [],
  processes: [],
  bfd: [{ name: "peer", verdict: "up" }],
  interfaces: [{ name: "eth0", index: 2 }],
  strangers: 0,
};

describe("parseToChild", () => {
  test.each([
    { kind: "start", settings: SETTINGS, configuration: MODEL, predecessor: null },
    { kind: "start", settings: SETTINGS, configuration: MODEL, predecessor: "hung; killed by SIGKILL" },
    { kind: "configure", generation: 3, configuration: MODEL },
    { kind: "status-request", request: 0 },
    { kind: "bfd-news", news: [{ name: "peer", verdict: "unknown", detail: "Down, and was never up" }] },
    { kind: "facts-request" },
    { kind: "facts", more: false, facts: FACTS },
    { kind: "happening", happening: { kind: "group-state", name: "VG_1", state: "MASTER" } },
    { kind: "note", cause: { code: "MAIL_WAITS", text: "x", evidence: {} } },
  ])("$kind: taken as it is", (message) => {
    expect(parseToChild(message)).toEqual({ ok: true, value: message });
  });

  test.each([
    [{ kind: "start", settings: { ...SETTINGS, detail: 3 }, configuration: MODEL }, "settings"],
    [{ kind: "start", settings: { ...SETTINGS, heartbeatIntervalMs: 0 }, configuration: MODEL }, "settings"],
    [
      { kind: "start", settings: { ...SETTINGS, log: { ...SETTINGS.log, syslogFacility: 8 } }, configuration: MODEL },
      "settings",
    ],
    [
      { kind: "start", settings: SETTINGS, configuration: { ...MODEL, instances: [{ name: "VI_1" }] } },
      "configuration",
    ],
    [
      { kind: "start", settings: SETTINGS, configuration: { ...MODEL, groups: [{ name: "VG_1", notify: {} }] } },
      "configuration",
    ],
    [{ kind: "start", settings: SETTINGS }, "configuration"],
    [{ kind: "start", settings: SETTINGS, configuration: MODEL, predecessor: 7 }, "predecessor"],
    [{ kind: "configure", generation: -1, configuration: MODEL }, "generation"],
    [{ kind: "configure", generation: 1, configuration: { ...MODEL, scripts: undefined } }, "configuration"],
    [{ kind: "configure", generation: 1, configuration: { ...MODEL, bfd: [{ name: "peer" }] } }, "configuration"],
    [{ kind: "status-request", request: 1.5 }, "request"],
    [{ kind: "save-request", path: null }, "path"],
    [{ kind: "bfd-news", news: [{ name: "peer", verdict: "maybe", detail: "" }] }, "news"],
    [{ kind: "configure", generation: 1, configuration: { ...MODEL, shown: undefined } }, "configuration"],
    [{ kind: "facts", more: false, facts: { ...FACTS, instances: [{ name: "VI_1", state: "ACTIVE" }] } }, "facts"],
    [{ kind: "facts", more: false, facts: { ...FACTS, bfd: [{}] } }, "facts"],
    [{ kind: "happening", happening: { kind: "weather", name: "VG_1" } }, "happening"],
    [{ kind: "note", cause: { code: "X", text: 1, evidence: {} } }, "cause"],
  ])("%j: refused for its field %s", (message, what) => {
    expect(parseToChild(message)).toEqual({ ok: false, error: { code: "BAD_FIELD", what } });
  });
});

describe("parseFromChild", () => {
  test.each([
    { kind: "started" },
    { kind: "heartbeat" },
    { kind: "reload-requested" },
    { kind: "failed", code: "NO_INTERFACE", message: "there is no eth9" },
    { kind: "configured", generation: 2 },
    { kind: "dump", of: "json", text: "[]" },
    { kind: "dump", of: "bfd", text: "" },
    { kind: "saved", path: "/saved/1.pre", text: "" },
    { kind: "status", request: 1, more: false, instances: [INSTANCE], groups: [GROUP], strangers: [STRANGER] },
    { kind: "mail", alert: { subject: "s", body: "b", atMs: 1 } },
    { kind: "facts-wanted" },
    { kind: "facts", more: false, facts: FACTS },
    { kind: "happening", happening: { kind: "protocol-error", name: "VI_1", error: "ttl", interfaceIndex: 3 } },
  ])("$kind: taken as it is", (message) => {
    expect(parseFromChild(message)).toEqual({ ok: true, value: message });
  });

  test.each([
    [{ kind: "failed", code: "OTHER", message: "x" }, "code"],
    [{ kind: "failed", code: "SYSTEM", message: 1 }, "message"],
    [{ kind: "configured" }, "generation"],
    [{ kind: "mail", alert: { subject: "s", body: "b", atMs: 0.5 } }, "alert"],
    [{ kind: "status", request: 1, more: false, instances: [{ ...INSTANCE, state: "ACTIVE" }] }, "instances"],
    [{ kind: "status", request: 1, more: false, instances: [], groups: [{ ...GROUP, state: "ACTIVE" }] }, "groups"],
    [{ kind: "status", request: 1, more: false, instances: [] }, "groups"],
    [{ kind: "status", request: 1, more: false, instances: [], groups: [] }, "strangers"],
    [{ kind: "dump", of: "everything", text: "" }, "of"],
    [{ kind: "dump", of: "data" }, "text"],
    [{ kind: "saved", path: 1, text: "" }, "path"],
    [{ kind: "saved", path: "/saved/1.pre" }, "text"],
    [{ kind: "facts", more: false, facts: { ...FACTS, atMs: null } }, "facts"],
    [{ kind: "facts", facts: FACTS }, "more"],
    [{ kind: "happening", happening: null }, "happening"],
    [{ kind: "status", request: "1", instances: [] }, "request"],
    [{ kind: "status", request: 1, instances: [] }, "more"],
  ])("%j: refused for its field %s", (message, what) => {
    expect(parseFromChild(message)).toEqual({ ok: false, error: { code: "BAD_FIELD", what } });
  });
});

test("anything at all from the other side: an answer, never an exception, and one line to say so", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      for (const parsed of [parseToChild(value), parseFromChild(value)]) {
        if (!parsed.ok) expect(describeMessageError(parsed.error)).not.toContain("\n");
      }
    }),
  );
});

const STRANGER = { vrid: 9, interface: "eth0" };
