import { elapsed, millis, type Instant } from "../../base/time.ts";
import type { Files } from "../../ports/files.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { AddressRequest } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { textFromBytes } from "../../wire/text.ts";
import { addressKey, type AddressKey } from "./interface-table.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";

/**
 * Which addresses Holdfast has added, on disk: for kernels before 5.18, which do not remember who added an address, and
 * for addresses that the configuration does not name any more. It lies where a reboot empties it.
 */
export class HeldRecord {
  readonly #path: string;
  readonly #files: Files;
  readonly #log: Log;
  readonly #known = new Set<string>();
  readonly #leaving = new Set<string>();
  #held: readonly string[] = [];
  #saved = "";
  #failing = false;
  /** What `save` was given last is what is on the disk: to save the same again would change nothing. */
  #settled = false;
  /** Of `LeaseKeeper.changes`, when what is held was written last. */
  #savedChanges: number | undefined;
  #savedAt: Instant | undefined;

  constructor(path: string, dependencies: { readonly files: Files; readonly log: Log }) {
    this.#path = path;
    this.#files = dependencies.files;
    this.#log = dependencies.log;
  }

  /** Reads what a run before this one held. A missing or damaged record is an empty one. */
  load(): void {
    const read = this.#files.read(this.#path);
    if (!read.ok) return;
    const { held, leaving } = parseRecord(textFromBytes(read.value));
    for (const id of held) this.#known.add(id);
    for (const id of leaving) this.#leaving.add(id);
  }

  /** This process is about to add these: a crash right after that must not leave behind what nobody knows. */
  expect(keys: readonly AddressKey[]): void {
    this.#settled = false;
    this.#held = [...new Set([...this.#held, ...keys.map(addressKey)])].toSorted();
    this.#write();
  }

  /** This process has added it. */
  remember(key: AddressKey): void {
    this.#known.add(addressKey(key));
  }

  /** This process has removed it, so that it is somebody else's if it is there again. */
  forget(key: AddressKey): void {
    this.#known.delete(addressKey(key));
  }

  /** A hand-over of these has begun: whoever starts now must not resume. */
  leave(keys: readonly AddressKey[]): void {
    this.#settled = false;
    for (const key of keys) this.#leaving.add(addressKey(key));
    this.#write();
  }

  /** They are a master's again. */
  stay(keys: readonly AddressKey[]): void {
    this.#settled = false;
    for (const key of keys) this.#leaving.delete(addressKey(key));
  }

  isLeaving(key: AddressKey): boolean {
    return this.#leaving.has(addressKey(key));
  }

  has(key: AddressKey): boolean {
    return this.#known.has(addressKey(key));
  }

  /** Writes down what is held now, if that has changed. */
  save(held: readonly AddressRequest[]): void {
    this.#held = held.map(addressKey).toSorted();
    this.#settled = this.#write();
  }

  /** Whether what is leased is on the disk. */
  isSaved({ changes }: Pick<LeaseKeeper, "changes">): boolean {
    return this.#savedChanges === changes && this.#settled;
  }

  /** The same with what is leased, asked for only if addresses have come or gone, or the disk has yet to hold them. */
  saveChanges(leases: Pick<LeaseKeeper, "changes" | "all">, now: Instant): void {
    if (this.isSaved(leases)) return;
    // Where thousands claim within seconds, each look would write a long list.
    if (this.#savedAt !== undefined && elapsed(this.#savedAt, now) < SAVING_PERIOD) return;
    this.#savedAt = now;
    this.#savedChanges = leases.changes;
    this.save(leases.all().map(({ request }) => request));
  }

  /** @returns whether it is on the disk. */
  #write(): boolean {
    const leaving = this.#held.filter((id) => this.#leaving.has(id));
    const text = `${JSON.stringify({ held: this.#held, leaving })}\n`;
    if (text === this.#saved) return true;
    const written = this.#held.length === 0 ? this.#files.remove(this.#path) : this.#files.replace(this.#path, text);
    // Said once. It is tried again with the next look, so that a crash after the disk has room again finds it.
    if (!written.ok && !this.#failing) this.#log.write("error", describeFailure(written.error));
    this.#failing = !written.ok;
    if (written.ok) this.#saved = text;
    return written.ok;
  }
}

/** What is put off is saved by a later look, and the driver looks as often as this. */
const SAVING_PERIOD = millis(250);

function parseRecord(text: string): { readonly held: readonly string[]; readonly leaving: readonly string[] } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "held" in value && "leaving" in value) {
      return { held: strings(value.held), leaving: strings(value.leaving) };
    }
  } catch {
    // Torn by a crash in the middle of a write, or edited by hand: it proves nothing.
  }
  return { held: [], leaving: [] };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}
