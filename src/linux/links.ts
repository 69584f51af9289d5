import { fail } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Links } from "../ports/links.ts";
import { openArpSocket, openNeighborSocket } from "./frame-socket.ts";
import { openIpv4VrrpSocket } from "./vrrp-socket-ipv4.ts";
import { openIpv6VrrpSocket } from "./vrrp-socket-ipv6.ts";

/**
 * Protocol and link-layer sockets in the network namespace of this process. All of them need CAP_NET_RAW; without it the
 * failure is EPERM and says so.
 */
export function openLinuxLinks(): Links {
  return {
    openVrrpSocket: (options, onReadable) => {
      const open = options.family === "ipv4" ? openIpv4VrrpSocket : openIpv6VrrpSocket;
      return explained(open(options, onReadable));
    },
    openArpSocket: (options, onReadable) => explained(openArpSocket(options, onReadable)),
    openNeighborSocket: (options, onReadable) => explained(openNeighborSocket(options, onReadable)),
  };
}

function explained<Value>(opened: Result<Value, SystemFailure>): Result<Value, SystemFailure> {
  if (opened.ok || opened.error.errno !== "EPERM") return opened;
  return fail({ ...opened.error, operation: `${opened.error.operation} (needs CAP_NET_RAW)` });
}
