import { RouteCalculator } from '../../../felix-like/calc/route-calculator.ts';
import { systemClock } from '../../../felix-like/dataplane/clock.ts';
import { ErrorLog } from '../../../felix-like/dataplane/error-log.ts';
import { RouteWriter } from '../../../felix-like/dataplane/route-writer.ts';
import { FakeKernel } from '../../../felix-like/kernel/fake-kernel.ts';
import type { OperationFailure } from '../../../felix-like/kernel/kernel-port.ts';
import { Ownership } from '../../../felix-like/routetable/ownership.ts';
import { MAIN_TABLE, type RouteTarget } from '../../../felix-like/routetable/route-key.ts';
import { RouteTable } from '../../../felix-like/routetable/route-table.ts';

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const BLACKHOLE: RouteTarget = { type: 'blackhole', protocol: 80, scope: 'universe', nextHops: [] };

/** A kernel that is at work until it is told to be done. */
class SlowKernel extends FakeKernel {
  readonly lengths: number[] = [];
  readonly #answers: ((failures: readonly OperationFailure[]) => void)[] = [];

  override writeRoutes(batch: { readonly length: number }): Promise<readonly OperationFailure[]> {
    this.lengths.push(batch.length);
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  /** Ends the oldest batch. */
  async finish(): Promise<void> {
    this.#answers.shift()!([]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function writerWhileSettling(): {
  kernel: SlowKernel;
  writer: RouteWriter;
  want(from: number, count: number): void;
} {
  const kernel = new SlowKernel();
  const ownership = new Ownership({ protocols: [80], pools: [], isWorkloadInterface: () => false });
  const table = new RouteTable(MAIN_TABLE, ownership, () => 0);
  const parts = {
    kernel,
    table,
    calculator: new RouteCalculator(() => {}),
    errors: new ErrorLog(systemClock, SILENT),
    logger: SILENT,
    onWrite() {},
    onProgress() {},
  };
  const writer = new RouteWriter(parts, { isAllSettled: () => false, onReply() {} });
  const want = (from: number, count: number): void => {
    for (let i = from; i < from + count; i++) {
      const prefix = `10.${i >> 8}.${i & 255}.0/24`;
      table.setDesired({ table: MAIN_TABLE, prefix, metric: 0, target: BLACKHOLE });
    }
    writer.send();
  };
  return { kernel, writer, want };
}

test('while more is being settled, a kernel with nothing to do gets what there is, a busy one full batches', async () => {
  const { kernel, want } = writerWhileSettling();
  want(0, 100);
  expect(kernel.lengths).toEqual([]);
  want(100, 200);
  expect(kernel.lengths).toEqual([300]);
  want(300, 1999);
  expect(kernel.lengths).toEqual([300]);
  want(2299, 1);
  expect(kernel.lengths).toEqual([300, 2000]);
});

test('a kernel that becomes idle gets what has gathered meanwhile', async () => {
  const { kernel, want } = writerWhileSettling();
  want(0, 300);
  want(300, 400);
  expect(kernel.lengths).toEqual([300]);
  await kernel.finish();
  expect(kernel.lengths).toEqual([300, 400]);
});
