import { expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { seededRandom } from "../../base/random.ts";
import { fail, succeed } from "../../base/result.ts";
import { seconds } from "../../base/time.ts";
import { loadConfiguration } from "../../config/load.ts";
import { serializeAdvertisement, TYPE_ADVERTISEMENT, VRRP_GROUP_IPV4 } from "../../wire/vrrp.ts";
import { judgePacket } from "./judge-packet.ts";

test.each([
  [["10.0.0.8"], "expected 2 VIPs but received 1"],
  [["10.0.0.8", "10.0.0.9", "10.0.0.7"], "expected 2 VIPs but received 3"],
  [["10.0.0.8", "10.0.0.7"], "the advertised addresses are not our VIPs"],
  [["10.0.0.9", "10.0.0.8"], undefined],
])("two VIPs configured, %j advertised: %s (keepalived's words where the number differs)", (addresses, words) => {
  const judged = judge(addresses);
  expect(judged.kind === "obey" && judged.remarks.map((remark) => remark.words)).toEqual(
    words === undefined ? [] : [words],
  );
});

function judge(addresses: readonly string[]): ReturnType<typeof judgePacket> {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const { configuration } = loadConfiguration(
    "f",
    { read: () => succeed(new TextEncoder().encode(TEXT)), list: () => missing, facts: () => missing },
    { configId: "a", instanceName: undefined, environment: () => undefined, random: seededRandom(1) },
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
  return judgePacket({ ...ends, hopLimit: 255, message }, settings, ip("10.0.0.1"));
}

const TEXT = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.8\n10.0.0.9\n}\n}\n";
