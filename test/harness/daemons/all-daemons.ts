/** The peer daemons that Manul is tested against. */
import { BIRD } from './bird.ts';
import type { DaemonKind } from './daemon.ts';
import { EXABGP } from './exabgp.ts';
import { FRR } from './frr.ts';
import { GOBGP } from './gobgp.ts';
import { OPENBGPD } from './openbgpd.ts';

export const ALL_DAEMONS: readonly DaemonKind[] = [BIRD, FRR, GOBGP, OPENBGPD, EXABGP];
