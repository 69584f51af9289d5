import { textBytes, textFromBytes } from "../text.ts";
import { HOST_ORDER } from "./byte-order.ts";
import { NLA_F_NESTED, NLA_TYPE_MASK } from "./constants.ts";

/*
 * struct nlattr, host order:
 *
 * | nla_len: with this header, without padding (16) | nla_type (16) | payload, padded to four bytes |
 */

export type AttributeError =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_LENGTH"; readonly expected: number; readonly length: number }
  | { readonly code: "TOO_DEEP"; readonly limit: number };

/**
 * Reads netlink attributes one after the other. The first error sticks: from then on `next` says false and values are
 * zero or empty, so that a reader asks for `error` once, at its end. Readers of nested attributes share the error.
 */
export class AttributeReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #depth: number;
  readonly #fault: { error: AttributeError | undefined };
  #at = 0;
  #end = 0;
  #next = 0;

  constructor(bytes: Uint8Array, parent?: AttributeReader) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#depth = parent === undefined ? 0 : parent.#depth + 1;
    this.#fault = parent === undefined ? { error: undefined } : parent.#fault;
    if (this.#depth > MAX_DEPTH) this.#break({ code: "TOO_DEEP", limit: MAX_DEPTH });
  }

  get error(): AttributeError | undefined {
    return this.#fault.error;
  }

  /** Moves to the next attribute; false at the end, and after an error. */
  next(): boolean {
    if (this.#fault.error !== undefined || this.#next >= this.#bytes.length) return false;
    const left = this.#bytes.length - this.#next;
    if (left < HEADER_LENGTH) return this.#break({ code: "TRUNCATED", needed: HEADER_LENGTH, length: left });
    const length = this.#view.getUint16(this.#next + AT_LENGTH, HOST_ORDER);
    if (length < HEADER_LENGTH) return this.#break({ code: "BAD_LENGTH", expected: HEADER_LENGTH, length });
    if (length > left) return this.#break({ code: "TRUNCATED", needed: length, length: left });
    this.#at = this.#next;
    this.#end = this.#at + length;
    this.#next = this.#at + align(length);
    return true;
  }

  /** The type of the current attribute, without its two flags. */
  get type(): number {
    return this.#view.getUint16(this.#at + AT_TYPE, HOST_ORDER) & NLA_TYPE_MASK;
  }

  uint8(): number {
    return this.#holds(1) ? this.#view.getUint8(this.#at + HEADER_LENGTH) : 0;
  }

  uint16(littleEndian: boolean): number {
    return this.#holds(2) ? this.#view.getUint16(this.#at + HEADER_LENGTH, littleEndian) : 0;
  }

  uint32(littleEndian: boolean): number {
    return this.#holds(4) ? this.#view.getUint32(this.#at + HEADER_LENGTH, littleEndian) : 0;
  }

  /** The payload, a copy. */
  bytes(): Uint8Array {
    return this.#fault.error === undefined ? this.#bytes.slice(this.#at + HEADER_LENGTH, this.#end) : new Uint8Array(0);
  }

  /** The payload, a copy, which must be of this length. */
  bytesOf(length: number): Uint8Array {
    return this.#holds(length) ? this.bytes() : new Uint8Array(length);
  }

  /** The payload up to its first zero byte. */
  text(): string {
    const bytes = this.bytes();
    const end = bytes.indexOf(0);
    return textFromBytes(end < 0 ? bytes : bytes.subarray(0, end));
  }

  /** The attributes inside the current one. */
  nested(): AttributeReader {
    return new AttributeReader(this.bytes(), this);
  }

  #holds(length: number): boolean {
    if (this.#fault.error !== undefined) return false;
    const actual = this.#end - this.#at - HEADER_LENGTH;
    if (actual === length) return true;
    return this.#break({ code: "BAD_LENGTH", expected: length, length: Math.max(actual, 0) });
  }

  #break(error: AttributeError): false {
    this.#fault.error ??= error;
    return false;
  }
}

/** Writes netlink attributes in the order of the calls, each padded with zeros to four bytes. */
export class AttributeBuilder {
  #parts: Uint8Array[] = [];
  #length = 0;

  uint8(type: number, value: number): this {
    return this.bytes(type, Uint8Array.of(value));
  }

  uint16(type: number, value: number, littleEndian: boolean): this {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, littleEndian);
    return this.bytes(type, bytes);
  }

  uint32(type: number, value: number, littleEndian: boolean): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, littleEndian);
    return this.bytes(type, bytes);
  }

  /** UTF-8 with a closing zero byte. Throws RangeError when it needs more than `limit` bytes with that zero. */
  text(type: number, text: string, limit: number): this {
    const bytes = textBytes(text);
    if (bytes.length + 1 > limit) throw new RangeError(`"${text}" does not fit into ${limit - 1} bytes`);
    return this.bytes(type, Uint8Array.of(...bytes, 0));
  }

  /** Throws RangeError when the payload does not fit into an attribute. */
  bytes(type: number, payload: Uint8Array): this {
    const length = HEADER_LENGTH + payload.length;
    if (length > MAX_LENGTH) throw new RangeError(`An attribute cannot hold ${payload.length} bytes`);
    const attribute = new Uint8Array(align(length));
    const view = new DataView(attribute.buffer);
    view.setUint16(AT_LENGTH, length, HOST_ORDER);
    view.setUint16(AT_TYPE, type, HOST_ORDER);
    attribute.set(payload, HEADER_LENGTH);
    this.#parts.push(attribute);
    this.#length += attribute.length;
    return this;
  }

  nested(type: number, inner: AttributeBuilder): this {
    return this.bytes(type | NLA_F_NESTED, inner.build());
  }

  /** Everything so far, a copy. */
  build(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

function align(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

const ALIGNMENT = 4;
const AT_LENGTH = 0;
const AT_TYPE = 2;
const HEADER_LENGTH = 4;
const MAX_LENGTH = 0xffff;

/** The kernel nests a handful of levels; more is broken or hostile. */
const MAX_DEPTH = 10;
