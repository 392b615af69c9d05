/** How many prefixes a BGPPeer's neighbor may announce, by annotation: Calico's fields have no place for it. */
import { calico, config, node, render, warningLines } from '../support/render-yaml.ts';

const peerWith = (annotations: Record<string, string>): string =>
  calico('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false }) +
  node('a', { v4: '10.0.0.1/24' }) +
  calico('BGPPeer', 'tor', { peerIP: '10.0.0.9', asNumber: 65001 }, { annotations });

const limitOf = (annotations: Record<string, string>) => config(peerWith(annotations), 'a').speaker.peers[0];

test('a BGPPeer has no limit, unless its annotation says so', () => {
  expect(limitOf({})!.maxPrefixes).toBeNull();
  expect(limitOf({ 'manul.dev/max-prefixes': '1000' })).toMatchObject({
    maxPrefixes: 1000,
    maxPrefixesWarningPercent: 75,
    maxPrefixesRestartSec: 300,
  });
});

test('the warning is a percentage of it; the restart time a duration, or never', () => {
  const limited = { 'manul.dev/max-prefixes': '2147483648', 'manul.dev/max-prefixes-warning-percent': '100' };
  expect(limitOf({ ...limited, 'manul.dev/max-prefixes-restart': '1m30s' })).toMatchObject({
    maxPrefixes: 2 ** 31,
    maxPrefixesWarningPercent: 100,
    maxPrefixesRestartSec: 90,
  });
  expect(
    limitOf({ ...limited, 'manul.dev/max-prefixes-restart': 'never' })!.maxPrefixesRestartSec,
  ).toBeNull();
  const [shown] = render(peerWith({ ...limited, 'manul.dev/max-prefixes-restart': 'never' }), 'a').peers;
  expect(shown).toMatchObject({
    maxPrefixes: 2 ** 31,
    maxPrefixesWarningPercent: 100,
    maxPrefixesRestart: null,
  });
});

test.each([
  ['max-prefixes', '0', 'no number from 1 to 2147483648'],
  ['max-prefixes', '1e3', 'no number from 1 to 2147483648'],
  ['max-prefixes', '-5', 'no number from 1 to 2147483648'],
  ['max-prefixes', '99999999999', 'no number from 1 to 2147483648'],
  ['max-prefixes-warning-percent', '101', 'no number from 1 to 100'],
  ['max-prefixes-restart', '5', 'neither never nor a duration from 1s to 24h'],
  ['max-prefixes-restart', '25h', 'neither never nor a duration from 1s to 24h'],
])('manul.dev/%s: %j means nothing, and is a warning', (name, text, wrong) => {
  expect(warningLines(render(peerWith({ [`manul.dev/${name}`]: text }), 'a'))).toEqual([
    `BGPPeer/tor metadata.annotations["manul.dev/${name}"]: "${text}" is ${wrong}: it has no effect`,
  ]);
  expect(limitOf({ [`manul.dev/${name}`]: text })).toMatchObject({
    maxPrefixes: null,
    maxPrefixesWarningPercent: 75,
    maxPrefixesRestartSec: 300,
  });
});
