/**
 * The programs of a Kubernetes cluster that tests run, in sets that can be had without each other. Programs of the
 * module in this folder are pinned by its go.mod and go.sum; the others are installed at the version named here.
 */

export const KUBERNETES_VERSION = '1.37.1';

export const TOOL_SETS = ['api', 'cni', 'helm', 'node'] as const;
export type ToolSet = (typeof TOOL_SETS)[number];

export interface Tool {
  /** Name of the executable. */
  readonly name: string;
  readonly package: string;
  /** Absent: a dependency of the module in this folder. */
  readonly version?: string;
  readonly ldflags?: string;
  readonly tags?: string;
  /** Links with libc: needs a C compiler, and libseccomp's headers. */
  readonly cgo?: boolean;
}

const STRIPPED = '-s -w';

/** Without the version it would call itself `v0.0.0-master`, which charts and clients then see. */
const [MAJOR, MINOR] = KUBERNETES_VERSION.split('.');
const KUBERNETES_LDFLAGS = [
  STRIPPED,
  `-X k8s.io/component-base/version.gitVersion=v${KUBERNETES_VERSION}`,
  `-X k8s.io/component-base/version.gitMajor=${MAJOR}`,
  `-X k8s.io/component-base/version.gitMinor=${MINOR}`,
].join(' ');

const kubernetes = (name: string): Tool => ({
  name,
  package: `k8s.io/kubernetes/cmd/${name}`,
  ldflags: KUBERNETES_LDFLAGS,
});

const cniPlugin = (path: string): Tool => ({
  name: path.slice(path.indexOf('/') + 1),
  package: `github.com/containernetworking/plugins/plugins/${path}`,
  version: 'v1.9.1',
});

const containerd = (name: string): Tool => ({
  name,
  package: `github.com/containerd/containerd/v2/cmd/${name}`,
  version: 'v2.4.2',
  tags: 'no_btrfs,no_devmapper,no_zfs',
});

export const TOOLS: Readonly<Record<ToolSet, readonly Tool[]>> = {
  /** A control plane that any user can start, and its client. */
  api: [
    { name: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
    kubernetes('kube-apiserver'),
    kubernetes('kubectl'),
    kubernetes('kube-controller-manager'),
  ],
  /** The standard plugins, and the runner that calls plugins as a container runtime would. */
  cni: [
    cniPlugin('main/bridge'),
    cniPlugin('main/loopback'),
    cniPlugin('main/ptp'),
    cniPlugin('ipam/host-local'),
    cniPlugin('ipam/static'),
    cniPlugin('meta/firewall'),
    cniPlugin('meta/portmap'),
    cniPlugin('meta/tuning'),
    { name: 'cnitool', package: 'github.com/containernetworking/cni/cnitool', version: 'v1.3.1' },
  ],
  helm: [{ name: 'helm', package: 'helm.sh/helm/v4/cmd/helm', version: 'v4.3.1' }],
  /** What runs pods on real nodes; using it takes root. */
  node: [
    kubernetes('kube-scheduler'),
    kubernetes('kube-proxy'),
    kubernetes('kubelet'),
    containerd('containerd'),
    containerd('containerd-shim-runc-v2'),
    containerd('ctr'),
    {
      name: 'runc',
      package: 'github.com/opencontainers/runc',
      version: 'v1.5.2',
      tags: 'seccomp',
      cgo: true,
    },
  ],
};

export const ldflagsOf = (tool: Tool): string => tool.ldflags ?? STRIPPED;
