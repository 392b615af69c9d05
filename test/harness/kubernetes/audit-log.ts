/** The API server's audit log: who asked for what, and what was decided. */
import { existsSync, readFileSync } from 'node:fs';
import { pollUntil } from '../deadline.ts';

/** One line per request at level Metadata, once it has been answered (for a watch: once it ended, or began). */
export const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
});

export interface AuditEntry {
  /** Such as `system:serviceaccount:NAMESPACE:NAME`. */
  readonly user: string;
  readonly verb: string;
  readonly uri: string;
  readonly resource: string;
  readonly subresource: string;
  readonly group: string;
  readonly namespace: string;
  readonly name: string;
  readonly stage: string;
  readonly code: number;
  readonly decision: string;
  /** Such as `RBAC: allowed by ClusterRoleBinding "a" of ClusterRole "b" to ServiceAccount "c/d"`. */
  readonly reason: string;
  readonly userAgent: string;
}

interface RawEntry {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: Readonly<
    Record<'resource' | 'subresource' | 'apiGroup' | 'namespace' | 'name', string | undefined>
  >;
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

export class AuditLog {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  entries(): AuditEntry[] {
    if (!existsSync(this.path)) return [];
    const lines = readFileSync(this.path, 'utf8').split('\n');
    lines.pop(); // empty, or not yet written in full
    return lines.filter((line) => line !== '').map((line) => entryOf(JSON.parse(line) as RawEntry));
  }

  entriesOf(user: string): AuditEntry[] {
    return this.entries().filter((entry) => entry.user === user);
  }

  /** The log is written a little after the answer. */
  waitFor(matches: (entry: AuditEntry) => boolean, what: string): Promise<AuditEntry> {
    return pollUntil(async () => this.entries().find(matches), `audit log: ${what}`);
  }
}

function entryOf(raw: RawEntry): AuditEntry {
  const object = raw.objectRef;
  return {
    user: raw.user.username,
    verb: raw.verb,
    uri: raw.requestURI,
    resource: object?.resource ?? '',
    subresource: object?.subresource ?? '',
    group: object?.apiGroup ?? '',
    namespace: object?.namespace ?? '',
    name: object?.name ?? '',
    stage: raw.stage,
    code: raw.responseStatus?.code ?? 0,
    decision: raw.annotations?.['authorization.k8s.io/decision'] ?? '',
    reason: raw.annotations?.['authorization.k8s.io/reason'] ?? '',
    userAgent: raw.userAgent ?? '',
  };
}
