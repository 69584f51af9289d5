import { expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { seededRandom } from "../../base/random.ts";
import { fail, succeed } from "../../base/result.ts";
import { seconds } from "../../base/time.ts";
import { loadConfiguration } from "../../config/load.ts";
import { serializeAdvertisement, TYPE_ADVERTISEMENT, VRRP_GROUP_IPV4 } from "../../wire/vrrp.ts";
import { Authenticator } from "./authenticator.ts";
import { judgePacket } from "./judge-packet.ts";

test.each([
  [["10.0.0.8"], "expected 2 VIPs but received 1"],
  [["10.0.0.8", "10.0.0.9", "10.0.0.7"], "expected 2 VIPs but received 3"],
  [["10.0.0.8", "10.0.0.7"], "its VIP 10.0.0.7 is none of ours"],
  [["10.0.0.9", "10.0.0.8"], undefined],
])("two VIPs configured, %j advertised: %s (keepalived's words where the number differs)", (addresses, words) => {
  const judged = judge(addresses);
  expect(judged.kind === "obey" && judged.remarks.map((remark) => remark.words)).toEqual(
    words === undefined ? [] : [words],
  );
});

test("skip_check_adv_addr: the list of a master that was right once is not compared again, that of others is", () => {
  const lines = "skip_check_adv_addr\n";
  const notes = (trusted: string | undefined): unknown => {
    const judged = judge(["10.0.0.7"], lines, trusted);
    return judged.kind === "obey" && judged.remarks.map(({ note }) => note);
  };
  expect(notes(undefined)).toEqual(["ADDRESS_LIST"]);
  expect(notes("10.0.0.3")).toEqual(["ADDRESS_LIST"]);
  expect(notes("10.0.0.2")).toEqual([]);
});

test("whether the list was compared and is ours: what makes a master trusted", () => {
  expect(judge(["10.0.0.8", "10.0.0.9"])).toMatchObject({ addressesAgree: true });
  expect(judge(["10.0.0.8"])).toMatchObject({ addressesAgree: false });
});

function judge(addresses: readonly string[], lines = "", trusted?: string): ReturnType<typeof judgePacket> {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const { configuration } = loadConfiguration(
    "f",
    {
      read: () => succeed(new TextEncoder().encode(TEXT.replace("}\n}\n", `}\n${lines}}\n`))),
      list: () => missing,
      facts: () => missing,
    },
    { configId: "a", environment: () => undefined, random: seededRandom(1) },
  );
  const [settings] = configuration.instances;
  if (settings === undefined) throw new Error("The configuration has no instance");
  const ends = { source: ip("10.0.0.2"), destination: VRRP_GROUP_IPV4 };
  const message = serializeAdvertisement(
    {
      version: 2,
      type: TYPE_ADVERTISEMENT,
      vrid: 5,
      priority: 90,
      advertisementInterval: seconds(1),
      addresses: addresses.map(ip),
      authentication: { kind: "none" },
    },
    { ...ends, pseudoHeader: false },
  );
  const authenticator = new Authenticator(settings.authentication, { wallClockMs: () => 0 });
  const context = {
    settings,
    authenticator,
    own: ip("10.0.0.1"),
    trusted: trusted === undefined ? undefined : ip(trusted),
  };
  return judgePacket({ ...ends, hopLimit: 255, message }, context);
}

const TEXT = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.8\n10.0.0.9\n}\n}\n";
