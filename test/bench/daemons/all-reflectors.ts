/** Every daemon that `--daemons` can name; those measured by default come first. */
import { BIRD_REFLECTOR } from './bird.ts';
import { FRR_REFLECTOR } from './frr.ts';
import { GOBGP_REFLECTOR } from './gobgp.ts';
import { IDEAL_REFLECTOR } from './ideal.ts';
import { FILTERING_REFLECTOR, MANUL_REFLECTOR } from './manul.ts';
import { OPENBGPD_REFLECTOR } from './openbgpd.ts';
import type { ReflectorKind } from './reflector.ts';

export const DEFAULT_REFLECTORS: readonly ReflectorKind[] = [
  MANUL_REFLECTOR,
  BIRD_REFLECTOR,
  FRR_REFLECTOR,
  GOBGP_REFLECTOR,
  OPENBGPD_REFLECTOR,
];

export const ALL_REFLECTORS: readonly ReflectorKind[] = [
  ...DEFAULT_REFLECTORS,
  FILTERING_REFLECTOR,
  IDEAL_REFLECTOR,
];
