/** Lets a process see what a pod sees of the cluster: the mounted ServiceAccount, and where the API server is. Needs root. */

export interface PodView {
  /** Holds `ca.crt` and `token`. */
  readonly serviceAccountFolder: string;
  /** URL of the API server. */
  readonly server: string;
}

const MOUNT = '/run/secrets/kubernetes.io/serviceaccount';

/** The command line that runs `command` with the folder in its place, as the same process; mounts are its own. */
export function inPodView(
  view: PodView,
  command: string,
  args: readonly string[],
): { command: string; args: string[]; env: NodeJS.ProcessEnv } {
  const script = `mount -t tmpfs tmpfs /run && mkdir -p ${MOUNT} && mount --bind "$0" ${MOUNT} && exec "$@"`;
  const { hostname, port } = new URL(view.server);
  return {
    command: 'unshare',
    args: ['--mount', 'sh', '-c', script, view.serviceAccountFolder, command, ...args],
    env: { ...process.env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  };
}
