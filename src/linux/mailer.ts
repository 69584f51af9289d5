import { splitMailbox } from "../base/mailbox.ts";
import { toMillis } from "../base/time.ts";
import type { Mailer, MailOutcome, MailServer, OutgoingMail } from "../ports/mailer.ts";

/** SMTP by nodemailer, which is loaded when the first mail is sent. */
export function openMailer(): Mailer {
  return {
    send: (server, mail, done) => {
      // A server that answers line by line is never silent for long.
      const limit = AbortSignal.timeout(WHOLE * toMillis(server.timeout));
      deliver(server, mail, limit).then(done, (thrown: unknown) => {
        done(limit.aborted ? { kind: "failed", reason: "it takes too long" } : judge(thrown));
      });
    },
  };
}

async function deliver(server: MailServer, mail: OutgoingMail, signal: AbortSignal): Promise<MailOutcome> {
  const { createTransport } = await import("nodemailer");
  const { login, timeout, tls } = server;
  const timeoutMs = toMillis(timeout);
  const from = splitMailbox(mail.from);
  const to = mail.to.map(splitMailbox);
  const transport = createTransport({
    host: server.host,
    port: server.port,
    name: server.helloName,
    secure: tls === "smtps",
    requireTLS: tls === "starttls",
    // As keepalived: what the server offers is not taken unless it was asked for.
    ignoreTLS: tls === "off",
    tls: {
      rejectUnauthorized: server.verifies,
      ...(server.authorities === undefined ? {} : { ca: server.authorities }),
    },
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A subject is text, whatever it looks like.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const sent = await transport.sendMail({
      from,
      to,
      envelope: { from: from.address, to: to.map(({ address }) => address) },
      subject: mail.subject,
      text: `${mail.body}\n`,
      date: new Date(mail.dateMs),
      messageId: `<${mail.id}@${server.helloName}>`,
      xMailer: "Keepalived",
      // Out-of-office assistants leave it alone (RFC 3834).
      headers: { "Auto-Submitted": "auto-generated" },
      signal,
    });
    return { kind: "sent", refused: sent.rejected.map(String) };
  } finally {
    transport.close();
  }
}

/** Only a permanent answer to the mail itself is one; a login that is refused can be mended, and then the mail goes. */
function judge(thrown: unknown): MailOutcome {
  if (!(thrown instanceof Error)) throw thrown;
  const kind = "code" in thrown ? thrown.code : undefined;
  const answer = "responseCode" in thrown ? thrown.responseCode : undefined;
  const isFinal = answer === undefined || ("permanent" in thrown && thrown.permanent === true);
  const reason = thrown.message.replaceAll(/\s+/g, " ").slice(0, LONGEST_REASON);
  const isOfMail = kind === "EENVELOPE" || kind === "EMESSAGE";
  return { kind: isOfMail && isFinal && answer !== LOGIN_NEEDED ? "refused" : "failed", reason };
}

/** Timeouts that a whole conversation may take. */
const WHOLE = 4;

/** RFC 4954, section 6: the server wants a login first. */
const LOGIN_NEEDED = 530;

/** It comes from the network. */
const LONGEST_REASON = 300;
