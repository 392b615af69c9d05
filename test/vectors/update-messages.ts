/** Every UPDATE that other implementations sent, and forms of the RFCs that none of them sends. */
import { BIRD_VECTORS } from './updates/bird.ts';
import { EXABGP_VECTORS } from './updates/exabgp.ts';
import { FRR_VECTORS } from './updates/frr.ts';
import { GOBGP_VECTORS } from './updates/gobgp.ts';
import { OPENBGPD_VECTORS } from './updates/openbgpd.ts';
import { RFC_VECTORS } from './updates/rfc.ts';
import type { UpdateVector } from './updates/update-vector.ts';

export const UPDATE_VECTORS: readonly UpdateVector[] = [
  ...BIRD_VECTORS,
  ...FRR_VECTORS,
  ...GOBGP_VECTORS,
  ...OPENBGPD_VECTORS,
  ...EXABGP_VECTORS,
  ...RFC_VECTORS,
];
