/** `socket-forwarder.ts ADDRESS PORT PATH`: takes TCP connections on to a unix socket; says when it listens. */
import { connect, createServer } from 'node:net';

const [address, port, path] = process.argv.slice(2);
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
}).listen(Number(port), address, () => console.log('listening'));
