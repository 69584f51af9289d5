import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agentxLength, decodeAgentx } from "../../src/wire/agentx/decode.ts";
import { encodeAgentx } from "../../src/wire/agentx/encode.ts";

describe("AgentX", () => {
  const header = fc
    .tuple(
      fc.integer({ min: 0, max: 20 }),
      fc.constantFrom(0, 0x08, 0x10, 0x18),
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
    )
    .map(([type, flags, numbers]) => [1, type, flags, 0, ...numbers]);
  const words = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.nat()), { maxLength: 40 });

  test("any bytes: a PDU or an error, never an exception; what is a PDU can be written and read again", () => {
    fc.assert(
      fc.property(header, words, (start, payload) => {
        const littleEndian = ((start[2] ?? 0) & 0x10) === 0;
        const bytes = new Uint8Array(20 + payload.length * 4);
        bytes.set(start);
        const view = new DataView(bytes.buffer);
        view.setUint32(16, payload.length * 4, littleEndian);
        for (const [index, word] of payload.entries()) view.setUint32(20 + index * 4, word, littleEndian);
        expect(agentxLength(bytes)).toEqual({ ok: true, value: bytes.length });
        const decoded = decodeAgentx(bytes);
        if (decoded.ok) expect(decodeAgentx(encodeAgentx(decoded.value))).toEqual(decoded);
      }),
      { numRuns: 2_000 },
    );
  });
});
