/** Who plays the top-of-rack router: FRR where it is installed, else a Manul. */
import { DemoFailure } from './demo-failure.ts';
import { findFrr, startFrr } from './frr-router.ts';
import { startManulRouter } from './manul-router.ts';
import type { Namespace } from './namespace.ts';
import type { Router } from './options.ts';
import type { Stage } from './stage.ts';
import type { TopOfRack } from './top-of-rack.ts';

/** Says which it is, and why. @throws DemoFailure when FRR is asked for and cannot be used */
export async function startTopOfRack(
  stage: Stage,
  namespace: Namespace,
  asked: Router | null,
): Promise<TopOfRack> {
  const { screen } = stage;
  if (asked === 'manul') {
    screen.print('a Manul plays the top-of-rack router, as asked for');
    return startManulRouter(stage, namespace);
  }
  const frr = await findFrr(stage);
  if (typeof frr !== 'string') return startFrr(stage, namespace, frr);
  if (asked === 'frr') throw new DemoFailure(`--tor frr is not possible: ${frr}`);
  screen.print(`${frr}, so a Manul plays the top-of-rack router`);
  return startManulRouter(stage, namespace);
}
