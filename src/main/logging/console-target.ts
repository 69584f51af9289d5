import { constants, fstatSync, openSync, writeSync } from "node:fs";

/** Somewhere a line goes, as bytes. Never blocks for longer than a local disk takes, never throws. */
export interface LineSink {
  write(line: string): void;
}

/**
 * Standard error as a place for log lines, without its danger: when nobody reads the other end of a pipe or terminal
 * any more (`| less`, a stopped terminal, a stuck journal), a blocking write would stop the vrrp process and cost it the
 * VIP. What cannot be written at once is dropped, and counted in the next line that can.
 */
export function openConsole(): LineSink {
  const write = openNonBlocking();
  let dropped = 0;
  return {
    write(line) {
      const text = dropped === 0 ? line : `(${dropped} lines were dropped: nobody read them)\n${line}`;
      if (write(cut(text))) dropped = 0;
      else dropped += 1;
    },
  };
}

/** Tells whether the text was written. */
type Attempt = (text: string) => boolean;

function openNonBlocking(): Attempt {
  let facts;
  try {
    facts = fstatSync(STANDARD_ERROR);
  } catch {
    // Closed by whoever started us.
    return () => true;
  }
  if (facts.isSocket()) return socketAttempt();
  // A regular file never blocks, and its offset is shared with whoever opened it.
  if (facts.isFile()) return descriptorAttempt(STANDARD_ERROR);
  try {
    // A description of our own: O_NONBLOCK on the inherited one would hit the shell that shares it.
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    return descriptorAttempt(openSync(`/proc/self/fd/${STANDARD_ERROR}`, flags));
  } catch {
    // A terminal that belongs to somebody else, after su(1): no other way than the inherited descriptor.
    return descriptorAttempt(STANDARD_ERROR);
  }
}

function descriptorAttempt(fd: number): Attempt {
  return (text) => {
    try {
      writeSync(fd, text);
      return true;
    } catch {
      return false;
    }
  };
}

/** systemd gives its services a stream socket, which cannot be opened a second time. */
function socketAttempt(): Attempt {
  const { Socket } = process.getBuiltinModule("node:net");
  const socket = new Socket({ fd: STANDARD_ERROR, readable: false, writable: true });
  socket.on("error", () => {});
  // It must not keep the process alive.
  socket.unref();
  return (text) => {
    if (socket.destroyed || socket.writableLength > SOCKET_BACKLOG) return false;
    socket.write(text);
    return true;
  };
}

/** A pipe takes up to PIPE_BUF bytes as a whole or not at all. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= PIPE_BUF ? text : `${bytes.subarray(0, PIPE_BUF - 8).toString("utf8")}...\n`;
}

const STANDARD_ERROR = 2;
const PIPE_BUF = 4_096;
const SOCKET_BACKLOG = 262_144;
