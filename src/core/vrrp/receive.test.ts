// Over 400 lines: one row for each reason, and the order of all pairs of them.
import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { micros } from "../../base/time.ts";
import { checkReceived } from "./receive.ts";
import type { ChecksumForm } from "../../base/advertisement.ts";
import type { DiscardReason, ReceivedAdvertisement, ReceiveNote, ReceivePolicy } from "./receive.ts";

const bytes = (text: string) => Uint8Array.from({ length: 8 }, (_, index) => text.codePointAt(index) ?? 0);

const multicast = { kind: "multicast", group: ip("224.0.0.18") } as const;
const unicast = {
  kind: "unicast",
  checkSource: false,
  oldChecksum: "detect",
  peers: [
    { address: ip("192.0.2.30"), minTtl: 0, maxTtl: 255 },
    { address: ip("192.0.2.20"), minTtl: 60, maxTtl: 64 },
  ],
} as const;

const policy2: ReceivePolicy = {
  version: 2,
  family: "ipv4",
  interval: micros(2_000_000),
  authentication: { kind: "password", data: bytes("secret") },
  transport: multicast,
  addresses: [ip("192.0.2.100"), ip("192.0.2.101")],
  checkAddresses: true,
  toleratesChecksum: false,
  source: ip("192.0.2.10"),
  ignoresAll: false,
};
const policy3: ReceivePolicy = { ...policy2, version: 3, authentication: { kind: "none" } };
const policy6: ReceivePolicy = {
  ...policy3,
  family: "ipv6",
  transport: { kind: "multicast", group: ip("ff02::12") },
  addresses: [ip("fe80::100"), ip("2001:db8::100")],
  source: ip("fe80::10"),
};
const unicast2: ReceivePolicy = { ...policy2, transport: unicast };
const unicast3: ReceivePolicy = { ...policy3, transport: unicast };

const advert2: ReceivedAdvertisement = {
  source: ip("192.0.2.20"),
  destination: ip("224.0.0.18"),
  hopLimit: 255,
  version: 2,
  type: 1,
  priority: 150,
  addresses: [ip("192.0.2.100"), ip("192.0.2.101")],
  interval: micros(2_000_000),
  authentication: { kind: "password", data: bytes("secret") },
  proof: "absent",
  checksum: "plain",
};
const advert3: ReceivedAdvertisement = {
  ...advert2,
  version: 3,
  authentication: { kind: "none" },
  checksum: "pseudo-header",
};
const advert6: ReceivedAdvertisement = {
  ...advert3,
  source: ip("fe80::20"),
  destination: ip("ff02::12"),
  addresses: [ip("fe80::100"), ip("2001:db8::100")],
};
const header2: ReceivePolicy = { ...policy2, authentication: { kind: "header" } };
const signed3: ReceivePolicy = { ...policy3, authentication: { kind: "signature", enforced: true } };
const permissive3: ReceivePolicy = { ...policy3, authentication: { kind: "signature", enforced: false } };
/** From a listed peer, with a TTL that is not 255 and within its bounds. */
const toUnicast = { destination: ip("192.0.2.10"), hopLimit: 62 } as const;

interface Row {
  readonly name: string;
  readonly advert: ReceivedAdvertisement;
  readonly policy: ReceivePolicy;
}

