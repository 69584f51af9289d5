import type { Files } from "../../ports/files.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { AddressRequest } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { textFromBytes } from "../../wire/text.ts";
import { bearsOurMark } from "./address-holder.ts";
import { addressKey, type AddressKey, type InterfaceTable } from "./interface-table.ts";

/**
 * Which addresses Holdfast has added, on disk: for kernels before 5.18, which do not remember who added an address, and
 * for addresses that the configuration does not name any more. It lies where a reboot empties it.
 */
export class HeldRecord {
  readonly #path: string;
  readonly #files: Files;
  readonly #log: Log;
  readonly #known = new Set<string>();
  #saved = "";

  constructor(path: string, dependencies: { readonly files: Files; readonly log: Log }) {
    this.#path = path;
    this.#files = dependencies.files;
    this.#log = dependencies.log;
  }

  /** Reads what a run before this one held. A missing or damaged record is an empty one. */
  load(): void {
    const read = this.#files.read(this.#path);
    if (!read.ok) return;
    for (const id of parseRecord(textFromBytes(read.value))) this.#known.add(id);
  }

  /** This process has added it. */
  remember(key: AddressKey): void {
    this.#known.add(addressKey(key));
  }

  /** This process has removed it, so that it is somebody else's if it is there again. */
  forget(key: AddressKey): void {
    this.#known.delete(addressKey(key));
  }

  has(key: AddressKey): boolean {
    return this.#known.has(addressKey(key));
  }

  isOurs(interfaces: InterfaceTable, key: AddressKey): boolean {
    return bearsOurMark(interfaces, key) || this.has(key);
  }

  /** Writes down what is held now, if that has changed. */
  save(held: readonly AddressRequest[]): void {
    const text = `${JSON.stringify(held.map(addressKey).toSorted())}\n`;
    if (text === this.#saved) return;
    const written = held.length === 0 ? this.#files.remove(this.#path) : this.#files.replace(this.#path, text);
    // Once: the next change will fail for the same reason.
    if (!written.ok && this.#saved !== UNWRITABLE) this.#log.write("error", describeFailure(written.error));
    this.#saved = written.ok ? text : UNWRITABLE;
  }
}

function parseRecord(text: string): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(text);
    return new Set(Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : []);
  } catch {
    // Torn by a crash in the middle of a write, or edited by hand: it proves nothing.
    return new Set();
  }
}

const UNWRITABLE = "unwritable";
