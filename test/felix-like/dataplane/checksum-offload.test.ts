import type { AgentConfig } from '../../../felix-like/agent-api.ts';
import { ChecksumOffload } from '../../../felix-like/dataplane/checksum-offload.ts';
import { ErrorLog } from '../../../felix-like/dataplane/error-log.ts';
import { hasBrokenOffload } from '../../../felix-like/kernel/checksum-offload.ts';
import { FakeKernel } from '../../../felix-like/kernel/fake-kernel.ts';
import { agentConfig } from '../support/agent-config.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const DEVICE = { interfaceName: 'vxlan.calico', address: null, mtu: null, vni: 1, port: 4789, mac: '' };

describe('checksums of VXLAN devices', () => {
  let kernel: FakeKernel;
  let clock: FakeClock;
  let errors: ErrorLog;
  let offload: ChecksumOffload;

  beforeEach(() => {
    kernel = new FakeKernel();
    kernel.addLink('vxlan.calico', { kind: 'vxlan' });
    clock = new FakeClock();
    errors = new ErrorLog(clock, new RecordingLogger());
    offload = new ChecksumOffload(clock, errors);
  });

  async function apply(checksumOffload?: boolean): Promise<void> {
    const ipv4 = checksumOffload === undefined ? DEVICE : { ...DEVICE, checksumOffload };
    const tunnels: AgentConfig['tunnels'] = { ipip: null, vxlan: { ipv4, ipv6: null } };
    await offload.apply(kernel, agentConfig({ tunnels }), await kernel.dumpLinks());
  }

  test.each([
    ['4.19.0-27-amd64', true],
    ['5.4.0-150-generic', true],
    ['5.7.0', false],
    ['5.10.0-8', false],
    ['6.18.5', false],
  ])('of kernel %s are wrong where devices compute them: %s', (release, isBroken) => {
    expect(hasBrokenOffload(release)).toBe(isBroken);
  });

  test('are left as they are where the kernel gets them right', async () => {
    await apply();
    expect(kernel.offloads).toEqual([]);
  });

  test("are the kernel's where it does not, once for each device that is made", async () => {
    kernel.hasBrokenOffload = true;
    await apply();
    await apply();
    kernel.removeLink('vxlan.calico');
    await apply();
    kernel.addLink('vxlan.calico', { kind: 'vxlan' });
    await apply();
    expect(kernel.offloads).toEqual(['vxlan.calico off', 'vxlan.calico off']);
  });

  test('are whose the configuration says', async () => {
    await apply(false);
    await apply(true);
    kernel.hasBrokenOffload = true;
    await apply(true);
    expect(kernel.offloads).toEqual(['vxlan.calico off', 'vxlan.calico on']);
  });

  test('that cannot be turned off are named, and tried again later', async () => {
    kernel.refuse('offload of vxlan.calico', { code: 'EPERM', text: 'not permitted (EPERM)' });
    await apply(false);
    await apply(false);
    expect(errors.list()).toMatchObject([
      {
        object: 'interface vxlan.calico',
        text: 'checksum offload cannot be turned off: not permitted (EPERM)',
      },
    ]);
    expect([offload.refusedCount, offload.nextMs()]).toEqual([1, 250]);
    kernel.refuse('offload of vxlan.calico', null);
    clock.advance(250);
    await apply(false);
    expect([offload.refusedCount, kernel.offloads]).toEqual([0, ['vxlan.calico off']]);
  });
});
