import { describe, expect, test } from "vitest";
import type { NextHop, Route } from "../../../src/base/route.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { fail, succeed } from "../../../src/base/result.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import type { RoutingSettings } from "../../../src/config/model/routing.ts";
import type { NetlinkRequest } from "../../../src/wire/netlink/message.ts";
import { addRoute } from "../../../src/wire/netlink/route.ts";
import { addRule } from "../../../src/wire/netlink/rule.ts";
import { readJson } from "./read-vector.ts";

/*
 * routing-by-ip.json: what ip(8) of iproute2 6.1 sends for a command, seen by strace, beside the line of keepalived.conf that
 * asks for the same. Lines of routes end in `add`, which is what `ip route add` does; keepalived's own way is to prepend.
 */
describe("a line of keepalived.conf asks the kernel for what ip(8) asks for", () => {
  test.each(readJson<readonly Vector[]>("routing-by-ip"))("$ip", ({ line, type, flags, payload }) => {
    const request = requestOf(settingsOf(line));
    expect(request.type).toBe(type);
    expect(request.flags).toBe(flags & ~(NLM_F_REQUEST | NLM_F_ACK));
    const isRoute = type === RTM_NEWROUTE;
    expect(factsOf(request.payload, isRoute)).toEqual(factsOf(Uint8Array.from(Buffer.from(payload, "hex")), isRoute));
  });
});

interface Vector {
  readonly ip: string;
  readonly line: string;
  readonly type: number;
  readonly flags: number;
  /** Behind the nlmsghdr. */
  readonly payload: string;
}

function settingsOf(line: string): RoutingSettings {
  const isRule = /table 7 |preference|priority 30/.test(line) && !line.endsWith(" add");
  const text = `vrrp_instance a {\ninterface eth0\nvirtual_router_id 7\nvirtual_${isRule ? "rules" : "routes"} {\n${line}\n}\n}\n`;
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const reader = {
    read: (path: string) => (path === "/x" ? succeed(new TextEncoder().encode(text)) : missing),
    list: () => missing,
    facts: () => missing,
  };
  const options = { configId: "", environment: () => undefined, random: seededRandom(1) };
  const { configuration, diagnostics } = loadConfiguration("/x", reader, options);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const [settings] = configuration.instances[0]?.routing ?? [];
  return settings ?? expect.fail("the line gave nothing");
}

function requestOf(settings: RoutingSettings): NetlinkRequest {
  if (settings.kind === "rule") return addRule(settings.rule);
  const { route } = settings;
  const hops = route.hops.map((hop): NextHop<number> => ({ ...hop, device: hop.device === undefined ? undefined : ETH0 }));
  const resolved: Route<number> = { ...route, vrf: undefined, hops };
  return addRoute(resolved);
}

/** The fixed header, then the attributes without their padding, in an order of their own: the kernel does not mind it. */
function factsOf(payload: Uint8Array, isRoute: boolean): unknown {
  return { header: hex(payload.subarray(0, 12)), attributes: attributesOf(payload.subarray(12), isRoute ? NESTED : []) };
}

function attributesOf(bytes: Uint8Array, nested: readonly number[]): readonly string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true) & 0x3fff;
    const value = bytes.subarray(at + 4, at + length);
    // ip(8) gives the address of ::/0, of which no bit counts.
    if (!(type === RTA_DST && value.length === 16 && value.every((byte) => byte === 0)))
      found.push(`${type}: ${nested.includes(type) ? `[${attributesOf(value, []).join(", ")}]` : hex(value)}`);
    at += Math.ceil(length / 4) * 4;
  }
  return found.toSorted();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const RTM_NEWROUTE = 24;
const RTA_DST = 1;
/** RTA_METRICS and RTA_ENCAP. */
const NESTED: readonly number[] = [8, 22];
/** Its index where the vectors were made. */
const ETH0 = 3;
