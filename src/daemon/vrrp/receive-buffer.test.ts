import { expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import type { BufferSettings } from "../../config/model/global.ts";
import { instance, virtualAddress } from "../../../test/simulation/settings.ts";
import { receiveBufferOf } from "./receive-buffer.ts";

const two = [virtualAddress(ip("10.0.0.100"), 24), virtualAddress(ip("10.0.0.101"), 24)];
const bufferOf = (adverts: BufferSettings["adverts"]): BufferSettings => ({
  adverts,
  kernelRequests: undefined,
  kernelEvents: undefined,
  processNotices: undefined,
});
const password = { kind: "password", password: "secret" } as const;
const header = { kind: "header", password: "secret" } as const;
const signature = {
  kind: "signature",
  keys: [],
  activeKey: 1,
  replay: { kind: "time", window: 5 },
  mode: "enforce",
} as const;

test.each([
  ["nothing configured: as it is", {}, undefined, undefined],
  ["MTU: so many times", {}, { measure: "mtu", times: 3 }, 4_500],
  ["a number of bytes: as it is", {}, { measure: { bytes: 70_000 }, times: 1 }, 70_000],
  // IP header, VRRP header, two addresses and eight bytes of authentication data (RFC 3768 section 5.1).
  ["ADVERT, version 2: 20 + 8 + 8 + 8 bytes each", {}, { measure: "advert", times: 3 }, 132],
  ["ADVERT, version 2, PASS: the same", { authentication: password }, { measure: "advert", times: 3 }, 132],
  ["ADVERT, version 2, AH: 24 more", { authentication: header }, { measure: "advert", times: 1 }, 68],
  ["ADVERT, version 3: 20 + 8 + 8", { version: 3 }, { measure: "advert", times: 1 }, 36],
  [
    "ADVERT, version 3, signed: 28 more",
    { version: 3, authentication: signature },
    { measure: "advert", times: 1 },
    64,
  ],
  ["kernel_rx_buf_size: before any policy", { receiveBuffer: 9_000 }, { measure: "mtu", times: 3 }, 9_000],
] as const)("room for adverts, %s", (_, settings, adverts, bytes) => {
  const model = instance({ virtualAddresses: two, ...settings });
  expect(receiveBufferOf(model, bufferOf(adverts), 1_500)).toBe(bytes);
});
