import { hostname, userInfo } from "node:os";
import { Courier } from "../daemon/mail/courier.ts";
import { parseToMail, type FromMail, type ToMail } from "../daemon/mail/messages.ts";
import { openLinuxClock } from "../linux/clock.ts";
import { openLinuxFiles } from "../linux/files.ts";
import { openMailer } from "../linux/mailer.ts";
import { EXIT } from "./exit-codes.ts";
import { openLog } from "./logging/open-log.ts";
import { DEFAULT_TITLES } from "./titles.ts";

/**
 * The mail process: a child of the supervisor for as long as there is something to send. It may wait for disks and servers as
 * long as it likes; what waits is on the disk, so it can be ended at any time.
 */
function main(): void {
  process.title = DEFAULT_TITLES.mail;
  let courier: Courier | undefined;
  const exit = (): void => process.exit(EXIT.OK);
  process.on("SIGTERM", exit);
  process.on("SIGINT", exit);
  process.on("SIGHUP", () => {});
  process.on("message", (value) => {
    const message = parseToMail(value);
    // A supervisor of another version is being replaced.
    if (message === undefined) return;
    if (message.kind === "start") courier ??= openCourier(message);
    else courier?.post(message.alert);
  });
  process.on("disconnect", () => (courier === undefined ? exit() : courier.finish()));
  if (!process.connected) exit();
}

function openCourier({ mail, pauseMs, settings }: ToMail & { readonly kind: "start" }): Courier {
  const hostName = hostname();
  return new Courier(
    { mail, pauseMs, hostName, stateDirectory: settings.stateDirectory, defaultSender: `${userName()}@${hostName}` },
    {
      clock: openLinuxClock(),
      files: openLinuxFiles({ searchPath: undefined }),
      mailer: openMailer(),
      log: openLog(settings.log, "Keepalived_mail"),
      send: (message: FromMail) => {
        if (process.connected) process.send?.(message, undefined, undefined, () => {});
      },
      exit: () => process.exit(EXIT.OK),
    },
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // This account has no name.
    return "root";
  }
}

main();
