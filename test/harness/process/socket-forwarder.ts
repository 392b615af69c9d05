/** `socket-forwarder.ts PORT PATH`: takes connections to a port of 127.0.0.1 on to a unix socket; says when it listens. */
import { connect, createServer } from 'node:net';

const [port, path] = process.argv.slice(2);
createServer((inner) => {
  const outer = connect(path ?? '');
  for (const [from, to] of [
    [inner, outer],
    [outer, inner],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
