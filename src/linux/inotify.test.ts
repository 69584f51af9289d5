import { expect, test } from "vitest";
import { IN_CLOSE_WRITE, IN_DELETE_SELF, parseEvents } from "./inotify.ts";

/** struct inotify_event (inotify(7)), its name padded with zeros to `length`. */
function eventBytes(watch: number, mask: number, name: string, length: number): Uint8Array {
  const bytes = new Uint8Array(16 + length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, watch, true);
  view.setUint32(4, mask, true);
  view.setUint32(12, length, true);
  bytes.set(new TextEncoder().encode(name), 16);
  return bytes;
}

test("several events in one reading: each with its name, without its padding", () => {
  const parts = [
    eventBytes(1, IN_CLOSE_WRITE, "state", 16),
    eventBytes(2, IN_DELETE_SELF, "", 0),
    eventBytes(-1, 0x4000, "", 0),
    eventBytes(3, IN_CLOSE_WRITE, "zwölf", 16),
  ];
  expect(parseEvents(Buffer.concat(parts))).toEqual([
    { watch: 1, mask: IN_CLOSE_WRITE, name: "state" },
    { watch: 2, mask: IN_DELETE_SELF, name: "" },
    { watch: -1, mask: 0x4000, name: "" },
    { watch: 3, mask: IN_CLOSE_WRITE, name: "zwölf" },
  ]);
});

test("nothing, and half a header: no event", () => {
  expect(parseEvents(new Uint8Array(0))).toEqual([]);
  expect(parseEvents(new Uint8Array(10))).toEqual([]);
});
