import { splitMailbox } from "../base/mailbox.ts";
import { seconds } from "../base/time.ts";
import type { Report } from "./diagnostic.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { MailLogin, MailSettings, NotifySettings } from "./model/telling.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { integerOf, spanOfStatement, statementOf, statementsOf, switchOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads how mails are sent. Undefined where a recipient or a server is missing: then none can be sent, as in keepalived. */
export function readMail(block: readonly Statement[], report: Report): MailSettings | undefined {
  const tls = readTls(block);
  const recipients = recipientsOf(block)
    .filter((token) => isAddress(token, "a recipient", report))
    .map(({ text }) => text);
  const sender = statementOf(block, "notification_email_from")?.words[0];
  const isSender = sender === undefined || isAddress(sender, "the sender", report);
  const server = statementOf(block, "smtp_server");
  const host = server?.words[0]?.text;
  const port = server === undefined ? undefined : readPort(server, tls, report);
  const login = readLogin(block, tls, report);
  if (recipients.length === 0 || host === undefined || port === undefined) return undefined;
  const patience = integerOf(block, "smtp_connect_timeout") ?? DEFAULT_PATIENCE;
  return {
    recipients,
    sender: isSender ? sender?.text : undefined,
    host,
    port,
    helloName: wordOf(block, "smtp_helo_name"),
    timeout: seconds(Math.max(1, patience)),
    tls,
    verifiesServer: switchOf(block, "smtp_tls_verify") ?? true,
    authorities: wordOf(block, "smtp_tls_ca"),
    login,
    omitsFaults: statementOf(block, "no_email_faults") !== undefined,
  };
}

/** Finds alerts that nobody gets, and recipients who get none. */
export function checkAlerts(
  block: readonly Statement[],
  mail: MailSettings | undefined,
  tellers: readonly { readonly notify: NotifySettings; readonly place: InstanceSettings["place"] }[],
  report: Report,
): void {
  const alerting = tellers.find(({ notify }) => notify.mail);
  if (alerting !== undefined && mail === undefined) {
    const missing = [
      recipientsOf(block).length === 0 ? "notification_email" : undefined,
      statementOf(block, "smtp_server") === undefined ? "smtp_server" : undefined,
    ].filter((keyword) => keyword !== undefined);
    const lack =
      missing.length === 0 ? "its recipients or its server cannot be used" : `${missing.join(" and ")} missing`;
    const statement = ALERT_KEYWORDS.map((keyword) => statementOf(block, keyword)).find((each) => each !== undefined);
    const at = statement === undefined ? alerting.place : spanOfStatement(statement);
    report({ code: "MAIL_INCOMPLETE", at, message: `smtp_alert is on, but no mail can be sent: ${lack}` });
  }
  const [first] = recipientsOf(block);
  if (alerting === undefined && first !== undefined) {
    const message = "Nobody is mailed: smtp_alert is off, as it is unless it stands there";
    const help = "Write smtp_alert into global_defs, or into the blocks whose changes matter.";
    report({ code: "MAIL_UNUSED", at: spanOfToken(first), message, help });
  }
}

function recipientsOf(block: readonly Statement[]): readonly Token[] {
  const lines = statementsOf(block, "notification_email").flatMap((statement) => statement.block ?? []);
  return lines.flatMap((line) => [line.keyword, ...line.words]);
}

/** What SMTP cannot carry between its angle brackets. A name without a host is the server's own business. */
function isAddress(token: Token, what: string, report: Report): boolean {
  const { address } = splitMailbox(token.text);
  const isUsable = /^[^\s<>,;:"()]+$/u.test(address) && (address.match(/@/g) ?? []).length <= 1;
  const isWhole = isUsable && !address.startsWith("@") && !address.endsWith("@");
  const at = spanOfToken(token);
  if (!isWhole) {
    const message = `"${token.text}" is no mail address and cannot be ${what}`;
    report({
      code: "INVALID_MAIL_ADDRESS",
      at,
      message,
      help: 'Write it as: name@example.org, or "Name <name@example.org>"',
    });
  } else if (!address.includes("@")) {
    const message = `"${token.text}" names no host: it depends on the mail server who that is`;
    report({ code: "LOCAL_MAIL_ADDRESS", at, message });
  }
  return isWhole;
}

function readTls(block: readonly Statement[]): MailSettings["tls"] {
  const word = wordOf(block, "smtp_tls");
  return word === "starttls" || word === "smtps" ? word : "off";
}

function readPort(server: Statement, tls: MailSettings["tls"], report: Report): number | undefined {
  const word = server.words[1];
  if (word === undefined) return tls === "smtps" ? SERVICES.smtps : SERVICES.smtp;
  const named = Object.entries(SERVICES).find(([name]) => name === word.text)?.[1];
  const port = named ?? (/^\d{1,5}$/.test(word.text) ? Number(word.text) : 0);
  if (port >= 1 && port <= 65_535) return port;
  const message = `"${word.text}" is no port of a mail server, so no mail is sent`;
  report({ code: "OUT_OF_RANGE", at: spanOfToken(word), message, help: "It is 25 where none is given." });
  return undefined;
}

function readLogin(block: readonly Statement[], tls: MailSettings["tls"], report: Report): MailLogin | undefined {
  const user = statementOf(block, "smtp_user");
  const file = statementOf(block, "smtp_password_file");
  const name = wordOf(block, "smtp_user");
  const passwordFile = wordOf(block, "smtp_password_file");
  const one = user ?? file;
  if (one === undefined) return undefined;
  const at = spanOfStatement(one);
  if (user === undefined || file === undefined || name === undefined || passwordFile === undefined) {
    const message =
      "To log in to the mail server takes both smtp_user and smtp_password_file; mails are sent without a login";
    report({ code: "MAIL_LOGIN_INCOMPLETE", at, message });
    return undefined;
  }
  if (tls === "off") {
    const message = "The password for the mail server goes over the network in clear text";
    report({ code: "PASSWORD_IN_CLEAR", at, message, help: "@holdfast smtp_tls starttls" });
  }
  return { user: name, passwordFile, place: spanOfStatement(file) };
}

const ALERT_KEYWORDS: readonly string[] = ["smtp_alert_vrrp", "smtp_alert"];

/** Seconds. */
const DEFAULT_PATIENCE = 30;

/** The ports of mail in services(5). */
const SERVICES = { smtp: 25, submission: 587, smtps: 465, submissions: 465 } as const;
