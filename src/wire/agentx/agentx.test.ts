import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import type { Oid } from "../../base/snmp.ts";
import { agentxLength, decodeAgentx, describeAgentxError } from "./decode.ts";
import { encodeAgentx } from "./encode.ts";
import type { AgentxBody, AgentxPdu } from "./pdu.ts";

// From a capture of keepalived 2.2.7 (net-snmp 5.9.3, little-endian) and snmpd 5.9.3, read with tshark.
const CAPTURED: readonly (readonly [string, string, AgentxPdu])[] = [
  [
    "Open",
    "010100000000000000000000241511323c000000010000000504000001000000881f000003000000020000000a000000190000004e65742d534e4d50204167656e7458207375622d6167656e74000000",
    {
      session: 0,
      transaction: 0,
      packet: 839_980_324,
      kind: "open",
      timeoutSeconds: 1,
      id: [1, 3, 6, 1, 4, 1, 8072, 3, 2, 10],
      description: "Net-SNMP AgentX sub-agent",
    },
  ],
  [
    "Register, with the name of the default context in front",
    "010308000600000000000000251511322400000000000000ff7f000006040000010000007225000064000000050000000100000001000000",
    {
      session: 6,
      transaction: 0,
      packet: 839_980_325,
      kind: "register",
      priority: 127,
      subtree: [1, 3, 6, 1, 4, 1, 9586, 100, 5, 1, 1],
    },
  ],
  [
    "AddAgentCaps",
    "011000000600000000000000391511323c0000000504000001000000722500006400000005000000010000001d000000546865204d4942206d6f64756c6520666f72204b656570616c69766564000000",
    {
      session: 6,
      transaction: 0,
      packet: 839_980_345,
      kind: "add-capabilities",
      id: [1, 3, 6, 1, 4, 1, 9586, 100, 5, 1],
      description: "The MIB module for Keepalived",
    },
  ],
  [
    "GetNext, with the start included and an end",
    "010608000600000001000000020000003c000000000000000604010001000000722500006400000005000000010000000100000006040000010000007225000064000000050000000100000002000000",
    {
      session: 6,
      transaction: 1,
      packet: 2,
      kind: "get-next",
      ranges: [
        {
          start: [1, 3, 6, 1, 4, 1, 9586, 100, 5, 1, 1],
          included: true,
          end: [1, 3, 6, 1, 4, 1, 9586, 100, 5, 1, 2],
        },
      ],
    },
  ],
  [
    "TestSet: vrrpInstanceBasePriority.1 to 2",
    "0108080006000000400c0000410c00003400000000000000020000000904000001000000722500006400000005000000020000000300000001000000070000000100000002000000",
    {
      session: 6,
      transaction: 0x0c40,
      packet: 0x0c41,
      kind: "test-set",
      bindings: [{ oid: [1, 3, 6, 1, 4, 1, 9586, 100, 5, 2, 3, 1, 7, 1], value: { kind: "integer", value: 2 } }],
    },
  ],
  [
    "CleanupSet",
    "010b000006000000400c0000430c000000000000",
    { session: 6, transaction: 0x0c40, packet: 0x0c43, kind: "cleanup-set" },
  ],
];

describe("decodeAgentx", () => {
  test.each(CAPTURED)("%s, as net-snmp sends it", (_, hex, pdu) => {
    const bytes = bytesOf(hex);
    expect(agentxLength(bytes)).toEqual({ ok: true, value: bytes.length });
    expect(decodeAgentx(bytes)).toEqual({ ok: true, value: pdu });
  });

  test("a Response that names the time: sysUpTime 2.18 s and the answer that it belongs to", () => {
    const hex =
      "0112000006000000000000002515113228000000da00000000000000050000000604000001000000722500006400000005000000" +
      "0100000001000000";
    expect(decodeAgentx(bytesOf(hex))).toMatchObject({
      value: { kind: "response", packet: 839_980_325, upTime: 218, error: 0, index: 0 },
    });
  });

  test.each([
    ["version 2", changed({ 0: 2 }), { code: "BAD_VERSION", version: 2 }],
    ["type 99", changed({ 1: 99 }), { code: "UNKNOWN_TYPE", type: 99 }],
    ["a payload of 37 bytes", changed({ 16: 37 }), { code: "BAD_LENGTH", length: 37 }],
    ["a payload of 16 MB", changed({ 19: 1 }), { code: "TOO_LONG", length: 16_777_216 + 36 }],
    ["an identifier that is longer than the PDU", changed({ 28: 100 }), { code: "TRUNCATED", type: 3 }],
    ["an identifier of 129 parts", changed({ 28: 129 }), { code: "BAD_VALUE", what: "identifier of 129 parts" }],
  ])("%s: an error", (_, bytes, error) => {
    const decoded = decodeAgentx(bytes);
    expect(decoded).toEqual({ ok: false, error });
    expect(!decoded.ok && describeAgentxError(decoded.error)).toMatch(/./);
  });

  test("every end of a PDU that is too early: not whole yet", () => {
    const bytes = bytesOf(CAPTURED[1]?.[1] ?? "");
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeAgentx(bytes.subarray(0, length))).toMatchObject({ ok: false, error: { code: "TRUNCATED" } });
    }
  });
});

