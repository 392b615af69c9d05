/** Every flag of every command, with its environment variable: the one table that parsing and help come from. */

export interface Flag {
  /** As written after `--`. */
  readonly name: string;
  readonly short?: string;
  readonly kind: 'text' | 'switch' | 'paths';
  readonly describe: string;
  readonly choices?: readonly string[];
  /** Shown in help; applied by the command. */
  readonly defaultText?: string;
  /** Variables honoured after `MANUL_…`, for people who come from Calico. */
  readonly environmentAliases?: readonly string[];
}

const control: Flag = {
  name: 'control',
  kind: 'text',
  describe: 'control socket of the daemon',
  defaultText: '/run/manul/control.sock, unprivileged below $XDG_RUNTIME_DIR',
};

const output: Flag = {
  name: 'output',
  short: 'o',
  kind: 'text',
  describe: 'output format',
  choices: ['table', 'json', 'yaml'],
  defaultText: 'table',
};

const node: Flag = {
  name: 'node',
  kind: 'text',
  describe: 'name of this node in the resources',
  defaultText: 'the host name',
  environmentAliases: ['NODENAME'],
};

const routerId: Flag = {
  name: 'router-id',
  kind: 'text',
  describe: 'BGP identifier',
  defaultText: "the node's IPv4 address",
  environmentAliases: ['CALICO_ROUTER_ID'],
};

const namespace: Flag = {
  name: 'namespace',
  kind: 'text',
  describe: 'namespace of the Secrets that resources name',
  defaultText: 'manul-system',
  environmentAliases: ['NAMESPACE'],
};

const advertiseClusterIps: Flag = {
  name: 'advertise-cluster-ips',
  kind: 'text',
  describe: 'cluster IP ranges to announce, separated by commas',
  defaultText: 'serviceClusterIPs of the BGPConfiguration',
  environmentAliases: ['CALICO_ADVERTISE_CLUSTER_IPS'],
};

const missingPassword: Flag = {
  name: 'missing-password',
  kind: 'text',
  describe: 'a peer whose TCP MD5 key is missing: hold it down, or connect without a key, as Calico does',
  choices: ['hold', 'connect'],
  defaultText: 'hold',
};

const datastore: Flag = {
  name: 'datastore',
  kind: 'text',
  describe: 'where the resources are',
  choices: ['file', 'kubernetes'],
  defaultText: 'file',
};

const kubeconfig: Flag = {
  name: 'kubeconfig',
  kind: 'text',
  describe: 'how to reach the cluster, with --datastore kubernetes',
  defaultText: 'the pod that this runs in, $KUBECONFIG, ~/.kube/config',
};

const CNI_FLAGS: readonly Flag[] = [
  {
    name: 'cni',
    kind: 'switch',
    describe: 'attach pods: answer the CNI plugin, and install it on this host; needs the agent role',
  },
  {
    name: 'cni-socket',
    kind: 'text',
    describe: 'socket that the CNI plugin calls',
    defaultText: 'cni.sock beside the control socket',
  },
  {
    name: 'cni-bin-dir',
    kind: 'text',
    describe: 'folder in which the container runtime looks for CNI plugins',
    defaultText: '/opt/cni/bin',
  },
  {
    name: 'cni-conf-dir',
    kind: 'text',
    describe: 'folder in which the container runtime looks for CNI networks',
    defaultText: '/etc/cni/net.d',
  },
  {
    name: 'cni-programs',
    kind: 'text',
    describe: 'folder of the CNI plugins to install',
    defaultText: 'cni in the folder of this installation',
  },
  {
    name: 'state-dir',
    kind: 'text',
    describe: 'folder for what must outlive the process',
    defaultText: '/var/lib/manul',
  },
];

const NODE_ADDRESS_FLAGS: readonly Flag[] = [
  {
    name: 'ip',
    kind: 'text',
    describe: 'IPv4 address of this node: an address with or without length, "autodetect", or "none"',
    defaultText: 'that of the Node resource',
    environmentAliases: ['IP'],
  },
  {
    name: 'ip6',
    kind: 'text',
    describe: 'IPv6 address of this node, likewise',
    defaultText: 'that of the Node resource',
    environmentAliases: ['IP6'],
  },
  {
    name: 'ip-autodetection-method',
    kind: 'text',
    describe:
      'first-found, kubernetes-internal-ip, can-reach=ADDRESS, interface=REGEX,…, skip-interface=REGEX,… or cidr=RANGE,…; without --ip: where the Node resource has no address',
    defaultText: 'first-found',
    environmentAliases: ['IP_AUTODETECTION_METHOD'],
  },
  {
    name: 'ip6-autodetection-method',
    kind: 'text',
    describe: 'the same for IPv6',
    defaultText: 'first-found',
    environmentAliases: ['IP6_AUTODETECTION_METHOD'],
  },
  {
    name: 'autodetect-poll-interval',
    kind: 'text',
    describe: 'time between two looks for the addresses; 0 for one look alone',
    defaultText: '60s',
    environmentAliases: ['AUTODETECT_POLL_INTERVAL'],
  },
];

