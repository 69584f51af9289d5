import { createRequire } from "node:module";
import { constants } from "node:os";
import { assert } from "../base/assert.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";

/**
 * The C library's functions that Holdfast needs, by the names of their man pages. This file is the only one that
 * declares foreign functions.
 *
 * Each returns what the C function returns where that is not -1, else the negative errno, as the kernel itself does:
 * a number tells success and failure apart without an allocation. A buffer's length is taken from the buffer. A
 * descriptor that is no descriptor, or a buffer that is too short for its structure, is a bug and throws before the
 * call: the foreign side checks nothing.
 *
 * Structures are those of LP64, little-endian, which x86-64 and arm64 share.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  close(fd: number): number;
  bind(fd: number, address: Uint8Array): number;
  /** `address` receives as much of the socket's own address as it has room for. */
  getsockname(fd: number, address: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** Without an address the socket must be connected, or of a kind that needs none. */
  sendto(fd: number, bytes: Uint8Array, flags: number, address: Uint8Array | undefined): number;
  /** `messages` begins with `count` struct mmsghdr; whatever they point to is held by the caller. */
  sendmmsg(fd: number, messages: Uint8Array, count: number, flags: number): number;
  /** As `sendmmsg`; never waits for more than has arrived. */
  recvmmsg(fd: number, messages: Uint8Array, count: number, flags: number): number;
  read(fd: number, into: Uint8Array): number;
  /** `time` receives a struct timespec, 16 bytes. */
  clock_gettime(clock: number, time: Uint8Array): number;
  timerfd_create(clock: number, flags: number): number;
  /** `timer` is a struct itimerspec, 32 bytes. */
  timerfd_settime(fd: number, flags: number, timer: Uint8Array): number;
  /** `parameters` is a struct sched_param, 4 bytes. */
  sched_setscheduler(pid: number, policy: number, parameters: Uint8Array): number;
  /** `mask` has one bit for each processor. */
  sched_setaffinity(pid: number, mask: Uint8Array): number;
  setns(fd: number, kind: number): number;
  setpriority(which: number, who: number, priority: number): number;
  /** Throws RangeError where the path has a zero byte. */
  mkfifo(path: string, mode: number): number;
  inotify_init1(flags: number): number;
  inotify_add_watch(fd: number, path: string, mask: number): number;
  inotify_rm_watch(fd: number, watch: number): number;
  /** By syscall(2), since older C libraries have no function for it. */
  pidfd_open(pid: number, flags: number): number;
  /** `argument` is the structure that the request takes, such as a struct ifreq. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  prctl(option: number, argument: number): number;
  /** Undefined when there is no such interface. */
  if_indextoname(index: number): string | undefined;
  strerror(errno: number): string;

  /** Where the bytes lie. Stays true as long as the buffer behind them is referenced. */
  addressOf(bytes: Uint8Array): bigint;
  /**
   * Watches a descriptor in Node's own loop. The callback runs outside any callback scope of Node: promises and ticks
   * that it sets off wait for somebody else's turn, and what it throws surfaces late. `readiness` is what libuv reports,
   * a negative number when it has stopped watching because of an error on the descriptor.
   */
  poll(fd: number, callback: (readiness: number) => void): PollHandle;
  /**
   * Calls back in Node's loop for each signal of this number, by libuv's uv_signal_start, which takes the real-time
   * signals that Node's own API does not know. It cannot be undone and does not keep the process alive.
   */
  watchSignal(signal: number, callback: () => void): number;
}

/** A watch on a descriptor. It stops silently when it is garbage-collected, so whoever opens one holds it. */
export interface PollHandle {
  /** Goes on after an error, or `pause`, has stopped it. */
  restart(): void;
  pause(): void;
  /** Must come before the descriptor is closed. A second call does nothing. */
  close(): void;
  /** Whether this watch alone keeps the process running. */
  keepAlive(wanted: boolean): void;
}

/** Loads the native border at the first call; every later call gives the same one. */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

/** The outcome of a call, with words for people where it was refused. */
export function outcome(operation: string, result: number): Result<number, SystemFailure> {
  return result >= 0 ? succeed(result) : fail(failureOf(operation, -result));
}

export function failureOf(operation: string, errno: number): SystemFailure {
  return { operation, errno: errnoName(errno), message: libc().strerror(errno) };
}

