import { setFlagsFromString } from "node:v8";

/**
 * How the processes of a daemon run Node.
 *
 * Node opens its debugger on SIGUSR1 until a handler stands, and exporters send SIGUSR1 to root daemons: the address
 * cannot be bound (192.0.2.0/24 is for documentation, RFC 5737), so nothing is opened.
 *
 * V8 collects garbage on the main thread alone. With threads of its own it has the main thread go round and round until they
 * have done their part; under real-time scheduling, on a busy machine, they do not come to it for most of a second
 * (docs/adr/0038-garbage-in-real-time.md).
 *
 * The rest is for memory, measured: these processes compute little, so the heap's nursery stays small, V8 gets no threads
 * of its own, and its compilers are left out, whose code alone would be 4 MB of each process. A batch of 1,000 renewed
 * addresses takes as long without them, since nearly all of it is the kernel's time.
 */
export const NODE_FLAGS: readonly string[] = [
  "--inspect-port=192.0.2.1:1900",
  "--single-threaded-gc",
  "--max-semi-space-size=1",
  "--v8-pool-size=0",
  "--no-opt",
  "--no-sparkplug",
];

/** Turns off, in a process that was started without `NODE_FLAGS`, what can still be turned off. */
export function saveMemory(): void {
  for (const flag of ["--max-semi-space-size=1", "--no-opt", "--no-sparkplug"]) setFlagsFromString(flag);
}
