/** Limits of prefixes, ours and the daemon's: Cease 6/1 either way (RFC 4486 §4). */
import { ALL_DAEMONS } from '../harness/daemons/all-daemons.ts';
import { pollUntil } from '../harness/deadline.ts';
import { dynamicNeighborYaml } from '../harness/manul/resources.ts';
import { describeWith } from '../support/requirements.ts';
import { PAIR_START_MS, PAIR_TEST_MS, Pair, type PairOptions } from './pair.ts';
import { together } from './story.ts';

const NETWORKS = ['10.61.1.0/24', '10.61.2.0/24', '10.61.3.0/24'];
/** FRR counts a prefix after it has looked at the limit: more than one too many. */
const BLOCKS = ['10.60.1.0/26', '10.60.2.0/26', '10.60.3.0/26', '10.60.4.0/26', '10.60.5.0/26'];
const FAMILIES = ['ipv4'] as const;
/** ExaBGP has no limit of its own. */
const WITH_LIMIT = ALL_DAEMONS.filter(({ name }) => name !== 'exabgp');

const range = (...spec: string[]): string =>
  dynamicNeighborYaml({ name: 'clients', listenRanges: ['10.66.0.0/24'], routeReflectorClient: true, spec });

/** Runs a pair until Manul has counted a Cease 6/1 in this direction. */
async function untilCease(
  kind: (typeof ALL_DAEMONS)[number],
  options: PairOptions,
  direction: 'sent' | 'received',
): Promise<void> {
  const pair = await Pair.start(kind, options);
  try {
    const counted = new RegExp(
      `manul_bgp_notifications_total\\{[^}]*direction="${direction}"[^}]*code="6",subcode="1"[^}]*\\} [1-9]`,
    );
    await pollUntil(
      async () => counted.test(await pair.manul.controlGet('/metrics')) || null,
      `a Cease 6/1 that was ${direction}`,
      { deadlineMs: 60_000 },
    );
  } finally {
    await pair.stop();
  }
}

const ours = together(ALL_DAEMONS, (kind) => {
  const sessions = [{ families: FAMILIES }];
  return untilCease(kind, { resource: range('maxPrefixes: 2'), sessions, networks: NETWORKS }, 'sent');
});

const theirs = together(WITH_LIMIT, (kind) => {
  const sessions = [{ families: FAMILIES, maxPrefixes: 2 }];
  return untilCease(kind, { resource: range(), sessions, networks: [], blocks: BLOCKS }, 'received');
});

describe.each(ALL_DAEMONS)('$name', (kind) => {
  describeWith({ root: true, commands: kind.commands }, 'and Manul with a limit of prefixes', () => {
    test('a daemon that announces too many gets Cease 6/1', () => ours(kind), PAIR_START_MS + PAIR_TEST_MS);

    if (!WITH_LIMIT.includes(kind)) return;
    test(
      'a daemon to which Manul announces too many says so with Cease 6/1',
      () => theirs(kind),
      PAIR_START_MS + PAIR_TEST_MS,
    );
  });
});
