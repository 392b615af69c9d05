/** What the README tells people to write, so that tests can do exactly that. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));

/** The code block whose first line begins with `start`. @throws Error where there is not exactly one */
export function readmeBlock(start: string): string {
  const blocks = readFileSync(README, 'utf8').matchAll(/^```\w*\n([\s\S]*?)^```$/gm);
  const found = Array.from(blocks, ([, text = '']) => text).filter((text) => text.startsWith(start));
  if (found.length !== 1) throw new Error(`README.md has ${found.length} blocks that begin with ${start}`);
  return found[0]!;
}
