import type { Configuration } from "../../config/model/configuration.ts";
import { fullBucket, takePermission, type Bucket, type RateLimit } from "../../core/rate-limit.ts";
import { seconds } from "../../base/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Happening } from "../snmp-facts.ts";

/** What is told by traps. */
export interface TrapTeller {
  tell(happening: Happening): void;
}

/** Passes on what traps tell of, where the configuration wants any. Strangers cannot make it busy. */
export class TrapDesk implements TrapTeller {
  readonly #clock: Clock;
  readonly #post: (happening: Happening) => void;
  #isOn: boolean;
  #strangers: Bucket;

  constructor(configuration: Configuration, ports: { clock: Clock; post: (happening: Happening) => void }) {
    this.#clock = ports.clock;
    this.#post = ports.post;
    this.#isOn = tellsBySnmp(configuration);
    this.#strangers = fullBucket(STRANGERS, ports.clock.now());
  }

  configure(configuration: Configuration): void {
    this.#isOn = tellsBySnmp(configuration);
  }

  tell(happening: Happening): void {
    if (!this.#isOn) return;
    if (happening.kind === "protocol-error" || happening.kind === "authentication-error") {
      const permission = takePermission(STRANGERS, this.#strangers, this.#clock.now());
      this.#strangers = permission.bucket;
      if (permission.kind === "refused") return;
    }
    this.#post(happening);
  }
}

function tellsBySnmp({ global: { snmp } }: Configuration): boolean {
  return snmp.traps && (snmp.keepalived || snmp.vrrp2 || snmp.vrrp3);
}

/** Packets that anybody on the link can send. */
const STRANGERS: RateLimit = { burst: 10, period: seconds(1) };
