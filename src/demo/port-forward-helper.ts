/** The half of `port-forward.ts` that runs inside the namespace, as a process of its own. Ends with its parent. */
import { connect, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

export interface ForwardTarget {
  readonly address: string;
  readonly port: number;
}

process.on('message', (target: ForwardTarget, listener: Server) => {
  listener.on('connection', (outer: Socket) => {
    const inner = connect(target.port, target.address);
    const onEnd = (): void => {}; // both are destroyed by then, and whoever connected sees it
    pipeline(outer, inner, onEnd);
    pipeline(inner, outer, onEnd);
  });
});
process.on('disconnect', () => process.exit(0));
