import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { failureOf, libc } from "./libc.ts";
import { watchDescriptor } from "./watch.ts";

/** Something that happened in a watched folder. */
export interface FolderEvent {
  readonly watch: number;
  /** IN_* */
  readonly mask: number;
  /** The entry of the folder; empty for the folder itself. */
  readonly name: string;
}

/** One inotify(7) instance, through which folders are watched. */
export interface Inotify {
  /** A watch of the folder, the same one for the same folder whose mask this call then replaces. */
  add(folder: string, mask: number): Result<number, SystemFailure>;
  remove(watch: number): void;
  close(): void;
}

/** `onEvents` comes in a turn of its own. An event of watch -1 means that some were lost. */
export function openInotify(onEvents: (events: readonly FolderEvent[]) => void): Result<Inotify, SystemFailure> {
  const c = libc();
  const fd = c.inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return fail(failureOf("watch folders", -fd));
  const buffer = new Uint8Array(new ArrayBuffer(BUFFER_SIZE));
  const watched = watchDescriptor(fd, () => {
    const length = c.read(fd, buffer);
    if (length > 0) onEvents(parseEvents(buffer.subarray(0, length)));
  });
  let open = true;
  return succeed({
    add: (folder, mask) => {
      const watch = c.inotify_add_watch(fd, folder, mask);
      return watch < 0 ? fail(failureOf(`watch ${folder}`, -watch)) : succeed(watch);
    },
    // The kernel has removed it already where the folder is gone.
    remove: (watch) => void c.inotify_rm_watch(fd, watch),
    close: () => {
      if (!open) return;
      open = false;
      watched.close();
      c.close(fd);
    },
  });
}

/**
 * Splits what was read into its events.
 *
 * @see inotify(7): struct inotify_event { int wd; uint32_t mask, cookie, len; char name[len]; }
 */
export function parseEvents(bytes: Uint8Array): readonly FolderEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: FolderEvent[] = [];
  for (let at = 0; at + HEADER_SIZE <= bytes.length;) {
    const length = view.getUint32(at + 12, true);
    const name = bytes.subarray(at + HEADER_SIZE, at + HEADER_SIZE + length);
    const end = name.indexOf(0);
    events.push({
      watch: view.getInt32(at, true),
      mask: view.getUint32(at + 4, true),
      name: Buffer.from(end < 0 ? name : name.subarray(0, end)).toString(),
    });
    at += HEADER_SIZE + length;
  }
  return events;
}

export const IN_CLOSE_WRITE = 0x8;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_ONLYDIR = 0x0100_0000;

const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;
const HEADER_SIZE = 16;
/** Room for at least fifteen events with the longest names. */
const BUFFER_SIZE = 4096;
