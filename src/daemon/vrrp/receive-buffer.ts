import type { BufferSettings } from "../../config/model/global.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import { AUTHENTICATION_HEADER_LENGTH } from "../../wire/authentication-header.ts";
import { SIGNATURE_LENGTH } from "../../wire/signature-trailer.ts";

/**
 * An instance's share of the room for adverts that have yet to be received, in bytes, as `kernel_rx_buf_size` or
 * `vrrp_rx_bufs_policy` have it. Undefined where neither is configured.
 *
 * @param mtu Of the instance's interface.
 */
export function receiveBufferOf(
  settings: InstanceSettings,
  { adverts }: BufferSettings,
  mtu: number,
): number | undefined {
  if (settings.receiveBuffer !== undefined) return settings.receiveBuffer;
  if (adverts === undefined) return undefined;
  if (adverts.measure === "mtu") return mtu * adverts.times;
  return adverts.measure === "advert" ? packetLength(settings) * adverts.times : adverts.measure.bytes;
}

/** How long an advert is on the wire, with its IP header and what proves it. */
function packetLength({ family, version, virtualAddresses, authentication }: InstanceSettings): number {
  const header = family === "ipv4" ? 20 : 40;
  const address = family === "ipv4" ? 4 : 16;
  const fields = version === 2 && family === "ipv4" ? 16 : 8;
  const proofs = { none: 0, password: 0, header: AUTHENTICATION_HEADER_LENGTH, signature: SIGNATURE_LENGTH };
  return header + fields + address * virtualAddresses.length + proofs[authentication.kind];
}
