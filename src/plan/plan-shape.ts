/** What applying resources would change: the shape of `manul plan -o json`. */
import type { RenderWarning } from '@manul/config';

export interface Plan {
  readonly node: string;
  /** False: nothing would change. */
  readonly changes: boolean;
  /** The speaker as a whole: AS number, router ID, cluster ID, listening. */
  readonly settings: readonly SettingChange[];
  readonly sessions: readonly PlannedSession[];
  readonly dynamic: readonly PlannedNeighbor[];
  /** Own routes by session, as far as they change; learnt routes are not looked at. */
  readonly routes: readonly PlannedRoutes[];
  readonly kernel: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Warnings that the new rendering has and the old one has not. */
  readonly warnings: readonly RenderWarning[];
}

export interface SettingChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface PlannedSession {
  readonly name: string;
  /** `reset`: ends and comes back; `changed`: goes on with other options. */
  readonly change: 'added' | 'removed' | 'reset' | 'changed';
  readonly address: string;
  readonly port: number;
  readonly asn: number;
  /** Fields that differ, of sessions that stay. */
  readonly fields: readonly SettingChange[];
}

export interface PlannedNeighbor {
  readonly name: string;
  /** `reset`: sessions of its clients end and come back; `changed`: they go on, but for clients that are accepted no more. */
  readonly change: 'added' | 'removed' | 'reset' | 'changed';
  readonly fields: readonly SettingChange[];
}

export interface PlannedRoutes {
  readonly peer: string;
  readonly announced: readonly string[];
  readonly withdrawn: readonly string[];
  /** Announced before and after, with other attributes. */
  readonly changed: readonly string[];
}
