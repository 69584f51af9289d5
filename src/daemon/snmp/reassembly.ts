import { succeed, type Result } from "../../base/result.ts";
import { agentxLength, decodeAgentx } from "../../wire/agentx/decode.ts";
import type { AgentxError, AgentxPdu } from "../../wire/agentx/pdu.ts";

/** Cuts a stream into PDUs. It keeps at most what one PDU may have and what came with it. */
export class Reassembly {
  #pending: Uint8Array = new Uint8Array();

  /**
   * Takes what has come and gives the PDUs that are whole by now. What is no PDU that we know is left out; an error means
   * that the stream has lost its meaning, and it is to be closed.
   */
  take(bytes: Uint8Array): Result<readonly AgentxPdu[], AgentxError> {
    let rest = this.#pending.length === 0 ? bytes : joined(this.#pending, bytes);
    const pdus: AgentxPdu[] = [];
    for (;;) {
      const length = agentxLength(rest);
      if (!length.ok) return length;
      if (length.value === undefined || rest.length < length.value) break;
      const decoded = decodeAgentx(rest);
      rest = rest.subarray(length.value);
      if (decoded.ok) pdus.push(decoded.value);
      else if (decoded.error.code !== "UNKNOWN_TYPE") return decoded;
    }
    this.#pending = rest.slice();
    return succeed(pdus);
  }

  /** Another stream begins. */
  clear(): void {
    this.#pending = new Uint8Array();
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
