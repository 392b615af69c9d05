/** Images for the test's own pods: one static program, and nothing else. */
import { mkdirSync, renameSync } from 'node:fs';
import { arch } from 'node:process';
import { fileURLToPath } from 'node:url';
import { qualifiedName, writeOciArchive } from '../../../src/image/oci-archive.ts';
import { outputOf } from '../../harness/process/run-command.ts';
import type { TempFolder } from '../../harness/process/temp-folder.ts';

const SOURCE = fileURLToPath(new URL('../../tools/probe', import.meta.url));
const BUILD_DEADLINE_MS = 300_000;

export const PROBE_PORT = 7007;
export const PROBE_IMAGE = qualifiedName('manul-test/probe:1');
/** Holds the namespaces of a pod. */
export const PAUSE_IMAGE = qualifiedName('manul-test/pause:1');

/** Writes both archives below `output`. */
export async function writeProbeImages(output: string, work: TempFolder): Promise<void> {
  const program = work.file('probe');
  await outputOf('go', ['build', '-trimpath', '-buildvcs=false', '-o', program, '.'], {
    cwd: SOURCE,
    env: { ...process.env, CGO_ENABLED: '0' },
    deadlineMs: BUILD_DEADLINE_MS,
  });
  const folder = work.file('probe-root');
  mkdirSync(folder);
  renameSync(program, `${folder}/probe`);
  const images = [
    { tag: 'manul-test/probe:1', words: ['serve', String(PROBE_PORT)] },
    { tag: 'manul-test/pause:1', words: ['pause'] },
  ];
  for (const { tag, words } of images) {
    const image = {
      tag,
      layers: [{ name: 'probe', folder }],
      timeSec: 0,
      architecture: arch === 'x64' ? 'amd64' : arch,
      config: { Entrypoint: ['/probe', ...words] },
    };
    writeOciArchive(image, `${output}/${words[0]}.tar`, work.path);
  }
}
