/**
 * A server that says where a message came from, and its client, over TCP or UDP: `node echo.ts serve PORT` until it
 * is ended; `node echo.ts ask tcp|udp ADDRESS PORT` prints the source address that the server saw.
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

function ask(protocol: string, host: string, port: number): void {
  setTimeout(() => process.exit(1), ANSWER_DEADLINE_MS).unref();
  const tell = (answer: Buffer): void => {
    console.log(String(answer));
    process.exit(0);
  };
  if (protocol === 'tcp') {
    connect({ host, port }).on('data', tell);
    return;
  }
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', tell);
  udp.send('hello', port, host);
  setInterval(() => udp.send('hello', port, host), 500);
}

const [action, first = '', host = '', port = ''] = process.argv.slice(2);
if (action === 'serve') serve(Number(first));
else ask(first, host, Number(port));
