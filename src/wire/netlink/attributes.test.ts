import { describe, expect, test } from "vitest";
import { AttributeBuilder, AttributeReader } from "./attributes.ts";
import { HOST_ORDER, NETWORK_ORDER } from "./byte-order.ts";

describe("AttributeBuilder and AttributeReader", () => {
  test("every kind of value: comes back, in order", () => {
    const inner = new AttributeBuilder().uint8(1, 200).text(2, "wg-é", 16);
    const bytes = new AttributeBuilder()
      .uint16(5, 0x1234, NETWORK_ORDER)
      .uint32(6, 0xdead_beef, HOST_ORDER)
      .nested(7, inner)
      .bytes(8, Uint8Array.of(9, 8, 7, 6, 5))
      .build();
    const reader = new AttributeReader(bytes);
    expect(reader.next()).toBe(true);
    expect([reader.type, reader.uint16(NETWORK_ORDER)]).toEqual([5, 0x1234]);
    expect(reader.next()).toBe(true);
    expect([reader.type, reader.uint32(HOST_ORDER)]).toEqual([6, 0xdead_beef]);
    expect(reader.next()).toBe(true);
    expect(reader.type).toBe(7);
    const nested = reader.nested();
    expect([nested.next(), nested.type, nested.uint8()]).toEqual([true, 1, 200]);
    expect([nested.next(), nested.type, nested.text()]).toEqual([true, 2, "wg-é"]);
    expect(nested.next()).toBe(false);
    expect(reader.next()).toBe(true);
    expect([...reader.bytes()]).toEqual([9, 8, 7, 6, 5]);
    expect(reader.next()).toBe(false);
    expect(reader.error).toBeUndefined();
  });

  test("a number in network order: has its high byte first", () => {
    expect([...new AttributeBuilder().uint16(1, 0x1234, NETWORK_ORDER).build()].slice(4)).toEqual([0x12, 0x34, 0, 0]);
  });

  test("a nested attribute: carries NLA_F_NESTED, which the reader takes off (linux/netlink.h)", () => {
    const bytes = new AttributeBuilder().nested(3, new AttributeBuilder()).build();
    expect(new Uint16Array(bytes.slice().buffer)[1]).toBe(0x8003);
    const reader = new AttributeReader(bytes);
    reader.next();
    expect(reader.type).toBe(3);
  });

  test("text of 15 bytes into IFNAMSIZ: fits with its zero; of 16 bytes: does not", () => {
    expect(new AttributeBuilder().text(3, "a".repeat(15), 16).build().length).toBe(20);
    expect(() => new AttributeBuilder().text(3, "a".repeat(16), 16)).toThrow(RangeError);
    expect(() => new AttributeBuilder().text(3, "é".repeat(8), 16)).toThrow(RangeError);
  });

  test("more than 65,531 bytes: does not fit into nla_len", () => {
    expect(() => new AttributeBuilder().bytes(1, new Uint8Array(65_532))).toThrow(RangeError);
  });
});

describe("AttributeReader, broken input", () => {
  test.each([
    ["three bytes", [8, 0, 1], { code: "TRUNCATED", needed: 4, length: 3 }],
    ["a length below the header", header(3, 1), { code: "BAD_LENGTH", expected: 4, length: 3 }],
    ["a length of zero", header(0, 0), { code: "BAD_LENGTH", expected: 4, length: 0 }],
    ["a length beyond the end", [...header(9, 1), 1, 2, 3, 4], { code: "TRUNCATED", needed: 9, length: 8 }],
  ])("%s: ends the reading with an error", (_, bytes, error) => {
    const reader = new AttributeReader(Uint8Array.from(bytes));
    expect(reader.next()).toBe(false);
    expect(reader.error).toEqual(error);
  });

  test("a number of another size: gives 0, and the error sticks", () => {
    const bytes = new AttributeBuilder().uint8(1, 7).uint32(2, 9, HOST_ORDER).build();
    const reader = new AttributeReader(bytes);
    reader.next();
    expect(reader.uint32(HOST_ORDER)).toBe(0);
    expect(reader.next()).toBe(false);
    expect(reader.uint8()).toBe(0);
    expect([...reader.bytes()]).toEqual([]);
    expect(reader.error).toEqual({ code: "BAD_LENGTH", expected: 4, length: 1 });
  });

  test("an error inside a nested attribute: is the reader's own", () => {
    const bytes = new AttributeBuilder()
      .bytes(1, Uint8Array.of(1, 2, 3))
      .uint8(2, 5)
      .build();
    const reader = new AttributeReader(bytes);
    reader.next();
    expect(reader.nested().next()).toBe(false);
    expect(reader.next()).toBe(false);
    expect(reader.error).toEqual({ code: "TRUNCATED", needed: 4, length: 3 });
  });

  test("eleven levels: are too deep", () => {
    let bytes = new AttributeBuilder().uint8(1, 1);
    for (let level = 0; level < 11; level++) bytes = new AttributeBuilder().nested(1, bytes);
    let reader = new AttributeReader(bytes.build());
    let levels = 0;
    while (reader.next() && levels < 100) {
      reader = reader.nested();
      levels++;
    }
    expect(levels).toBe(11);
    expect(reader.error).toEqual({ code: "TOO_DEEP", limit: 10 });
  });

  test("padding of the last attribute missing: is accepted", () => {
    const reader = new AttributeReader(new AttributeBuilder().uint8(1, 7).build().slice(0, 5));
    expect([reader.next(), reader.uint8(), reader.next(), reader.error]).toEqual([true, 7, false, undefined]);
  });
});

/** An attribute's header in the byte order of this machine. */
function header(length: number, type: number): number[] {
  return [...new Uint8Array(Uint16Array.of(length, type).buffer)];
}
