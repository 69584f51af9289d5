import { addressFromBytes } from "../../base/address.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import type { Oid, SearchRange, SnmpValue, VarBind } from "../../base/snmp.ts";
import { textFromBytes } from "../text.ts";
import {
  AGENTX_VERSION,
  CLOSE_REASONS,
  FLAG_NETWORK_BYTE_ORDER,
  FLAG_NON_DEFAULT_CONTEXT,
  HEADER_LENGTH,
  INTERNET,
  LONGEST_PDU,
  PDU_TYPES,
  VALUE_TYPES,
  type AgentxBody,
  type AgentxError,
  type AgentxPdu,
} from "./pdu.ts";

/**
 * How many bytes the first PDU of `bytes` has, header included; undefined: that cannot be told yet. Several may have come at
 * once, or half of one.
 */
export function agentxLength(bytes: Uint8Array): Result<number | undefined, AgentxError> {
  const [version] = bytes;
  if (version !== undefined && version !== AGENTX_VERSION) return fail({ code: "BAD_VERSION", version });
  if (bytes.length < HEADER_LENGTH) return succeed(undefined);
  const payload = viewOf(bytes).getUint32(AT_PAYLOAD_LENGTH, isLittleEndian(bytes));
  if (payload % 4 !== 0) return fail({ code: "BAD_LENGTH", length: payload });
  if (payload > LONGEST_PDU) return fail({ code: "TOO_LONG", length: payload });
  return succeed(HEADER_LENGTH + payload);
}

/** Reads one whole PDU, as long as `agentxLength` says. */
export function decodeAgentx(bytes: Uint8Array): Result<AgentxPdu, AgentxError> {
  const length = agentxLength(bytes);
  if (!length.ok) return length;
  const type = bytes[1] ?? 0;
  if (length.value === undefined || bytes.length < length.value) return fail({ code: "TRUNCATED", type });
  const reader = new Reader(bytes.subarray(0, length.value), isLittleEndian(bytes));
  const header = { session: reader.longAt(4), transaction: reader.longAt(8), packet: reader.longAt(12) };
  // A context is named where it is not the default one. We have one, so whichever it is, it is ours.
  if (((bytes[2] ?? 0) & FLAG_NON_DEFAULT_CONTEXT) !== 0) reader.octets();
  const body = readBody(type, reader);
  if (reader.fault !== undefined) return fail({ code: "BAD_VALUE", what: reader.fault });
  if (reader.truncated) return fail({ code: "TRUNCATED", type });
  return body === undefined ? fail({ code: "UNKNOWN_TYPE", type }) : succeed({ ...header, ...body });
}

/** One line for a log. */
export function describeAgentxError(error: AgentxError): string {
  switch (error.code) {
    case "BAD_VERSION":
      return `version ${error.version} of AgentX`;
    case "TOO_LONG":
      return `a PDU of ${error.length} bytes`;
    case "BAD_LENGTH":
      return `a PDU of ${error.length} bytes, which is no multiple of 4`;
    case "UNKNOWN_TYPE":
      return `a PDU of unknown type ${error.type}`;
    case "TRUNCATED":
      return `a PDU of type ${error.type} that is too short`;
    case "BAD_VALUE":
      return `a PDU with a wrong ${error.what}`;
  }
}

function readBody(type: number, reader: Reader): AgentxBody | undefined {
  switch (type) {
    case PDU_TYPES.open: {
      const timeoutSeconds = reader.octet();
      reader.skip(3);
      return { kind: "open", timeoutSeconds, id: reader.oid().oid, description: textFromBytes(reader.octets()) };
    }
    case PDU_TYPES.close: {
      const reason = CLOSE_REASONS[reader.octet() - 1] ?? "other";
      return { kind: "close", reason };
    }
    case PDU_TYPES.register:
    case PDU_TYPES.unregister: {
      reader.skip(1);
      const priority = reader.octet();
      reader.skip(2);
      return { kind: type === PDU_TYPES.register ? "register" : "unregister", subtree: reader.oid().oid, priority };
    }
    case PDU_TYPES.get:
      return { kind: "get", names: readRanges(reader).map(({ start }) => start) };
    case PDU_TYPES["get-next"]:
      return { kind: "get-next", ranges: readRanges(reader) };
    case PDU_TYPES["get-bulk"]: {
      const nonRepeaters = reader.short();
      return { kind: "get-bulk", nonRepeaters, maxRepetitions: reader.short(), ranges: readRanges(reader) };
    }
    case PDU_TYPES["test-set"]:
      return { kind: "test-set", bindings: readBindings(reader) };
    case PDU_TYPES.notify:
      return { kind: "notify", bindings: readBindings(reader) };
    case PDU_TYPES["commit-set"]:
      return { kind: "commit-set" };
    case PDU_TYPES["undo-set"]:
      return { kind: "undo-set" };
    case PDU_TYPES["cleanup-set"]:
      return { kind: "cleanup-set" };
    case PDU_TYPES.ping:
      return { kind: "ping" };
    case PDU_TYPES["add-capabilities"]:
      return { kind: "add-capabilities", id: reader.oid().oid, description: textFromBytes(reader.octets()) };
    case PDU_TYPES["remove-capabilities"]:
      return { kind: "remove-capabilities", id: reader.oid().oid };
    case PDU_TYPES.response: {
      const upTime = reader.long();
      const error = reader.short();
      return { kind: "response", upTime, error, index: reader.short(), bindings: readBindings(reader) };
    }
    default:
      return undefined;
  }
}

