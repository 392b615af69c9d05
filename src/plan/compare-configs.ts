/** The difference between two configurations of one node, as a pure function. */
import { isDeepStrictEqual } from 'node:util';
import {
  announcedRoutes,
  planSessions,
  type RouteStatus,
  resetsClients,
  type SessionChange,
  type SpeakerConfig,
} from '@manul/bgp';
import type { NodeConfig } from '@manul/config';
import { kernelWishes } from './kernel-wishes.ts';
import type { Plan, PlannedNeighbor, PlannedRoutes, PlannedSession, SettingChange } from './plan-shape.ts';

export function compareConfigs(before: NodeConfig, after: NodeConfig): Plan {
  const settings = fieldChanges(identityOf(before), identityOf(after));
  const changes = planSessions(before.speaker, after.speaker);
  const sessions = changes.map(plannedSession);
  const dynamic = plannedNeighbors(before.speaker, after.speaker);
  const routes = plannedRoutes(before, after, changes);
  const [had, wants] = [kernelWishes(before.agent), kernelWishes(after.agent)];
  const kernel = { added: without(wants, had), removed: without(had, wants) };
  const known = new Set(before.rendered.warnings.map((warning) => JSON.stringify(warning)));
  const parts = [settings, sessions, dynamic, routes, kernel.added, kernel.removed];
  return {
    node: after.rendered.node,
    changes: parts.some((part) => part.length > 0),
    settings,
    sessions,
    dynamic,
    routes,
    kernel,
    warnings: after.rendered.warnings.filter((warning) => !known.has(JSON.stringify(warning))),
  };
}

function identityOf({ rendered, agent }: NodeConfig): Readonly<Record<string, unknown>> {
  const { asn, routerId, clusterId, listen, pools, communities, routePriority, ignoredInterfaces, decision } =
    rendered;
  const { tunnels, nat, routeProtocol } = agent;
  return {
    ...{ asn, routerId, clusterId, listen, pools, communities, routePriority, ignoredInterfaces, decision },
    ...{ tunnels, nat, routeProtocol },
  };
}

/** Fields of the first level that differ. */
function fieldChanges(before: object, after: object): SettingChange[] {
  const [old, fresh] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])]
    .filter((field) => !isDeepStrictEqual(old[field], fresh[field]))
    .map((field) => ({ field, before: shown(field, old[field]), after: shown(field, fresh[field]) }));
}

/** A policy is told by its name, and a key not at all. */
function shown(field: string, value: unknown): unknown {
  if (field === 'password') return value === null ? null : 'set';
  if (field !== 'importPolicy' && field !== 'exportPolicy') return value ?? null;
  return (value as { readonly name: string }).name;
}

function plannedSession(session: SessionChange): PlannedSession {
  const peer = session.change === 'removed' ? session.before : session.after;
  const { name, address, port, asn } = peer;
  const stays = session.change === 'reset' || session.change === 'changed';
  return {
    name,
    change: session.change,
    address,
    port,
    asn,
    fields: stays ? fieldChanges(session.before, session.after) : [],
  };
}

function plannedNeighbors(before: SpeakerConfig, after: SpeakerConfig): PlannedNeighbor[] {
  const old = new Map(before.dynamic.map((neighbor) => [neighbor.name, neighbor]));
  const fresh = new Set(after.dynamic.map(({ name }) => name));
  const removed = before.dynamic.filter(({ name }) => !fresh.has(name));
  return [
    ...removed.map(({ name }): PlannedNeighbor => ({ name, change: 'removed', fields: [] })),
    ...after.dynamic.flatMap((neighbor): PlannedNeighbor[] => {
      const { name } = neighbor;
      const known = old.get(name);
      if (known === undefined) return [{ name, change: 'added', fields: [] }];
      const fields = fieldChanges(known, neighbor);
      if (resetsClients({ neighbor: known, identity: before }, { neighbor, identity: after })) {
        return [{ name, change: 'reset', fields }];
      }
      return fields.length === 0 ? [] : [{ name, change: 'changed', fields }];
    }),
  ];
}

function plannedRoutes(
  before: NodeConfig,
  after: NodeConfig,
  changes: readonly SessionChange[],
): PlannedRoutes[] {
  const renamed = new Map(
    changes.flatMap((one) => ('before' in one && 'after' in one ? [[one.before.name, one.after.name]] : [])),
  );
  const had = new Map(
    Array.from(announcedRoutes(before.speaker), ([name, routes]) => [renamed.get(name) ?? name, routes]),
  );
  const has = announcedRoutes(after.speaker);
  const peers = [...new Set([...had.keys(), ...has.keys()])].sort();
  return peers.flatMap((peer) => {
    const old = had.get(peer) ?? new Map<string, RouteStatus>();
    const fresh = has.get(peer) ?? new Map<string, RouteStatus>();
    const announced = [...fresh.keys()].filter((prefix) => !old.has(prefix));
    const withdrawn = [...old.keys()].filter((prefix) => !fresh.has(prefix));
    const changed = [...fresh.keys()].filter(
      (prefix) =>
        old.has(prefix) &&
        !isDeepStrictEqual(attributesOf(old.get(prefix)!), attributesOf(fresh.get(prefix)!)),
    );
    return announced.length + withdrawn.length + changed.length === 0
      ? []
      : [{ peer, announced, withdrawn, changed }];
  });
}

function attributesOf({ age: _age, ...attributes }: RouteStatus): object {
  return attributes;
}

function without(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return some.filter((one) => !known.has(one));
}
