import { describe, expect, test } from "vitest";
import { AttributeBuilder } from "./attributes.ts";
import { HOST_ORDER } from "./byte-order.ts";
import { parseMessages, parseReply, serializeMessages } from "./message.ts";
import type { NetlinkMessage } from "./message.ts";

const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;

const first: NetlinkMessage = { type: 20, flags: 0x605, sequence: 7, port: 0, payload: Uint8Array.of(1, 2, 3) };
const second: NetlinkMessage = { type: 3, flags: 2, sequence: 0xffff_ffff, port: 4_000_000_000, payload: words(0) };

describe("parseMessages", () => {
  test("two messages, the first padded: both (linux/netlink.h, NLMSG_NEXT)", () => {
    const datagram = serializeMessages([first, second]);
    expect(datagram.length).toBe(16 + 3 + 1 + 16 + 4);
    expect(parseMessages(datagram)).toEqual({ ok: true, value: [first, second] });
  });

  test("the last message's padding missing: is accepted (linux/netlink.h, NLMSG_OK)", () => {
    expect(parseMessages(serializeMessages([first]).slice(0, 19))).toEqual({ ok: true, value: [first] });
  });

  test("nothing: no messages", () => {
    expect(parseMessages(new Uint8Array(0))).toEqual({ ok: true, value: [] });
  });

  test("a datagram that begins inside a larger buffer: is read from its own beginning", () => {
    const buffer = new Uint8Array(64);
    buffer.set(serializeMessages([second]), 12);
    expect(parseMessages(buffer.subarray(12, 32))).toEqual({ ok: true, value: [second] });
  });

  test("a second message cut off: all is refused, since what is missing is unknown", () => {
    const datagram = serializeMessages([second, first]).slice(0, -2);
    expect(parseMessages(datagram)).toEqual({ ok: false, error: { code: "TRUNCATED", needed: 19, length: 18 } });
  });

  test("half a header: is refused", () => {
    const datagram = serializeMessages([second, first]).slice(0, 28);
    expect(parseMessages(datagram)).toEqual({ ok: false, error: { code: "TRUNCATED", needed: 16, length: 8 } });
  });

  test("a length below the header: is refused, and no endless loop", () => {
    const datagram = serializeMessages([first]);
    for (const length of [0, 15]) {
      datagram.set(words(length), 0);
      expect(parseMessages(datagram)).toEqual({ ok: false, error: { code: "BAD_LENGTH", expected: 16, length } });
    }
  });
});

describe("parseReply", () => {
  const request = { type: 20, flags: 5, sequence: 9, port: 0, payload: words(1, 2) };
  const remark = new AttributeBuilder().text(1, "no room", 64).uint32(2, 24, HOST_ORDER).build();

  test("error 0: done", () => {
    const message = answer(2, 0, [words(0), serializeMessages([request])]);
    expect(parseReply(message)).toEqual({ ok: true, value: { kind: "acknowledged", warning: undefined } });
  });

  test("error 0 with a remark: done, and what the kernel remarked", () => {
    const message = answer(2, NLM_F_CAPPED | NLM_F_ACK_TLVS, [words(0), headerOf(request), remark]);
    expect(parseReply(message)).toEqual({ ok: true, value: { kind: "acknowledged", warning: "no room" } });
  });

  test.each([
    ["the whole request", NLM_F_ACK_TLVS, serializeMessages([request])],
    ["its header alone", NLM_F_ACK_TLVS | NLM_F_CAPPED, headerOf(request)],
  ])("error -28 after %s: ENOSPC, the sentence and the place (enum nlmsgerr_attrs)", (_, flags, echo) => {
    const value = { kind: "refused", errno: 28, message: "no room", offset: 24 };
    expect(parseReply(answer(2, flags, [words(-28), echo, remark]))).toEqual({ ok: true, value });
  });

  test("no NLM_F_ACK_TLVS: what follows the request is no remark", () => {
    const value = { kind: "refused", errno: 1, message: undefined, offset: undefined };
    const message = answer(2, 0, [words(-1), serializeMessages([request]), remark]);
    expect(parseReply(message)).toEqual({ ok: true, value });
  });

  test("a broken remark: the error counts nevertheless", () => {
    const value = { kind: "refused", errno: 1, message: undefined, offset: undefined };
    const message = answer(2, NLM_F_ACK_TLVS | NLM_F_CAPPED, [words(-1), headerOf(request), remark.slice(0, -3)]);
    expect(parseReply(message)).toEqual({ ok: true, value });
  });

  test("an error without its request: is refused", () => {
    const error = { code: "TRUNCATED", needed: 20, length: 4 };
    expect(parseReply(answer(2, 0, [words(0)]))).toEqual({ ok: false, error });
  });

  test.each([
    ["NLMSG_DONE", answer(3, 2, [words(0)]), { kind: "done", interrupted: false }],
    ["NLMSG_DONE without a number", answer(3, 2, []), { kind: "done", interrupted: false }],
    ["NLMSG_DONE of a torn list", answer(3, 2 | NLM_F_DUMP_INTR, [words(0)]), { kind: "done", interrupted: true }],
    [
      "NLMSG_DONE with an error",
      answer(3, 2, [words(-95)]),
      { kind: "refused", errno: 95, message: undefined, offset: undefined },
    ],
    ["NLMSG_NOOP", answer(1, 0, []), { kind: "nothing" }],
    ["NLMSG_OVERRUN", answer(4, 0, []), { kind: "overrun" }],
    ["content", second20(0), { kind: "content", message: second20(0), interrupted: false }],
    [
      "content of a torn list",
      second20(NLM_F_DUMP_INTR),
      { kind: "content", message: second20(NLM_F_DUMP_INTR), interrupted: true },
    ],
  ])("%s: is told as such", (_, message, value) => {
    expect(parseReply(message)).toEqual({ ok: true, value });
  });
});

function second20(flags: number): NetlinkMessage {
  return answer(20, flags, [words(5)]);
}

function answer(type: number, flags: number, parts: readonly Uint8Array[]): NetlinkMessage {
  return { type, flags, sequence: 9, port: 77, payload: Uint8Array.from(parts.flatMap((part) => [...part])) };
}

function headerOf(message: NetlinkMessage): Uint8Array {
  return serializeMessages([message]).slice(0, 16);
}

/** 32-bit numbers in the byte order of this machine. */
function words(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}
