import { describe, expect, test } from "vitest";
import { ip } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { FileFacts, Files } from "../ports/files.ts";
import type { AddressRecord, Kernel } from "../ports/kernel.ts";
import type { LinkFacts } from "./host-facts.ts";
import { readHostFacts } from "./host-facts.ts";

describe("readHostFacts, program", () => {
  test("root's own, all the way up: found, executable, secure", () => {
    expect(program({})).toEqual({
      kind: "found",
      path: "/usr/bin/check",
      executable: true,
      insecureBecause: undefined,
    });
  });

  test.each([
    [{ "/usr/bin/check": { ...ROOT_FILE, uid: 1000 } }, '"/usr/bin/check" belongs to user 1000'],
    [{ "/usr/bin/check": { ...ROOT_FILE, mode: 0o757 } }, '"/usr/bin/check" may be written by everybody'],
    [{ "/usr/bin": { ...ROOT_FOLDER, mode: 0o775, gid: 50 } }, '"/usr/bin" may be written by group 50'],
    [{ "/usr": { ...ROOT_FOLDER, uid: 7 } }, '"/usr" belongs to user 7'],
    [{ "/": { ...ROOT_FOLDER, mode: 0o777 } }, '"/" may be written by everybody'],
  ])("%j: insecure because %s", (change, because) => {
    expect(program(change)).toMatchObject({ insecureBecause: because });
  });

  test("root's group may write: root is alone in it", () => {
    expect(program({ "/usr": { ...ROOT_FOLDER, mode: 0o775 } })).toMatchObject({ insecureBecause: undefined });
  });

  test("below a folder with the sticky bit, as /tmp is: nobody else may replace it (keepalived 2.2.7 runs it)", () => {
    const sticky = { ...ROOT_FOLDER, mode: 0o1777 };
    expect(program({ "/usr": sticky })).toMatchObject({ insecureBecause: undefined });
    expect(program({ "/usr": sticky, "/usr/bin": { ...ROOT_FOLDER, mode: 0o777 } })).toMatchObject({
      insecureBecause: '"/usr/bin" may be written by everybody',
    });
    expect(program({ "/usr/bin/check": { ...ROOT_FILE, mode: 0o1757 } })).toMatchObject({
      insecureBecause: '"/usr/bin/check" may be written by everybody',
    });
  });

  test("links: whoever may replace one on the way chooses what is run, also in the middle of several", () => {
    const first = { target: "usr/bin", uid: 0 };
    expect(linked({ "/bin": first }, {})).toBeUndefined();
    expect(linked({ "/bin": { ...first, uid: 1000 } }, {})).toBe('the link "/bin" belongs to user 1000');
    const links = {
      "/bin": first,
      "/usr/bin/check": { target: "../../srv/app/check", uid: 0 },
      "/srv/app/check": { target: "/usr/bin/real", uid: 0 },
    };
    const folders = { "/srv": ROOT_FOLDER, "/srv/app": ROOT_FOLDER, "/usr/bin/real": ROOT_FILE };
    expect(linked(links, folders)).toBeUndefined();
    const foreign = { ...folders, "/srv/app": { ...ROOT_FOLDER, uid: 1000 } };
    expect(linked(links, foreign)).toBe('"/srv/app" belongs to user 1000');
    const open = { ...folders, "/srv": { ...ROOT_FOLDER, mode: 0o777 } };
    expect(linked(links, open)).toBe('"/srv" may be written by everybody');
  });

  test("links that lead in circles: the walk ends", () => {
    expect(linked({ "/bin": { target: "/bin", uid: 0 } }, {})).toBeUndefined();
  });

  test("no execute bit, or a folder: not executable", () => {
    expect(program({ "/usr/bin/check": { ...ROOT_FILE, mode: 0o644 } })).toMatchObject({ executable: false });
    expect(program({ "/usr/bin/check": ROOT_FOLDER })).toMatchObject({ executable: false });
  });

  test("not in PATH: missing", () => {
    expect(facts({}, []).program("other")).toEqual({ kind: "missing" });
  });
});

test("readHostFacts, the text of a script: none of a binary, a folder, or what is not executable", () => {
  const text = (bytes: string, change: Readonly<Record<string, FileFacts>> = {}): string | undefined =>
    readHostFacts({
      kernel: undefined,
      files: { ...filesOf(change), read: () => succeed(new TextEncoder().encode(bytes)) },
      readLink: noLink,
      processes: { findAccount: () => NOBODY },
    }).scriptText("/usr/bin/check");
  expect(text("exit 0\n")).toBe("exit 0\n");
  expect(text("\x7fELF\x02\x01\x01\x00")).toBeUndefined();
  expect(text("exit 0\n", { "/usr/bin/check": { ...ROOT_FILE, mode: 0o644 } })).toBeUndefined();
  expect(text("exit 0\n", { "/usr/bin/check": ROOT_FOLDER })).toBeUndefined();
  expect(facts({}, []).scriptText("/usr/bin/check")).toBeUndefined();
});

