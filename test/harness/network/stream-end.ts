/**
 * One end of a TCP connection that says something at an even pace: `node stream-end.ts serve PORT` sends back what it
 * hears; `node stream-end.ts talk ADDRESS PORT MILLISECONDS` counts upwards, and at SIGINT waits for what is still under
 * way and prints what came of it as JSON (see TcpStream).
 */
import { connect, createServer } from 'node:net';

/** How often to look for the last answers. */
const LOOK_MS = 5;
/** After the last number: the kernel sends again after 200 ms at first, and then ever more rarely. */
const ANSWER_DEADLINE_MS = 10_000;

function serve(port: number): void {
  createServer((socket) => {
    socket.on('error', () => {});
    socket.setNoDelay(true).pipe(socket);
  }).listen({ port, host: '::' }, () => console.log('serving'));
}

function talk(host: string, port: number, intervalMs: number): void {
  let sent = 0;
  let received = 0;
  let longestGapMs = 0;
  let lastAtMs = 0;
  let rest = '';
  const report = (error: string | null): void => {
    console.log(JSON.stringify({ sent, received, longestGapMs: Math.round(longestGapMs), error }));
    process.exit(0);
  };
  const socket = connect({ host, port, noDelay: true }, () => {
    console.log('connected');
    const timer = setInterval(() => socket.write(`${sent++}\n`), intervalMs);
    process.on('SIGINT', () => {
      clearInterval(timer);
      setTimeout(() => report('answers are missing'), ANSWER_DEADLINE_MS);
      setInterval(() => received === sent && report(null), LOOK_MS);
    });
  });
  socket.on('error', (error) => report(error.message));
  socket.on('close', () => report('closed'));
  socket.setEncoding('utf8').on('data', (text: string) => {
    const now = performance.now();
    if (lastAtMs > 0) longestGapMs = Math.max(longestGapMs, now - lastAtMs);
    lastAtMs = now;
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (Number(line) !== received++) report(`${line} out of order`);
  });
}

const [action, first = '', port = '', interval = ''] = process.argv.slice(2);
if (action === 'serve') serve(Number(first));
else talk(first, Number(port), Number(interval));
