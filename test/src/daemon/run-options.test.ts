import { hostname } from 'node:os';
import { readArguments } from '../../../src/cli/arguments.ts';
import { RUN_FLAGS } from '../../../src/cli/flags.ts';
import { hasNetAdmin, hasSysAdmin } from '../../../src/daemon/capabilities.ts';
import { parseHttpAddress } from '../../../src/daemon/http-address.ts';
import { type RunOptions, readRunOptions } from '../../../src/daemon/run-options.ts';
import { agentControlPath, runtimeFolder } from '../../../src/daemon/socket-paths.ts';

type Environment = Record<string, string>;

function options(flags: object = {}, environment: Environment = {}): RunOptions {
  const parsed = { config: [__dirname], ...flags };
  return readRunOptions(readArguments(RUN_FLAGS, parsed, environment), environment);
}

test('defaults: both roles, the host name, HTTP on the loopback', () => {
  expect(options()).toMatchObject({
    node: hostname().toLowerCase(),
    roles: ['speaker', 'agent'],
    http: { host: '127.0.0.1', port: 9179 },
    namespace: 'manul-system',
    routerId: null,
    gracefulRestart: 'nodes',
    waitForRoutesMs: 30_000,
    metricsPerPeer: 'auto',
    logLevel: 'info',
  });
});

test('an agent alone has HTTP and control socket of its own', () => {
  const alone = options({ roles: 'agent' });
  expect(alone.http).toEqual({ host: '127.0.0.1', port: 9180 });
  expect(alone.controlPath).toBe(agentControlPath(options().controlPath));
});

test('the role link lies beside the control socket, unless it is named', () => {
  expect(options({ control: '/x/y.sock' }).agentSocketPath).toBe('/x/agent.sock');
  expect(options({ 'agent-socket': '/z.sock' }).agentSocketPath).toBe('/z.sock');
});

test('names that Calico uses in the environment are honoured', () => {
  const environment = { NODENAME: 'node-7', NAMESPACE: 'kube-system', CALICO_ROUTER_ID: 'hash' };
  expect(options({}, environment)).toMatchObject({
    node: 'node-7',
    namespace: 'kube-system',
    routerId: 'hash',
  });
});

test('cluster IP ranges to announce, by flag or by the variable of Calico', () => {
  expect(options().advertiseClusterIps).toBeNull();
  expect(
    options({}, { CALICO_ADVERTISE_CLUSTER_IPS: '10.96.0.1/12, FD00:96::/108' }).advertiseClusterIps,
  ).toEqual(['10.96.0.0/12', 'fd00:96::/108']);
});

test.each([
  [{ 'advertise-cluster-ips': '10.96.0.0' }, 2, /--advertise-cluster-ips: "10.96.0.0" is no prefix/],
  [{ config: [] }, 2, /--config PATH/],
  [{ config: ['/no/such/file'] }, 1, /\/no\/such\/file: no such file/],
  [{ roles: 'speaker,cook' }, 2, /"cook" is no role/],
  [{ 'router-id': 'fd00::1' }, 2, /--router-id: "fd00::1"/],
  [{ http: '127.0.0.1' }, 2, /--http: "127.0.0.1"/],
  [{ datastore: 'kubernetes' }, 2, /--config PATH .* does not go with --datastore kubernetes/],
  [{ config: [], datastore: 'kubernetes', kubeconfig: '/no/such/file' }, 1, /--kubeconfig \/no\/such\/file/],
  [{ cni: true, roles: 'speaker' }, 2, /--cni needs the agent role/],
  [{ cni: true, 'cni-programs': '/no/such/folder' }, 1, /--cni-programs \/no\/such\/folder: no CNI programs/],
])('%j ends with exit code %d', (flags, exitCode, message) => {
  expect(() => options(flags)).toThrow(
    expect.objectContaining({ exitCode, message: expect.stringMatching(message) }),
  );
});

test.each([
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['[::1]:9179', { host: '::1', port: 9179 }],
  [':0', { host: '::', port: 0 }],
  ['localhost:1', { host: 'localhost', port: 1 }],
  ['off', null],
])('--http %s is understood', (text, address) => {
  expect(parseHttpAddress('http', text)).toEqual(address);
});

test.each(['1.2.3.4', '1.2.3:80', '::1:80', '[::1]', 'a.b:80', '1.2.3.4:65536', ''])(
  '--http %j is refused',
  (text) => {
    expect(() => parseHttpAddress('http', text)).toThrow(/--http/);
  },
);

test('sockets of root are in /run/manul, those of others below XDG_RUNTIME_DIR', () => {
  expect(runtimeFolder({ XDG_RUNTIME_DIR: '/run/user/7' }, 0)).toBe('/run/manul');
  expect(runtimeFolder({ XDG_RUNTIME_DIR: '/run/user/7' }, 7)).toBe('/run/user/7/manul');
  expect(runtimeFolder({}, 7)).toMatch(/manul-7$/);
});

test('CAP_NET_ADMIN is read from the effective set', () => {
  expect(hasNetAdmin('CapPrm:\t0000000000001000\nCapEff:\t0000000000001000\n')).toBe(true);
  expect(hasNetAdmin('CapPrm:\t0000000000001000\nCapEff:\t00000000a80425fb\n')).toBe(false);
  expect(hasSysAdmin('CapEff:\t0000000000201000\n')).toBe(true);
  expect(hasSysAdmin('CapEff:\t0000000000001000\n')).toBe(false);
});
