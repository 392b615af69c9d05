import type { RenderedNode } from '@manul/config';
import {
  limitProblems,
  maxOpenFiles,
  readHostLimits,
  sessionCap,
  sessionsFor,
} from '../../../src/daemon/host-limits.ts';
import { nodeConfig } from '../support/fake-datastore.ts';

const HOST = { fileDescriptors: 20_000, optionMemory: 131_072 };

function rendered(
  peers: number,
  password: boolean,
  dynamic: readonly { maxSessions: number }[] = [],
): RenderedNode {
  const base = nodeConfig().rendered;
  return {
    ...base,
    peers: Array.from({ length: peers }, (_, i) => ({ password, address: `10.${i >> 8}.${i & 255}.1` })),
    dynamic: dynamic.map((neighbor) => ({ ...neighbor, password, listenRanges: ['10.0.0.0/8', 'fd00::/8'] })),
  } as unknown as RenderedNode;
}

test('the limits of this machine can be read', () => {
  const { fileDescriptors, optionMemory } = readHostLimits();
  expect(fileDescriptors).toBeGreaterThan(64);
  expect(optionMemory).toBeGreaterThan(1_000);
});

test.each([
  ['Max open files            1024                 524288               files     \n', 1024],
  ['Max open files            unlimited            unlimited            files     \n', null],
  ['', null],
])('%j', (text, limit) => {
  expect(maxOpenFiles(text)).toBe(limit);
});

test('sessions leave descriptors for everything else', () => {
  expect(sessionsFor(HOST)).toBe(19_360);
  expect(sessionsFor({ ...HOST, fileDescriptors: 256 })).toBe(128);
  expect(sessionsFor({ ...HOST, fileDescriptors: null })).toBe(Number.POSITIVE_INFINITY);
});

test('limits that suffice are not spoken of', () => {
  expect(limitProblems(HOST, 19_360, rendered(900, true, [{ maxSessions: 10_000 }]))).toEqual([]);
});

test('too few descriptors for the sessions that are allowed, in words with both numbers', () => {
  const low = { ...HOST, fileDescriptors: 1024 };
  expect(limitProblems(low, 5_000, rendered(0, false, [{ maxSessions: 10_000 }]))).toEqual([
    expect.stringMatching(/^RLIMIT_NOFILE is 1024: not enough for the 5000 sessions .* --max-sessions/),
  ]);
});

test('fewer descriptors than the resources allow sessions, where nobody has said how many there may be', () => {
  const low = { ...HOST, fileDescriptors: 256 };
  expect(sessionCap(low, rendered(3, false, [{ maxSessions: 10_000 }]))).toBe(
    'RLIMIT_NOFILE is 256: room for 128 sessions, of 10003 that resources allow; more are refused (ulimit -n, LimitNOFILE=)',
  );
  expect(sessionCap(low, rendered(3, false, [{ maxSessions: 125 }]))).toBeNull();
  expect(sessionCap({ ...HOST, fileDescriptors: null }, rendered(3, false, []))).toBeNull();
});

test('too many keys for one socket, in words with both numbers', () => {
  expect(limitProblems({ ...HOST, optionMemory: 20_480 }, 19_360, rendered(400, true))).toEqual([
    expect.stringMatching(/^net.core.optmem_max is 20480: room for about 150 TCP MD5 keys .* 400 are needed/),
  ]);
});
