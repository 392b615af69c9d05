/** A Manul as the top-of-rack router, where there is no FRR: it accepts the nodes as dynamic neighbors of another AS. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManulDaemon } from './manul-daemon.ts';
import type { Namespace } from './namespace.ts';
import { HTTP_PORT, OUTSIDE, RACK, RACK_SUBNET, ROUTER } from './rack-plan.ts';
import type { Stage } from './stage.ts';
import type { TopOfRack } from './top-of-rack.ts';

/** Between two ASes nothing passes without a policy (RFC 8212). */
const RESOURCES = `
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {asNumber: ${ROUTER.asn}, nodeToNodeMeshEnabled: false}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: ${ROUTER.name}}
spec: {bgp: {ipv4Address: ${ROUTER.address}/24}}
---
apiVersion: v1
kind: Node
metadata: {name: ${ROUTER.name}}
spec: {podCIDRs: [${OUTSIDE.subnet}]}
---
apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: everything}
spec: {importV4: [{action: Accept}], exportV4: [{action: Accept}]}
---
apiVersion: manul.dev/v1alpha1
kind: DynamicNeighbor
metadata: {name: nodes}
spec: {listenRanges: [${RACK_SUBNET}], asNumbers: ["${RACK.asn}"], families: [ipv4], filters: [everything]}
`;

const TITLE = `a Manul speaker and agent, DynamicNeighbor with range ${RACK_SUBNET}`;

export async function startManulRouter(stage: Stage, namespace: Namespace): Promise<TopOfRack> {
  const config = join(stage.folder, 'tor.yaml');
  writeFileSync(config, RESOURCES);
  const daemon = await ManulDaemon.start(stage, {
    node: ROUTER.name,
    roles: 'speaker,agent',
    config,
    http: `${ROUTER.address}:${HTTP_PORT}`,
    wrapper: namespace.command(),
  });
  return { title: TITLE, routeProtocol: '80', showSessions: () => daemon.show('peers') };
}
