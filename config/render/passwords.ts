/** TCP MD5 keys (RFC 2385). A key that is asked for and cannot be had holds the session: never without it. */
import type { SecretReference } from '../schema/fields.ts';
import type { DynamicNeighbor, ResourceSet } from '../schema/resource-set.ts';

export interface Password {
  readonly key: string | null;
  /** Why the session is held, or null. */
  readonly held: string | null;
}

const NO_PASSWORD: Password = { key: null, held: null };

/** Linux takes keys of at most this many bytes (TCP_MD5SIG_MAXKEYLEN). */
const MAX_KEY_BYTES = 80;

/** Looks a key up in the Secrets of `namespace`. */
export function secretPassword(
  resources: ResourceSet,
  namespace: string,
  reference: SecretReference | undefined,
): Password {
  if (reference === undefined) return NO_PASSWORD;
  const { name, key } = reference.secretKeyRef;
  const place = `Secret ${namespace}/${name}`;
  const secret = resources.secrets.get(`${namespace}/${name}`);
  if (secret === undefined) return { key: null, held: `${place} is missing` };
  const text = Object.hasOwn(secret.stringData, key) ? secret.stringData[key]! : decode(secret.data, key);
  if (text === undefined) return { key: null, held: `${place} has no key ${JSON.stringify(key)}` };
  if (text === null)
    return { key: null, held: `${place} has a key ${JSON.stringify(key)} that is no UTF-8 text` };
  return usable(text, `${place}, key ${JSON.stringify(key)},`);
}

/** The key of a DynamicNeighbor: from a Secret or from a file. */
export function neighborPassword(
  resources: ResourceSet,
  namespace: string,
  neighbor: DynamicNeighbor,
): Password {
  const { password, passwordFile } = neighbor.spec;
  if (passwordFile === undefined) return secretPassword(resources, namespace, password);
  const text = resources.passwordFiles.get(neighbor.metadata.name);
  if (text === undefined) return { key: null, held: `passwordFile ${passwordFile} cannot be read` };
  return usable(text, `passwordFile ${passwordFile}`);
}

function usable(text: string, place: string): Password {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) return { key: null, held: `${place} is empty` };
  if (bytes > MAX_KEY_BYTES) return { key: null, held: `${place} is longer than ${MAX_KEY_BYTES} bytes` };
  return { key: text, held: null };
}

/** Undefined: no such key. Null: no text. */
function decode(data: Readonly<Record<string, Uint8Array>>, key: string): string | null | undefined {
  if (!Object.hasOwn(data, key)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data[key]);
  } catch {
    return null; // the caller holds the session and says why
  }
}
