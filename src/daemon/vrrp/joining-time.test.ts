import { expect, test } from "vitest";
import { instant, seconds } from "../../base/time.ts";
import { joiningTime } from "./joining-time.ts";

const up = (secondsUp: number) => ({ now: () => instant(7_000_000), boottime: () => instant(secondsUp * 1_000_000) });

test.each([
  ["neither delay: at once", 0, 0, 3, 7_000_000],
  ["vrrp_startup_delay: so long after the start", 10, 0, 3, 17_000_000],
  ["vrrp_delay_after_boot, 3 s after the boot: for the rest of it", 0, 60, 3, 64_000_000],
  ["vrrp_delay_after_boot, the boot is longer ago: at once", 0, 60, 61, 7_000_000],
  ["both: the longer one", 10, 60, 55, 17_000_000],
])("instances join in, %s", (_, startup, boot, secondsUp, at) => {
  const settings = { startupDelay: seconds(startup), delayAfterBoot: seconds(boot) };
  expect(joiningTime(settings, up(secondsUp))).toBe(at);
});
