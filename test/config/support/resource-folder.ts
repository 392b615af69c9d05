/** A temporary folder of resource files, and snapshots of a datastore as promises. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Datastore, DatastoreSnapshot } from '@manul/config';

export class ResourceFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'manul-config-'));

  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes in place. @returns the path. */
  write(name: string, text: string): string {
    const path = this.file(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Writes another file and renames it over the old one, as editors do. */
  replace(name: string, text: string): void {
    const draft = this.write(`.${name}.draft`, text);
    renameSync(draft, this.file(name));
  }

  remove(name = ''): void {
    rmSync(this.file(name), { recursive: true, force: true });
  }
}

/** Follows a datastore; a snapshot that never comes fails the test by its deadline. */
export class SnapshotLog {
  readonly snapshots: DatastoreSnapshot[] = [];
  #waiting: {
    readonly accept: (snapshot: DatastoreSnapshot) => boolean;
    readonly done: (s: DatastoreSnapshot) => void;
  }[] = [];

  readonly listen = (snapshot: DatastoreSnapshot): void => {
    this.snapshots.push(snapshot);
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ accept }) => !accept(snapshot));
    for (const { accept, done } of waiting) if (accept(snapshot)) done(snapshot);
  };

  get last(): DatastoreSnapshot {
    const last = this.snapshots.at(-1);
    if (last === undefined) throw new Error('no snapshot yet');
    return last;
  }

  /** The last snapshot if it is accepted, or else the next one that is. */
  until(accept: (snapshot: DatastoreSnapshot) => boolean): Promise<DatastoreSnapshot> {
    const last = this.snapshots.at(-1);
    if (last !== undefined && accept(last)) return Promise.resolve(last);
    return new Promise((done) => {
      this.#waiting.push({ accept, done });
    });
  }
}

/** Starts a datastore and stops it again after `body`. */
export async function withDatastore(
  datastore: Datastore,
  body: (log: SnapshotLog, datastore: Datastore) => Promise<void>,
): Promise<void> {
  const log = new SnapshotLog();
  try {
    await datastore.start(log.listen);
    await body(log, datastore);
  } finally {
    await datastore.close();
  }
}

export function peerYaml(name: string, spec = '{peerIP: 10.0.0.1, asNumber: 64512}'): string {
  return `apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}
