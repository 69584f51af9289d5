import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { needs } from "../../test/require.ts";
import { millis, seconds } from "../base/time.ts";
import type { MailOutcome, MailServer, OutgoingMail } from "../ports/mailer.ts";
import { openMailer } from "./mailer.ts";

const MAIL: OutgoingMail = {
  from: "root@lb1",
  to: ["a@example.org", "b@example.org"],
  subject: "[R] VRRP Instance VI_1 - Entering MASTER state",
  body: "=> VRRP Instance is now owning VRRP VIPs <=",
  dateMs: Date.UTC(2026, 10, 20, 14, 43, 15),
  id: "x.1",
};

const open: { close(): void }[] = [];
let folder = "";
let key = "";
let certificate = "";

interface Received {
  readonly hello: string;
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** A mail server on the loopback interface, and what it got. */
async function mailServer(options: SMTPServerOptions = {}): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH"],
    hideSTARTTLS: true,
    disableReverseLookup: true,
    ...options,
    onData: (stream, session, done) => {
      const pieces: string[] = [];
      stream.on("data", (piece) => pieces.push(String(piece)));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          hello: session.hostNameAppearsAs,
          secure: session.secure,
          user: session.user,
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: pieces.join(""),
        });
        done();
      });
    },
  });
  server.on("error", () => {
    // What a client makes of a certificate is the client's business.
  });
  open.push({ close: () => server.close() });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return { port: portOf(server.server), received };
}

/** A server of our own making, for what no mail server does. */
async function bareServer(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {
      // The other side has gone.
    });
    serve(socket);
  });
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return portOf(server);
}

function portOf(server: Pick<Server, "address">): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return address.port;
}

function send(server: Partial<MailServer> & { port: number }, mail: Partial<OutgoingMail> = {}): Promise<MailOutcome> {
  const whole: MailServer = {
    host: "localhost",
    helloName: "lb1",
    tls: "off",
    verifies: true,
    authorities: undefined,
    login: undefined,
    timeout: seconds(5),
    ...server,
  };
  return new Promise((resolve) => openMailer().send(whole, { ...MAIL, ...mail }, resolve));
}

const SENT: MailOutcome = { kind: "sent", refused: [] };
const FAILED = { kind: "failed", reason: expect.any(String) };

/** Header fields by their names, unfolded. */
function headers(text: string): Record<string, string> {
  const [head = ""] = text.split("\r\n\r\n", 1);
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
}

