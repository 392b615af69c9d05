/** The surface of `config` that the executable uses: datastores, checking and rendering. */

import type { SpeakerConfig } from '@manul/bgp';
import type { Family } from '@manul/bgp/net';
import type { AgentConfig } from '@manul/felix-like';
import type { RenderedNode } from './render/rendered-node.ts';
import type { InterfaceAddress } from './schema/fields.ts';
import type { ResourceSet } from './schema/resource-set.ts';

/** One thing that is wrong with what a user wrote. */
export interface ResourceProblem {
  /** Path of the file, or null when it came from an API server. */
  readonly file: string | null;
  /** 1-based line of the field, or of the document when the field is absent. */
  readonly line: number | null;
  /** `Kind/name`, or null when the document could not be read that far. */
  readonly resource: string | null;
  /** Path of the field, `spec.peerIP`; empty for the whole document. */
  readonly field: string;
  readonly text: string;
  /** Unknown fields are errors in `check` and warnings in `run`. Skipped foreign kinds are notes. */
  readonly severity: 'error' | 'unknown-field' | 'note';
}

/** Something that a datastore cannot follow at present: what it held before stays in force. */
export interface StaleSource {
  /** `Node`, or one object or part: `Secret (metadata.name=bgp)`. */
  readonly what: string;
  /** RFC 3339: when following it failed first. */
  readonly since: string;
  /** It has been read before; else nothing of it is known. */
  readonly everRead: boolean;
  readonly reason: string;
}

/** What a datastore holds now. An invalid resource stays in `resources` in its last good version. */
export interface DatastoreSnapshot {
  readonly resources: ResourceSet;
  readonly problems: readonly ResourceProblem[];
  /** Everything has been read at least once. Nothing may be acted upon before. */
  readonly inSync: boolean;
  /** What may be out of date; empty while everything is followed. */
  readonly stale: readonly StaleSource[];
}

export interface Datastore {
  /** Delivers the first snapshot when everything has been read, and another after each change. */
  start(onSnapshot: (snapshot: DatastoreSnapshot) => void): Promise<void>;
  /** Reads everything again now (SIGHUP). */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export interface RenderOptions {
  readonly node: string;
  /** `--router-id`: an address, `hash`, or null for the node's IPv4 address. */
  readonly routerId: string | null;
  /** Namespace of Secrets that a resource names. */
  readonly namespace: string;
  /** `--advertise-cluster-ips`: canonical prefixes instead of `serviceClusterIPs`; null or absent: the resource decides. */
  readonly advertiseClusterIps?: readonly string[] | null;
  /**
   * `--missing-password`: a peer whose key cannot be had is held, or (as in Calico) runs without a key. Listen ranges
   * refuse connections either way. Absent: held.
   */
  readonly missingPassword?: 'hold' | 'connect';
  /** `--ip`, `--ip6`: addresses of the node that are given or found; null or absent: its resource decides. */
  readonly nodeAddresses?: NodeAddresses;
}

export type NodeAddresses = Readonly<Record<Family, NodeAddressChoice | null>>;

export interface NodeAddressChoice {
  readonly address: InterfaceAddress;
  /** It counts also where the Node resource has an address. */
  readonly overrides: boolean;
}

/** What `run` starts, with the rendering that it shows. */
export interface NodeConfig {
  readonly rendered: RenderedNode;
  readonly speaker: SpeakerConfig;
  readonly agent: AgentConfig;
}

/** `renderNode` in `render/render-node.ts`. */
export type RenderNode = (resources: ResourceSet, options: RenderOptions) => NodeConfig;
