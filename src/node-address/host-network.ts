/** What this machine tells about its network. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { addressFamily, canonicalAddress, type Family } from '@manul/bgp/net';
import type { HostInterface } from '@manul/felix-like/autodetect';

const LOOKUP_TIMEOUT_MS = 5000;
/** Any: nothing is sent. */
const PORT = 9;

/** Interfaces that are up, in the order of the kernel. */
export function hostInterfaces(): readonly HostInterface[] {
  return Object.entries(networkInterfaces()).map(([name, addresses = []]) => ({
    name,
    addresses: addresses.flatMap(({ address, cidr }) => {
      const canonical = canonicalAddress(address.split('%')[0]!);
      const length = Number(cidr?.split('/')[1]);
      return canonical === null || !Number.isInteger(length) ? [] : [{ address: canonical, length }];
    }),
  }));
}

/**
 * The source address that the kernel would use towards an address or a name.
 * @throws Error that says why there is none
 */
export async function sourceTowards(target: string, family: Family): Promise<string> {
  const address = await resolve(target, family);
  const socket = createSocket(family === 'ipv4' ? 'udp4' : 'udp6');
  try {
    await new Promise<void>((resolved, reject) => {
      socket.once('error', reject);
      // Connecting a datagram socket only looks up the route.
      socket.connect(PORT, address, () => resolved());
    });
    return socket.address().address;
  } catch (error) {
    throw new Error(`${address} cannot be reached: ${(error as Error).message}`);
  } finally {
    socket.close();
  }
}

async function resolve(target: string, family: Family): Promise<string> {
  const literal = addressFamily(target);
  if (literal !== null) {
    if (literal !== family) throw new Error(`${target} is no ${family === 'ipv4' ? 'IPv4' : 'IPv6'} address`);
    return target;
  }
  const timeout = AbortSignal.timeout(LOOKUP_TIMEOUT_MS);
  const expired = new Promise<never>((_, reject) => {
    timeout.addEventListener('abort', () => reject(new Error(`${target} was not resolved in time`)));
  });
  const found = await Promise.race([lookup(target, { family: family === 'ipv4' ? 4 : 6 }), expired]);
  return found.address;
}