describe("accepted without a remark", () => {
  const rows: readonly Row[] = [
    { name: "version 2, password", advert: advert2, policy: policy2 },
    {
      name: "version 2, no authentication",
      advert: { ...advert2, authentication: { kind: "none" } },
      policy: { ...policy2, authentication: { kind: "none" } },
    },
    { name: "version 3", advert: advert3, policy: policy3 },
    {
      name: "version 3, whatever password may be configured: it has none (RFC 9568 section 9)",
      advert: advert3,
      policy: { ...policy3, authentication: { kind: "password", data: bytes("secret") } },
    },
    { name: "version 3 over IPv6", advert: advert6, policy: policy6 },
    {
      name: "version 2 over IPv6, where no field for authentication exists (keepalived)",
      advert: { ...advert6, version: 2 },
      policy: { ...policy6, version: 2, authentication: { kind: "password", data: bytes("secret") } },
    },
    {
      name: "the addresses in another order: they are a set (keepalived)",
      advert: { ...advert3, addresses: [ip("192.0.2.101"), ip("192.0.2.100")] },
      policy: policy3,
    },
    {
      name: "other addresses, skip_check_adv_addr",
      advert: { ...advert3, addresses: [] },
      policy: { ...policy3, checkAddresses: false },
    },
    { name: "unicast, version 2, TTL 62", advert: { ...advert2, ...toUnicast }, policy: unicast2 },
    { name: "unicast, version 3, TTL 62", advert: { ...advert3, ...toUnicast }, policy: unicast3 },
    {
      name: "unicast, TTL at the lower bound of its peer",
      advert: { ...advert3, ...toUnicast, hopLimit: 60 },
      policy: unicast3,
    },
    {
      name: "unicast, TTL at the upper bound of its peer",
      advert: { ...advert3, ...toUnicast, hopLimit: 64 },
      policy: unicast3,
    },
    {
      name: "unicast, a peer without bounds, TTL 1",
      advert: { ...advert3, ...toUnicast, source: ip("192.0.2.30"), hopLimit: 1 },
      policy: unicast3,
    },
    {
      name: "unicast, a listed peer where senders are checked",
      advert: { ...advert3, ...toUnicast },
      policy: { ...unicast3, transport: { ...unicast, checkSource: true } },
    },
    { name: "priority 0", advert: { ...advert3, priority: 0 }, policy: policy3 },
    {
      name: "version 2, an authentication header that holds (RFC 2338 section 5.3.6)",
      advert: { ...advert2, authentication: { kind: "header" }, proof: "valid" },
      policy: header2,
    },
    { name: "a signature that holds", advert: { ...advert3, proof: "valid" }, policy: signed3 },
    {
      name: "version 2 with a signature that holds: its own authentication is none",
      advert: { ...advert2, authentication: { kind: "none" }, proof: "valid" },
      policy: { ...signed3, version: 2 },
    },
    {
      name: "a signature that holds where none is demanded",
      advert: { ...advert3, proof: "valid" },
      policy: permissive3,
    },
  ];
  test.each(rows)("$name", ({ advert, policy }) => {
    expect(checkReceived(advert, policy)).toEqual({ kind: "accept", notes: [] });
  });
});

