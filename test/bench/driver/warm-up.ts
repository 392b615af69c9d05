/** Lets the engine compile the reading of routes before any clock runs, so that the driver starts at full speed. */
import { clusterList, originatorId } from '../../harness/bgp/attributes.ts';
import { encodeUpdate } from '../../harness/bgp/encode.ts';
import type { Family } from '../../harness/bgp/prefix-text.ts';
import { encodeWithdrawals, setAttributes } from './encode-routes.ts';
import { Ledger } from './ledger.ts';
import { nlriBytes, writePrefix } from './prefix-space.ts';
import { RouteReader } from './route-reader.ts';

const PREFIXES = 10_000;
const PER_UPDATE = 10;
const ROUNDS = 60;

/** Reads reflected announcements and withdrawals of IPv4 many times over into a scratch ledger: some 100 ms. */
export function warmUp(): void {
  const family: Family = 'ipv4';
  const reflected = [originatorId('10.1.0.1'), clusterList(['10.0.0.254'])];
  const updates: Buffer[] = [];
  for (let first = 0; first < PREFIXES; first += PER_UPDATE) {
    const nlri = Buffer.alloc(PER_UPDATE * nlriBytes(family));
    let at = 0;
    for (let i = 0; i < PER_UPDATE; i++) at = writePrefix(family, first + i, nlri, at);
    const own = setAttributes({ family, nextHop: '172.20.0.1' }, { set: first, localPref: 100 });
    updates.push(encodeUpdate({ attributes: [...own, ...reflected], nlri }));
  }
  const stream = Buffer.concat([...updates, ...encodeWithdrawals(family, 0, PREFIXES)]);
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const reader = new RouteReader(new Ledger(PREFIXES), 0, () => {});
  for (let round = 0; round < ROUNDS; round++) reader.consume(view, stream.length);
}
