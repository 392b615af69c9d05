/** The ideal reflector (no RIB, no policy, no checks): what the driver itself can send and take. */
import { fileURLToPath } from 'node:url';
import { ChildDaemon } from '../../harness/process/child-daemon.ts';
import { REFLECTOR, type ReflectorKind, type RunningReflector } from './reflector.ts';

const SCRIPT = fileURLToPath(new URL('../ideal/main.ts', import.meta.url));

async function start(port: number): Promise<RunningReflector> {
  const child = await ChildDaemon.start('ideal', process.execPath, [
    SCRIPT,
    JSON.stringify({ ...REFLECTOR, port }),
  ]);
  await child.until((output) => output.includes('listening') || null, 'listens');
  return { pid: child.pid, log: () => child.output, stop: () => child.stop() };
}

export const IDEAL_REFLECTOR: ReflectorKind = { name: 'ideal', commands: [], needsRoot: false, start };
