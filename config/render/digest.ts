/**
 * Digests that Calico derives names and addresses from. The module is taken at the first one: `node:crypto` costs 4 MB
 * that a speaker of files never needs.
 */
export function digest(algorithm: 'sha1' | 'sha256', text: string): Buffer {
  return process.getBuiltinModule('node:crypto').createHash(algorithm).update(text).digest();
}
