import type { BfdSessionStatus } from "../api/contract.ts";
import type { Random } from "../base/random.ts";
import { micros } from "../base/time.ts";
import { startBfdDriver, type BfdConfiguration, type BfdDriver } from "../daemon/bfd/driver.ts";
import { learnNews, type BfdNews } from "../daemon/bfd-news.ts";
import type { LogLevel } from "../ports/log.ts";
import type { Machine } from "./machine.ts";
import { SimProcess } from "./sim-process.ts";
import type { SimUdp } from "./sim-udp.ts";

/** The bfd process of one machine, which may run or not, and what the supervisor there keeps of its news. */
export class SimBfd {
  /** What is held of each session. It outlives the process. */
  readonly known = new Map<string, BfdNews>();
  readonly #machine: Machine;
  readonly #udp: SimUdp;
  readonly #random: Random;
  readonly #onLog: (level: LogLevel, text: string) => void;
  readonly #onNews: (news: readonly BfdNews[]) => void;
  #process: SimProcess | undefined;
  #driver: BfdDriver | undefined;

  /** `onNews`: it has passed the supervisor. */
  constructor(options: {
    readonly machine: Machine;
    readonly udp: SimUdp;
    readonly random: Random;
    readonly onLog: (level: LogLevel, text: string) => void;
    readonly onNews: (news: readonly BfdNews[]) => void;
  }) {
    this.#machine = options.machine;
    this.#udp = options.udp;
    this.#random = options.random;
    this.#onLog = options.onLog;
    this.#onNews = options.onNews;
  }

  get running(): boolean {
    return this.#process?.alive === true;
  }

  get stopped(): boolean {
    return this.#process?.stopped === true;
  }

  /** Starts the process. Nothing happens while one runs. */
  start(configuration: BfdConfiguration): void {
    if (this.running) return;
    const process = new SimProcess(this.#machine);
    this.#process = process;
    process.post(() => {
      this.#driver = startBfdDriver(configuration, {
        clock: process.clock(),
        udp: this.#udp.portFor(process),
        log: { write: this.#onLog },
        random: this.#random,
        tell: (news) => void this.#machine.after(FORWARDING, () => this.#forward(news)),
      });
    });
  }

  reload(configuration: BfdConfiguration): void {
    this.#process?.post(() => this.#driver?.reload(configuration));
  }

  /** SIGTERM: tells its neighbours and ends. */
  shutDown(): void {
    const process = this.#process;
    process?.post(() => this.#driver?.stop(() => process.exit()));
  }

  /** SIGKILL. */
  crash(): void {
    this.#process?.kill();
  }

  /** SIGSTOP. */
  stop(): void {
    this.#process?.stop();
  }

  /** SIGCONT. */
  resume(): void {
    this.#process?.resume();
  }

  /** What its process says of itself; nothing where it does not run. */
  status(): readonly BfdSessionStatus[] {
    return this.running ? (this.#driver?.status() ?? []) : [];
  }

  #forward(news: readonly BfdNews[]): void {
    learnNews(this.known, news);
    this.#onNews(news);
  }
}

/** From one process by the supervisor to another: measured on a quiet machine. */
const FORWARDING = micros(300);
