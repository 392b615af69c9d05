/** Which of its two modes the demo runs in on this machine, and why. */
import { findCommand } from './command.ts';
import { DemoFailure } from './demo-failure.ts';
import { Namespace } from './namespace.ts';
import type { Mode } from './options.ts';
import type { Stage } from './stage.ts';

export interface ModeChoice {
  readonly mode: Mode;
  readonly why: string;
}

/** @throws DemoFailure when namespaces are asked for and this machine cannot */
export async function chooseMode(stage: Stage, asked: Mode | null): Promise<ModeChoice> {
  if (asked === 'processes') return { mode: asked, why: 'as asked for' };
  const obstacle = await namespacesObstacle(stage);
  if (asked === null) {
    return obstacle === null
      ? { mode: 'namespaces', why: 'because this is root with iproute2 and network namespaces' }
      : { mode: 'processes', why: `because ${obstacle}; namespaces would show pods, too` };
  }
  if (obstacle !== null) throw new DemoFailure(`--mode namespaces is not possible: ${obstacle}`);
  return { mode: asked, why: 'as asked for' };
}

/** Why pods cannot be made here, or null. Tries what the mode will need, instead of guessing from versions. */
async function namespacesObstacle(stage: Stage): Promise<string | null> {
  if (process.platform !== 'linux') return `network namespaces need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'network namespaces need root (try sudo npm run demo)';
  if (findCommand('ip') === null) return 'iproute2 is not installed (no command ip)';
  if (findCommand('ping') === null) return 'there is no command ping to show that pods reach each other';
  try {
    await tryNamespace(stage);
    return null;
  } catch (error) {
    if (error instanceof DemoFailure) return `network namespaces do not work here (${error.message})`;
    throw error;
  }
}

/** @throws DemoFailure with the command that this machine refuses */
async function tryNamespace(stage: Stage): Promise<void> {
  const probe = await Namespace.create(stage, 'probe');
  try {
    await probe.ip('link', 'add', 'port', 'type', 'veth', 'peer', 'name', 'eth0');
    await probe.ip('link', 'add', 'switch', 'type', 'bridge');
    await probe.setSysctl('net/ipv4/ip_forward', 1);
  } finally {
    await probe.remove();
  }
}
