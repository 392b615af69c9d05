/** What containerd, the kubelet and kube-proxy of a node are configured with. */

export interface NodeFilesInput {
  /** Name of the image that holds the namespaces of a pod. */
  readonly pauseImage: string;
  /** Absolute path of runc. */
  readonly runc: string;
  readonly kubeletKubeconfig: string;
  readonly proxyKubeconfig: string;
  /** PEM; who may call the kubelet. */
  readonly authority: string;
  /** Ranges of pods. */
  readonly clusterCidr: string;
}

/** By name of the file; `/run/node` inside. */
export function nodeFiles(input: NodeFilesInput): Readonly<Record<string, string>> {
  return {
    'containerd.toml': containerd(input),
    'kubelet.json': JSON.stringify(KUBELET),
    'kubelet.kubeconfig': input.kubeletKubeconfig,
    'kube-proxy.json': JSON.stringify(kubeProxy(input.clusterCidr)),
    'kube-proxy.kubeconfig': input.proxyKubeconfig,
    'ca.crt': input.authority,
    'resolv.conf': '',
  };
}

const containerd = ({ runc, pauseImage }: NodeFilesInput): string => `version = 4
root = '/var/lib/containerd'
state = '/run/containerd'
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.tracing.processor.v1.otlp']

[grpc]
  address = '/run/containerd/containerd.sock'

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${pauseImage}'

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_apparmor = true

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '${runc}'
  SystemdCgroup = false

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/opt/cni/bin']
  conf_dir = '/etc/cni/net.d'
`;

const KUBELET = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: false },
    x509: { clientCAFile: '/run/node/ca.crt' },
  },
  authorization: { mode: 'AlwaysAllow' },
  resolvConf: '/run/node/resolv.conf',
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  oomScoreAdj: 0,
  enforceNodeAllocatable: ['none'],
  evictionHard: {
    'memory.available': '0%',
    'nodefs.available': '0%',
    'nodefs.inodesFree': '0%',
    'imagefs.available': '0%',
    'imagefs.inodesFree': '0%',
  },
  imageGCHighThresholdPercent: 100,
};

/** Settings of the machine's own connection tracking are left alone. */
const kubeProxy = (clusterCIDR: string): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clusterCIDR,
  clientConnection: { kubeconfig: '/run/node/kube-proxy.kubeconfig' },
  conntrack: {
    maxPerCore: 0,
    min: 0,
    tcpEstablishedTimeout: '0s',
    tcpCloseWaitTimeout: '0s',
    udpTimeout: '0s',
    udpStreamTimeout: '0s',
  },
});
