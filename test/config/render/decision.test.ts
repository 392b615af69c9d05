/** How the best path is found: Calico's way, and annotations of the BGPConfiguration for another. */
import { calico, config, node, render, warningLines } from '../support/render-yaml.ts';

const NODE = node('a', { v4: '10.0.0.1/24' });
const annotated = (annotations: Record<string, string>, name = 'default') =>
  calico('BGPConfiguration', name, {}, { annotations });

test("without annotations as Calico's BIRD: 16 paths of one length share, elevated routes come before our own", () => {
  expect(render(NODE, 'a').decision).toEqual({ alwaysCompareMed: false, multipath: 'relaxed', maxPaths: 16 });
  expect(config(NODE, 'a').speaker.decision).toEqual({
    alwaysCompareMed: false,
    maxPaths: 16,
    relaxedAsPath: true,
    elevatedAbove: { ipv4: 2_147_482_623, ipv6: 2_147_482_623 },
  });
});

test.each([
  [{ 'manul.dev/multipath': 'none' }, { maxPaths: 1, relaxedAsPath: false }],
  [
    { 'manul.dev/multipath': 'same', 'manul.dev/max-paths': '4' },
    { maxPaths: 4, relaxedAsPath: false },
  ],
  [{ 'manul.dev/max-paths': '2' }, { maxPaths: 2, relaxedAsPath: true }],
  [{ 'manul.dev/always-compare-med': 'true' }, { alwaysCompareMed: true, maxPaths: 16 }],
])('%j', (annotations, expected) => {
  expect(config(NODE + annotated(annotations), 'a').speaker.decision).toMatchObject(expected);
});

test("the node's own object comes before the cluster's, annotation by annotation", () => {
  const yaml =
    NODE +
    annotated({ 'manul.dev/max-paths': '2', 'manul.dev/multipath': 'same' }) +
    annotated({ 'manul.dev/max-paths': '8' }, 'node.a');
  expect(render(yaml, 'a').decision).toMatchObject({ multipath: 'same', maxPaths: 8 });
});

test('what cannot be read has no effect, and is named', () => {
  const yaml = NODE + annotated({ 'manul.dev/max-paths': '0', 'manul.dev/always-compare-med': 'yes' });
  expect(render(yaml, 'a').decision).toMatchObject({ alwaysCompareMed: false, maxPaths: 16 });
  expect(warningLines(render(yaml, 'a')).sort()).toEqual([
    'BGPConfiguration/default metadata.annotations["manul.dev/always-compare-med"]: "yes" is none of true, false: it has no effect',
    'BGPConfiguration/default metadata.annotations["manul.dev/max-paths"]: "0" is no number from 1 to 64: it has no effect',
  ]);
});
