import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MACHINE_FOLDER } from "../../tools/machine.mjs";

/** What a run in the virtual machine left. */
export interface MachineRun {
  /** The content of a file that the job wrote into its folder `results`; it must be there. */
  result(name: string): string;
  /** All that the job printed. */
  readonly output: string;
}

export interface Job {
  /**
   * A bash script, run by root in its own virtual machine. `$JOB` is a folder that it may write to; files `pull-cables` and
   * `plug-cables` that it makes there have the cables of all cards pulled and plugged. `$CARDS` are their MAC addresses.
   */
  readonly script: string;
  /** Further environment of the script. */
  readonly environment: Readonly<Record<string, string>>;
  /** How many Ethernet cards (Intel's 82540EM) it has. */
  readonly cards: number;
  /** Everything is killed then. */
  readonly limitMs: number;
}

/**
 * Runs a script in a virtual machine of its own with Debian's kernel, and removes it. The machine's root is this host's,
 * read-only below a file system in memory, so whatever is installed here is there; it has no network but its cards.
 *
 * The processor is emulated, so it takes ten times as long as here.
 */
export async function runInMachine(job: Job): Promise<MachineRun> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-machine-"));
  try {
    writeFileSync(join(folder, "init"), initOf(job));
    writeFileSync(join(folder, "script"), job.script);
    const requests = watch(folder, (_, name) => {
      if (name === "pull-cables" || name === "plug-cables") setCables(folder, job.cards, name === "plug-cables");
    });
    try {
      await boot(folder, job);
    } finally {
      requests.close();
    }
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    const output = read("output");
    const names = read("names").split("\n");
    const results = new Map(names.filter(Boolean).map((name) => [name, read(`results/${name}`)]));
    return {
      output,
      result: (name) => {
        const text = results.get(name);
        if (text === undefined) throw new Error(`The job left no ${name}. It printed:\n${output}`);
        return text;
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Comes back when the machine has switched itself off; fails where it has not in time, or the script never ended. */
function boot(folder: string, { cards, limitMs }: Job): Promise<void> {
  const share = (id: string, path: string, more: string): string[] => {
    const device = `virtio-9p-pci,fsdev=${id},mount_tag=${id}`;
    return ["-fsdev", `local,id=${id},security_model=none,multidevs=remap,path=${path}${more}`, "-device", device];
  };
  const cardsOf = Array.from({ length: cards }, (_, index) => {
    const card = `e1000,id=${cardName(index)},netdev=hub${index},mac=${cardMac(index)},romfile=`;
    return ["-netdev", `hubport,id=hub${index},hubid=${index}`, "-device", card];
  }).flat();
  const machine = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-M", "pc", "-accel", "tcg"];
  // A second processor makes an emulated machine slower.
  const size = ["-cpu", "max", "-smp", "1", "-m", "1024", "-serial", `file:${folder}/console`];
  const kernel = [
    "-kernel",
    `${MACHINE_FOLDER}/kernel`,
    "-initrd",
    `${MACHINE_FOLDER}/initrd`,
    "-append",
    KERNEL_OPTIONS,
  ];
  const control = ["-qmp", `unix:${folder}/control,server=on,wait=off`];
  const shares = [...share("host", "/", ",readonly=on"), ...share("job", folder, "")];
  return new Promise((resolve, reject) => {
    // Should the test runner be killed outright, the machine goes, too.
    const words = ["--pdeathsig", "KILL", "qemu-system-x86_64", ...machine, ...size, ...kernel, ...control];
    const qemu = spawn("setpriv", [...words, ...shares, ...cardsOf], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [qemu.stdout, qemu.stderr])
      stream.on("data", (text: Buffer) => void (said += text.toString()));
    const timer = setTimeout(() => qemu.kill("SIGKILL"), limitMs);
    qemu.once("error", reject);
    qemu.once("close", () => {
      clearTimeout(timer);
      const status = readOr(join(folder, "status"), "").trim();
      if (status === "0") return resolve();
      const reason = status === "" ? `did not end within ${limitMs} ms` : `ended with status ${status}`;
      const evidence = [said, readOr(join(folder, "console"), "").slice(-2_000), readOr(join(folder, "output"), "")];
      reject(new Error(`The job in the virtual machine ${reason}.\n${evidence.join("\n")}`));
    });
  });
}

/** By QEMU's own protocol: https://www.qemu.org/docs/master/interop/qemu-qmp-ref.html */
function setCables(folder: string, cards: number, up: boolean): void {
  const control = connect(join(folder, "control"));
  const commands = [
    { execute: "qmp_capabilities" },
    ...Array.from({ length: cards }, (_, index) => ({
      execute: "set_link",
      arguments: { name: cardName(index), up },
    })),
  ];
  for (const command of commands) control.write(`${JSON.stringify(command)}\n`);
  control.end();
  // The machine may have ended meanwhile; then the job says what it missed.
  control.on("error", () => undefined);
  control.resume();
}

function cardName(index: number): string {
  return `card${index}`;
}

function cardMac(index: number): string {
  return `02:00:00:00:0e:0${index}`;
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}

/** What the guest's first process does. The output goes to files: nothing is lost, however the run ends. */
function initOf({ environment, cards }: Job): string {
  const macs = Array.from({ length: cards }, (_, index) => cardMac(index)).join(" ");
  const exported = Object.entries({ PATH: process.env["PATH"] ?? "", CARDS: macs, ...environment });
  return `exec </dev/null >/dev/kmsg 2>&1
${exported.map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`).join("\n")}
export PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin JOB=/run/job HOME=/root
mount -nt proc proc /proc; mount -nt sysfs sys /sys; mount -nt cgroup2 cgroup /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm /run/lock
mount -nt devpts pts /dev/pts; mount -nt tmpfs shm /dev/shm
ln -sfn /proc/self/fd /dev/fd; for n in in:0 out:1 err:2; do ln -sfn /proc/self/fd/\${n#*:} /dev/std\${n%:*}; done
rm -rf /lib/modules; mkdir /lib/modules; ln -s '${MACHINE_FOLDER}/modules' /lib/modules/$(uname -r)
hostname machine; ip link set lo up
modprobe e1000
mkdir $JOB/results
bash $JOB/script >$JOB/output 2>&1
status=$?
ls $JOB/results >$JOB/names
echo $status >$JOB/status
echo o >/proc/sysrq-trigger; sleep 60
`;
}

/**
 * No messages but warnings, an exit at a panic, nothing that costs time in an emulator, no devices made by loading a module.
 * An emulated TSC may jump on a busy host; the HPET does not.
 */
const KERNEL_OPTIONS = [
  "console=ttyS0 quiet panic=-1 mitigations=off init_on_alloc=0 audit=0 apparmor=0 nowatchdog cryptomgr.notests",
  "no_timer_check rcupdate.rcu_expedited=1 random.trust_cpu=on dummy.numdummies=0 bonding.max_bonds=0 notsc",
].join(" ");
