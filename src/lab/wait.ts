/** Bound for everything awaited here unless a caller knows better: generous, since it only limits how long a failure takes. */
export const PATIENCE_MS = 20_000;

/**
 * Waits for something that announces itself. It is looked at once at the beginning and again whenever `subscribe` calls
 * back; never by the clock.
 *
 * @param look Gives the thing, or undefined as long as it has not happened.
 * @param subscribe Calls back on every change that may matter, until the function it returned is called.
 * @param evidence Asked for only on failure: what was seen instead.
 * @throws Error that says what was awaited and for how long, with the evidence.
 */
export function waitFor<Value>(
  awaited: string,
  look: () => Value | undefined,
  subscribe: (changed: () => void) => () => void,
  evidence: () => string,
  withinMs = PATIENCE_MS,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let finish = (): void => {};
    const check = (): void => {
      try {
        const value = look();
        if (value === undefined) return;
        finish();
        resolve(value);
      } catch (error) {
        finish();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const unsubscribe = subscribe(check);
    const timer = setTimeout(() => {
      finish();
      reject(new Error(`Waited ${withinMs} ms in vain for ${awaited}.\n${evidence()}`));
    }, withinMs);
    finish = () => {
      clearTimeout(timer);
      unsubscribe();
    };
    check();
  });
}

/** Callbacks that want to hear of a change. */
export class Listeners {
  readonly #callbacks = new Set<() => void>();

  readonly subscribe = (callback: () => void): (() => void) => {
    this.#callbacks.add(callback);
    return () => void this.#callbacks.delete(callback);
  };

  notify(): void {
    // A set may change while it is walked; whoever leaves meanwhile is not called.
    for (const callback of this.#callbacks) callback();
  }
}
