import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { Devices } from "../ports/devices.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { NETLINK_ROUTE } from "../wire/netlink/constants.ts";
import {
  createIpvlan,
  createMacvlan,
  linkGroupOf,
  probeKind,
  removeLink,
  setLinkGroup,
  setLinkUp,
  setMaster,
  withoutLinkLocal,
} from "../wire/netlink/link.ts";
import type { NetlinkRequest } from "../wire/netlink/message.ts";
import { listLinks } from "../wire/netlink/rtnetlink.ts";
import { openNetlinkSocket } from "./netlink-socket.ts";

export interface LinuxDevices extends Devices {
  close(): void;
}

/** Opens a conversation about interfaces with the network namespace of this process. */
export function openLinuxDevices(): Result<LinuxDevices, SystemFailure> {
  const opened = openNetlinkSocket(NETLINK_ROUTE);
  if (!opened.ok) return opened;
  const socket = opened.value;
  const ask = (request: NetlinkRequest, operation: string): Result<void, SystemFailure> => {
    const answer = socket.request([request])[0];
    if (answer === undefined || answer.ok) return succeed(undefined);
    const remedy = answer.error.errno === "EPERM" ? " (needs CAP_NET_ADMIN)" : "";
    return fail({ operation: operation + remedy, ...answer.error });
  };
  const groupOf = (index: number): number | undefined => {
    const listed = socket.dump(listLinks());
    if (!listed.ok) return undefined;
    return listed.value.map((message) => linkGroupOf(message, index)).find((group) => group !== undefined);
  };
  return succeed({
    createMacvlan: (request) => {
      // Where the base's group cannot be told, the default one is as good as any.
      const group = request.group ?? groupOf(request.baseIndex);
      return ask(createMacvlan({ ...request, group }), `create the macvlan interface ${request.name}`);
    },
    createIpvlan: (request) => {
      const group = request.group ?? groupOf(request.baseIndex);
      return ask(createIpvlan({ ...request, group }), `create the ipvlan interface ${request.name}`);
    },
    has: (kind) => {
      const answer = ask(probeKind(kind), `ask for the kind of interface ${kind}`);
      if (answer.ok || answer.error.errno === "EINVAL") return succeed(true);
      return answer.error.errno === "EOPNOTSUPP" ? succeed(false) : answer;
    },
    setVrf: (index, vrfIndex) =>
      ask(
        setMaster(index, vrfIndex ?? 0),
        vrfIndex === undefined
          ? `take interface ${index} out of its VRF`
          : `put interface ${index} into the VRF with index ${vrfIndex}`,
      ),
    withoutLinkLocal: (index) => ask(withoutLinkLocal(index), `turn link-local addresses of interface ${index} off`),
    setUp: (index) => ask(setLinkUp(index), `set interface ${index} up`),
    tellOf: (index) => {
      const operation = `have the kernel tell of interface ${index}`;
      const group = groupOf(index);
      if (group === undefined) return fail({ operation, errno: "ENODEV", message: "No such device" });
      return ask(setLinkGroup(index, group), operation);
    },
    remove: (index) => ask(removeLink(index), `remove interface ${index}`),
    close: () => socket.close(),
  });
}