/** The header's name of an error number: EPERM, EEXIST. A number without a name reads `E1234`. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES.get(errno) ?? `E${errno}`;
}

function load(): Libc {
  // A plain require, so that nobody who never calls the kernel loads a shared library.
  const koffi: typeof import("koffi") = createRequire(import.meta.url)("koffi");
  const library = koffi.load(null);
  const declare = (declaration: string): ((...values: readonly unknown[]) => number) => {
    const call = library.func(declaration);
    return (...values) => {
      const result = Number(call(...values));
      return result < 0 ? -koffi.errno() : result;
    };
  };

  const socket = declare("int socket(int, int, int)");
  const close = declare("int close(int)");
  const bind = declare("int bind(int, void *, uint32_t)");
  const getsockname = declare("int getsockname(int, void *, void *)");
  const setsockopt = declare("int setsockopt(int, int, int, void *, uint32_t)");
  const sendto = declare("int64_t sendto(int, void *, size_t, int, void *, uint32_t)");
  const sendmmsg = declare("int sendmmsg(int, void *, uint32_t, int)");
  const recvmmsg = declare("int recvmmsg(int, void *, uint32_t, int, void *)");
  const read = declare("int64_t read(int, void *, size_t)");
  const clock_gettime = declare("int clock_gettime(int, void *)");
  const timerfd_create = declare("int timerfd_create(int, int)");
  const timerfd_settime = declare("int timerfd_settime(int, int, void *, void *)");
  const sched_setscheduler = declare("int sched_setscheduler(int, int, void *)");
  const sched_setaffinity = declare("int sched_setaffinity(int, size_t, void *)");
  const setns = declare("int setns(int, int)");
  const setpriority = declare("int setpriority(int, uint32_t, int)");
  const inotify_init1 = declare("int inotify_init1(int)");
  const inotify_add_watch = declare("int inotify_add_watch(int, const char *, uint32_t)");
  const inotify_rm_watch = declare("int inotify_rm_watch(int, int)");
  const syscallOfTwo = declare("int64_t syscall(int64_t, int64_t, int64_t)");
  const ioctl = declare("int ioctl(int, ulong, void *)");
  const prctl = library.func("prctl", "int", ["int", "ulong", "ulong", "ulong", "ulong"]);
  const indexToName = library.func("void *if_indextoname(uint32_t, void *)");
  const errorText = library.func("const char *strerror(int)");
  const interfaceName = new Uint8Array(new ArrayBuffer(IF_NAMESIZE));

  const uvDefaultLoop = library.func("void *uv_default_loop()");
  const mkfifo = declare("int mkfifo(const char *, uint32_t)");
  const uvHandleSize = library.func("size_t uv_handle_size(int)");
  const uvSignalInit = library.func("int uv_signal_init(void *, void *)");
  const uvUnref = library.func("void uv_unref(void *)");
  const onSignal = koffi.proto("void HoldfastSignalCallback(void *, int)");
  const uvSignalStart = library.func("uv_signal_start", "int", ["void *", koffi.pointer(onSignal), "int"]);
  /** libuv keeps pointers to these for as long as the process lives. */
  const signalHandles: Uint8Array[] = [];

  return {
    socket,
    close: (fd) => close(descriptor(fd)),
    bind: (fd, address) => bind(descriptor(fd), address, address.byteLength),
    getsockname: (fd, address) => getsockname(descriptor(fd), address, Uint32Array.of(address.byteLength)),
    setsockopt: (fd, level, name, value) => setsockopt(descriptor(fd), level, name, value, value.byteLength),
    sendto: (fd, bytes, flags, address) =>
      sendto(descriptor(fd), bytes, bytes.byteLength, flags, address ?? null, address?.byteLength ?? 0),
    sendmmsg: (fd, messages, count, flags) => {
      atLeast(messages, count * SIZEOF_MMSGHDR);
      return sendmmsg(descriptor(fd), messages, count, flags);
    },
    recvmmsg: (fd, messages, count, flags) => {
      atLeast(messages, count * SIZEOF_MMSGHDR);
      return recvmmsg(descriptor(fd), messages, count, flags, null);
    },
    read: (fd, into) => read(descriptor(fd), into, into.byteLength),
    clock_gettime: (clock, time) => {
      atLeast(time, SIZEOF_TIMESPEC);
      return clock_gettime(clock, time);
    },
    timerfd_create,
    timerfd_settime: (fd, flags, timer) => {
      atLeast(timer, SIZEOF_ITIMERSPEC);
      return timerfd_settime(descriptor(fd), flags, timer, null);
    },
    sched_setscheduler: (pid, policy, parameters) => {
      atLeast(parameters, SIZEOF_SCHED_PARAM);
      return sched_setscheduler(pid, policy, parameters);
    },
    sched_setaffinity: (pid, mask) => sched_setaffinity(pid, mask.byteLength, mask),
    setns: (fd, kind) => setns(descriptor(fd), kind),
    setpriority,
    mkfifo: (path, mode) => {
      if (path.includes("\0")) throw new RangeError("Cannot use a path with a zero byte");
      return mkfifo(path, mode);
    },
    inotify_init1,
    inotify_add_watch: (fd, path, mask) => inotify_add_watch(descriptor(fd), path, mask),
    inotify_rm_watch: (fd, watch) => inotify_rm_watch(descriptor(fd), watch),
    pidfd_open: (pid, flags) => syscallOfTwo(SYS_PIDFD_OPEN, pid, flags),
    ioctl: (fd, request, argument) => {
      atLeast(argument, SIZEOF_IFREQ);
      return ioctl(descriptor(fd), request, argument);
    },
    prctl: (option, argument) => {
      const result = Number(prctl(option, argument, 0, 0, 0));
      return result < 0 ? -koffi.errno() : result;
    },
    if_indextoname: (index) => {
      if (indexToName(index, interfaceName) === null) return undefined;
      return new TextDecoder().decode(interfaceName.subarray(0, interfaceName.indexOf(0)));
    },
    strerror: (errno) => String(errorText(errno)),

    addressOf: (bytes) => koffi.address(bytes),
    poll: (fd, callback) => {
      // The published type leaves out the first argument of the callback, libuv's status.
      const report = (status: unknown): void => callback(Number(status));
      const handle = koffi.node.poll(descriptor(fd), { readable: true }, report);
      let open = true;
      // A method of a closed handle crashes the process.
      return {
        restart: () => {
          if (open) handle.start({ readable: true }, report);
        },
        pause: () => {
          if (open) handle.stop();
        },
        close: () => {
          if (open) handle.close();
          open = false;
        },
        keepAlive: (wanted) => {
          if (!open) return;
          if (wanted) handle.ref();
          else handle.unref();
        },
      };
    },
    watchSignal: (signal, callback) => {
      const handle = new Uint8Array(new ArrayBuffer(Number(uvHandleSize(UV_SIGNAL))));
      // libuv's own functions return the negative errno.
      const initialized = Number(uvSignalInit(uvDefaultLoop(), handle));
      if (initialized < 0) return initialized;
      signalHandles.push(handle);
      const started = Number(uvSignalStart(handle, koffi.register(callback, koffi.pointer(onSignal)), signal));
      uvUnref(handle);
      return started;
    },
  };
}

