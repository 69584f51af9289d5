import { expect, test } from "vitest";
import { arpRequest, echoRequest } from "./roll-call.ts";
import { echoRequestIpv6, neighborSolicitation } from "./roll-call-ipv6.ts";
import { AnswerBook } from "./wire-watch.ts";

const VIP6_DIGITS = "20010db8007700000000000000000100";
const VIP = "10.77.0.100";
const ASKER = { mac: "02:68:66:00:00:09", address: "10.77.0.9" };
const A = { name: "a", mac: "02:68:66:00:00:01", address: VIP };
const B = { name: "b", mac: "02:68:66:00:00:02", address: VIP };

test("a host that answers each question until it does not: one tenure, to its last answer", () => {
  const book = new AnswerBook(ASKER, [A, B]);
  for (const atMs of [0, 10, 20]) {
    ask(book, atMs);
    book.take({ atMs: atMs + 1, frame: echoReply("01") });
  }
  ask(book, 30);
  expect(book.tenures("a")).toEqual([{ fromMs: 1, untilMs: undefined }]);
  ask(book, 40);
  expect(book.tenures("a")).toEqual([{ fromMs: 1, untilMs: 21 }]);
  expect(book.answering).toEqual([]);
});

test("another that answers by ARP alone: it answers, too", () => {
  const book = new AnswerBook(ASKER, [A, B]);
  ask(book, 0);
  book.take({ atMs: 1, frame: echoReply("01") });
  book.take({ atMs: 2, frame: arpReply("02") });
  ask(book, 10);
  expect(book.answering).toEqual(["a", "b"]);
  expect(book.tenures("b")).toEqual([{ fromMs: 2, untilMs: undefined }]);
});

test("questions of the asker's own kernel, and answers for another address: nothing changes", () => {
  const book = new AnswerBook(ASKER, [A, B]);
  ask(book, 0);
  book.take({ atMs: 1, frame: echoReply("01") });
  book.take({ atMs: 2, frame: arpRequest(ASKER, VIP) });
  book.take({ atMs: 3, frame: echoReply("02", "0a4d0002") });
  book.take({ atMs: 4, frame: arpRequest(ASKER, VIP) });
  ask(book, 10);
  expect(book.answering).toEqual(["a"]);
  expect(book.tenures("a")).toEqual([{ fromMs: 1, untilMs: undefined }]);
  expect(book.tenures("b")).toEqual([]);
});

test("no question for a long time: nothing is said of it", () => {
  const book = new AnswerBook(ASKER, [A]);
  ask(book, 0);
  book.take({ atMs: 1, frame: arpReply("01") });
  ask(book, 5_000);
  book.take({ atMs: 5_001, frame: arpReply("01") });
  expect(book.tenures("a")).toEqual([{ fromMs: 1, untilMs: undefined }]);
});

test("questions for another address on the same wire: no round of these", () => {
  const book = new AnswerBook(ASKER, [A, B]);
  ask(book, 0);
  book.take({ atMs: 1, frame: echoReply("01") });
  book.take({ atMs: 5, frame: echoRequest(ASKER, { mac: A.mac, address: "10.77.0.101" }) });
  expect(book.asked).toBe(1);
  ask(book, 10);
  expect(book.answering).toEqual(["a"]);
});

test("over IPv6: an echo reply or a solicited advertisement is an answer, an announcement is none", () => {
  const asker = { ...ASKER, address: "2001:db8:77::9" };
  const [a, b] = [A, B].map((host) => ({ ...host, address: "2001:db8:77::100" }));
  const hosts = [a, b].filter((host) => host !== undefined);
  const book = new AnswerBook(asker, hosts);
  const askAll = (atMs: number): void => {
    for (const host of hosts) book.take({ atMs, frame: echoRequestIpv6(asker, host) });
    book.take({ atMs, frame: neighborSolicitation(asker, "2001:db8:77::100") });
  };
  askAll(0);
  book.take({ atMs: 1, frame: fromHost("01", "81000000 68660001") });
  book.take({ atMs: 2, frame: fromHost("02", `88000000 20000000 ${VIP6_DIGITS}`) });
  askAll(10);
  expect(book.answering).toEqual(["a"]);
  book.take({ atMs: 12, frame: fromHost("02", `88000000 60000000 ${VIP6_DIGITS}`) });
  askAll(20);
  expect(book.answering).toEqual(["b"]);
  expect(book.tenures("a")).toEqual([{ fromMs: 1, untilMs: 1 }]);
});

function ask(book: AnswerBook, atMs: number): void {
  for (const host of [A, B]) book.take({ atMs, frame: echoRequest(ASKER, host) });
  book.take({ atMs, frame: arpRequest(ASKER, VIP) });
}

/** RFC 792 type 0 in RFC 791 from an address, 10.77.0.100 unless given, to 10.77.0.9. */
function echoReply(lastOfMac: string, source = "0a4d0064"): Uint8Array {
  const ip = `4500001c 00000000 4001 0000 ${source} 0a4d0009`;
  return hex(`026866000009 0268660000${lastOfMac} 0800 ${ip} 00000000 68660001`);
}

/** RFC 4443 and RFC 4861 in RFC 8200: an ICMPv6 message from 2001:db8:77::100 to 2001:db8:77::9. */
function fromHost(lastOfMac: string, message: string): Uint8Array {
  const addresses = `${VIP6_DIGITS} 20010db8007700000000000000000009`;
  return hex(`026866000009 0268660000${lastOfMac} 86dd 60000000 0008 3aff ${addresses} ${message}`);
}

/** RFC 826: 10.77.0.100 is at the sender's, said to 10.77.0.9. */
function arpReply(lastOfMac: string): Uint8Array {
  const sender = `0268660000${lastOfMac}`;
  return hex(`026866000009 ${sender} 0806 00010800 06040002 ${sender} 0a4d0064 026866000009 0a4d0009`);
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}
