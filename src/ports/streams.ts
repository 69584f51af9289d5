/** Where somebody listens. */
export type StreamEndpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** What a connection leads to; each call in a turn of its own, and none after `closed`. */
export interface StreamListener {
  connected(): void;
  /** Bytes as they come: parts of messages, and several at once. A copy. */
  received(bytes: Uint8Array): void;
  /** It could not be made, or has ended. `reason` is for people. Comes once, and not after `close`. */
  closed(reason: string): void;
}

/** A connection, or the way to one. */
export interface StreamConnection {
  /** Without waiting; false where so much waits to be sent already that the other end cannot be well. Then nothing is sent. */
  send(bytes: Uint8Array): boolean;
  /** What was given to `send` still goes out, as far as the other end takes it within a second. A second call does nothing. */
  close(): void;
}

/** Streams of bytes to other programs: sockets of the unix kind and of TCP. */
export interface Streams {
  connect(endpoint: StreamEndpoint, listener: StreamListener): StreamConnection;
}
