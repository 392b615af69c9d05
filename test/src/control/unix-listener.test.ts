import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenUnix } from '../../../src/control/unix-listener.ts';

describe('a unix socket', () => {
  let folder: string;
  let server: Server;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'manul-socket-'));
    server = createServer();
  });

  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

  test('is for its user alone, in a folder that is made', async () => {
    const path = join(folder, 'new', 'control.sock');
    await listenUnix(server, path, 'control socket');
    expect(modeOf(path)).toBe('600');
  });

  test('is also for the group of a folder that a group shares', async () => {
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o2770);
    const path = join(shared, 'control.sock');
    await listenUnix(server, path, 'control socket');
    expect(modeOf(path)).toBe('660');
  });
});
