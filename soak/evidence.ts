import type { Tenure } from "../src/lab/vip-watch.ts";
import type { Cluster, Watched } from "./cluster.ts";
import { lengthOf, type Span } from "./history.ts";
import type { LogLine } from "./node.ts";

/** What the daemons wrote, and who held the addresses of services, around a time. */
export function evidence({ nodes, delays }: Cluster, watched: readonly Watched[], { fromMs, untilMs }: Span): string {
  const near = ({ atMs }: LogLine): boolean => atMs >= fromMs - BEFORE && atMs <= untilMs + AFTER;
  const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 23);
  const late = delays
    .filter((delay) => delay.fromMs <= untilMs + AFTER && delay.untilMs >= fromMs - BEFORE)
    .map((delay) => `${clock(delay.fromMs)} ${lengthOf(delay).toFixed(0)} ms`);
  const own = nodes.flatMap(({ name, daemon, host, log }) => {
    const times = (list: readonly Tenure[]): string =>
      list
        .filter((tenure) => tenure.fromMs <= untilMs + AFTER && (tenure.untilMs ?? Infinity) >= fromMs - BEFORE)
        .map((tenure) => `${clock(tenure.fromMs)}-${tenure.untilMs === undefined ? "" : clock(tenure.untilMs)}`)
        .join(", ");
    const held = watched.map(({ service, wire }) => {
      const [seats, answers] = [times(host.vips.tenures(service.vip)), times(wire.tenures(name))];
      return `    ${service.name} held ${seats}; answered ${answers}`;
    });
    const lines = log
      .filter(near)
      // Without the daemon's own time, and each repetition once.
      .map(({ atMs, text }) => ({ atMs, text: text.replace(/^\w{3} \w{3} .\d \d\d:\d\d:\d\d \d{4}: /, "") }))
      .filter(({ text }, index, all) => text !== all[index - 1]?.text)
      .map(({ atMs, text }) => `    ${clock(atMs)} ${text}`);
    return [`  ${name} (${daemon})`, ...held, ...lines.slice(-LINES_SHOWN)];
  });
  return [...own, `  no processor at ${late.join(", ") || "no time"}`].join("\n");
}

/** A time in words. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1000 && ms > -1000 ? 3 : 1)} s`;
}

const BEFORE = 6_000;
const AFTER = 2_000;
const LINES_SHOWN = 60;
