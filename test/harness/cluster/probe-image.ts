/** Images for the test's own pods: one static program and nothing else, as archives that `docker save` would write. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { arch } from 'node:process';
import { fileURLToPath } from 'node:url';
import { outputOf } from '../process/run-command.ts';
import { TempFolder } from '../process/temp-folder.ts';

const SOURCE = fileURLToPath(new URL('../../tools/probe', import.meta.url));
const BUILD_DEADLINE_MS = 300_000;

export const PROBE_PORT = 7007;
/** Answers with its name and the address that it was asked from, on PROBE_PORT of TCP and UDP. */
export const PROBE_IMAGE = 'docker.io/manul-test/probe:1';
/** Holds the namespaces of a pod. */
export const PAUSE_IMAGE = 'docker.io/manul-test/pause:1';

/** Writes both archives below `output`. @returns their names */
export async function writeProbeImages(output: string): Promise<string[]> {
  const work = new TempFolder('probe');
  const program = work.file('program');
  await outputOf('go', ['build', '-trimpath', '-buildvcs=false', '-o', program, '.'], {
    cwd: SOURCE,
    env: { ...process.env, CGO_ENABLED: '0' },
    deadlineMs: BUILD_DEADLINE_MS,
  });
  const root = work.file('root');
  mkdirSync(root);
  renameSync(program, `${root}/probe`);
  const layer = work.file('layer.tar');
  await outputOf('tar', ['-cf', layer, '--owner=0', '--group=0', '-C', root, 'probe']);
  await writeArchive(work, layer, PROBE_IMAGE, ['serve', String(PROBE_PORT)], `${output}/probe.tar`);
  await writeArchive(work, layer, PAUSE_IMAGE, ['pause'], `${output}/pause.tar`);
  work.remove();
  return ['probe.tar', 'pause.tar'];
}

async function writeArchive(
  work: TempFolder,
  layer: string,
  image: string,
  words: readonly string[],
  path: string,
): Promise<void> {
  const digest = createHash('sha256').update(readFileSync(layer)).digest('hex');
  const config = {
    architecture: arch === 'x64' ? 'amd64' : arch,
    os: 'linux',
    config: { Entrypoint: ['/probe', ...words] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  writeFileSync(work.file('config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [image], Layers: ['layer.tar'] }];
  writeFileSync(work.file('manifest.json'), JSON.stringify(manifest));
  await outputOf('tar', ['-cf', path, '-C', work.path, 'manifest.json', 'config.json', 'layer.tar']);
}
