/**
 * A server that says where a message came from, and its client, over TCP or UDP: `node echo.ts serve PORT` until it
 * is ended; `node echo.ts ask tcp|udp|tcp,udp ADDRESS,… PORT` prints the source address that the server saw, a line for
 * each address and protocol.
 */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

const ANSWER_DEADLINE_MS = 10_000;

function serve(port: number): void {
  const answer = (address: string | undefined): string => (address ?? '').replace(/^::ffff:/, '');
  createServer((socket) => {
    socket.on('error', () => {});
    socket.end(answer(socket.remoteAddress));
  }).listen({ port, host: '::' }, () => console.log('serving'));
  const udp = createSocket('udp6');
  udp.on('message', (_message, { address, port: from }) => udp.send(answer(address), from, address));
  udp.bind(port, '::');
}

async function ask(protocols: readonly string[], hosts: readonly string[], port: number): Promise<void> {
  setTimeout(() => process.exit(1), ANSWER_DEADLINE_MS).unref();
  for (const host of hosts)
    for (const protocol of protocols) console.log(await (protocol === 'tcp' ? askTcp : askUdp)(host, port));
  process.exit(0);
}

function askTcp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => connect({ host, port }).on('data', (answer) => resolve(String(answer))));
}

function askUdp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    udp.on('message', (answer) => resolve(String(answer)));
    udp.send('hello', port, host);
    setInterval(() => udp.send('hello', port, host), 500);
  });
}

const [action, first = '', hosts = '', port = ''] = process.argv.slice(2);
if (action === 'serve') serve(Number(first));
else await ask(first.split(','), hosts.split(','), Number(port));
