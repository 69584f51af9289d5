import { addressBytes } from "../../base/address.ts";
import { unreachable } from "../../base/assert.ts";
import { isWithin, type Oid, type SearchRange, type SnmpValue, type VarBind } from "../../base/snmp.ts";
import { textBytes } from "../text.ts";
import {
  AGENTX_VERSION,
  CLOSE_REASONS,
  FLAG_NETWORK_BYTE_ORDER,
  HEADER_LENGTH,
  INTERNET,
  PDU_TYPES,
  VALUE_TYPES,
  type AgentxBody,
  type AgentxPdu,
} from "./pdu.ts";

/**
 * A PDU in network byte order (RFC 2741 section 6), without a context. Throws RangeError when a field does not fit: what is
 * sent is our own.
 */
export function encodeAgentx(pdu: AgentxPdu): Uint8Array {
  const writer = new Writer();
  writeBody(writer, pdu);
  const payload = writer.bytes();
  const bytes = new Uint8Array(HEADER_LENGTH + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, AGENTX_VERSION);
  view.setUint8(1, PDU_TYPES[pdu.kind]);
  view.setUint8(2, FLAG_NETWORK_BYTE_ORDER);
  view.setUint32(4, pdu.session);
  view.setUint32(8, pdu.transaction);
  view.setUint32(12, pdu.packet);
  view.setUint32(16, payload.length);
  bytes.set(payload, HEADER_LENGTH);
  return bytes;
}

function writeBody(writer: Writer, body: AgentxBody): void {
  switch (body.kind) {
    case "open":
      writer.octet("timeout", body.timeoutSeconds, 255).zeros(3).oid(body.id).text(body.description);
      return;
    case "close":
      writer.octet("reason", CLOSE_REASONS.indexOf(body.reason) + 1, 255).zeros(3);
      return;
    case "register":
      // Timeout 0: that of the session; range_subid 0: the subtree is one and not a row of them.
      writer.zeros(1).octet("priority", body.priority, 255).zeros(2).oid(body.subtree);
      return;
    case "unregister":
      writer.zeros(1).octet("priority", body.priority, 255).zeros(2).oid(body.subtree);
      return;
    case "add-capabilities":
      writer.oid(body.id).text(body.description);
      return;
    case "remove-capabilities":
      writer.oid(body.id);
      return;
    case "get":
      for (const name of body.names) writer.oid(name).oid([]);
      return;
    case "get-next":
      for (const range of body.ranges) writer.range(range);
      return;
    case "get-bulk":
      writer.short("non-repeaters", body.nonRepeaters).short("max-repetitions", body.maxRepetitions);
      for (const range of body.ranges) writer.range(range);
      return;
    case "notify":
    case "test-set":
      for (const binding of body.bindings) writer.binding(binding);
      return;
    case "response":
      writer.long(body.upTime).short("error", body.error).short("index", body.index);
      for (const binding of body.bindings) writer.binding(binding);
      return;
    case "ping":
    case "commit-set":
    case "undo-set":
    case "cleanup-set":
      return;
    default:
      return unreachable(body);
  }
}

/** Collects a payload. */
class Writer {
  readonly #bytes: number[] = [];

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  octet(field: string, value: number, most: number): this {
    if (!Number.isInteger(value) || value < 0 || value > most) {
      throw new RangeError(`Cannot write ${value} as ${field}: not from 0 to ${most}`);
    }
    this.#bytes.push(value);
    return this;
  }

  zeros(count: number): this {
    for (let written = 0; written < count; written += 1) this.#bytes.push(0);
    return this;
  }

  short(field: string, value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
      throw new RangeError(`Cannot write ${value} as ${field}: not from 0 to 65535`);
    }
    this.#bytes.push(value >> 8, value & 0xff);
    return this;
  }

  /** The lowest 32 bits: a counter wraps, and a negative number is its two's complement. */
  long(value: number): this {
    const bits = Number(BigInt.asUintN(32, BigInt(Math.trunc(value))));
    this.#bytes.push(bits >>> 24, (bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff);
    return this;
  }

  /** RFC 2741 section 5.1. The prefix 1.3.6.1 and one small number behind it are one byte. */
  oid(oid: Oid, include = false): this {
    if (oid.length > 128) throw new RangeError(`Cannot write an identifier of ${oid.length} parts: more than 128`);
    const fifth = oid[INTERNET.length] ?? 0;
    const short = isWithin(INTERNET, oid) && fifth > 0 && fifth <= 0xff;
    const parts = short ? oid.slice(INTERNET.length + 1) : oid;
    this.#bytes.push(parts.length, short ? fifth : 0, include ? 1 : 0, 0);
    for (const part of parts) this.long(part);
    return this;
  }

  range({ start, included, end }: SearchRange): this {
    return this.oid(start, included).oid(end);
  }

  /** RFC 2741 section 5.3: a length, and zeros up to a multiple of 4. */
  octets(bytes: Uint8Array): this {
    this.long(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
    return this.zeros((4 - (bytes.length % 4)) % 4);
  }

  text(text: string): this {
    return this.octets(textBytes(text));
  }

  /** RFC 2741 section 5.4. */
  binding({ oid, value }: VarBind): this {
    return this.short("type", VALUE_TYPES[value.kind]).zeros(2).oid(oid).value(value);
  }

  value(value: SnmpValue): this {
    switch (value.kind) {
      case "integer":
      case "counter32":
      case "gauge32":
      case "time-ticks":
        return this.long(value.value);
      case "counter64":
        return this.long(Number(BigInt.asUintN(32, value.value >> 32n))).long(Number(BigInt.asUintN(32, value.value)));
      case "octets":
      case "opaque":
        return this.octets(value.value);
      case "ip-address":
        return this.octets(addressBytes(value.value));
      case "oid":
        return this.oid(value.value);
      case "null":
      case "no-such-object":
      case "no-such-instance":
      case "end-of-mib-view":
        return this;
      default:
        return unreachable(value);
    }
  }
}
