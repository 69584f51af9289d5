import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";

const { parsed, integer, optional, seconds, word, words, NONE, SWITCH } = k;

/** The checks of a real server. */
export const CHECKER_BLOCKS: readonly KeywordSpec[] = [
  checker("TCP_CHECK", "Connects", [countOfRetries()]),
  checker("HTTP_GET", "Asks for pages over HTTP", http()),
  checker("SSL_GET", "Asks for pages over HTTPS", http()),
  checker("SMTP_CHECK", "Talks to a mail server", [parsed("helo_name", [word("NAME")], "Name told to it"), host()]),
  checker("DNS_CHECK", "Asks a name server", [
    parsed("type", [word("TYPE")], "Type of record", { default: "SOA" }),
    parsed("name", [word("NAME")], "Name that is asked for", { default: "." }),
  ]),
  checker("UDP_CHECK", "Sends a datagram", [
    parsed("payload", [words("BYTES")], "What is sent"),
    parsed("require_reply", [optional(words("BYTES"))], "What must come back"),
    parsed("min_reply_length", [integer(0, 65_535)], "Least bytes of an answer", { default: "0", unit: "bytes" }),
    parsed("max_reply_length", [integer(0, 65_535)], "Most bytes of an answer", { default: "255", unit: "bytes" }),
  ]),
  checker("PING_CHECK", "Sends an echo request", []),
  checker("MISC_CHECK", "Runs a program", [
    parsed("misc_path", [k.COMMAND], "The program and its arguments"),
    parsed("misc_timeout", [seconds(0, 1_000_000)], "Patience with it", { unit: "s" }),
    parsed("misc_dynamic", SWITCH, "Its exit status is the weight"),
    parsed("user", k.USER, "Account it runs under"),
  ]),
  checker("FILE_CHECK", "Reads a number from a file", [
    parsed("track_file", [k.NAME], "Name of the track_file block"),
    parsed(
      "weight",
      [integer(-2147483647, 2147483647), optional(k.choice("reverse", "noreverse"))],
      "Factor of its number",
    ),
  ]),
  checker("BFD_CHECK", "Follows a BFD session", [parsed("name", [k.NAME], "Name of the bfd_instance block")]),
];

function checker(name: string, doc: string, own: readonly KeywordSpec[]): KeywordSpec {
  return parsed(name, NONE, doc, { block: k.keywords(own, connection()), repeated: "every" });
}

function connection(): readonly KeywordSpec[] {
  return [
    parsed("connect_ip", [word("ADDRESS")], "Where to connect", { default: "the real server" }),
    parsed("connect_port", [word("PORT")], "Where to connect", { default: "the real server's" }),
    parsed("bindto", [word("ADDRESS")], "Source address"),
    parsed("bind_port", [word("PORT")], "Source port"),
    parsed("bind_if", [k.INTERFACE], "Interface"),
    parsed("connect_timeout", [seconds(0, 1_000_000)], "Patience with a connection", { default: "5", unit: "s" }),
    parsed("fwmark", [integer(0, 4294967295)], "Mark of what is sent"),
    parsed("alpha", SWITCH, "It is down until checked"),
    parsed("retry", [integer(0, 4294967295)], "Further failures needed"),
    parsed("delay_before_retry", [seconds(0, 1_000_000)], "Time between those", { unit: "s" }),
    parsed("warmup", [seconds(0, 1_000_000)], "Random delay of the first check", { unit: "s" }),
    parsed("delay_loop", [seconds(0, 1_000_000)], "Time between checks", { unit: "s" }),
    parsed("log_all_failures", SWITCH, "Logs each failure"),
  ];
}

function http(): readonly KeywordSpec[] {
  return [
    parsed("http_protocol", [word("1.0|1.0C|1.1")], "Version of HTTP"),
    parsed("url", NONE, "A page", { block: k.keywords(url()), repeated: "every" }),
    parsed("enable_sni", SWITCH, "Tells the name in TLS"),
    parsed("sni_name", [word("NAME")], "That name"),
    parsed("tls_compliant", SWITCH, "Demands a proper end of TLS"),
    parsed("fast_recovery", SWITCH, "One success is enough"),
    parsed("virtualhost", [word("HOST")], "Host header"),
    parsed("nb_get_retry", [integer(0, 4294967295)], "Old name of retry", { replacedBy: "retry" }),
  ];
}

function url(): readonly KeywordSpec[] {
  return [
    parsed("path", [word("PATH")], "Path of the page", { default: "/" }),
    parsed("digest", [word("MD5")], "Digest of the page"),
    parsed("status_code", [words("CODES")], "What it answers"),
    parsed("virtualhost", [word("HOST")], "Host header"),
    parsed("regex", [words("REGEX")], "What it must have"),
    parsed("regex_no_match", NONE, "What it must not have"),
    parsed("regex_options", [words("OPTIONS")], "Options of the expression"),
    parsed("regex_stack", [words("SIZES")], "Memory for it"),
    parsed("regex_min_offset", [integer(0, 4294967295)], "Where it may begin"),
    parsed("regex_max_offset", [integer(0, 4294967295)], "Where it must have begun"),
    parsed("tls_compliant", SWITCH, "Demands a proper end of TLS"),
  ];
}

/** Many documents put it into every check; only HTTP knows it, and there under a newer name. */
function countOfRetries(): KeywordSpec {
  return parsed("nb_get_retry", [integer(0, 4294967295)], "Belongs to HTTP_GET", {
    obsolete: true,
    replacedBy: "retry",
  });
}

function host(): KeywordSpec {
  return parsed("host", NONE, "Old place of connect_ip and its like", {
    block: k.keywords(connection()),
    repeated: "every",
  });
}
