/** `npm run image -- --output FILE --tag NAME:TAG`: the image as an OCI archive, on Debian, without a daemon. */
import { parseArgs } from 'node:util';
import { buildImage } from './build-image.ts';

const USAGE = 'usage: npm run image -- --output FILE --tag NAME:TAG';
const TAG = /^[a-z0-9]+(?:[._/:-][a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

function readOptions(): { output: string; tag: string } {
  const { values } = parseArgs({ options: { output: { type: 'string' }, tag: { type: 'string' } } });
  const { output, tag } = values;
  if (output === undefined || tag === undefined) throw new Error(USAGE);
  if (!TAG.test(tag)) throw new Error(`--tag: "${tag}" is no NAME:TAG`);
  return { output, tag };
}

/** Reproducible builds agree on this variable; without it files are as old as time itself. */
function sourceTimeSec(): number {
  const text = process.env['SOURCE_DATE_EPOCH'] ?? '0';
  if (!/^\d{1,11}$/.test(text)) throw new Error(`SOURCE_DATE_EPOCH: "${text}" is no number of seconds`);
  return Number(text);
}

function mib(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

try {
  const { output, tag } = readOptions();
  const { digest, layers } = buildImage({ output, tag, timeSec: sourceTimeSec() });
  const lines = layers.map(({ name, unpackedBytes, packedBytes }) => {
    return `${name.padEnd(18)}${mib(unpackedBytes).padStart(12)}${mib(packedBytes).padStart(12)}\n`;
  });
  process.stdout.write(`${lines.join('')}${output}: ${tag} ${digest}\n`);
} catch (error) {
  process.stderr.write(`image: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
