import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { micros } from "../../base/time.ts";
import type { Cause } from "../../core/vrrp/event.ts";
import { authenticationErrorOf, History, protocolErrorOf } from "./history.ts";

const SOURCE = ip("10.0.0.2");

describe("History", () => {
  // keepalived 2.2.7, each seen in its traps; 1 priority, 2 preempted, 3 masterNoResponse of RFC 6527.
  test.each<[Cause, string]>([
    [{ code: "MASTER_SILENT", master: { kind: "unheard" }, waited: micros(1) }, "no-response"],
    [{ code: "MASTER_LEFT", source: SOURCE }, "priority"],
    [{ code: "MASTER_WEAKER", source: SOURCE, priority: 50, delayed: false }, "preempted"],
  ])("master by $code: %s", (cause, reason) => {
    const history = new History();
    expect(history.newMasterReason).toBe("not-master");
    history.noteState({ kind: "active" }, cause, 1);
    expect(history.newMasterReason).toBe(reason);
    history.noteState({ kind: "backup" }, { code: "OTHER_MASTER", source: SOURCE, priority: 200 }, 2);
    expect(history.newMasterReason).toBe(reason);
  });

  test("up since it came out of INIT or FAULT, whatever it was meanwhile (RFC 6527, vrrpv3OperationsUpTime)", () => {
    const history = new History();
    const seen: (number | undefined)[] = [history.upSinceMs];
    for (const [index, kind] of (["backup", "active", "fault", "backup", "initialize"] as const).entries()) {
      history.noteState({ kind }, { code: "STARTED" }, 100 + index);
      seen.push(history.upSinceMs);
    }
    expect(seen).toEqual([undefined, 100, 100, undefined, 103, undefined]);
  });

  test("the last protocol error stays", () => {
    const history = new History();
    history.noteError("ttl");
    history.noteError("checksum");
    expect(history.protocolError).toBe("checksum");
  });
});

// As the traps of keepalived 2.2.7 say it of such packets.
test.each([
  ["TTL", "ttl", undefined],
  ["VERSION", "version", undefined],
  ["CHECKSUM", "checksum", undefined],
  ["PASSWORD", undefined, "failure"],
  ["AUTHENTICATION_TYPE", undefined, "type-mismatch"],
  ["AUTHENTICATION_UNKNOWN", undefined, "invalid-type"],
  ["TYPE", undefined, undefined],
])("a packet discarded for %s: protocol error %s, authentication error %s", (reason, protocol, authentication) => {
  expect([protocolErrorOf(reason), authenticationErrorOf(reason)]).toEqual([protocol, authentication]);
});
