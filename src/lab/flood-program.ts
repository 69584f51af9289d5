/*
 * Sends Ethernet frames on an interface in their order, again and again, so many a second all in all, or fewer where the
 * machine cannot. Arguments: interface perSecond file; the file has a frame a line, in hexadecimal digits, without its check
 * sequence. Says how many it has sent when it is ended by SIGTERM.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

const [, , device = "", perSecond = "", file = ""] = process.argv;

const koffi: typeof import("koffi") = createRequire(import.meta.url)("koffi");
const library = koffi.load(null);
const socket = library.func("int socket(int, int, int)");
const bind = library.func("int bind(int, void *, uint32_t)");
const sendmmsg = library.func("int sendmmsg(int, void *, uint32_t, int)");

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SIZEOF_SOCKADDR_LL = 20;
const SIZEOF_MMSGHDR = 64;
const SIZEOF_IOVEC = 16;
/** sendmmsg(2) takes no more at once. */
const UIO_MAXIOV = 1024;

const descriptor: unknown = socket(AF_PACKET, SOCK_RAW, 0);
if (Number(descriptor) < 0) throw new Error(`Cannot open a packet socket: errno ${koffi.errno()}`);
// struct sockaddr_ll: family 16, protocol 16, interface index 32, and what sending does not need.
const address = new DataView(new ArrayBuffer(SIZEOF_SOCKADDR_LL));
address.setUint16(0, AF_PACKET, true);
address.setInt32(4, Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8")), true);
const bound: unknown = bind(descriptor, new Uint8Array(address.buffer), SIZEOF_SOCKADDR_LL);
if (Number(bound) < 0) throw new Error(`Cannot bind to ${device}: errno ${koffi.errno()}`);

// One vector with every frame; any part of it can be sent.
const frames = readFileSync(file, "utf8")
  .split("\n")
  .map((frame) => new Uint8Array(Buffer.from(frame, "hex")));
const headers = new Uint8Array(frames.length * (SIZEOF_MMSGHDR + SIZEOF_IOVEC));
const view = new DataView(headers.buffer);
const vectors = frames.length * SIZEOF_MMSGHDR;
for (const [index, frame] of frames.entries()) {
  const vector = vectors + index * SIZEOF_IOVEC;
  view.setBigUint64(vector, koffi.address(frame), true);
  view.setBigUint64(vector + 8, BigInt(frame.length), true);
  view.setBigUint64(index * SIZEOF_MMSGHDR + 16, koffi.address(headers) + BigInt(vector), true);
  view.setBigUint64(index * SIZEOF_MMSGHDR + 24, 1n, true);
}

let sent = 0;
let [at, owed] = [0, 0];
let lookedAtMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  // What the machine was too slow for is not made up for.
  owed = Math.min(owed + ((nowMs - lookedAtMs) * Number(perSecond)) / 1000, Number(perSecond) / 20);
  lookedAtMs = nowMs;
  while (owed >= 1) {
    const count = Math.min(Math.floor(owed), frames.length - at, UIO_MAXIOV);
    sent += Math.max(0, Number(sendmmsg(descriptor, headers.subarray(at * SIZEOF_MMSGHDR), count, 0)));
    // What the interface had no room for is gone, as on a wire.
    owed -= count;
    at = (at + count) % frames.length;
  }
}, 1);
process.on("SIGTERM", () => {
  process.stdout.write(`sent ${sent}\n`);
  process.exit();
});
process.stdout.write("sending\n");
