/** Every scenario of `npm run bench`, in the order in which they run. */
import { BEST_PATH } from './best-path.ts';
import { CLUSTER, FLAP } from './cluster.ts';
import { CHURN_LATENCY, LATENCY } from './latency.ts';
import { FAN_OUT, FAN_OUT_V6, FULL_TABLE } from './one-to-many.ts';
import { REJOIN } from './rejoin.ts';
import type { Scenario } from './scenario.ts';
import { SESSIONS_UP } from './sessions.ts';

export const ALL_SCENARIOS: readonly Scenario[] = [
  FULL_TABLE,
  FAN_OUT,
  CLUSTER,
  BEST_PATH,
  LATENCY,
  SESSIONS_UP,
  FLAP,
  REJOIN,
  CHURN_LATENCY,
  FAN_OUT_V6,
];
