import { describe, expect, test } from "vitest";
import { parseMasterAddress } from "./master-address.ts";

// The forms are those of snmpcmd(1), "Agent specification".
describe("parseMasterAddress", () => {
  test.each([
    ["/var/agentx/master", { kind: "unix", path: "/var/agentx/master" }],
    ["unix:/run/agentx", { kind: "unix", path: "/run/agentx" }],
    ["tcp:localhost:705", { kind: "tcp", host: "localhost", port: 705 }],
    ["tcp:192.0.2.1:7050", { kind: "tcp", host: "192.0.2.1", port: 7050 }],
    ["tcp:192.0.2.1", { kind: "tcp", host: "192.0.2.1", port: 705 }],
    ["tcp:705", { kind: "tcp", host: "localhost", port: 705 }],
    ["192.0.2.1:705", { kind: "tcp", host: "192.0.2.1", port: 705 }],
    ["tcp6:[::1]:705", { kind: "tcp", host: "::1", port: 705 }],
    ["tcp6:[::1]", { kind: "tcp", host: "::1", port: 705 }],
    ["[2001:db8::1]:705", { kind: "tcp", host: "2001:db8::1", port: 705 }],
  ])("%s", (text, address) => {
    expect(parseMasterAddress(text)).toEqual(address);
  });

  test.each([
    "",
    "705",
    "master",
    "udp:localhost:161",
    "unix:",
    "tcp:",
    "tcp:host:0",
    "tcp:host:65536",
    "tcp:0",
    "tcp:a b",
  ])("%j: none", (text) => {
    expect(parseMasterAddress(text)).toBeUndefined();
  });
});
