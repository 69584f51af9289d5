import { seconds } from "../../base/time.ts";
import { fullBucket, takePermission, type Bucket, type RateLimit } from "../../core/rate-limit.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log, LogLevel } from "../../ports/log.ts";

/** A log for what strangers can make us say: lines that come too fast are dropped. `status` has the counters. */
export class LimitedLog implements Log {
  readonly #log: Log;
  readonly #clock: Clock;
  #bucket: Bucket;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#bucket = fullBucket(LINES, clock.now());
  }

  write(level: LogLevel, text: string): void {
    const permission = takePermission(LINES, this.#bucket, this.#clock.now());
    this.#bucket = permission.bucket;
    if (permission.kind === "granted") this.#log.write(level, text);
  }
}

const LINES: RateLimit = { burst: 20, period: seconds(1) };
