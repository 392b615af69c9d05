/** Opens the kernel of this process and prints what came of it: for a process that lacks the permission. */
import { createLinuxKernel } from '../../../felix-like/index.ts';

const kernel = createLinuxKernel();
try {
  await kernel.open({ onEvents: () => {}, onEventsLost: () => {}, onBroken: () => {} });
  console.log('opened');
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
}
await kernel.close();