export const RUN_FLAGS: readonly Flag[] = [
  {
    name: 'config',
    kind: 'paths',
    describe: 'file or folder of resources, repeatable (in the variable: separated by colons)',
  },
  datastore,
  kubeconfig,
  node,
  ...NODE_ADDRESS_FLAGS,
  {
    name: 'roles',
    kind: 'text',
    describe: 'what this process does',
    defaultText: 'speaker,agent',
  },
  {
    name: 'http',
    kind: 'text',
    describe: 'metrics, health, looking glass; "off" for none',
    defaultText: '127.0.0.1:9179, 127.0.0.1:9180 for an agent alone',
  },
  {
    name: 'metrics',
    kind: 'text',
    describe: 'a further address, for /metrics, /livez and /readyz alone',
    defaultText: 'off',
  },
  {
    name: 'sysctl-dir',
    kind: 'text',
    describe: 'folder in which kernel parameters can be written',
    defaultText: '/proc/sys',
  },
  control,
  {
    name: 'agent-socket',
    kind: 'text',
    describe: 'link between a speaker and an agent in two processes',
    defaultText: 'agent.sock beside the control socket',
  },
  ...CNI_FLAGS,
  routerId,
  namespace,
  advertiseClusterIps,
  missingPassword,
  {
    name: 'max-sessions',
    kind: 'text',
    describe: 'sessions of all listen ranges and peers together; clients beyond that are refused',
    defaultText: 'what the limit of file descriptors allows',
  },
  {
    name: 'graceful-restart',
    kind: 'text',
    describe:
      'who is told to keep the routes of this node while its speaker is started again (RFC 4724): nodes of the cluster, or always other peers, too; auto: nodes, with the agent role',
    choices: ['auto', 'nodes', 'always', 'never'],
    defaultText: 'auto',
  },
  {
    name: 'wait-for-routes',
    kind: 'text',
    describe:
      'how long the agent leaves its node NetworkUnavailable while peers have not told their routes, or one cannot be written',
    defaultText: '30s',
  },
  {
    name: 'metrics-per-peer',
    kind: 'text',
    describe: 'which peers get metric series of their own',
    choices: ['auto', 'all', 'none'],
    defaultText: 'auto',
  },
  {
    name: 'log-level',
    kind: 'text',
    describe: 'least severe log lines to write',
    choices: ['debug', 'info', 'warn', 'error'],
    defaultText: 'info',
  },
];

export const CHECK_FLAGS: readonly Flag[] = [output];
export const RENDER_FLAGS: readonly Flag[] = [
  node,
  datastore,
  kubeconfig,
  routerId,
  namespace,
  advertiseClusterIps,
  missingPassword,
  output,
];
export const READ_FLAGS: readonly Flag[] = [control, output];

export const PLAN_FLAGS: readonly Flag[] = [
  {
    name: 'from',
    kind: 'paths',
    describe: 'compare with these resources, repeatable',
    defaultText: 'what the daemon of this machine runs with',
  },
  node,
  routerId,
  namespace,
  advertiseClusterIps,
  missingPassword,
  ...READ_FLAGS,
];

export const ROUTES_FLAGS: readonly Flag[] = [
  { name: 'received', kind: 'text', describe: 'what a peer sent us, before import policy' },
  { name: 'advertised', kind: 'text', describe: 'what we send to a peer' },
  {
    name: 'longest',
    kind: 'text',
    describe: 'the best route that this address would take',
  },
  { name: 'kernel', kind: 'switch', describe: 'what the agent programs into the kernel' },
  {
    name: 'family',
    kind: 'text',
    describe: 'one address family only',
    choices: ['ipv4', 'ipv6'],
  },
  { name: 'all', kind: 'switch', describe: 'every path, not only the best' },
  ...READ_FLAGS,
];

export const EXPLAIN_FLAGS: readonly Flag[] = [
  { name: 'to', kind: 'text', describe: 'one peer: why it has, or has not, been sent the route' },
  ...READ_FLAGS,
];

const message: Flag = {
  name: 'message',
  kind: 'text',
  describe: 'shutdown communication for the peer (RFC 9003)',
};

export const RESET_FLAGS: readonly Flag[] = [
  {
    name: 'soft',
    kind: 'text',
    describe: 'keep the session: ask for its routes again (in), or send ours again (out)',
    choices: ['in', 'out'],
  },
  message,
  control,
];

export const DISABLE_FLAGS: readonly Flag[] = [message, control];
export const ENABLE_FLAGS: readonly Flag[] = [control];

export const DRAIN_FLAGS: readonly Flag[] = [
  {
    name: 'grace',
    kind: 'text',
    describe: 'time that peers get to move to other paths before routes are withdrawn; 0: withdraw at once',
    defaultText: '30s',
  },
  ...READ_FLAGS,
];

export const CLEANUP_FLAGS: readonly Flag[] = [
  { name: 'force', kind: 'switch', describe: 'also while a daemon runs, which would put everything back' },
  {
    name: 'route-protocol',
    kind: 'text',
    describe: 'protocol number of our routes (FelixConfiguration.deviceRouteProtocol)',
    defaultText: '80',
  },
  {
    name: 'interface-prefix',
    kind: 'text',
    describe: 'beginnings of the names of workload interfaces, comma-separated',
    defaultText: 'cali',
  },
  ...CNI_FLAGS.filter(({ name }) => ['cni-bin-dir', 'cni-conf-dir', 'state-dir'].includes(name)),
  ...READ_FLAGS,
];

/** The environment variable of a flag: `--log-level` is `MANUL_LOG_LEVEL`. */
export function variableOf(flag: Flag): string {
  return `MANUL_${flag.name.toUpperCase().replaceAll('-', '_')}`;
}
