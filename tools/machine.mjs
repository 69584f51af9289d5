// A kernel for the virtual machine that some tests need (docs/adr/0031-a-virtual-machine-for-tests.md): Debian's own, taken
// out of its package without being installed, and a first file system that hands over to this machine's.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Where it is kept. Delete the folder to get a newer kernel. */
export const MACHINE_FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), ".cache/machine");

/** Whether there is nothing to do: it is there, or this machine cannot have it. */
export function hasMachineKernel() {
  return process.arch !== "x64" || existsSync(join(MACHINE_FOLDER, "version"));
}

/** Fetches and prepares it, which takes a quarter of a minute and 140 MB. Says why where it fails. */
export function provideMachineKernel(say) {
  const draft = `${MACHINE_FOLDER}.${process.pid}`;
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(join(draft, "root"), { recursive: true });
    prepare(draft);
    rmSync(MACHINE_FOLDER, { recursive: true, force: true });
    renameSync(draft, MACHINE_FOLDER);
  } catch (error) {
    say(`There is no kernel for the tests in a virtual machine: ${error.message}`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function prepare(folder) {
  // The kernel of Debian's clouds is smaller, but has no 9p.
  const kernel = /Depends: (\S+)/.exec(run(folder, "apt-cache", "depends", "linux-image-amd64"))?.[1];
  if (kernel === undefined) throw new Error("Debian's package linux-image-amd64 is not known here");
  const download = ["-q", "-o", "APT::Sandbox::User=root", "download", kernel, "busybox-static"];
  if (!succeeds(folder, "apt-get", ...download)) {
    run(folder, "apt-get", "-q", "update");
    run(folder, "apt-get", ...download);
  }
  const left = LEFT_OUT.map((pattern) => `--exclude='${pattern}'`).join(" ");
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".deb"))) {
    run(folder, "sh", "-c", `dpkg-deb --fsys-tarfile ${name} | tar -x -C root ${left}`);
  }
  const root = join(folder, "root");
  // Where /lib is a link to /usr/lib, newer packages have the modules there.
  const home = existsSync(join(root, "usr/lib/modules")) ? join(root, "usr/lib/modules") : join(root, "lib/modules");
  const version = readdirSync(home)[0];
  if (version === undefined) throw new Error(`there are no modules in ${kernel}`);
  mkdirSync(join(root, "lib"), { recursive: true });
  if (!existsSync(join(root, "lib/modules"))) renameSync(home, join(root, "lib/modules"));
  run(folder, "depmod", "-b", root, version);
  unpackKernel(folder, join(root, "boot", `vmlinuz-${version}`));
  makeFirstFileSystem(folder, root, version);
  renameSync(join(root, "lib/modules", version), join(folder, "modules"));
  for (const name of readdirSync(folder)) {
    if (!["modules", "kernel", "initrd"].includes(name)) rmSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, "version"), `${version}\n`);
}

// QEMU starts an unpacked kernel directly, which saves unpacking it at each start. Fields of the header say where in the file
// the packed one is (Documentation/arch/x86/boot.rst).
function unpackKernel(folder, path) {
  const image = readFileSync(path);
  const start = (image[0x1f1] + 1) * 512 + image.readUInt32LE(0x248);
  // Behind it stands its unpacked length.
  const packed = image.subarray(start, start + image.readUInt32LE(0x24c) - 4);
  const tool = PACKERS.find(({ magic }) => packed.subarray(0, magic.length).equals(magic))?.tool;
  const unpacked = tool && spawnSync(tool, ["-dc"], { input: packed, maxBuffer: 512 * 1024 * 1024 });
  if (unpacked?.status === 0) writeFileSync(join(folder, "kernel"), unpacked.stdout);
  else copyFileSync(path, join(folder, "kernel"));
}

// Busybox, the modules that the root file system needs, and `init`.
function makeFirstFileSystem(folder, root, version) {
  const first = join(folder, "first");
  mkdirSync(join(first, "mods"), { recursive: true });
  const busybox = [join(root, "bin/busybox"), join(root, "usr/bin/busybox")].find((path) => existsSync(path));
  if (busybox === undefined) throw new Error("there is no busybox in busybox-static");
  copyFileSync(busybox, join(first, "busybox"));
  const listed = MODULES.map((name) => run(folder, "modprobe", "-d", root, "-S", version, "--show-depends", name));
  const paths = new Set([...listed.join("\n").matchAll(/^insmod (\S+)/gm)].map(([, path]) => path));
  for (const [index, path] of [...paths].entries()) {
    const target = join(first, "mods", `${String(index).padStart(2, "0")}.ko`);
    if (path.endsWith(".xz")) writeFileSync(target, spawnSync("xz", ["-dc", path], { maxBuffer: MOST }).stdout);
    else copyFileSync(path, target);
  }
  writeFileSync(join(first, "init"), INIT, { mode: 0o755 });
  run(first, "sh", "-c", "find . | ./busybox cpio -o -H newc > ../initrd 2>/dev/null");
}

function succeeds(folder, program, ...words) {
  return spawnSync(program, words, { cwd: folder, stdio: "ignore", env: ENVIRONMENT }).status === 0;
}

function run(folder, program, ...words) {
  const result = spawnSync(program, words, { cwd: folder, encoding: "utf8", env: ENVIRONMENT, maxBuffer: MOST });
  if (result.status === 0) return result.stdout;
  const reason = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
  throw new Error(`${program} ${words[0] ?? ""}: ${reason}`);
}

const ENVIRONMENT = { ...process.env, DEBIAN_FRONTEND: "noninteractive", PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const MOST = 64 * 1024 * 1024;
/** Of the kernel's drivers a virtual machine needs few. */
const LEFT_OUT = [
  "*/kernel/sound",
  "*/kernel/drivers/[a-mo-uw-z]*",
  "*/net/wireless",
  "*/net/ethernet/[!i]*",
  "*/net/ethernet/intel/[!e]*",
  "*/usr/share",
];
const MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];
const PACKERS = [
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), tool: "xz" },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), tool: "zstd" },
  { magic: Buffer.from([0x1f, 0x8b]), tool: "gzip" },
];
/** The guest's root is this machine's, read-only, below a file system in memory. What the guest is to do comes by 9p, too. */
const INIT = `#!/busybox sh
/busybox mkdir -p /bin /proc /dev /host /ram /new
/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
for module in /mods/*; do insmod $module; done
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /host
mount -t tmpfs ram /ram
mkdir /ram/upper /ram/work
mount -t overlay -o lowerdir=/host,upperdir=/ram/upper,workdir=/ram/work root /new
mount --move /dev /new/dev
mount -t tmpfs run /new/run
mkdir /new/run/job
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 job /new/run/job
exec switch_root /new /bin/bash /run/job/init
`;
