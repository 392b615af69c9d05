import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLog } from '../../../src/logging/logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder();

test('JSON lines have time, level, message and fields', async () => {
  const path = join(folder, 'json.log');
  const log = await openLog('info', false, path);
  log.logger.debug('not shown');
  log.logger.warn('session lost', { peer: 'tor', reason: 'bye \u001b[2J' });
  await until(() => readFileSync(path, 'utf8').endsWith('\n'));
  await log.flush();
  const line = readFileSync(path, 'utf8');
  expect(line).not.toContain('\u001b');
  expect(JSON.parse(line)).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    peer: 'tor',
    reason: 'bye \u001b[2J',
    msg: 'session lost',
  });
});

test('on a terminal lines are readable, and what peers sent does not act on it', async () => {
  const path = join(folder, 'readable.log');
  const log = await openLog('debug', true, path);
  log.logger.error('NOTIFICATION \u009b2J', { peer: 'tor', text: 'bye \u001b[2J' });
  await until(() => readFileSync(path, 'utf8').endsWith('\n'));
  const line = readFileSync(path, 'utf8');
  expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] ERROR: NOTIFICATION \\x9b2J .*"peer":"tor"/);
  expect(line.trimEnd()).not.toMatch(/\p{Cc}/u);
});
