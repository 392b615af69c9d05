/** A loopback network and ports of this run alone, so that several demos, and whatever else runs here, do not meet. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** 127.A.B.0/24; the low As are left to people and to tests that chose theirs by hand. @returns `127.A.B` */
export function randomLoopbackNetwork(): string {
  return `127.${randomInt(64, 255)}.${randomInt(0, 256)}`;
}

/**
 * `preferred` where it is free on all the addresses, else one that is.
 * @throws Error when an address cannot be bound at all
 */
export async function freePort(addresses: readonly string[], preferred: number): Promise<number> {
  try {
    for (const address of addresses) await listenOnce(address, preferred);
    return preferred;
  } catch {
    return listenOnce(addresses[0]!, 0);
  }
}

function listenOnce(address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, address, () => {
      const bound = server.address();
      server.close(() => resolve(bound !== null && typeof bound === 'object' ? bound.port : port));
    });
  });
}
