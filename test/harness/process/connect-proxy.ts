/** `connect-proxy.ts PATH`: a proxy for HTTP's CONNECT on a unix socket, which dials from this network namespace; says when it listens. */
import { createServer } from 'node:http';
import { connect } from 'node:net';

const [path = ''] = process.argv.slice(2);
const server = createServer((_request, response) => response.writeHead(405).end());
server.on('connect', (request, inner, head) => {
  const { hostname, port } = new URL(`tcp://${request.url}`);
  const outer = connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1'), () => {
    inner.write('HTTP/1.1 200 OK\r\n\r\n');
    outer.write(head);
    outer.pipe(inner).pipe(outer);
  });
  for (const [one, other] of [
    [inner, outer],
    [outer, inner],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
});
server.listen(path, () => console.log('listening'));
