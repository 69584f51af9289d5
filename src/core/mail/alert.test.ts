import { expect, test } from "vitest";
import { wordAlert } from "./alert.ts";

// The words of keepalived 2.2.7, as a mail server received them; those of a stop are strings of its program.
test.each([
  [
    "INSTANCE",
    "MASTER",
    "[R] VRRP Instance VI_1 - Entering MASTER state",
    "=> VRRP Instance is now owning VRRP VIPs <=",
  ],
  [
    "INSTANCE",
    "BACKUP",
    "[R] VRRP Instance VI_1 - Entering BACKUP state",
    "=> VRRP Instance is no longer owning VRRP VIPs <=",
  ],
  [
    "INSTANCE",
    "FAULT",
    "[R] VRRP Instance VI_1 - Entering FAULT state",
    "=> VRRP Instance is no longer owning VRRP VIPs <=",
  ],
  ["INSTANCE", "STOP", "[R] VRRP Instance VI_1 - Stopping", "=> VRRP Instance stopping <="],
  ["INSTANCE", "DELETED", "[R] VRRP Instance VI_1 - Deleted", "=> VRRP Deleted at reload <="],
  [
    "GROUP",
    "MASTER",
    "[R] VRRP Group VI_1 - Entering MASTER state",
    "=> All VRRP group instances are now in MASTER state <=",
  ],
  [
    "GROUP",
    "BACKUP",
    "[R] VRRP Group VI_1 - Entering BACKUP state",
    "=> All VRRP group instances are now in BACKUP state <=",
  ],
  [
    "GROUP",
    "FAULT",
    "[R] VRRP Group VI_1 - Entering FAULT state",
    "=> All VRRP group instances are now in FAULT state <=",
  ],
  ["GROUP", "STOP", "[R] VRRP Group VI_1 - Stopping", "=> All VRRP group instances are now stopping <="],
] as const)("%s %s: subject and body of keepalived (captured from 2.2.7)", (kind, state, subject, body) => {
  expect(wordAlert("R", { kind, name: "VI_1" }, state)).toEqual({ subject, body });
});