needs({ tools: ["openssl"] })("mailer", () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-mail-"));
    const subject = ["-subj", "/CN=mail.test", "-addext", "subjectAltName=DNS:localhost"];
    const files = ["-keyout", join(folder, "key"), "-out", join(folder, "certificate")];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const made = spawnSync("openssl", ["req", ...kind, ...subject, ...files], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    key = readFileSync(join(folder, "key"), "utf8");
    certificate = readFileSync(join(folder, "certificate"), "utf8");
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  afterEach(() => {
    for (const each of open.splice(0)) each.close();
  });

  test("one mail: keepalived's envelope, headers and body (captured from 2.2.7)", async () => {
    const { port, received } = await mailServer();
    expect(await send({ port })).toEqual(SENT);
    expect(received).toMatchObject([
      { hello: "lb1", secure: false, from: "root@lb1", to: ["a@example.org", "b@example.org"] },
    ]);
    const text = received[0]?.text ?? "";
    expect(headers(text)).toMatchObject({
      Date: "Fri, 20 Nov 2026 14:43:15 +0000",
      From: "root@lb1",
      Subject: "[R] VRRP Instance VI_1 - Entering MASTER state",
      "X-Mailer": "Keepalived",
      To: "a@example.org, b@example.org",
      "Message-ID": "<x.1@lb1>",
    });
    expect(text.split("\r\n\r\n")[1]).toBe("=> VRRP Instance is now owning VRRP VIPs <=\r\n");
  });

  test("names before addresses: in the headers alone (keepalived.conf(5), notification_email)", async () => {
    const { port, received } = await mailServer();
    const to = ["My admin <a@example.org>", "Jürg <b@example.org>"];
    expect(await send({ port }, { from: "Me <root@lb1>", to })).toEqual(SENT);
    expect(received).toMatchObject([{ from: "root@lb1", to: ["a@example.org", "b@example.org"] }]);
    expect(headers(received[0]?.text ?? "")).toMatchObject({
      From: "Me <root@lb1>",
      To: "My admin <a@example.org>, =?UTF-8?Q?J=C3=BCrg?= <b@example.org>",
    });
  });

  test("names in UTF-8: encoded as RFC 2047 and RFC 2045 want it", async () => {
    const { port, received } = await mailServer();
    expect(await send({ port }, { subject: "[Zürich] x", body: "=> 主 <=" })).toEqual(SENT);
    const text = received[0]?.text ?? "";
    expect(headers(text)["Subject"]).toBe("=?UTF-8?Q?=5BZ=C3=BCrich=5D_x?=");
    expect(text).toMatch(/^[\0-\x7f]*$/);
  });

  test("a subject that breaks its line: no header can be smuggled in", async () => {
    const { port, received } = await mailServer();
    await send({ port }, { subject: "a\r\nBcc: victim@example.org" });
    expect(received[0]?.to).toEqual(["a@example.org", "b@example.org"]);
    expect(headers(received[0]?.text ?? "")["Bcc"]).toBeUndefined();
  });

  test("a recipient without a host: given to the server as it is", async () => {
    const port = await bareServer((socket) => {
      socket.write("220 x\r\n");
      let told = "";
      socket.on("data", (piece) => {
        told += String(piece);
        if (told.includes("RCPT TO:<root>")) socket.end("550 5.1.1 seen RCPT TO:<root>\r\n");
        else socket.write("250 ok\r\n");
      });
    });
    expect(await send({ port }, { to: ["root"] })).toMatchObject({ kind: "refused" });
  });

  test("STARTTLS: encrypted, the certificate checked against the one that is trusted", async () => {
    const { port, received } = await mailServer({ hideSTARTTLS: false, key, cert: certificate });
    expect(await send({ port, tls: "starttls", authorities: certificate })).toEqual(SENT);
    expect(received[0]?.secure).toBe(true);
  });

  test("SMTPS: encrypted from the first byte", async () => {
    const { port, received } = await mailServer({ secure: true, key, cert: certificate });
    expect(await send({ port, tls: "smtps", authorities: certificate })).toEqual(SENT);
    expect(received[0]?.secure).toBe(true);
  });

  test.each(["starttls", "smtps"] as const)(
    "%s with a certificate that nobody vouches for: nothing is sent",
    async (tls) => {
      const { port, received } = await mailServer({
        secure: tls === "smtps",
        hideSTARTTLS: false,
        key,
        cert: certificate,
      });
      expect(await send({ port, tls })).toEqual(FAILED);
      expect(received).toEqual([]);
      expect(await send({ port, tls, verifies: false })).toEqual(SENT);
    },
  );

  test("STARTTLS is wanted and not offered: nothing is sent, least of all a password", async () => {
    const seen: string[] = [];
    const port = await bareServer((socket) => {
      socket.write("220 x\r\n");
      socket.on("data", (piece) => {
        seen.push(String(piece));
        socket.write(/^STARTTLS/m.test(String(piece)) ? "502 no\r\n" : "250-x\r\n250 AUTH PLAIN\r\n");
      });
    });
    expect(await send({ port, tls: "starttls", login: { user: "u", password: "geheim" } })).toEqual(FAILED);
    expect(seen.join("")).not.toMatch(/AUTH|MAIL FROM/);
  });

  test("TLS is off and offered: not taken, as keepalived takes none", async () => {
    const { port, received } = await mailServer({ hideSTARTTLS: false, key, cert: certificate });
    expect(await send({ port })).toEqual(SENT);
    expect(received[0]?.secure).toBe(false);
  });

  test("login: with the right password sent under that name, with a wrong one not, and not given up either", async () => {
    const { port, received } = await mailServer({
      disabledCommands: [],
      hideSTARTTLS: false,
      key,
      cert: certificate,
      authMethods: ["PLAIN", "LOGIN"],
      onAuth: ({ username, password }, _session, done) => {
        if (username === "lb1" && password === "geheim ä") done(null, { user: "lb1" });
        else done(new Error("no"));
      },
    });
    const secure = { port, tls: "starttls", authorities: certificate } as const;
    expect(await send({ ...secure, login: { user: "lb1", password: "geheim ä" } })).toEqual(SENT);
    expect(received[0]?.user).toBe("lb1");
    expect(await send({ ...secure, login: { user: "lb1", password: "other" } })).toEqual(FAILED);
    // Without a login this server answers 530 to MAIL.
    expect(await send(secure)).toEqual(FAILED);
    expect(received).toHaveLength(1);
  });

  test("one recipient is refused: the other gets it, and the outcome says who did not", async () => {
    const { port, received } = await mailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(address.startsWith("a") ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null),
    });
    expect(await send({ port })).toEqual({ kind: "sent", refused: ["a@example.org"] });
    expect(received[0]?.to).toEqual(["b@example.org"]);
  });

  test.each([
    ["sender", 550, "refused"],
    ["sender", 451, "failed"],
    ["recipients", 550, "refused"],
    ["recipients", 450, "failed"],
    ["content", 554, "refused"],
    ["content", 452, "failed"],
  ] as const)("the server answers to %s with %i: %s", async (what, responseCode, kind) => {
    const no = Object.assign(new Error("no"), { responseCode });
    const options: SMTPServerOptions =
      what === "sender"
        ? { onMailFrom: (_address, _session, done) => done(no) }
        : { onRcptTo: (_address, _session, done) => done(no) };
    const port =
      what === "content"
        ? await bareServer((socket) => {
            socket.write("220 x\r\n");
            socket.on("data", (piece) => {
              const text = String(piece);
              if (text.startsWith("DATA")) socket.write("354 go\r\n");
              else socket.write(text.endsWith("\r\n.\r\n") ? `${responseCode} no\r\n` : "250 ok\r\n");
            });
          })
        : (await mailServer(options)).port;
    expect(await send({ port })).toEqual({ kind, reason: expect.stringContaining("no") });
  });

  test("nobody listens: failed at once", async () => {
    const { port } = await mailServer();
    for (const each of open.splice(0)) each.close();
    const outcome = await send({ port });
    expect(outcome).toMatchObject({ kind: "failed", reason: expect.stringContaining("ECONNREFUSED") });
  });

  test("a server that never answers: failed after the timeout", async () => {
    const port = await bareServer(() => {});
    const before = performance.now();
    expect(await send({ port, timeout: millis(200) })).toEqual(FAILED);
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  test("a server that answers line by line for ever: failed after four timeouts", async () => {
    const port = await bareServer((socket) => {
      socket.write("220 x\r\n");
      const drip = setInterval(() => socket.write("250-x\r\n"), 20);
      socket.on("close", () => clearInterval(drip));
    });
    expect(await send({ port, timeout: millis(150) })).toEqual({ kind: "failed", reason: "it takes too long" });
  });

  test("a server that closes in the middle: failed", async () => {
    const port = await bareServer((socket) => socket.end("220 x\r\n"));
    expect(await send({ port })).toEqual(FAILED);
  });

  test("no such host: failed", async () => {
    expect(await send({ host: "no-such-host.invalid", port: 25, timeout: millis(500) })).toEqual(FAILED);
  });
});
