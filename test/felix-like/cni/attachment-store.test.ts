import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attachment } from '../../../felix-like/cni/attachment.ts';
import { AttachmentStore } from '../../../felix-like/cni/attachment-store.ts';

const ATTACHMENT: Attachment = {
  containerId: 'c1',
  ifName: 'eth0',
  network: 'manul',
  netns: '/run/netns/pod-1',
  pod: { namespace: 'default', name: 'nginx' },
  state: 'adding',
  hostInterface: 'calic440f455693',
  hostIndex: null,
  isSuperseded: false,
  addresses: ['10.244.1.2/32'],
  podMac: null,
  bootId: 'boot-1',
};

describe('the records of attachments', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'manul-store-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('outlive the process that wrote them', () => {
    const store = new AttachmentStore(folder);
    store.put(ATTACHMENT);
    store.put({ ...ATTACHMENT, state: 'attached', hostIndex: 7 });
    store.put({ ...ATTACHMENT, ifName: 'net/1%' });
    store.delete({ containerId: 'c1', ifName: 'net/1%' });
    const next = new AttachmentStore(folder);
    expect(next.list()).toEqual([{ ...ATTACHMENT, state: 'attached', hostIndex: 7 }]);
    expect(next.get({ containerId: 'c1', ifName: 'eth0' })?.hostIndex).toBe(7);
    expect(next.get({ containerId: 'c2', ifName: 'eth0' })).toBeNull();
  });

  test('that were cut short are dropped, the others stay', () => {
    new AttachmentStore(folder).put(ATTACHMENT);
    writeFileSync(join(folder, 'c2@eth0.json.new'), '{"format":1');
    writeFileSync(join(folder, 'c3@eth0.json'), '');
    expect(new AttachmentStore(folder).list()).toEqual([ATTACHMENT]);
    expect(readdirSync(folder)).toEqual(['c1@eth0.json']);
  });

  test('of a later version are an error: without them the addresses of running pods would be given away', () => {
    writeFileSync(join(folder, 'c4@eth0.json'), JSON.stringify({ ...ATTACHMENT, format: 2 }));
    expect(() => new AttachmentStore(folder)).toThrow(
      'c4@eth0.json is of format 2, of another version of Manul',
    );
    expect(readdirSync(folder)).toEqual(['c4@eth0.json']);
  });
});
