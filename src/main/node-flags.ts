/**
 * How every process of Holdfast runs Node.
 *
 * Node opens its debugger on SIGUSR1 until a handler stands, and exporters send SIGUSR1 to root daemons: the address
 * cannot be bound (192.0.2.0/24 is for documentation, RFC 5737), so nothing is opened. The heap's nursery is kept small
 * and V8 gets no threads of its own: the processes compute little.
 */
export const NODE_FLAGS: readonly string[] = [
  "--inspect-port=192.0.2.1:1900",
  "--max-semi-space-size=1",
  "--v8-pool-size=0",
];
