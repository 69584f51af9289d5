/**
 * Stands where no interface is named: what is sent goes by the routes, and all interfaces are heard. Empty, which is also
 * what SO_BINDTODEVICE takes for it (socket(7)).
 */
export const EVERY_INTERFACE = "";

/** The name of an interface for people. */
export function interfaceText(name: string): string {
  return name === EVERY_INTERFACE ? "all interfaces" : name;
}
