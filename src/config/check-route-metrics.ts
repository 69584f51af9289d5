import type { Route, RouteMetric, RouteMetricName } from "../base/route.ts";
import type { RoutingWords } from "./routing-words.ts";
import { UINT32_MAX } from "./routing-words.ts";
import type { Token } from "./tokens.ts";

/** What has been read of a route's metrics so far. */
export interface MetricsDraft {
  metrics: Partial<Record<RouteMetricName, RouteMetric>>;
  congestionControl: Route<string>["congestionControl"];
}

export function isMetric(word: string): boolean {
  return METRIC_NAMES.includes(word);
}

/** Reads `NAME [lock] VALUE`. */
export function readMetric(draft: MetricsDraft, word: Token, words: RoutingWords): void {
  const locked = words.skip("lock");
  const value = words.value(word);
  if (value === undefined) return;
  if (word.text === "congctl") {
    if (value.text.length <= 15) draft.congestionControl = { name: value.text, locked };
    else words.refuse("OUT_OF_RANGE", value, `"${value.text}" is longer than 15 letters`);
    return;
  }
  if (word.text === "features") {
    if (value.text === "ecn") draft.metrics.features = { value: RTAX_FEATURE_ECN, locked };
    else words.refuse("INVALID_CHOICE", value, `"${value.text}" is no feature; there is ecn`);
    return;
  }
  const name = METRICS.get(word.text);
  if (name === undefined) return;
  const number = readMetricValue(name, value, words);
  // The kernel heeds rto_min only where it is locked, and ip-route(8) locks it unasked.
  if (number !== undefined) draft.metrics[name] = { value: number, locked: locked || name === "rto_min" };
}

function readMetricValue(name: RouteMetricName, value: Token, words: RoutingWords): number | undefined {
  if (name === "quickack" || name === "fastopen_no_cookie") return words.integerOf(value, name, 0, 1);
  if (name === "hoplimit") return words.integerOf(value, name, 0, 255);
  const factor = TIME_FACTORS.get(name);
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)(s|secs?|ms|msecs?)$/.exec(value.text) ?? [];
  // A bare number is in the kernel's own unit; with s or ms behind it the kernel's fractions of a millisecond follow.
  if (factor === undefined || unit === "") return words.integerOf(value, name, 0, UINT32_MAX);
  return Math.ceil(Number(digits) * (unit.startsWith("s") ? 1_000 : 1)) * factor;
}

/** Those whose value is a number. */
const METRICS: ReadonlyMap<string, RouteMetricName> = new Map(
  (
    [
      "mtu",
      "window",
      "rtt",
      "rttvar",
      "ssthresh",
      "cwnd",
      "advmss",
      "reordering",
      "hoplimit",
      "initcwnd",
      "rto_min",
      "initrwnd",
      "quickack",
      "fastopen_no_cookie",
    ] as const
  ).map((name) => [name, name]),
);
/** In what part of a millisecond the kernel counts. */
const TIME_FACTORS: ReadonlyMap<RouteMetricName, number> = new Map([
  ["rtt", 8],
  ["rttvar", 4],
  ["rto_min", 1],
]);
const RTAX_FEATURE_ECN = 1;

/** The words that `readMetric` reads. */
export const METRIC_NAMES: readonly string[] = [...METRICS.keys(), "congctl", "features"];
