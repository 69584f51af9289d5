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
 * The nursery of the heap stays small, and the optimizing compiler is left out, whose code and products would be 6 MB of each
 * process; the quick one (Sparkplug) costs nothing that can be measured, and saves a quarter of the time of a process with
 * hundreds of instances.
 */
export const NODE_FLAGS: readonly string[] = [
  "--inspect-port=192.0.2.1:1900",
  "--single-threaded-gc",
  "--max-semi-space-size=1",
  "--heap-growing-percent=50",
  "--v8-pool-size=0",
  "--no-opt",
  "--sparkplug",
];

/** Turns off, in a process that was started without `NODE_FLAGS`, what can still be turned off. */
export function saveMemory(): void {
  for (const flag of ["--max-semi-space-size=1", "--no-opt"]) setFlagsFromString(flag);
}
