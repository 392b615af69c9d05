/** With which TTL connections begin (RFC 4271 §5.1.3: a single hop; RFC 5082 §3: 255), as the SYN that arrives shows. */
import type { AddressInfo, Server, Socket } from 'node:net';
import { dial } from '../../../../bgp/speaker/socket/dial.ts';
import { listen } from '../../../../bgp/speaker/socket/listen.ts';
import { readSyn } from '../../../../bgp/speaker/socket/saved-syn.ts';
import { savedSyn, saveSyn } from '../../../../bgp/speaker/socket/socket-options.ts';
import { fileDescriptor } from '../../../../bgp/speaker/socket/socket-security.ts';

interface Case {
  readonly singleHop: boolean;
  readonly ttlSecurity: number | null;
  readonly ttl: number | null;
}

async function arrivingTtl(address: string, { singleHop, ttlSecurity }: Case): Promise<number | null> {
  const sockets: Socket[] = [];
  let server!: Server;
  try {
    const accepted = new Promise<Socket>((onConnection, onError) => {
      server = listen({
        address,
        port: 0,
        prepare: (fd) => saveSyn(fd, true),
        onConnection,
        onListening: () => {
          const { port } = server.address() as AddressInfo;
          const security = { password: null, ttlSecurity, singleHop, interface: null };
          sockets.push(dial({ address, port, localAddress: null, ...security }).once('error', onError));
        },
        onError,
        onAcceptError: onError,
      });
    });
    const socket = await accepted;
    sockets.push(socket);
    return readSyn(savedSyn(fileDescriptor(socket)!))?.ttl ?? null;
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe.each(['127.0.0.1', '::1'])('to %s', (address) => {
  test.each<Case>([
    { singleHop: true, ttlSecurity: null, ttl: 1 },
    { singleHop: true, ttlSecurity: 1, ttl: 255 },
    { singleHop: false, ttlSecurity: 3, ttl: 255 },
  ])('single hop $singleHop, TTL security $ttlSecurity: TTL $ttl', async (options) => {
    expect(await arrivingTtl(address, options)).toBe(options.ttl);
  });

  test('otherwise it is what the host has, enough for many hops', async () => {
    const options = { singleHop: false, ttlSecurity: null, ttl: null };
    expect(await arrivingTtl(address, options)).toBeGreaterThan(30);
  });
});
