/** Which attributes and messages stand in octets that we did not encode: captures of other implementations, and RFC figures. */
import { join } from 'node:path';
import { AttributeType } from '../../../bgp/packet/attributes/attribute-type.ts';
import { HEADER_OCTETS } from '../../../bgp/packet/header.ts';
import { parseUpdate } from '../../fuzz/bgp/oracle/parse-update.ts';
import { readCaptures } from '../../vectors/captures/capture.ts';
import { fromHex, NOTIFICATION_VECTORS, OPEN_VECTORS } from '../../vectors/session-messages.ts';
import { UPDATE_VECTORS } from '../../vectors/update-messages.ts';

const sources = new Map<number, Set<string>>();
for (const { body, provenance } of UPDATE_VECTORS) {
  for (const { code } of parseUpdate(fromHex(body))?.attributes ?? []) {
    sources.set(code, (sources.get(code) ?? new Set()).add(provenance.split(/[ ,]/)[0]!));
  }
}

for (const { daemon, messages } of readCaptures(join(__dirname, '../../vectors/captures'))) {
  for (const { hex } of messages.filter(({ type }) => type === 'Update')) {
    for (const { code } of parseUpdate(fromHex(hex).subarray(HEADER_OCTETS))?.attributes ?? []) {
      sources.set(code, (sources.get(code) ?? new Set()).add(daemon));
    }
  }
}

test.each(Object.entries(AttributeType))('%s (%i) is in a captured UPDATE', (_name, code) => {
  expect([...(sources.get(code) ?? [])]).not.toEqual([]);
});

test('every daemon has UPDATEs, and OPENs and NOTIFICATIONs come from several', () => {
  const daemons = new Set(UPDATE_VECTORS.map(({ provenance }) => provenance.split(/[ ,]/)[0]));
  expect([...daemons]).toEqual(expect.arrayContaining(['BIRD', 'FRR', 'GoBGP', 'OpenBGPD', 'ExaBGP']));
  for (const vectors of [OPEN_VECTORS, NOTIFICATION_VECTORS]) {
    expect(new Set(vectors.map(({ provenance }) => provenance.split(' ')[0])).size).toBeGreaterThan(1);
  }
});
