import { connect, type Socket } from "node:net";
import type { StreamConnection, StreamEndpoint, StreamListener, Streams } from "../ports/streams.ts";

/** Connections of this process, in its network namespace. */
export function openLinuxStreams(): Streams {
  return { connect: open };
}

function open(endpoint: StreamEndpoint, listener: StreamListener): StreamConnection {
  const socket: Socket =
    endpoint.kind === "unix"
      ? connect({ path: endpoint.path })
      : connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    listener.closed(reason);
  };
  socket.on("connect", () => {
    if (!ended) listener.connected();
  });
  socket.on("data", (chunk: Buffer) => {
    if (!ended) listener.received(Uint8Array.from(chunk));
  });
  socket.on("error", (error) => end(error.message));
  socket.on("close", () => end("it has closed the connection"));
  return {
    send(bytes) {
      if (ended || socket.writableLength > MOST_WAITING) return false;
      socket.write(bytes);
      return true;
    },
    close() {
      if (ended) return;
      ended = true;
      socket.end();
      const limit = setTimeout(() => socket.destroy(), CLOSING_LIMIT_MS);
      limit.unref();
      socket.on("close", () => clearTimeout(limit));
    },
  };
}

/** Bytes that the other end has not taken. The longest answer is far smaller. */
const MOST_WAITING = 1_048_576;

const CLOSING_LIMIT_MS = 1_000;