describe("accepted with a remark", () => {
  const rows: readonly (Row & { readonly notes: readonly ReceiveNote[] })[] = [
    {
      name: "version 3, another interval: the backup follows it (RFC 9568 section 6.4.2)",
      advert: { ...advert3, interval: micros(1_990_000) },
      policy: policy3,
      notes: ["INTERVAL"],
    },
    {
      name: "an address more",
      advert: { ...advert3, addresses: [...advert3.addresses, ip("192.0.2.102")] },
      policy: policy3,
      notes: ["ADDRESS_LIST"],
    },
    {
      name: "an address less (keepalived since 2.3.3)",
      advert: { ...advert2, addresses: [ip("192.0.2.100")] },
      policy: policy2,
      notes: ["ADDRESS_LIST"],
    },
    {
      name: "none of the addresses (keepalived; RFC 9568 section 5.2.5 would have it ignored)",
      advert: { ...advert3, addresses: [] },
      policy: policy3,
      notes: ["ADDRESS_LIST"],
    },
    {
      name: "as many addresses, one of them another",
      advert: { ...advert3, addresses: [ip("192.0.2.100"), ip("192.0.2.102")] },
      policy: policy3,
      notes: ["ADDRESS_LIST"],
    },
    {
      name: "unicast from nobody known: obeyed and reported (keepalived)",
      advert: { ...advert3, ...toUnicast, source: ip("203.0.113.66"), hopLimit: 3 },
      policy: unicast3,
      notes: ["UNKNOWN_SENDER"],
    },
    {
      name: "unicast, version 3, checksum with the multicast group: old keepalived",
      advert: { ...advert3, ...toUnicast, checksum: "multicast-pseudo-header" },
      policy: unicast3,
      notes: ["OLD_UNICAST_CHECKSUM"],
    },
    {
      name: "our own source address: nodes that share a mcast_src_ip elect by priority (keepalived)",
      advert: { ...advert2, source: ip("192.0.2.10") },
      policy: policy2,
      notes: ["OWN_ADDRESS"],
    },
    {
      name: "no signature where none is demanded (auth_hmac, mode permissive)",
      advert: advert3,
      policy: permissive3,
      notes: ["UNSIGNED"],
    },
    {
      name: "as many addresses, one of them twice",
      advert: { ...advert3, addresses: [ip("192.0.2.100"), ip("192.0.2.100")] },
      policy: policy3,
      notes: ["ADDRESS_LIST"],
    },
    {
      name: "all of them, in the order of the checks",
      advert: {
        ...advert3,
        ...toUnicast,
        checksum: "multicast-pseudo-header",
        interval: micros(9_000_000),
        addresses: [],
        source: ip("203.0.113.66"),
      },
      policy: unicast3,
      notes: ["INTERVAL", "OLD_UNICAST_CHECKSUM", "ADDRESS_LIST", "UNKNOWN_SENDER"],
    },
  ];
  test.each(rows)("$name", ({ advert, policy, notes }) => {
    expect(checkReceived(advert, policy)).toEqual({ kind: "accept", notes });
  });
});

