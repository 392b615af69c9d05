/** Files of a published Go module, which Go fetches, verifies and keeps. */
import { tmpdir } from 'node:os';
import { outputOf } from '../harness/process/run-command.ts';

const DOWNLOAD_DEADLINE_MS = 120_000;

/** The folder that the module is unpacked in. @param module `path@version` @throws Error with what Go says */
export async function goModuleFolder(module: string): Promise<string> {
  const words = ['mod', 'download', '-json', module];
  const output = await outputOf('go', words, { cwd: tmpdir(), deadlineMs: DOWNLOAD_DEADLINE_MS });
  return (JSON.parse(output) as { readonly Dir: string }).Dir;
}
