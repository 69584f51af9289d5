import { describe, expect, test } from "vitest";
import { parseBfdControl, serializeBfdControl } from "../../../src/wire/bfd.ts";
import type { BfdControlPacket } from "../../../src/wire/bfd.ts";
import { readHex, readJson } from "./read-vector.ts";

describe("BFD of keepalived 2.2.7 and FRR 8.4.4, values by tshark", () => {
  test.each(["bfd-keepalived-poll", "bfd-keepalived-expired", "bfd-frr-final"])("%s: both ways", (name) => {
    const { packet } = readJson<{ readonly packet: BfdControlPacket }>(name);
    expect(parseBfdControl(readHex(name))).toEqual({ ok: true, value: packet });
    expect(serializeBfdControl(packet)).toEqual(readHex(name));
  });
});