test.each([
  [0, 0o600, "private"],
  [0, 0o400, "private"],
  [0, 0o640, "readable-by-others"],
  [0, 0o604, "readable-by-others"],
  [1000, 0o600, "readable-by-others"],
])("readHostFacts, a secret of user %i with mode %o: %s", (uid, mode, secret) => {
  expect(facts({ "/usr/bin/check": { ...ROOT_FILE, uid, mode } }, []).secret("/usr/bin/check")).toBe(secret);
  expect(facts({}, []).secret("/no/such/file")).toBe("missing");
});

test("readHostFacts, addresses: those that Holdfast (0x48) or keepalived (18) added are not the host's own", () => {
  const records = [
    record("192.0.2.1", undefined),
    record("192.0.2.2", 0x48),
    record("192.0.2.3", 18),
    record("192.0.2.4", 3),
  ];
  expect(facts({}, records).ownAddresses()).toEqual(["192.0.2.1", "192.0.2.4"]);
});

test("readHostFacts, interfaces: told apart; without a kernel to ask nothing is claimed", () => {
  expect([facts({}, []).interfaceExists("eth0"), facts({}, []).interfaceExists("eth1")]).toEqual([true, false]);
  const blind = readHostFacts({
    kernel: undefined,
    files: filesOf({}),
    readLink: noLink,
    processes: { findAccount: () => NOBODY },
  });
  expect([blind.interfaceExists("eth0"), blind.ownAddresses()]).toEqual([undefined, []]);
});

test("readHostFacts, accounts: one that nobody has does not exist", () => {
  expect(facts({}, []).accountExists("ghost", undefined)).toBe(false);
});

function program(change: Readonly<Record<string, FileFacts>>): unknown {
  return facts(change, []).program("check");
}

/** Why /bin/check is insecure, which the fake resolves to what lies behind all links. */
function linked(
  links: Readonly<Record<string, LinkFacts>>,
  change: Readonly<Record<string, FileFacts>>,
): string | undefined {
  const resolved = "/usr/bin/real" in change ? "/usr/bin/real" : "/usr/bin/check";
  const files: Files = { ...filesOf(change), resolve: () => succeed(resolved) };
  const readLink = (path: string): LinkFacts | undefined => links[path];
  const host = readHostFacts({ kernel: undefined, files, readLink, processes: { findAccount: () => NOBODY } });
  const judged = host.program("check");
  return judged.kind === "found" ? judged.insecureBecause : judged.kind;
}

function facts(
  change: Readonly<Record<string, FileFacts>>,
  records: readonly AddressRecord[],
): ReturnType<typeof readHostFacts> {
  const refused = fail({ operation: "use", errno: "EPERM", message: "not here" });
  const device = { index: 2, name: "eth0", up: true, running: true, multicast: true, loopback: false, noArp: false };
  const kernel: Kernel = {
    interfaces: () => succeed([{ ...device, mtu: 1500, mac: undefined, forwardsIpv6: false }]),
    addresses: () => succeed(records),
    addAddress: () => refused,
    addAddresses: () => [],
    prepareAddresses: () => undefined,
    renewAddresses: () => [],
    removeAddress: () => refused,
    openMonitor: () => refused,
  };
  return readHostFacts({ kernel, files: filesOf(change), readLink: noLink, processes: { findAccount: () => NOBODY } });
}

/** /usr/bin/check is a link's target; its way up is root's unless changed. */
function filesOf(change: Readonly<Record<string, FileFacts>>): Files {
  const all: Readonly<Record<string, FileFacts>> = {
    "/": ROOT_FOLDER,
    "/usr": ROOT_FOLDER,
    "/usr/bin": ROOT_FOLDER,
    "/usr/bin/check": ROOT_FILE,
    ...change,
  };
  const absent = fail({ operation: "find", errno: "ENOENT", message: "No such file or directory" });
  return {
    findProgram: (name) => (name === "check" ? succeed("/bin/check") : absent),
    resolve: (path) => succeed(path.replace(/^\/bin/, "/usr/bin")),
    facts: (path) => {
      const known = all[path];
      return known === undefined ? absent : succeed(known);
    },
    read: () => absent,
    append: () => absent,
    replace: () => absent,
    remove: () => absent,
  };
}

function noLink(): undefined {}

function record(address: string, protocol: number | undefined): AddressRecord {
  return {
    interfaceIndex: 2,
    address: ip(address),
    prefixLength: 24,
    secondary: false,
    tentative: false,
    protocol,
    validLifetime: "forever",
  };
}

const ROOT_FOLDER: FileFacts = { kind: "directory", uid: 0, gid: 0, mode: 0o755 };
const ROOT_FILE: FileFacts = { kind: "file", uid: 0, gid: 0, mode: 0o755 };
const NOBODY = fail({ operation: "find", errno: "ENOENT", message: "no such user" });
