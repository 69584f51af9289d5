/*
 * Sends Ethernet frames on an interface again and again, in their order. Arguments: interface everyMs frame…, each frame in
 * hexadecimal digits, without its check sequence.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

const [, , device = "", everyMs = "", ...frames] = process.argv;

const koffi: typeof import("koffi") = createRequire(import.meta.url)("koffi");
const library = koffi.load(null);
const socket = library.func("int socket(int, int, int)");
const sendto = library.func("int64_t sendto(int, void *, size_t, int, void *, uint32_t)");

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SIZEOF_SOCKADDR_LL = 20;

const interfaceIndex = Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"));
const descriptor: unknown = socket(AF_PACKET, SOCK_RAW, 0);
if (Number(descriptor) < 0) throw new Error(`Cannot open a packet socket: errno ${koffi.errno()}`);

// struct sockaddr_ll: family 16, protocol 16, interface index 32, and what sending does not need.
const destination = new Uint8Array(SIZEOF_SOCKADDR_LL);
const view = new DataView(destination.buffer);
view.setUint16(0, AF_PACKET, true);
view.setInt32(4, interfaceIndex, true);

const bytes = frames.map((frame) => new Uint8Array(Buffer.from(frame, "hex")));

setInterval(() => {
  for (const frame of bytes) sendto(descriptor, frame, frame.length, 0, destination, destination.length);
}, Number(everyMs));
process.stdout.write("sending\n");
