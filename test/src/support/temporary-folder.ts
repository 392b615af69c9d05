/** A folder that is gone after the suite; short, because a unix socket's path has at most 107 bytes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the folder now and removes it after all tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'manul-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
