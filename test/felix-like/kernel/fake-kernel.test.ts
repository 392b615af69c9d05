import { FakeKernel } from '../../../felix-like/kernel/fake-kernel.ts';
import { kernelContract } from '../../contract/kernel-contract.ts';
import { blackholeRoute } from '../support/routes.ts';

describe('the kernel in memory', () => {
  kernelContract(async () => {
    const kernel = new FakeKernel();
    return {
      kernel,
      addLink: (name) => kernel.addLink(name),
      setLinkUp: (name, isUp) => kernel.setLinkUp(name, isUp),
      removeLink: (name) => kernel.removeLink(name),
      addAddress: (name, prefix) => kernel.addAddress(name, prefix),
      removeAddress: (_name, prefix) => kernel.removeAddress(prefix.split('/')[0]!),
      putRoute: (route) => kernel.putRoute(route),
      deleteRoute: (route) => kernel.deleteRoute(route),
      close: async () => {},
    };
  });

  test('refuses what it is told to refuse', async () => {
    const kernel = new FakeKernel();
    kernel.refuse('10.1.0.0/26', { code: 'ENOSPC', text: 'the table is full (ENOSPC)' });
    const operations = [{ op: 'add', route: blackholeRoute('10.1.0.0/26') }] as const;
    expect(await kernel.applyRoutes(operations)).toEqual([
      { index: 0, code: 'ENOSPC', text: 'the table is full (ENOSPC)' },
    ]);
    kernel.refuse('10.1.0.0/26', null);
    expect(await kernel.applyRoutes(operations)).toEqual([]);
  });
});
