// Tools of the demo and the tests that come from Debian, and their installation without side effects: no service of a
// package that we bring is started or will start at the next boot.
import { spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Lists the tools that cannot be found in PATH or the system's own folders, with the package that has each. */
export function missingTools() {
  return TOOLS.filter((tool) => !isInstalled(tool.command));
}

/**
 * Installs packages and whatever they depend on. While dpkg runs, policy-rc.d forbids the start of any service; the
 * machine's own policy-rc.d is put back afterwards, on failure and on signals too. Services that arrive are disabled.
 * Failure is reported by `say` and otherwise ignored: the caller looks what is there. A signal ends this process, after
 * all that.
 */
export async function installPackages(packages, say) {
  const before = installedPackages();
  await withoutServices(say, () => {
    if (apt("install", ...packages) || (apt("update") && apt("install", ...packages))) return;
    say("apt-get failed; see above.");
  });
  const arrived = [...installedPackages()].filter((name) => !before.has(name));
  for (const service of servicesOf(arrived)) disable(service, say);
}

/** Puts back the machine's policy-rc.d if an earlier run was killed before it could. */
export function restoreAfterCrash(say) {
  if (!isOurs(POLICY) || isAlive(ownerOf(POLICY))) return;
  restorePolicy();
  say(`Put back ${POLICY}, which an interrupted run had left.`);
}

function isInstalled(command) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return folders.some((folder) => {
    try {
      if (folder === "") return false;
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function installedPackages() {
  const listed = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n"], { encoding: "utf8" });
  const lines = (listed.stdout ?? "").split("\n");
  return new Set(lines.filter((line) => line.endsWith(" installed")).map((line) => line.split(" ")[0]));
}

async function withoutServices(say, work) {
  // Waiting inside spawnSync, Node runs no handler. That these stand keeps a signal from ending us before `finally`;
  // apt-get in the same terminal gets Ctrl-C itself and ends, and then so do we.
  let signalled;
  const remember = (signal) => (signalled = signal);
  for (const signal of SIGNALS) process.on(signal, remember);
  waitForOther(say);
  setPolicy();
  try {
    work();
  } finally {
    restorePolicy();
  }
  // A signal that came meanwhile is delivered in the turns after this one.
  await new Promise((resume) => setTimeout(resume, 20));
  for (const signal of SIGNALS) process.off(signal, remember);
  if (signalled !== undefined) process.kill(process.pid, signalled);
}

// Two working copies may be set up at once. The second must not take the policy of the first for the machine's own.
function waitForOther(say) {
  for (let tries = 0; isOurs(POLICY) && isAlive(ownerOf(POLICY)); tries++) {
    if (tries === 0) say(`Waiting for another installation (pid ${ownerOf(POLICY)}).`);
    if (tries === 3000) throw new Error(`${POLICY} has been held by pid ${ownerOf(POLICY)} for ten minutes`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  if (isOurs(POLICY)) restorePolicy();
}

function setPolicy() {
  // Copied, then replaced in one step: whenever we are killed, either the machine's own or ours is in place.
  rmSync(SAVED, { force: true });
  if (existsSync(POLICY)) copyFileSync(POLICY, SAVED);
  const draft = `${POLICY}.${process.pid}`;
  writeFileSync(draft, `#!/bin/sh\n${MARK} ${process.pid}\nexit 101\n`);
  chmodSync(draft, 0o755);
  renameSync(draft, POLICY);
}

function restorePolicy() {
  if (!isOurs(POLICY)) return; // Somebody put another in place meanwhile.
  if (existsSync(SAVED)) renameSync(SAVED, POLICY);
  else rmSync(POLICY);
}

function isOurs(path) {
  return existsSync(path) && readFileSync(path, "latin1").includes(MARK);
}

function ownerOf(path) {
  return Number(/ (\d+)$/m.exec(readFileSync(path, "latin1").split(MARK)[1] ?? "")?.[1] ?? 0);
}

function isAlive(pid) {
  return pid > 0 && existsSync(`/proc/${pid}`);
}

function apt(verb, ...names) {
  const options = ["-y", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"];
  const install = verb === "install" ? ["--no-install-recommends"] : [];
  const result = spawnSync("apt-get", [verb, ...options, ...install, ...names], {
    // Nobody reads an installation that went well.
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1" },
  });
  if (result.status === 0) return true;
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`;
  process.stderr.write(output.split("\n").slice(-25).join("\n"));
  return false;
}

function servicesOf(packages) {
  if (packages.length === 0) return [];
  const listed = spawnSync("dpkg-query", ["-L", ...packages], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const services = new Set();
  for (const line of (listed.stdout ?? "").split("\n")) {
    const match = /^(?:\/usr)?\/lib\/systemd\/system\/([^/@]+)\.service$|^\/etc\/init\.d\/([^/]+)$/.exec(line);
    if (match !== null) services.add(match[1] ?? match[2]);
    // A service that a socket starts is enabled by the name of that.
    const socket = /^(?:\/usr)?\/lib\/systemd\/system\/([^/@]+\.socket)$/.exec(line);
    if (socket !== null) services.add(socket[1]);
  }
  return services;
}

function disable(service, say) {
  // With systemd running, a service that started by a way of its own is stopped too: it was not here before us.
  const now = existsSync("/run/systemd/system") ? ["--now"] : [];
  if (isInstalled("systemctl")) spawnSync("systemctl", ["disable", "--quiet", ...now, service], { stdio: "ignore" });
  else if (existsSync(`/etc/init.d/${service}`)) spawnSync("update-rc.d", [service, "disable"], { stdio: "ignore" });
  const enabled = spawnSync("systemctl", ["is-enabled", service], { encoding: "utf8" }).stdout?.trim();
  if (enabled === "enabled")
    say(`The service ${service} is still enabled; disable it with: systemctl disable ${service}`);
}

const POLICY = "/usr/sbin/policy-rc.d";
const SAVED = "/usr/sbin/policy-rc.d.saved-by-holdfast";
const MARK = "# Placed by the setup of Holdfast while it installs packages; pid";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

const TOOLS = [
  { command: "ip", package: "iproute2", purpose: "network namespaces of the demo and the tests" },
  { command: "nsenter", package: "util-linux", purpose: "programs inside those namespaces" },
  { command: "ps", package: "procps", purpose: "check scripts that ask whether nginx runs" },
  { command: "nginx", package: "nginx-light", purpose: "the service that the demo and the tests keep alive" },
  { command: "keepalived", package: "keepalived", purpose: "the peer that the tests and the bench compare with" },
  { command: "nft", package: "nftables", purpose: "losing packets on purpose in tests" },
  {
    command: "vtysh",
    package: "frr",
    purpose: "the other end of BFD sessions, and another VRRP, in tests and the bench",
  },
  { command: "snmpd", package: "snmpd", purpose: "the SNMP master agent that the tests serve" },
  { command: "snmpwalk", package: "snmp", purpose: "reading the tables of SNMP in tests" },
  { command: "snmptrapd", package: "snmptrapd", purpose: "hearing SNMP traps in tests" },
  { command: "openssl", package: "openssl", purpose: "certificates of mail servers in tests" },
  { command: "arping", package: "iputils-arping", purpose: "asking who answers for an address in tests" },
  { command: "tcpdump", package: "tcpdump", purpose: "recording packets in tests" },
  { command: "qemu-system-x86_64", package: "qemu-system-x86", purpose: "a virtual machine for tests of the kernel" },
  { command: "depmod", package: "kmod", purpose: "the modules of its kernel" },
  { command: "xz", package: "xz-utils", purpose: "unpacking its kernel" },
  { command: "mii-tool", package: "net-tools", purpose: "a second reader of link states in tests" },
  { command: "tshark", package: "tshark", purpose: "a second reader of our packets in tests" },
];
