/** The node-to-node mesh: a session with every node, unless one of the two is a route reflector. */
import type { NodeView } from './node-view.ts';
import { secretPassword } from './passwords.ts';
import { NO_PREFIX_LIMIT } from './prefix-limit.ts';
import type { RenderContext } from './render-context.ts';
import {
  familiesBetween,
  gracefulRestartSec,
  isTextGreater,
  KEEPALIVE_SEC,
  Rank,
  type SessionDraft,
  sharedTransports,
} from './session-draft.ts';
import { CALICO_SAFETY } from './session-safety.ts';

const CONFIGURATION = 'BGPConfiguration/default';

export function meshSessions(context: RenderContext): SessionDraft[] {
  const { self, nodes, settings } = context;
  if (!settings.meshEnabled || self.clusterId !== null) return [];
  const others = [...nodes.values()].filter(
    ({ name, clusterId }) => name !== self.name && clusterId === null,
  );
  const shared = sharedOptions(context);
  return others.flatMap((other) => sessionsWith(context, shared, other));
}

/** What all sessions have from the BGPConfiguration. */
function sharedOptions(context: RenderContext): Pick<SessionDraft, 'password' | 'gracefulRestartSec'> {
  const { resources, options, settings } = context;
  const { nodeMeshPassword, nodeMeshMaxRestartTime } = settings.cluster;
  const field = 'spec.nodeMeshMaxRestartTime';
  return {
    password: secretPassword(resources, options.namespace, nodeMeshPassword),
    gracefulRestartSec: gracefulRestartSec(context, nodeMeshMaxRestartTime, CONFIGURATION, field),
  };
}

function sessionsWith(
  context: RenderContext,
  shared: ReturnType<typeof sharedOptions>,
  other: NodeView,
): SessionDraft[] {
  const { self, settings } = context;
  return sharedTransports(self, other).flatMap((family): SessionDraft[] => {
    const own = self.addresses[family]!.address;
    const { address } = other.addresses[family]!;
    if (address === own) return [];
    return [
      {
        rank: Rank.Mesh,
        kind: 'mesh',
        group: 'mesh',
        remoteNode: other.name,
        family,
        address,
        port: settings.listenPortOf(other.name),
        // Not the cluster's: Calico expects a node without an AS number of its own to have this node's.
        asn: other.asn ?? context.asn,
        localAsn: context.asn,
        localAddress: own,
        passive: isTextGreater(address, own),
        remoteClusterId: null,
        nextHop: 'auto',
        families: familiesBetween(self, other, family),
        ...shared,
        keepaliveSec: KEEPALIVE_SEC,
        ttlSecurity: null,
        allowOwnAs: 0,
        reachableBy: null,
        prefixLimit: NO_PREFIX_LIMIT,
        boundTo: null,
        safety: CALICO_SAFETY,
        filters: [],
        resource: `Node/${other.name}`,
      },
    ];
  });
}
