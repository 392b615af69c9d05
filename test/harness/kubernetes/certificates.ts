/** Keys and certificates of a control plane: an authority of its own, so that CA handling is tested for real. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { outputOf } from '../process/run-command.ts';
import type { TempFolder } from '../process/temp-folder.ts';

export interface KeyPair {
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  /** Member of `system:masters`: may do everything. */
  readonly admin: KeyPair;
  /** Signs ServiceAccount tokens. */
  readonly tokenKey: string;
  readonly tokenPublicKey: string;
}

const VALID_DAYS = '2';
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** @param addresses that the server is reached at, besides loopback. */
export async function makeCertificates(
  folder: TempFolder,
  addresses: readonly string[] = [],
): Promise<Certificates> {
  const authority = pair(folder, 'ca');
  await openssl([
    ...['req', '-x509', ...CURVE, '-days', VALID_DAYS, '-subj', '/CN=manul-test-ca'],
    ...['-keyout', authority.key, '-out', authority.certificate],
  ]);
  const tokenKey = folder.file('sa.key');
  const tokenPublicKey = folder.file('sa.pub');
  await openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', tokenKey]);
  await openssl(['ec', '-in', tokenKey, '-pubout', '-out', tokenPublicKey]);
  return {
    authority,
    server: await issue(folder, authority, 'apiserver', '/CN=kube-apiserver', [
      `subjectAltName=${['IP:127.0.0.1', 'DNS:localhost', ...addresses.map((address) => `IP:${address}`)]}`,
      'extendedKeyUsage=serverAuth',
    ]),
    admin: await issueClient(folder, authority, 'admin', '/O=system:masters/CN=admin'),
    tokenKey,
    tokenPublicKey,
  };
}

/** @param subject as openssl writes it: `/O=group/CN=user`. */
export function issueClient(
  folder: TempFolder,
  authority: KeyPair,
  name: string,
  subject: string,
): Promise<KeyPair> {
  return issue(folder, authority, name, subject, ['extendedKeyUsage=clientAuth']);
}

async function issue(
  folder: TempFolder,
  authority: KeyPair,
  name: string,
  subject: string,
  extensions: readonly string[],
): Promise<KeyPair> {
  const issued = pair(folder, name);
  const request = folder.file(`${name}.csr`);
  const extensionFile = folder.file(`${name}.ext`);
  writeFileSync(extensionFile, '');
  for (const extension of extensions) appendFileSync(extensionFile, `${extension}\n`);
  await openssl(['req', '-new', ...CURVE, '-subj', subject, '-keyout', issued.key, '-out', request]);
  await openssl([
    ...['x509', '-req', '-in', request, '-CA', authority.certificate, '-CAkey', authority.key],
    ...['-CAcreateserial', '-days', VALID_DAYS, '-extfile', extensionFile, '-out', issued.certificate],
  ]);
  return issued;
}

const pair = (folder: TempFolder, name: string): KeyPair => ({
  certificate: folder.file(`${name}.crt`),
  key: folder.file(`${name}.key`),
});

const openssl = (args: readonly string[]): Promise<string> => outputOf('openssl', args);

/** A PEM file as kubeconfigs hold it. */
export const inlineData = (path: string): string => readFileSync(path).toString('base64');
