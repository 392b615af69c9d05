/** Which pool a prefix lies in, and whether the routes of its class are written. */
import { contains, type Prefix, parsePrefix } from '@manul/bgp/net';
import type { AgentConfig } from '../agent-api.ts';
import type { Encapsulation } from './way.ts';

/** What holds for all routes of one pool; one value for each encapsulation. */
export interface PoolClass {
  readonly encapsulation: Encapsulation;
  readonly isWritten: boolean;
}

type PoolConfig = Pick<AgentConfig, 'pools' | 'programmed'>;

const OUTSIDE: PoolClass = { encapsulation: 'none', isWritten: true };

export class PoolTable {
  /** Everything that decides, as one text to compare. */
  readonly signature: string;
  readonly #pools: readonly { readonly prefix: Prefix; readonly poolClass: PoolClass }[];

  constructor({ pools, programmed }: PoolConfig) {
    this.signature = JSON.stringify([pools, programmed]);
    const classes = new Map<Encapsulation, PoolClass>();
    this.#pools = pools.flatMap(({ prefix: text, encapsulation }) => {
      const prefix = parsePrefix(text, { mask: true });
      if (prefix === null) return [];
      const poolClass = classes.get(encapsulation) ?? {
        encapsulation,
        isWritten: isWritten(encapsulation, programmed),
      };
      classes.set(encapsulation, poolClass);
      return [{ prefix, poolClass }];
    });
  }

  classOf(prefix: Prefix): PoolClass {
    const pool = this.#pools.find((candidate) => contains(candidate.prefix, prefix));
    return pool?.poolClass ?? OUTSIDE;
  }
}

function isWritten(encapsulation: Encapsulation, programmed: PoolConfig['programmed']): boolean {
  if (encapsulation.startsWith('vxlan')) return true;
  return encapsulation === 'none' ? programmed.noEncapsulation : programmed.ipip;
}