describe("discarded", () => {
  const rows: readonly (Row & { readonly reason: DiscardReason })[] = [
    {
      name: "multicast, TTL 254 (RFC 9568 section 5.1.1.3)",
      advert: { ...advert3, hopLimit: 254 },
      policy: policy3,
      reason: "TTL",
    },
    {
      name: "multicast, version 2, TTL 254 (RFC 3768 section 5.2.3)",
      advert: { ...advert2, hopLimit: 254 },
      policy: policy2,
      reason: "TTL",
    },
    {
      name: "multicast over IPv6, hop limit 254 (RFC 9568 section 5.1.2.3)",
      advert: { ...advert6, hopLimit: 254 },
      policy: policy6,
      reason: "TTL",
    },
    {
      name: "unicast, TTL below the bounds of its peer",
      advert: { ...advert3, ...toUnicast, hopLimit: 59 },
      policy: unicast3,
      reason: "TTL",
    },
    {
      name: "unicast, TTL above the bounds of its peer",
      advert: { ...advert3, ...toUnicast, hopLimit: 65 },
      policy: unicast3,
      reason: "TTL",
    },
    { name: "version 3 where 2 is spoken", advert: advert3, policy: policy2, reason: "VERSION" },
    { name: "version 2 where 3 is spoken", advert: advert2, policy: policy3, reason: "VERSION" },
    {
      name: "no authentication where a password is configured",
      advert: { ...advert2, authentication: { kind: "none" } },
      policy: policy2,
      reason: "AUTHENTICATION_TYPE",
    },
    {
      name: "a password where none is configured",
      advert: advert2,
      policy: { ...policy2, authentication: { kind: "none" } },
      reason: "AUTHENTICATION_TYPE",
    },
    {
      name: "an authentication header",
      advert: { ...advert2, authentication: { kind: "header" } },
      policy: policy2,
      reason: "AUTHENTICATION_TYPE",
    },
    {
      name: "no authentication header where one is demanded",
      advert: { ...advert2, authentication: { kind: "none" } },
      policy: header2,
      reason: "AUTHENTICATION_HEADER",
    },
    {
      name: "an authentication header whose proof is wrong",
      advert: { ...advert2, authentication: { kind: "header" }, proof: "wrong" },
      policy: header2,
      reason: "AUTHENTICATION_HEADER",
    },
    {
      name: "an authentication header that came before",
      advert: { ...advert2, authentication: { kind: "header" }, proof: "repeated" },
      policy: header2,
      reason: "AUTHENTICATION_HEADER_REPEATED",
    },
    {
      name: "a password behind an authentication header that holds",
      advert: { ...advert2, proof: "valid" },
      policy: header2,
      reason: "AUTHENTICATION_TYPE",
    },
    { name: "no signature where one is demanded", advert: advert3, policy: signed3, reason: "UNSIGNED" },
    {
      name: "a wrong signature, though none is demanded",
      advert: { ...advert3, proof: "wrong" },
      policy: permissive3,
      reason: "SIGNATURE",
    },
    {
      name: "a signature of another kind",
      advert: { ...advert3, proof: "malformed" },
      policy: signed3,
      reason: "SIGNATURE_MALFORMED",
    },
    {
      name: "a signature by an unknown key",
      advert: { ...advert3, proof: "unknown-key" },
      policy: signed3,
      reason: "SIGNATURE_KEY",
    },
    {
      name: "a signature of another time",
      advert: { ...advert3, proof: "late" },
      policy: signed3,
      reason: "SIGNATURE_LATE",
    },
    {
      name: "a signature that came before",
      advert: { ...advert3, proof: "repeated" },
      policy: signed3,
      reason: "SIGNATURE_REPEATED",
    },
    {
      name: "version 2, signed, with a password besides",
      advert: { ...advert2, proof: "valid" },
      policy: { ...signed3, version: 2 },
      reason: "AUTHENTICATION_TYPE",
    },
    {
      name: "to an owner with owner_ignore_adverts",
      advert: advert3,
      policy: { ...policy3, ignoresAll: true },
      reason: "OWNER_IGNORES",
    },
    {
      name: "an unknown authentication where none is configured",
      advert: { ...advert2, authentication: { kind: "other", type: 7 } },
      policy: { ...policy2, authentication: { kind: "none" } },
      reason: "AUTHENTICATION_UNKNOWN",
    },
    {
      name: "an unknown authentication where a password is configured (RFC 3768 section 5.3.6)",
      advert: { ...advert2, authentication: { kind: "other", type: 7 } },
      policy: policy2,
      reason: "AUTHENTICATION_UNKNOWN",
    },
    {
      name: "another password",
      advert: { ...advert2, authentication: { kind: "password", data: bytes("Secret") } },
      policy: policy2,
      reason: "PASSWORD",
    },
    {
      name: "a password that ours begins",
      advert: { ...advert2, authentication: { kind: "password", data: bytes("secret12") } },
      policy: policy2,
      reason: "PASSWORD",
    },
    {
      name: "a password whose eighth byte differs",
      advert: { ...advert2, authentication: { kind: "password", data: bytes("12345679") } },
      policy: { ...policy2, authentication: { kind: "password", data: bytes("12345678") } },
      reason: "PASSWORD",
    },
    {
      name: "version 2, another interval (RFC 3768 section 7.1)",
      advert: { ...advert2, interval: micros(1_000_000) },
      policy: policy2,
      reason: "INTERVAL",
    },
    { name: "type 2", advert: { ...advert3, type: 2 }, policy: policy3, reason: "TYPE" },
    {
      name: "type 2, version 2 (RFC 3768 section 5.3.2)",
      advert: { ...advert2, type: 2 },
      policy: policy2,
      reason: "TYPE",
    },
    {
      name: "unicast where multicast is configured",
      advert: { ...advert3, destination: ip("192.0.2.10") },
      policy: policy3,
      reason: "UNICAST_MULTICAST",
    },
    {
      name: "multicast where unicast is configured",
      advert: { ...advert3, hopLimit: 62 },
      policy: unicast3,
      reason: "UNICAST_MULTICAST",
    },
    {
      name: "multicast over IPv6 where unicast is configured",
      advert: advert6,
      policy: { ...policy6, transport: unicast },
      reason: "UNICAST_MULTICAST",
    },
    {
      name: "unicast from nobody known, check_unicast_src",
      advert: { ...advert3, ...toUnicast, source: ip("192.0.2.21") },
      policy: { ...unicast3, transport: { ...unicast, checkSource: true } },
      reason: "UNKNOWN_SENDER",
    },
  ];
  test.each(rows)("$name: $reason", ({ advert, policy, reason }) => {
    expect(checkReceived(advert, policy)).toEqual({ kind: "discard", reason });
  });
});

