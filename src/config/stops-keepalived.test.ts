import { expect, test } from "vitest";
import { findStopOfKeepalived } from "./stops-keepalived.ts";

test.each([
  ["/etc/init.d/keepalived stop", "/etc/init.d/keepalived stop"],
  ["        /etc/rc.d/init.d/keepalived stop\n", "/etc/rc.d/init.d/keepalived stop"],
  ["#!/bin/bash\nif [ $n -eq 0 ]; then\n\tsystemctl stop keepalived\nfi\n", "systemctl stop keepalived"],
  ["systemctl --no-block stop keepalived.service", "systemctl --no-block stop keepalived.service"],
  ["ping -c1 10.0.0.1 || service keepalived stop", "service keepalived stop"],
  ["curl -f http://localhost/ >/dev/null || killall -9 keepalived", "killall -9 keepalived"],
  ["sudo pkill keepalived", "pkill keepalived"],
  ["kill -9 $(cat /var/run/keepalived.pid)", "kill -9 $(cat /var/run/keepalived.pid"],
  ["kill $(pidof keepalived)", "kill $(pidof keepalived"],
])("%j: stops it", (text, command) => {
  expect(findStopOfKeepalived(text)).toBe(command);
});

test.each([
  "# systemctl stop keepalived",
  "echo running # then /etc/init.d/keepalived stop",
  "systemctl status keepalived",
  "systemctl stop nginx",
  "systemctl stop nginx; systemctl is-active keepalived",
  "killall -0 keepalived",
  "kill -0 $(cat /run/keepalived.pid)",
  "pgrep -x keepalived",
  "tail /var/log/keepalived-stop.log",
])("%j: does not", (text) => {
  expect(findStopOfKeepalived(text)).toBeUndefined();
});
