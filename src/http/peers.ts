/**
 * Containers reach this machine under names of their own, such as `host.docker.internal`. A container
 * cannot be told from others by its Host, so what may be sent under these names is decided in guard.ts, and
 * here only where a connection came from.
 */
import { BlockList, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

const containerHosts =
  /^(?:(?:host|gateway)\.docker|host\.(?:containers|lima|orb|rancher-desktop))\.internal(?::\d{1,5})?$/i;

/** Networks between a machine and its containers: Docker, Podman, Lima, Hyper-V (WSL), macOS' own. */
const bridges = /^(?:docker|br-|bridge\d{3}|podman|cni|virbr|vmnet|lima|colima|orb|vEthernet)/;

/** Whether a value of Host is a name that only containers have for this machine. */
export function isContainerHost(host: string): boolean {
  return containerHosts.test(host);
}

/**
 * Whether a peer is this machine or a container on it: a loopback address, one of its own, or one of a
 * network that it bridges to containers.
 *
 * @param address as the socket has it; undefined where nobody knows, which is not local.
 */
export function isLocalPeer(address: string | undefined): boolean {
  if (!address) return false;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (plain === "::1" || plain.startsWith("127.")) return true;
  const local = new BlockList();
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, cidr, family } of addresses ?? []) {
      const type = family === "IPv6" ? "ipv6" : "ipv4";
      if (cidr && bridges.test(name)) local.addSubnet(address, Number(cidr.split("/")[1]), type);
      else local.addAddress(address, type);
    }
  }
  return local.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
}
