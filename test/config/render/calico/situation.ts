/**
 * Situations whose outcome follows from Calico's behaviour: each cites the rows of the reference (section and row of
 * `calico-semantics`) that it is argued from. `calico-semantics.test.ts` renders them and checks that no row and no
 * field is left out.
 */

import type { RenderedNode, RenderedPeer, RenderOptions } from '@manul/config';
import type { AgentConfig } from '@manul/felix-like';
import type { TestRoute } from '../../support/evaluate-policy.ts';

export interface Situation {
  /** Rows that the expectation follows from: `<section> <row>`. */
  readonly cites: readonly string[];
  /** Why, in one sentence. */
  readonly because: string;
  readonly resources: readonly string[];
  readonly node: string;
  readonly options?: Partial<RenderOptions>;
  /** All sessions of the node by name, each with what matters here; absent: not looked at. */
  readonly peers?: Readonly<Record<string, Partial<RenderedPeer>>>;
  readonly rendered?: Partial<RenderedNode>;
  readonly agent?: Partial<AgentConfig>;
  /** `prefix reason` of all that is announced. */
  readonly originated?: readonly string[];
  /** What a session's policies say about routes. */
  readonly verdicts?: readonly Verdict[];
  /** All warnings, `resource field: text`. None by default. */
  readonly warnings?: readonly string[];
}

export interface Verdict {
  readonly peer: string;
  readonly direction: 'import' | 'export';
  readonly route: TestRoute;
  readonly action: 'accept' | 'reject';
  /** Terms that changed or decided, in order; absent: not looked at. */
  readonly terms?: readonly string[];
}
