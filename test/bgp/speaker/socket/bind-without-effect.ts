/**
 * `bind-without-effect.ts permitted|never`: listens on port 179 with CAP_NET_BIND_SERVICE out of effect; `never`: also
 * out of reach. Says what came of it, then which capabilities are in effect.
 */
import { readFileSync } from 'node:fs';
import { capget, capset } from '../../../../bgp/speaker/socket/libc.ts';
import { listen } from '../../../../bgp/speaker/socket/listen.ts';

const NET_BIND_SERVICE = 1 << 10;
const header = Uint32Array.of(0x20080522, 0);
const groups = new Uint32Array(6);
capget(header, groups);
groups[0] = groups[0]! & ~NET_BIND_SERVICE;
if (process.argv[2] === 'never') groups[1] = groups[1]! & ~NET_BIND_SERVICE;
if (capset(header, groups) !== 0) throw new Error('capset failed');

const finish = (outcome: string): void => {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1];
  const isInEffect = (Number.parseInt(effective!.slice(-8), 16) & NET_BIND_SERVICE) !== 0;
  console.log(`${outcome}, in effect: ${isInEffect}`);
  process.exit();
};
listen({
  address: '127.0.0.1',
  port: 179,
  prepare: () => {},
  onConnection: () => {},
  onListening: () => finish('listens'),
  onError: (error) => finish(error.message),
  onAcceptError: () => {},
});
