/** What holds for learnt routes to a prefix, whatever their next hops: by what encapsulation they go, if at all. */
import { addressBits } from '@manul/bgp/net';
import type { PrefixKey } from '../prefix/prefix-key.ts';
import type { Obstacle, Placement } from './claim-table.ts';
import type { OwnClaims } from './own-claims.ts';
import type { PoolTable } from './pool-table.ts';
import type { Encapsulation } from './way.ts';

/** As it should be: nothing to tell. */
const NOT_OURS: Obstacle = { text: null };
const SERVICE_ADDRESS: Placement = { encapsulation: 'none', obstacle: NOT_OURS };

export class Placements {
  readonly #own: OwnClaims;
  readonly #pools: PoolTable;
  /** Of what is programmed: shared by all prefixes. */
  readonly #programmed = new Map<Encapsulation, Placement>();

  constructor(own: OwnClaims, pools: PoolTable) {
    this.#own = own;
    this.#pools = pools;
  }

  of(key: PrefixKey): Placement {
    if (key.odd !== null) return obstructed(`${key.odd} is not a canonical prefix`);
    const prefix = key.sharedPrefix();
    if (this.#own.isServiceAddress(prefix)) return SERVICE_ADDRESS;
    const { encapsulation, isWritten } = this.#pools.classOf(prefix);
    if (!isWritten) return { encapsulation, obstacle: NOT_OURS };
    const block = prefix.length === addressBits(prefix.family) ? null : this.#own.blockAround(prefix);
    if (block !== null) return obstructed(`lies in ${block}, a block of this node`);
    let placement = this.#programmed.get(encapsulation);
    if (placement === undefined) {
      placement = { encapsulation, obstacle: null };
      this.#programmed.set(encapsulation, placement);
    }
    return placement;
  }
}

function obstructed(text: string): Placement {
  return { encapsulation: 'none', obstacle: { text } };
}
