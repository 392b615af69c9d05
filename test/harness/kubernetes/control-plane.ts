/**
 * A Kubernetes control plane of its own for a test file: etcd and kube-apiserver, and kube-controller-manager where it
 * is asked for, on free ports of 127.0.0.1, everything below one temporary folder. Any user can run it; starting
 * takes 3 s and 310 MiB.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubernetesTool } from '../../support/kubernetes-tools.ts';
import { pollUntil } from '../deadline.ts';
import { freePort } from '../process/free-port.ts';
import { TempFolder } from '../process/temp-folder.ts';
import { ApiClient, type Credentials, type KubernetesObject } from './api-client.ts';
import { AUDIT_POLICY, AuditLog } from './audit-log.ts';
import { type Certificates, issueClient, makeCertificates } from './certificates.ts';
import { Etcd } from './etcd.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { Restartable } from './restartable.ts';

export interface ControlPlaneOptions {
  /** Those of kube-controller-manager that are to run, such as `node-ipam-controller`; none: it is not started. */
  readonly controllers?: readonly string[];
  readonly controllerManagerArguments?: readonly string[];
  readonly apiServerArguments?: readonly string[];
  /** Where clients reach the API server besides 127.0.0.1, by means of the test. */
  readonly addresses?: readonly string[];
  /** Starts kube-scheduler, too. */
  readonly scheduler?: boolean;
}

const ADDRESS = '127.0.0.1';

export class ControlPlane {
  readonly url: string;
  readonly folder: TempFolder;
  readonly certificates: Certificates;
  readonly etcd: Etcd;
  readonly apiServer: Restartable;
  readonly auditLog: AuditLog;
  readonly admin: ApiClient;
  #controllerManager: Restartable | null = null;
  #scheduler: Restartable | null = null;
  readonly #arguments: readonly string[];

