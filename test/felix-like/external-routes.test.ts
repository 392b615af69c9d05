import { type Agent, createAgent } from '../../felix-like/index.ts';
import { FakeKernel } from '../../felix-like/kernel/fake-kernel.ts';
import { agentConfig, POD } from './support/agent-config.ts';
import { FakeClock } from './support/fake-clock.ts';
import { RecordingLogger } from './support/recording-logger.ts';
import { linkRoute, ofProtocol } from './support/routes.ts';
import { until } from './support/until.ts';

const EXTERNAL = '10.99.9.9/32';

jest.setTimeout(30_000);

describe('a route of others to a workload interface', () => {
  let kernel: FakeKernel;
  let clock: FakeClock;
  let agent: Agent;

  beforeEach(() => {
    kernel = new FakeKernel();
    clock = new FakeClock();
    kernel.addLink('eth0');
    kernel.addAddress('eth0', '10.0.0.1/24');
    const commands = { run: async () => null };
    agent = createAgent({ kernel, commands, clock, logger: new RecordingLogger() });
  });

  afterEach(async () => {
    await agent.close();
  });

  async function inSync(): Promise<void> {
    await until('in sync', () => agent.status().inSync);
  }

  async function startWith(removeExternalRoutes: boolean): Promise<void> {
    const cali1 = kernel.addLink('cali1');
    kernel.putRoute(ofProtocol(4, { ...linkRoute(EXTERNAL, cali1), metric: 0 }));
    agent.apply(agentConfig({ removeExternalRoutes }));
    agent.onLearntStart();
    agent.onLearntEndOfRib('ipv4');
    agent.onLearntEndOfRib('ipv6');
    await until('written', () => kernel.route(POD) !== undefined && agent.status().ready);
  }

  test('goes after ten seconds, not before', async () => {
    await startWith(true);
    await until('noticed', () => agent.status().differences.length === 1);
    expect(agent.status().differences).toMatchObject([{ prefix: EXTERNAL, kind: 'unexpected' }]);
    clock.advance(9000);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.route(EXTERNAL)).toBeDefined();
    clock.advance(2000);
    await until('removed', () => kernel.route(EXTERNAL) === undefined);
    await inSync();
  });

  test('that comes later goes as well', async () => {
    await startWith(true);
    clock.advance(11_000);
    await inSync();
    const { index } = kernel.link('cali1')!;
    kernel.putRoute(ofProtocol(3, linkRoute('10.99.9.10/32', index)));
    await until('noticed', () => agent.status().differences.length === 1);
    clock.advance(11_000);
    await until('removed', () => kernel.route('10.99.9.10/32') === undefined);
  });

  test('stays where removeExternalRoutes is off', async () => {
    await startWith(false);
    clock.advance(60_000);
    await inSync();
    expect(kernel.route(EXTERNAL)).toBeDefined();
  });
});
