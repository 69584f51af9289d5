import { expect, test } from "vitest";
import { advertsOf, HEADER_LENGTHS, latestMs, type CapturedAdvert } from "./adverts.ts";

const advert = (atMs: number, vrid = 1, priority = 100): CapturedAdvert => {
  return { atMs, source: "10.77.0.1", vrid, priority };
};

test("a frame that tcpdump wrote, from Ethernet and from all interfaces: who adverts what", () => {
  // 10.77.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 100, authtype none, intvl 1s, length 20
  const ip = "45c00028000100 00ff70cf840a4d0001e00000122133640101010f480a4d00640000000000000000".replace(" ", "");
  const bytes = (header: number): Uint8Array => Uint8Array.from([...new Uint8Array(header), ...Buffer.from(ip, "hex")]);
  const expected = [{ atMs: 7, source: "10.77.0.1", vrid: 51, priority: 100 }];
  expect(advertsOf([{ atMs: 7, frame: bytes(14) }], HEADER_LENGTHS.ethernet)).toEqual(expected);
  expect(advertsOf([{ atMs: 7, frame: bytes(20) }], HEADER_LENGTHS.any)).toEqual(expected);
  expect(advertsOf([{ atMs: 7, frame: new Uint8Array(60) }], HEADER_LENGTHS.ethernet)).toEqual([]);
});

test("pauses of 1,000, 1,004 and 996 ms where 1,000 are meant: 4 ms late at worst", () => {
  expect(latestMs([advert(0), advert(1_000), advert(2_004), advert(3_000)], 1, 1_000)).toBe(4);
});

test("two virtual routers in turns: each is judged by its own adverts", () => {
  const adverts = [advert(0), advert(500, 2), advert(1_000), advert(1_507, 2)];
  expect(latestMs(adverts, 2, 1_000)).toBe(7);
});

test("one of two heard once only, and one that gives up: no figure", () => {
  expect(() => latestMs([advert(0), advert(1_000), advert(5, 2)], 2, 1_000)).toThrow("Of 2 virtual routers 1");
  expect(() => latestMs([advert(0), advert(900, 1, 0)], 1, 1_000)).toThrow("gave up");
});