  private constructor(parts: {
    url: string;
    folder: TempFolder;
    certificates: Certificates;
    etcd: Etcd;
    args: readonly string[];
  }) {
    this.url = parts.url;
    this.folder = parts.folder;
    this.certificates = parts.certificates;
    this.etcd = parts.etcd;
    this.#arguments = parts.args;
    this.auditLog = new AuditLog(parts.folder.file('audit.log'));
    this.admin = new ApiClient(parts.url, this.adminCredentials());
    this.apiServer = new Restartable(
      {
        name: 'kube-apiserver',
        command: kubernetesTool('kube-apiserver'),
        ready: async () =>
          (await this.admin.request('GET', '/readyz')).status === 200 &&
          (await this.admin.request('GET', '/api/v1/namespaces/default')).status === 200,
      },
      parts.args,
    );
  }

  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const folder = new TempFolder('kubernetes');
    const certificates = await makeCertificates(folder, options.addresses);
    const etcd = await Etcd.start(folder.file('etcd'));
    const port = await freePort(ADDRESS);
    const args = apiServerArguments(folder, certificates, etcd.url, port, options);
    const plane = new ControlPlane({ url: `https://${ADDRESS}:${port}`, folder, certificates, etcd, args });
    try {
      await plane.apiServer.start();
      if (options.controllers !== undefined) await plane.#startControllers(options);
      if (options.scheduler === true) await plane.#startScheduler();
    } catch (error) {
      await plane.stop();
      throw error;
    }
    return plane;
  }

  adminCredentials(): Credentials {
    const { authority, admin } = this.certificates;
    return { authority: authority.certificate, certificate: admin.certificate, key: admin.key };
  }

  /** Those of a client certificate. @param subject `/O=group/CN=user` */
  async clientCredentials(name: string, subject: string): Promise<Credentials> {
    const { authority } = this.certificates;
    const { certificate, key } = await issueClient(this.folder, authority, name, subject);
    return { authority: authority.certificate, certificate, key };
  }

  tokenCredentials(token: string): Credentials {
    return { authority: this.certificates.authority.certificate, token };
  }

  /** Path of a new kubeconfig. @param url where it differs from the API server's: that of a relay. */
  kubeconfig(name: string, credentials: Credentials = this.adminCredentials(), url = this.url): string {
    return this.folder.write(`${name}.kubeconfig`, kubeconfigText(url, credentials));
  }

  /** Starts the API server again, with other or further flags where given. */
  async restartApiServer(more: readonly string[] = []): Promise<void> {
    await this.apiServer.restart([...this.#arguments, ...more]);
  }

  /** Creates CustomResourceDefinitions and waits until their objects can be listed, which takes seconds at first. */
  async installCrds(crds: readonly KubernetesObject[]): Promise<void> {
    await this.admin.createAll(crds);
    await Promise.all(
      crds.map(async ({ spec }) => {
        const { group, names, versions } = spec as {
          group: string;
          names: { plural: string };
          versions: readonly { name: string }[];
        };
        const path = `/apis/${group}/${versions[0]?.name}/${names.plural}`;
        await pollUntil(async () => {
          return (await this.admin.request('GET', path)).status === 200 ? true : null;
        }, `${path} is served`);
      }),
    );
  }

  async createNamespace(name: string): Promise<void> {
    await this.admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  /** A token for a ServiceAccount, which is made where it does not exist. @param seconds at least 600. */
  async serviceAccountToken(namespace: string, name: string, seconds = 3600): Promise<string> {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } };
    const path = await this.admin.pathOf(account);
    if ((await this.admin.request('GET', path)).status === 404) await this.admin.create(account);
    const answer = (await this.admin.must('POST', `${path}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: seconds },
    })) as { status: { token: string } };
    return answer.status.token;
  }

  /** A folder with what Kubernetes mounts into the pods of a ServiceAccount. */
  async serviceAccountFolder(namespace: string, name: string): Promise<string> {
    const path = this.folder.file(`serviceaccount-${namespace}-${name}`);
    mkdirSync(path, { recursive: true });
    copyFileSync(this.certificates.authority.certificate, join(path, 'ca.crt'));
    writeFileSync(join(path, 'token'), await this.serviceAccountToken(namespace, name));
    writeFileSync(join(path, 'namespace'), namespace);
    return path;
  }

  async stop(): Promise<void> {
    await this.#scheduler?.stop();
    await this.#controllerManager?.stop();
    this.admin.close();
    await this.apiServer.stop();
    await this.etcd.process.stop();
    this.folder.remove();
  }

  async #startControllers(options: ControlPlaneOptions): Promise<void> {
    this.#controllerManager = await this.#startClient('kube-controller-manager', [
      `--service-account-private-key-file=${this.certificates.tokenKey}`,
      `--root-ca-file=${this.certificates.authority.certificate}`,
      '--use-service-account-credentials',
      `--flex-volume-plugin-dir=${this.folder.file('flex')}`, // else it makes one below /usr
      `--controllers=${(options.controllers ?? []).join(',')}`,
      ...(options.controllerManagerArguments ?? []),
    ]);
    if ((options.controllers ?? []).includes('serviceaccount-controller')) {
      const account = '/api/v1/namespaces/default/serviceaccounts/default';
      await pollUntil(
        async () => ((await this.admin.request('GET', account)).status === 200 ? true : null),
        'the default ServiceAccount exists',
      );
    }
  }

  async #startScheduler(): Promise<void> {
    this.#scheduler = await this.#startClient('kube-scheduler', []);
  }

  /** Starts what works by the API alone. */
  async #startClient(name: string, more: readonly string[]): Promise<Restartable> {
    const port = await freePort(ADDRESS);
    const started = new Restartable(
      {
        name,
        command: kubernetesTool(name),
        ready: async () => {
          const client = new ApiClient(`https://${ADDRESS}:${port}`, this.adminCredentials());
          try {
            return (await client.request('GET', '/healthz')).status === 200;
          } finally {
            client.close();
          }
        },
      },
      [
        ...[`--kubeconfig=${this.kubeconfig(name)}`, '--leader-elect=false'],
        ...[`--bind-address=${ADDRESS}`, `--secure-port=${port}`],
        `--tls-cert-file=${this.certificates.server.certificate}`,
        `--tls-private-key-file=${this.certificates.server.key}`,
        ...more,
      ],
    );
    await started.start();
    return started;
  }
}

function apiServerArguments(
  folder: TempFolder,
  certificates: Certificates,
  etcdUrl: string,
  port: number,
  options: ControlPlaneOptions,
): string[] {
  return [
    ...[`--etcd-servers=${etcdUrl}`, `--bind-address=${ADDRESS}`, `--secure-port=${port}`],
    // a loopback address is allowed only where nobody publishes it as the endpoint of the `kubernetes` service
    ...[`--advertise-address=${ADDRESS}`, '--endpoint-reconciler-type=none'],
    `--tls-cert-file=${certificates.server.certificate}`,
    `--tls-private-key-file=${certificates.server.key}`,
    `--client-ca-file=${certificates.authority.certificate}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${certificates.tokenPublicKey}`,
    `--service-account-signing-key-file=${certificates.tokenKey}`,
    ...['--service-cluster-ip-range=10.96.0.0/16', '--allow-privileged'],
    `--kubelet-client-certificate=${certificates.admin.certificate}`,
    `--kubelet-client-key=${certificates.admin.key}`,
    `--audit-policy-file=${folder.write('audit-policy.json', AUDIT_POLICY)}`,
    `--audit-log-path=${folder.file('audit.log')}`,
    // nobody makes the default ServiceAccount, without which pods would be refused
    ...(options.controllers === undefined ? ['--disable-admission-plugins=ServiceAccount'] : []),
    ...(options.apiServerArguments ?? []),
  ];
}
