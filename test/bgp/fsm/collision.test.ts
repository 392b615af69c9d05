import { type Collision, isLocalDominant, resolveCollision } from '../../../bgp/fsm/collision.ts';

const LOW = '10.0.0.1';
const HIGH = '192.0.2.1';

interface Ids {
  readonly local: string;
  readonly peer: string;
  readonly localAsn?: number;
  readonly peerAsn?: number;
}

function collide(ids: Ids, collision: Partial<Collision>) {
  return resolveCollision({
    localRouterId: ids.local,
    peerRouterId: ids.peer,
    localAsn: ids.localAsn ?? 64512,
    peerAsn: ids.peerAsn ?? 64512,
    newInitiator: 'local',
    existingInitiator: 'remote',
    existingState: 'OpenConfirm',
    existingPreservesForwarding: false,
    ...collision,
  });
}

describe('connection collision (RFC 4271 §6.8)', () => {
  /** Who opened the new and the existing one; our identifier lower, higher, equal with lower AS, with higher AS. */
  const lower = { local: LOW, peer: HIGH };
  const higher = { local: HIGH, peer: LOW };
  const lowerAs = { local: LOW, peer: LOW, localAsn: 64512, peerAsn: 65000 };
  const higherAs = { local: LOW, peer: LOW, localAsn: 4200000000, peerAsn: 65000 };

  test.each([
    ['remote', 'local', lower, 'closeExisting'],
    ['local', 'remote', lower, 'closeNew'],
    ['remote', 'local', higher, 'closeNew'],
    ['local', 'remote', higher, 'closeExisting'],
    ['remote', 'local', lowerAs, 'closeExisting'],
    ['local', 'remote', lowerAs, 'closeNew'],
    ['remote', 'local', higherAs, 'closeNew'],
    ['local', 'remote', higherAs, 'closeExisting'],
    ['remote', 'remote', lower, 'closeExisting'],
    ['remote', 'remote', higher, 'closeExisting'],
  ] as const)(
    'OpenConfirm, new by %s, existing by %s, %j: %s',
    (newInitiator, existingInitiator, ids, verdict) => {
      expect(collide(ids, { newInitiator, existingInitiator })).toBe(verdict);
    },
  );

  test.each(
    (['local', 'remote'] as const).flatMap((newInitiator) =>
      (['local', 'remote'] as const).flatMap((existingInitiator) =>
        [lower, higher, lowerAs, higherAs].map((ids) => [newInitiator, existingInitiator, ids] as const),
      ),
    ),
  )(
    'Established, new by %s, existing by %s, %j: the new one is closed',
    (newInitiator, existingInitiator, ids) => {
      expect(collide(ids, { newInitiator, existingInitiator, existingState: 'Established' })).toBe(
        'closeNew',
      );
    },
  );

  test('Established with a peer that preserves forwarding: it has restarted, and its new connection replaces the old (RFC 4724 §5)', () => {
    const existing = { existingState: 'Established', existingPreservesForwarding: true } as const;
    expect(collide(higher, { ...existing, newInitiator: 'remote' })).toBe('replaceExisting');
    expect(collide(higher, { ...existing, newInitiator: 'local' })).toBe('closeNew');
  });

  test('both ends keep the same connection', () => {
    for (const ids of [lower, higher, lowerAs, higherAs]) {
      const { local, peer, localAsn = 64512, peerAsn = 64512 } = ids as Ids;
      const here = collide(ids, { newInitiator: 'local', existingInitiator: 'remote' });
      const mirrored = { local: peer, peer: local, localAsn: peerAsn, peerAsn: localAsn };
      const there = collide(mirrored, { newInitiator: 'remote', existingInitiator: 'local' });
      expect(there).toBe(here);
    }
  });

  test('identifiers compare as unsigned integers, not as text', () => {
    const ids = { localAsn: 1, peerAsn: 1 };
    expect(isLocalDominant({ ...ids, localRouterId: '9.0.0.0', peerRouterId: '10.0.0.0' })).toBe(false);
    expect(isLocalDominant({ ...ids, localRouterId: '255.0.0.0', peerRouterId: '127.255.255.255' })).toBe(
      true,
    );
  });
});