function readRanges(reader: Reader): readonly SearchRange[] {
  const ranges: SearchRange[] = [];
  while (reader.more) {
    const { oid: start, include: included } = reader.oid();
    ranges.push({ start, included, end: reader.oid().oid });
  }
  return ranges;
}

function readBindings(reader: Reader): readonly VarBind[] {
  const bindings: VarBind[] = [];
  while (reader.more) {
    const type = reader.short();
    reader.skip(2);
    const { oid } = reader.oid();
    bindings.push({ oid, value: readValue(type, reader) });
  }
  return bindings;
}

function readValue(type: number, reader: Reader): SnmpValue {
  switch (type) {
    case VALUE_TYPES.integer:
      return { kind: "integer", value: reader.long() | 0 };
    case VALUE_TYPES.counter32:
      return { kind: "counter32", value: reader.long() };
    case VALUE_TYPES.gauge32:
      return { kind: "gauge32", value: reader.long() };
    case VALUE_TYPES["time-ticks"]:
      return { kind: "time-ticks", value: reader.long() };
    case VALUE_TYPES.counter64:
      return { kind: "counter64", value: reader.longest() };
    case VALUE_TYPES.octets:
      return { kind: "octets", value: reader.octets() };
    case VALUE_TYPES.opaque:
      return { kind: "opaque", value: reader.octets() };
    case VALUE_TYPES.oid:
      return { kind: "oid", value: reader.oid().oid };
    case VALUE_TYPES["ip-address"]: {
      const bytes = reader.octets();
      if (bytes.length === 4) return { kind: "ip-address", value: addressFromBytes(bytes) };
      reader.blame(`address of ${bytes.length} bytes`);
      return { kind: "null" };
    }
    case VALUE_TYPES.null:
      return { kind: "null" };
    case VALUE_TYPES["no-such-object"]:
      return { kind: "no-such-object" };
    case VALUE_TYPES["no-such-instance"]:
      return { kind: "no-such-instance" };
    case VALUE_TYPES["end-of-mib-view"]:
      return { kind: "end-of-mib-view" };
    default:
      reader.blame(`type of value ${type}`);
      return { kind: "null" };
  }
}

/** Takes fields one after the other. Beyond the end, and after a fault, all of them are zero, and `more` is false. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #at = HEADER_LENGTH;
  truncated = false;
  /** What was wrong with a value. */
  fault: string | undefined;

  constructor(bytes: Uint8Array, littleEndian: boolean) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#littleEndian = littleEndian;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length && !this.truncated && this.fault === undefined;
  }

  blame(what: string): void {
    this.fault ??= what;
  }

  longAt(offset: number): number {
    return this.#view.getUint32(offset, this.#littleEndian);
  }

  skip(count: number): void {
    this.#take(count);
  }

  octet(): number {
    const at = this.#take(1);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  short(): number {
    const at = this.#take(2);
    return at === undefined ? 0 : this.#view.getUint16(at, this.#littleEndian);
  }

  long(): number {
    const at = this.#take(4);
    return at === undefined ? 0 : this.#view.getUint32(at, this.#littleEndian);
  }

  longest(): bigint {
    const at = this.#take(8);
    return at === undefined ? 0n : this.#view.getBigUint64(at, this.#littleEndian);
  }

  /** A copy. */
  octets(): Uint8Array {
    const length = this.long();
    const at = this.#take(length);
    this.#take((4 - (length % 4)) % 4);
    return at === undefined ? new Uint8Array() : this.#bytes.slice(at, at + length);
  }

  oid(): { readonly oid: Oid; readonly include: boolean } {
    const count = this.octet();
    const prefix = this.octet();
    const include = this.octet() !== 0;
    this.skip(1);
    const oid = prefix === 0 ? [] : [...INTERNET, prefix];
    if (count > 128) this.blame(`identifier of ${count} parts`);
    else for (let read = 0; read < count; read += 1) oid.push(this.long());
    return { oid, include };
  }

  #take(count: number): number | undefined {
    const at = this.#at;
    if (this.truncated || at + count > this.#bytes.length) {
      this.truncated = true;
      return undefined;
    }
    this.#at = at + count;
    return at;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isLittleEndian(bytes: Uint8Array): boolean {
  return ((bytes[2] ?? 0) & FLAG_NETWORK_BYTE_ORDER) === 0;
}

const AT_PAYLOAD_LENGTH = 16;
