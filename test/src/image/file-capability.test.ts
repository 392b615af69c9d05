import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withFileCapability } from '../../../src/image/file-capability.ts';

/** What setcap(8) writes for `cap_net_bind_service=p`. */
const ATTRIBUTE = '0000000200040000000000000000000000000000';

describe('a file with a capability', () => {
  let folder: string;
  let archive: Buffer;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'manul-capability-'));
    mkdirSync(join(folder, 'root/opt'), { recursive: true });
    for (const name of ['first', 'node', 'other']) writeFileSync(join(folder, 'root/opt', name), name);
    archive = execFileSync('tar', ['-c', '--format=gnu', '--sort=name', '-C', join(folder, 'root'), 'opt']);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('has the attribute as setcap writes it, in front of this file alone, and is otherwise the same', () => {
    const changed = withFileCapability(archive, { path: 'opt/node', number: 10 });
    const path = join(folder, 'changed.tar');
    writeFileSync(path, changed);
    const listed = execFileSync('tar', ['-tvvf', path, '--xattrs', '--xattrs-include=*'], {
      encoding: 'utf8',
    });
    expect(listed.split('\n').map((line) => line.trim().split(/\s+/).slice(-2).join(' '))).toEqual([
      expect.stringContaining('opt/'),
      expect.stringContaining('opt/first'),
      expect.stringContaining('opt/node'),
      '20 security.capability',
      expect.stringContaining('opt/other'),
      '',
    ]);
    expect(changed.includes(Buffer.from(ATTRIBUTE, 'hex'))).toBe(true);
    execFileSync('tar', ['-xf', path, '-C', folder]);
    expect(readFileSync(join(folder, 'opt/node'), 'utf8')).toBe('node');
    expect(changed.length).toBe(archive.length + 1024);
  });

  test('that is not in the layer is an error', () => {
    expect(() => withFileCapability(archive, { path: 'opt/nod', number: 10 })).toThrow('no file opt/nod');
  });
});
