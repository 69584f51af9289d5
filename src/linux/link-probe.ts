import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { LinkProbe, LinkProbeMethod } from "../ports/link-probe.ts";
import { failureOf, libc } from "./libc.ts";
import { SOCK_DGRAM } from "./linux-socket.ts";

/**
 * Asks drivers by ioctl(2), in the network namespace of this process.
 *
 * @see netdevice(7): struct ifreq { char name[16]; union { short flags; struct mii_ioctl_data; void *data; } }, 40 bytes.
 */
export function openLinuxLinkProbe(): LinkProbe {
  let socket = -1;
  return {
    ask: (name, method) => {
      // Opened when somebody asks: hardly any configuration does.
      if (socket < 0) socket = libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (socket < 0) return fail(failureOf("open a socket to ask for link states", -socket));
      const asked = WAYS[method](socket, requestFor(name));
      return typeof asked === "boolean" ? succeed(asked) : refusal(name, method, asked);
    },
  };
}

/** Each answers whether there is a link, or gives a negative errno. */
const WAYS: Readonly<Record<LinkProbeMethod, (socket: number, request: Uint8Array) => boolean | number>> = {
  MII: (socket, request) => {
    const view = new DataView(request.buffer);
    const found = libc().ioctl(socket, SIOCGMIIPHY, request);
    if (found < 0) return found;
    // struct mii_ioctl_data { u16 phy_id, reg_num, val_in, val_out }; the phy has just been filled in.
    view.setUint16(AT_UNION + 2, MII_BMSR, true);
    const read = libc().ioctl(socket, SIOCGMIIREG, request);
    return read < 0 ? read : (view.getUint16(AT_UNION + 6, true) & BMSR_LSTATUS) !== 0;
  },
  ETHTOOL: (socket, request) => {
    // struct ethtool_value { u32 cmd, data }
    const value = new Uint8Array(new ArrayBuffer(8));
    const view = new DataView(value.buffer);
    view.setUint32(0, ETHTOOL_GLINK, true);
    new DataView(request.buffer).setBigUint64(AT_UNION, libc().addressOf(value), true);
    const asked = libc().ioctl(socket, SIOCETHTOOL, request);
    return asked < 0 ? asked : view.getUint32(4, true) !== 0;
  },
  IOCTL: (socket, request) => {
    const asked = libc().ioctl(socket, SIOCGIFFLAGS, request);
    return asked < 0 ? asked : (new DataView(request.buffer).getUint16(AT_UNION, true) & IFF_RUNNING) !== 0;
  },
};

function requestFor(name: string): Uint8Array {
  const request = new Uint8Array(new ArrayBuffer(SIZEOF_IFREQ));
  new TextEncoder().encodeInto(name, request.subarray(0, IFNAMSIZ - 1));
  return request;
}

function refusal(name: string, method: LinkProbeMethod, result: number): Result<never, SystemFailure> {
  return fail(failureOf(`ask ${name} for its link by ${method}`, -result));
}

const AF_INET = 2;
const SOCK_CLOEXEC = 0o2000000;
const SIZEOF_IFREQ = 40;
const IFNAMSIZ = 16;
const AT_UNION = 16;

// linux/sockios.h, linux/ethtool.h, linux/mii.h, linux/if.h
const SIOCGIFFLAGS = 0x8913;
const SIOCETHTOOL = 0x8946;
const SIOCGMIIPHY = 0x8947;
const SIOCGMIIREG = 0x8948;
const ETHTOOL_GLINK = 0xa;
const MII_BMSR = 1;
const BMSR_LSTATUS = 0x4;
const IFF_RUNNING = 0x40;
