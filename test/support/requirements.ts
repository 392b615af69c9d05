/**
 * What a suite needs from the machine. A suite whose needs are not met is skipped with the reason in its
 * name; under MANUL_REQUIRE_ALL=1 (continuous integration) that is a failure instead.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { missingCgroups } from './cgroup-hierarchies.ts';
import { missingToolSet, type ToolSet } from './kubernetes-tools.ts';

export interface Requirements {
  /** Effective uid 0, with permission to make network namespaces. */
  readonly root?: boolean;
  /** Executables that must be found on PATH or in the system's sbin folders, or at the absolute path given. */
  readonly commands?: readonly string[];
  /** Programs of a Kubernetes cluster, built beforehand. */
  readonly kubernetesTools?: readonly ToolSet[];
  /** Those that nodes of a cluster need. */
  readonly cgroups?: boolean;
}

const SBIN = ['/usr/sbin', '/sbin', '/usr/lib/frr'];

/** Absolute path of `command`, or null. */
export function findCommand(command: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...SBIN]) {
    const path = resolve(folder, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here: look in the next folder
    }
  }
  return null;
}

function canMakeNamespaces(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0;
}

/** Why the machine does not meet `needs`, or null when it does. */
export function unmetReason(needs: Requirements): string | null {
  const reasons: string[] = [];
  if (needs.root === true && !canMakeNamespaces()) reasons.push('needs root and network namespaces');
  const missing = (needs.commands ?? []).filter((command) => findCommand(command) === null);
  if (missing.length > 0) reasons.push(`needs ${missing.join(', ')}`);
  for (const set of needs.kubernetesTools ?? []) {
    const reason = missingToolSet(set);
    if (reason !== null) reasons.push(`needs ${reason}`);
  }
  const missingGroups = needs.cgroups === true ? missingCgroups() : null;
  if (missingGroups !== null) reasons.push(`needs ${missingGroups}`);
  return reasons.length > 0 ? reasons.join('; ') : null;
}

/** `describe`, run only where the machine has what the suite needs. */
export function describeWith(needs: Requirements, name: string, body: () => void): void {
  const reason = unmetReason(needs);
  if (reason === null) {
    describe(name, body);
  } else if (process.env['MANUL_REQUIRE_ALL'] === '1') {
    describe(name, () => {
      test('has what it needs', () => {
        throw new Error(reason);
      });
    });
  } else {
    describe.skip(`${name} [skipped: ${reason}]`, body);
  }
}