describe("the checksum", () => {
  const tolerant = { toleratesChecksum: true } as const;
  const rows: readonly [string, ReceivePolicy, ReceivedAdvertisement, { readonly [Form in ChecksumForm]: boolean }][] =
    [
      [
        "version 2: of the message alone (RFC 3768 section 5.3.8)",
        policy2,
        advert2,
        { plain: true, "pseudo-header": false, "multicast-pseudo-header": false, wrong: false },
      ],
      [
        "version 3: behind the pseudo-header (RFC 5798 section 5.2.8, as keepalived reads it)",
        policy3,
        advert3,
        { plain: false, "pseudo-header": true, "multicast-pseudo-header": false, wrong: false },
      ],
      [
        "version 3, v3_checksum_as_v2: any, even a wrong one (keepalived)",
        { ...policy3, ...tolerant },
        advert3,
        { plain: true, "pseudo-header": true, "multicast-pseudo-header": true, wrong: true },
      ],
      [
        "version 3 unicast: behind the pseudo-header, the real one or that of old keepalived",
        unicast3,
        { ...advert3, ...toUnicast },
        { plain: false, "pseudo-header": true, "multicast-pseudo-header": true, wrong: false },
      ],
      [
        "version 3 over IPv6: behind the pseudo-header (RFC 9568 section 5.2.8)",
        policy6,
        advert6,
        { plain: false, "pseudo-header": true, "multicast-pseudo-header": false, wrong: false },
      ],
      [
        "version 2 over IPv6: behind the pseudo-header, which the kernel computes (RFC 8200 section 8.1)",
        { ...policy6, version: 2 },
        { ...advert6, version: 2 },
        { plain: false, "pseudo-header": true, "multicast-pseudo-header": false, wrong: false },
      ],
      [
        "unicast, version 3, old_unicast_checksum never: an old keepalived's is refused",
        { ...unicast3, transport: { ...unicast, oldChecksum: "never" } },
        { ...advert3, ...toUnicast },
        { plain: false, "pseudo-header": true, "multicast-pseudo-header": false, wrong: false },
      ],
      [
        "version 2, v3_checksum_as_v2: a wrong one is refused all the same",
        { ...policy2, ...tolerant },
        advert2,
        { plain: true, "pseudo-header": false, "multicast-pseudo-header": false, wrong: false },
      ],
    ];
  const cases = rows.flatMap(([name, policy, advert, forms]) =>
    (["plain", "pseudo-header", "multicast-pseudo-header", "wrong"] as const).map((checksum) => ({
      name,
      policy,
      advert: { ...advert, checksum },
      holds: forms[checksum],
    })),
  );
  test.each(cases)("$name; $advert.checksum: $holds", ({ policy, advert, holds }) => {
    const verdict = checkReceived(advert, policy);
    if (holds) expect(verdict.kind).toBe("accept");
    else expect(verdict).toEqual({ kind: "discard", reason: "CHECKSUM" });
  });
});

/**
 * Each fault can be put on top of any other, so all pairs show the order. It is keepalived's, since the first one names
 * the counter and the log line.
 */
