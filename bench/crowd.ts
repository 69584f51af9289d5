import { advertsOf, HEADER_LENGTHS, latestMs, type CapturedAdvert } from "./adverts.ts";
import { configurationOf, VIP_LINE, type Settings } from "./configuration.ts";
import { parsePcap } from "../src/lab/pcap.ts";
import { pass, type BenchNode, type Pair } from "./pair.ts";

/** Many virtual routers on few interfaces, with a VIP each. */
export interface Crowd {
  readonly instances: number;
  readonly interfaces: number;
  /** Seconds. */
  readonly interval: number;
}

/** The interfaces of a crowd; every host has the first one anyway. */
function devicesOf({ interfaces }: Crowd): string[] {
  return Array.from({ length: interfaces }, (_, index) => `eth${index}`);
}

export async function furnishCrowd({ stronger, weaker, client }: Pair, crowd: Crowd): Promise<void> {
  for (const [index, device] of devicesOf(crowd).entries()) {
    if (index === 0) continue;
    await stronger.host.addInterface(device, `10.79.${index}.1/24`);
    await weaker.host.addInterface(device, `10.79.${index}.2/24`);
    await client.addInterface(device, `10.79.${index}.9/24`);
  }
}

/** Starts both daemons, and comes back when one has been MASTER of everything and the other BACKUP for a while. */
export async function bootCrowd({ stronger, weaker }: Pair, crowd: Crowd): Promise<void> {
  const text = (priority: number): string => configurationOf({ ...settingsOf(crowd), priority });
  await stronger.start(text(100), "news");
  await holdsAll(stronger, crowd.instances);
  await weaker.start(text(99), "news");
  await pass(SETTLING_MS);
}

/** How often instances of the weaker node have taken over since it was started. */
export function takeOvers({ weaker }: Pair): number {
  return weaker.program.lines.filter((line) => MASTER.test(line)).length;
}

export interface Expense {
  /** Milliseconds of processor time in a second. */
  readonly master: number;
  readonly backup: number;
}

/** What both daemons do in so many milliseconds. Nobody looks at the network meanwhile. */
export async function expenseOf({ stronger, weaker }: Pair, forMs: number): Promise<Expense> {
  const nodes = [stronger, weaker];
  const before = await Promise.all(nodes.map((node) => node.cpuMs()));
  const sinceMs = performance.now();
  await pass(forMs);
  const after = await Promise.all(nodes.map((node) => node.cpuMs()));
  const seconds = (performance.now() - sinceMs) / 1000;
  const [master = 0, backup = 0] = after.map((ms, index) => (ms - (before[index] ?? 0)) / seconds);
  return { master, backup };
}

/** The adverts that the client hears of the stronger node for so many milliseconds. */
export async function listen({ client }: Pair, crowd: Crowd, forMs: number): Promise<CapturedAdvert[]> {
  const isOne = crowd.interfaces === 1;
  const sources = devicesOf(crowd).map((_, index) => (index === 0 ? "10.77.0.1" : `10.79.${index}.1`));
  const filter = `vrrp and (${sources.map((source) => `src host ${source}`).join(" or ")})`;
  const capture = await client.capture(filter, isOne ? "eth0" : "any");
  await pass(forMs);
  return advertsOf(parsePcap(await capture.stop()), isOne ? HEADER_LENGTHS.ethernet : HEADER_LENGTHS.any);
}

/** How late the latest of these adverts was. */
export function latenessOf(adverts: readonly CapturedAdvert[], { instances, interval }: Crowd): number {
  return latestMs(adverts, instances, interval * 1000);
}

function settingsOf(crowd: Crowd): Omit<Settings, "priority"> {
  return { interval: crowd.interval, instances: crowd.instances, devices: devicesOf(crowd) };
}

/** Waits until all VIPs are there. A log may have lost lines: thousands come at once. */
async function holdsAll({ host }: BenchNode, count: number): Promise<void> {
  const command = ["sh", "-c", `ip -o -4 addr show | grep -cE "${VIP_LINE}" || true`];
  const sinceMs = performance.now();
  for (let held = 0; held < count; held = Number(await host.runOrThrow(command))) {
    if (performance.now() - sinceMs > BOOT_MS) throw new Error(`${held} of ${count} addresses came`);
    await pass(LOOK_EVERY_MS);
  }
}

const MASTER = /Entering MASTER STATE/;
const BOOT_MS = 60_000;
const LOOK_EVERY_MS = 500;
/** What comes with the start, and what the engine of Holdfast makes of it, is to be over. */
const SETTLING_MS = 60_000;
