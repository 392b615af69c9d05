/** What a daemon runs with, as `plan` compares it: without secrets. */
import type { NodeConfig, RenderOptions } from '@manul/config';

export const PLAN_BASE_PATH = '/api/v1/config';

export interface PlanBase {
  readonly options: RenderOptions;
  readonly config: NodeConfig;
}

/** Keys are replaced by digests: whether one changed shows, and nothing else. Plain JSON, wherever it comes from. */
export function withoutSecrets({ rendered, speaker, agent }: NodeConfig): NodeConfig {
  const peers = speaker.peers.map((peer) => ({ ...peer, password: digestOf(peer.password) }));
  const dynamic = speaker.dynamic.map((range) => ({ ...range, password: digestOf(range.password) }));
  const masked: NodeConfig = { rendered, speaker: { ...speaker, peers, dynamic }, agent };
  return JSON.parse(JSON.stringify(masked)) as NodeConfig;
}

function digestOf(password: string | null): string | null {
  if (password === null) return null;
  const { createHash } = process.getBuiltinModule('node:crypto'); // 4 MB, for who asks for a plan
  return createHash('sha256').update(password).digest('hex');
}