describe("two faults at once: the first check names the reason", () => {
  type Damage = (advert: ReceivedAdvertisement) => ReceivedAdvertisement;
  type Faults = readonly (readonly [DiscardReason, Damage])[];

  const onMulticast2: Faults = [
    ["TTL", (advert) => ({ ...advert, hopLimit: 64 })],
    ["VERSION", (advert) => ({ ...advert, version: 3 })],
    ["AUTHENTICATION_TYPE", (advert) => ({ ...advert, authentication: { kind: "none" } })],
    ["INTERVAL", (advert) => ({ ...advert, interval: micros(3_000_000) })],
    ["TYPE", (advert) => ({ ...advert, type: 3 })],
    ["CHECKSUM", (advert) => ({ ...advert, checksum: "wrong" })],
    ["UNICAST_MULTICAST", (advert) => ({ ...advert, destination: ip("192.0.2.10") })],
  ];
  const withPassword: Faults = onMulticast2.map((fault) =>
    fault[0] === "AUTHENTICATION_TYPE"
      ? ["PASSWORD", (advert) => ({ ...advert, authentication: { kind: "password", data: bytes("wrong") } })]
      : fault,
  );
  const onUnicast3: Faults = [
    ["VERSION", (advert) => ({ ...advert, version: 2 })],
    ["TYPE", (advert) => ({ ...advert, type: 0 })],
    ["CHECKSUM", (advert) => ({ ...advert, checksum: "plain" })],
    ["UNICAST_MULTICAST", (advert) => ({ ...advert, destination: ip("224.0.0.18") })],
    ["UNKNOWN_SENDER", (advert) => ({ ...advert, source: ip("192.0.2.40") })],
  ];
  const onSigned3: Faults = [
    ["TTL", (advert) => ({ ...advert, hopLimit: 64 })],
    ["VERSION", (advert) => ({ ...advert, version: 2 })],
    ["SIGNATURE", (advert) => ({ ...advert, proof: "wrong" })],
    ["TYPE", (advert) => ({ ...advert, type: 0 })],
    ["CHECKSUM", (advert) => ({ ...advert, checksum: "plain" })],
    ["UNICAST_MULTICAST", (advert) => ({ ...advert, destination: ip("192.0.2.10") })],
    ["OWNER_IGNORES", (advert) => advert],
  ];
  const onHeader2: Faults = [
    ["AUTHENTICATION_HEADER", (advert) => ({ ...advert, proof: "wrong" })],
    ["TTL", (advert) => ({ ...advert, hopLimit: 64 })],
    ["AUTHENTICATION_TYPE", (advert) => ({ ...advert, authentication: { kind: "none" } })],
  ];
  const strangersRefused = { ...unicast3, transport: { ...unicast, checkSource: true } };

  const pairs = [
    { faults: onMulticast2, sound: advert2, policy: policy2, transport: "multicast" },
    { faults: withPassword, sound: advert2, policy: policy2, transport: "multicast" },
    {
      faults: onSigned3,
      sound: { ...advert3, proof: "valid" as const },
      policy: { ...signed3, ignoresAll: true },
      transport: "signed",
    },
    {
      faults: onHeader2,
      sound: { ...advert2, authentication: { kind: "header" as const }, proof: "valid" as const },
      policy: header2,
      transport: "with a header",
    },
    { faults: onUnicast3, sound: { ...advert3, ...toUnicast }, policy: strangersRefused, transport: "unicast" },
  ].flatMap(({ faults, sound, policy, transport }) =>
    faults.flatMap(([first, damageFirst], index) =>
      faults.slice(index + 1).map(([second, damageSecond]) => {
        return { transport, first, second, policy, advert: damageSecond(damageFirst(sound)) };
      }),
    ),
  );
  test.each(pairs)("$transport, $first and $second", ({ first, policy, advert }) => {
    expect(checkReceived(advert, policy)).toEqual({ kind: "discard", reason: first });
  });

  test("unicast, a TTL out of its peer's bounds comes last: UNICAST_MULTICAST is told first", () => {
    const advert = { ...advert3, hopLimit: 10 };
    expect(checkReceived(advert, unicast3)).toEqual({ kind: "discard", reason: "UNICAST_MULTICAST" });
  });
});
