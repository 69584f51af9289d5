import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMessageArena, readControl, writeControl } from "./message-arena.ts";

describe("control messages", () => {
  // struct cmsghdr of LP64: length 64 bit, level 32, type 32; a hop limit of 255 and its padding.
  const hopLimit = [20, 0, 0, 0, 0, 0, 0, 0, 41, 0, 0, 0, 52, 0, 0, 0, 255, 0, 0, 0];

  test("one with padding and one behind it: both are read", () => {
    const bytes = Uint8Array.of(...hopLimit, 0, 0, 0, 0, ...hopLimit);
    const message = { level: 41, type: 52, data: Uint8Array.of(255, 0, 0, 0) };
    expect(readControl(bytes)).toEqual([message, message]);
    expect(writeControl([message, message])).toEqual(Uint8Array.of(...bytes, 0, 0, 0, 0));
  });

  test.each([
    { name: "a length below the header", bytes: [15, ...hopLimit.slice(1)] },
    { name: "a length beyond the end", bytes: [21, ...hopLimit.slice(1)] },
    { name: "a header that is cut off", bytes: hopLimit.slice(0, 15) },
  ])("$name: nothing is read", ({ bytes }) => {
    expect(readControl(Uint8Array.from(bytes))).toEqual([]);
  });

  test("any bytes: reading ends", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readControl(bytes)));
  });
});

describe("the arena", () => {
  const shape = { count: 2, payloadSize: 10, nameSize: 4, controlSize: 24 };
  const nothing = new Uint8Array(0);

  test("a message that does not fit: throws, whatever part is too long", () => {
    const arena = createMessageArena(shape);
    expect(() => arena.put(0, new Uint8Array(11), nothing, [])).toThrow("11 bytes fits into 10");
    expect(() => arena.put(0, nothing, new Uint8Array(5), [])).toThrow("5 bytes fits into 4");
    const long = { level: 1, type: 1, data: new Uint8Array(9) };
    expect(() => arena.put(0, nothing, nothing, [long])).toThrow("32 bytes fits into 24");
    expect(() => arena.put(2, nothing, nothing, [])).toThrow("a message 2");
  });

  test("its vector: struct mmsghdr with pointers into the arena (bits/socket.h)", () => {
    const arena = createMessageArena(shape);
    const view = new DataView(arena.bytes.buffer);
    const iov = view.getBigUint64(64 + 16, true);
    const base = view.getBigUint64(16, true) - 128n;
    expect(iov - base).toBe(144n);
    expect(view.getBigUint64(144, true) - base).toBeLessThanOrEqual(BigInt(arena.bytes.length - 10));
    expect(view.getBigUint64(24, true)).toBe(1n);
  });
});
