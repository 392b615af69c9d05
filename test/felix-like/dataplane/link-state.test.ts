import { LinkState } from '../../../felix-like/dataplane/link-state.ts';
import { FakeKernel } from '../../../felix-like/kernel/fake-kernel.ts';
import type { KernelLink, KernelPort } from '../../../felix-like/kernel/kernel-port.ts';

const cali1: KernelLink = {
  index: 1,
  name: 'cali1',
  isUp: true,
  hasCarrier: true,
  isLoopback: false,
  kind: 'veth',
  mtu: 1500,
  mac: '02:00:00:00:00:01',
  vxlan: null,
};
const address = { interfaceIndex: 1, address: '10.0.0.1', subnet: '10.0.0.0/24' };

/** The kernel's methods as an object of their own, so that a test can put others in their place. */
function bound(kernel: FakeKernel): KernelPort {
  return {
    open: (listener) => kernel.open(listener),
    dumpRoutes: (filter, onRoutes) => kernel.dumpRoutes(filter, onRoutes),
    readRoutes: (filter, onRoutes) => kernel.readRoutes(filter, onRoutes),
    applyRoutes: (operations) => kernel.applyRoutes(operations),
    writeRoutes: (writes) => kernel.writeRoutes(writes),
    dumpLinks: () => kernel.dumpLinks(),
    dumpAddresses: () => kernel.dumpAddresses(),
    dumpNeighbours: (table, interfaceIndex) => kernel.dumpNeighbours(table, interfaceIndex),
    applyObjects: (operations) => kernel.applyObjects(operations),
    outgoingLink: (address) => kernel.outgoingLink(address),
    forgetConnections: (addresses) => kernel.forgetConnections(addresses),
    hasBrokenOffload: kernel.hasBrokenOffload,
    setChecksumOffload: (interfaceName, isOn) => kernel.setChecksumOffload(interfaceName, isOn),
    readSysctl: (key) => kernel.readSysctl(key),
    writeSysctls: (settings) => kernel.writeSysctls(settings),
    close: () => kernel.close(),
  };
}

describe('link state', () => {
  let state: LinkState;

  beforeEach(async () => {
    const kernel = new FakeKernel();
    kernel.addLink('cali1');
    state = new LinkState();
    await state.refresh(kernel);
    state.takeChange();
  });

  test('is what the kernel lists', () => {
    expect(state.links()).toEqual([cali1]);
    expect(state.isStale).toBe(false);
  });

  test.each([
    ['goes down', { kind: 'link', isDeleted: false, link: { ...cali1, isUp: false } }],
    ['goes', { kind: 'link', isDeleted: true, link: cali1 }],
    ['loses an address', { kind: 'address', isDeleted: true, address }],
  ] as const)('a link that %s may have lost routes', (_what, event) => {
    state.onEvent(event);
    expect([state.takeChange(), state.takeShaken()]).toEqual([true, [1]]);
    expect([state.takeChange(), state.takeShaken()]).toEqual([false, []]);
  });

  test.each([
    ['loses carrier', { kind: 'link', isDeleted: false, link: { ...cali1, hasCarrier: false } }],
    ['gets another MTU', { kind: 'link', isDeleted: false, link: { ...cali1, mtu: 9000 } }],
    ['gets another name', { kind: 'link', isDeleted: false, link: { ...cali1, name: 'cali9' } }],
    ['gets an address', { kind: 'address', isDeleted: false, address }],
  ] as const)('a link that %s is another fact, and keeps its routes', (_what, event) => {
    state.onEvent(event);
    expect([state.takeChange(), state.takeShaken()]).toEqual([true, []]);
  });

  test('an event that comes while the kernel is read is not lost', async () => {
    const kernel = new FakeKernel();
    kernel.addLink('cali1');
    const refresh = state.refresh({
      ...bound(kernel),
      dumpAddresses: async () => {
        state.onEvent({ kind: 'link', isDeleted: true, link: cali1 });
        return [];
      },
    });
    await refresh;
    expect(state.links()).toEqual([]);
  });

  test('an event that tells nothing new changes nothing', () => {
    state.onEvent({ kind: 'link', isDeleted: false, link: cali1 });
    expect([state.takeChange(), state.takeShaken()]).toEqual([false, []]);
  });
});
