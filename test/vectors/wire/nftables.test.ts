import { describe, expect, test } from "vitest";
import { addressBytes, ip } from "../../../src/base/address.ts";
import { NLA_F_NESTED, NLM_F_REQUEST } from "../../../src/wire/netlink/constants.ts";
import { parseMessages } from "../../../src/wire/netlink/message.ts";
import type { NetlinkRequest } from "../../../src/wire/netlink/message.ts";
import {
  addChain,
  addElements,
  addSet,
  addTable,
  appendRule,
  flushChain,
  parseElements,
  removeElements,
  removeTable,
  transaction,
} from "../../../src/wire/netlink/nftables.ts";
import { readHex } from "./read-vector.ts";

describe("nf_tables, bytes of nft 1.0.6", () => {
  test("a transaction with a message of each kind: says what nft says", () => {
    const table = { family: 10, name: "holdfast_vrrp" };
    const load = (header: "network" | "transport", offset: number, length: number) =>
      ({ kind: "load", header, offset, length }) as const;
    const one = addressBytes(ip("fe80::1"));
    const requests = transaction([
      addTable(table),
      addSet(table, { name: "vips", keyType: 8, keyLength: 16 }, 1),
      addSet(table, { name: "alive", keyType: 8, keyLength: 16 }, 2),
      // nft writes down no type for an expression that it has no name for.
      addSet(table, { name: "targets", keyType: 4, keyLength: 16 }, 3),
      addChain(table, { name: "leaving", hook: 4, priority: 310 }),
      addChain(table, { name: "arriving", hook: 0, priority: -310 }),
      appendRule(table, "leaving", [
        load("network", 8, 16),
        { kind: "look-up", set: "vips", present: true },
        load("network", 8, 16),
        { kind: "look-up", set: "alive", present: false },
        { kind: "load-protocol" },
        { kind: "compare", equal: false, value: Uint8Array.of(112) },
        { kind: "count" },
        { kind: "verdict", code: 0 },
      ]),
      appendRule(table, "leaving", [
        { kind: "load-protocol" },
        { kind: "compare", equal: true, value: Uint8Array.of(58) },
        load("transport", 0, 1),
        { kind: "compare", equal: true, value: Uint8Array.of(136) },
        load("transport", 8, 16),
        { kind: "look-up", set: "targets", present: true },
        { kind: "verdict", code: 1 },
      ]),
      flushChain(table, "leaving"),
      ...addElements(table, "alive", [
        { key: one, timeoutMs: 300 },
        { key: addressBytes(ip("2001:db8::7")), timeoutMs: 17_000 },
      ]),
      ...removeElements(table, "alive", [one]),
      removeTable(table),
    ]);
    const messages = parseMessages(readHex("nftables-transaction"));
    expect(requests.map(meaning)).toEqual(
      messages.ok && messages.value.map((message) => meaning({ ...message, flags: message.flags & ~NLM_F_REQUEST })),
    );
  });

  test("a list of elements: read as nft reads it, with and without an end", () => {
    const messages = parseMessages(readHex("nftables-elements"));
    const [message] = messages.ok ? messages.value : [];
    expect(message !== undefined && parseElements(message)).toEqual({
      ok: true,
      value: [
        { key: Uint8Array.of(10, 0, 0, 1), expiresInMs: 59_992 },
        { key: Uint8Array.of(10, 0, 0, 2), expiresInMs: undefined },
      ],
    });
  });

  test("a list that is cut off: refused", () => {
    const messages = parseMessages(readHex("nftables-elements"));
    const [message] = messages.ok ? messages.value : [];
    const payload = message?.payload.slice(0, -2) ?? new Uint8Array(0);
    expect(parseElements({ type: 0x0a0c, payload })).toMatchObject({ ok: false, error: { code: "TRUNCATED" } });
    expect(parseElements({ type: 0x0a0c, payload: Uint8Array.of(2, 0) })).toMatchObject({ ok: false });
  });

  test("elements for ever, and more than a message holds: no times, and several messages", () => {
    const table = { family: 2, name: "t" };
    const [request] = addElements(table, "s", [{ key: Uint8Array.of(10, 0, 0, 1), timeoutMs: undefined }]);
    // NFTA_SET_ELEM_LIST_ELEMENTS { NFTA_LIST_ELEM { NFTA_SET_ELEM_KEY { NFTA_DATA_VALUE } } }
    expect(request && hex(request.payload).endsWith("1400038010000180" + "0c000180" + "08000100" + "0a000001")).toBe(true);
    const many = Array.from({ length: 2_001 }, (_, index) => ({
      key: Uint8Array.of(10, 0, index >> 8, index & 0xff),
      timeoutMs: 1_000,
    }));
    expect(addElements(table, "s", many)).toHaveLength(3);
  });
});

/** What a message says whatever the order of its attributes, without what nft keeps for itself. */
function meaning({ type, flags, payload }: NetlinkRequest): unknown {
  const own = OWN_TO_NFT.get(type) ?? [];
  const attributes = tree(payload.subarray(4)).filter(([attribute]) => !own.includes(attribute));
  return { type: type.toString(16), flags, head: hex(payload.subarray(0, 4)), attributes };
}

type Tree = [number, string | Tree][];

function tree(bytes: Uint8Array): Tree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list: Tree = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true);
    const value = bytes.subarray(at + 4, at + length);
    list.push([type & 0x3fff, (type & NLA_F_NESTED) === 0 ? hex(value) : tree(value)]);
    at += Math.ceil(length / 4) * 4;
  }
  const isList = list.length > 1 && list.every(([, value]) => Array.isArray(value));
  // nft numbers the elements of a list; the kernel takes them in their order.
  if (isList) return list.map(([, value]) => [1, value]);
  const name = list.find(([, value]) => value === LOOKUP);
  // The set's number within the transaction; the kernel goes by its name.
  if (name !== undefined) {
    for (const [index, [type, value]] of list.entries()) {
      if (type === 2 && Array.isArray(value)) list[index] = [2, value.filter(([attribute]) => attribute !== 4)];
    }
  }
  return list.toSorted(([left], [right]) => left - right);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** NFTA_TABLE_FLAGS 0, NFTA_SET_USERDATA, NFTA_SET_ELEM_LIST_SET_ID. */
const OWN_TO_NFT = new Map<number, readonly number[]>([
  [0x0a00, [2]],
  [0x0a09, [13]],
  [0x0a0c, [4]],
]);

/** "lookup" with its closing zero. */
const LOOKUP = "6c6f6f6b757000";