describe("encodeAgentx", () => {
  // RFC 2741 section 5.1 gives the three.
  test.each([
    [
      "sysDescr.0, with its prefix left out",
      [1, 3, 6, 1, 2, 1, 1, 1, 0],
      "04020000 00000001 00000001 00000001 00000000",
    ],
    ["1.2.3.4", [1, 2, 3, 4], "04000000 00000001 00000002 00000003 00000004"],
    ["the null identifier", [], "00000000"],
  ])("an identifier: %s (RFC 2741 section 5.1)", (_, oid: Oid, hex) => {
    const bytes = encodeAgentx({ ...HEADER, kind: "remove-capabilities", id: oid });
    expect(hexOf(bytes.subarray(20))).toBe(hex.replaceAll(" ", ""));
  });

  test("a range whose start may be the answer: the include octet of the start alone (RFC 2741 section 5.2)", () => {
    const ranges = [{ start: [1, 2, 3, 4], included: true, end: [1, 2, 3, 5] }];
    const bytes = encodeAgentx({ ...HEADER, kind: "get-next", ranges });
    expect([bytes[22], bytes[42]]).toEqual([1, 0]);
  });

  test("the header: network byte order, said by its flag (RFC 2741 section 6.1)", () => {
    const bytes = encodeAgentx({ session: 1, transaction: 2, packet: 0x01020304, kind: "ping" });
    expect(hexOf(bytes)).toBe("010d1000" + "00000001" + "00000002" + "01020304" + "00000000");
  });

  // By hand from RFC 2741 section 5.4.
  test("values: each with its type, strings filled up with zeros", () => {
    const oid: Oid = [1, 2, 3, 4];
    const bytes = encodeAgentx({
      ...HEADER,
      kind: "notify",
      bindings: [
        { oid, value: { kind: "integer", value: -2 } },
        { oid, value: { kind: "octets", value: Uint8Array.of(0xab) } },
        { oid, value: { kind: "ip-address", value: ip("192.0.2.1") } },
        { oid, value: { kind: "counter32", value: 0x1_0000_0001 } },
        { oid, value: { kind: "counter64", value: 0x1_0000_0002n } },
        { oid, value: { kind: "end-of-mib-view" } },
      ],
    });
    const name = "04000000" + "00000001000000020000000300000004";
    expect(hexOf(bytes.subarray(20))).toBe(
      [
        `00020000${name}fffffffe`,
        `00040000${name}00000001ab000000`,
        `00400000${name}00000004c0000201`,
        `00410000${name}00000001`,
        `00460000${name}0000000100000002`,
        `00820000${name}`,
      ].join(""),
    );
  });

  test.each<AgentxBody>([
    ...CAPTURED.map(([, , pdu]) => pdu),
    { kind: "close", reason: "shutdown" },
    { kind: "unregister", subtree: [1, 3, 6, 1, 2, 1, 68], priority: 1 },
    { kind: "get", names: [[1, 3, 6, 1, 2, 1, 68, 1, 1, 0], []] },
    { kind: "get-bulk", nonRepeaters: 1, maxRepetitions: 10, ranges: [{ start: [1, 3], included: false, end: [] }] },
    { kind: "commit-set" },
    { kind: "undo-set" },
    { kind: "response", upTime: 7, error: 266, index: 3, bindings: [] },
    {
      kind: "notify",
      bindings: [
        { oid: [1, 3, 6, 1, 300], value: { kind: "oid", value: [1, 3, 6, 1, 4, 1] } },
        { oid: [1, 3, 6, 1, 0, 5], value: { kind: "opaque", value: Uint8Array.of(1, 2, 3, 4, 5) } },
        { oid: [1, 3], value: { kind: "time-ticks", value: 4_294_967_295 } },
        { oid: [1, 3], value: { kind: "gauge32", value: 0 } },
        { oid: [1, 3], value: { kind: "null" } },
        { oid: [1, 3], value: { kind: "no-such-object" } },
        { oid: [1, 3], value: { kind: "no-such-instance" } },
      ],
    },
  ])("$kind: what is written can be read", (body) => {
    const pdu = { ...HEADER, ...body };
    expect(decodeAgentx(encodeAgentx(pdu))).toEqual({ ok: true, value: pdu });
  });

  test("what does not fit is a bug", () => {
    const ranges = [{ start: [1], included: false, end: [] }];
    expect(() =>
      encodeAgentx({ ...HEADER, kind: "get-bulk", nonRepeaters: 70_000, maxRepetitions: 1, ranges }),
    ).toThrow(RangeError);
    const long = Array.from({ length: 129 }, () => 1);
    expect(() => encodeAgentx({ ...HEADER, kind: "get", names: [long] })).toThrow(RangeError);
    const register: AgentxBody = { kind: "register", subtree: [1], priority: 256 };
    expect(() => encodeAgentx({ ...HEADER, ...register })).toThrow(RangeError);
  });
});

const HEADER = { session: 3, transaction: 4, packet: 5 };

/** The captured Register with some bytes of it changed. */
function changed(at: Readonly<Record<number, number>>): Uint8Array {
  const bytes = bytesOf(CAPTURED[1]?.[1] ?? "");
  for (const [index, byte] of Object.entries(at)) bytes[Number(index)] = byte;
  return bytes;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
