import { describe, expect, test } from "vitest";
import { errnoName, failureOf, libc, outcome } from "./libc.ts";

describe("calls to the C library", () => {
  test("a refused call: the negative errno, and a failure with its name and text", () => {
    const result = libc().socket(1, 8, 0);
    expect(result).toBe(-94);
    expect(outcome("open a socket", result)).toEqual({
      ok: false,
      error: { operation: "open a socket", errno: "ESOCKTNOSUPPORT", message: "Socket type not supported" },
    });
  });

  test.each([
    [1, "EPERM", "Operation not permitted"],
    [11, "EAGAIN", "Resource temporarily unavailable"],
    [95, "EOPNOTSUPP", "Operation not supported"],
    [99, "EADDRNOTAVAIL", "Cannot assign requested address"],
    [105, "ENOBUFS", "No buffer space available"],
  ])("errno %i: %s as the headers and strerror(3) have it", (errno, name, message) => {
    expect(failureOf("try", errno)).toEqual({ operation: "try", errno: name, message });
  });

  test("an errno that nobody has named: its number", () => {
    expect(errnoName(4_000)).toBe("E4000");
  });

  test.each([Number.NaN, -1, 1.5, 0x8000_0000])("descriptor %d: a bug, which never reaches the kernel", (fd) => {
    expect(() => libc().close(fd)).toThrow("is a file descriptor");
    expect(() => libc().poll(fd, () => undefined)).toThrow("is a file descriptor");
  });

  test("a buffer that is too short for its structure: a bug, which never reaches the kernel", () => {
    expect(() => libc().clock_gettime(1, new Uint8Array(15))).toThrow("a buffer of 15 bytes holds 16");
    expect(() => libc().recvmmsg(0, new Uint8Array(127), 2, 0)).toThrow("a buffer of 127 bytes holds 128");
  });

  test("interface 1: lo; one that is not there: undefined", () => {
    expect(libc().if_indextoname(1)).toBe("lo");
    expect(libc().if_indextoname(0x7fff_ffff)).toBeUndefined();
  });
});