function descriptor(fd: number): number {
  assert(Number.isInteger(fd) && fd >= 0 && fd <= 0x7fff_ffff, `${fd} is a file descriptor`);
  return fd;
}

function atLeast(bytes: Uint8Array, length: number): void {
  assert(bytes.byteLength >= length, `a buffer of ${bytes.byteLength} bytes holds ${length}`);
}

let loaded: Libc | undefined;

const SIZEOF_MMSGHDR = 64;
const SIZEOF_TIMESPEC = 16;
const SIZEOF_ITIMERSPEC = 32;
const SIZEOF_SCHED_PARAM = 4;
const IF_NAMESIZE = 16;
const SIZEOF_IFREQ = 40;
/** asm-generic/unistd.h; x86-64 has the same number. */
const SYS_PIDFD_OPEN = 434;
/** uv_handle_type in uv.h, part of libuv's stable ABI. */
const UV_SIGNAL = 16;

/** Where two names share a number, the one that the kernel's headers define first stands. Node leaves a few out. */
const ERRNO_NAMES = new Map<number, string>([
  ...Object.entries(constants.errno)
    .filter(([name]) => name !== "EWOULDBLOCK" && name !== "ENOTSUP")
    .map(([name, number]): [number, string] => [number, name]),
  [64, "ENONET"],
  [94, "ESOCKTNOSUPPORT"],
  [96, "EPFNOSUPPORT"],
  [108, "ESHUTDOWN"],
  [112, "EHOSTDOWN"],
]);
