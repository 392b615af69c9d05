import { setImmediate as nextTurn } from 'node:timers/promises';
import { type InputSource, TurnScheduler } from '../../../bgp/speaker/turn-scheduler.ts';
import { FakeClock } from './fake-clock.ts';

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: jest.fn() };

/** A source with `rounds` quanta of input, each taking `costMs`. */
function source(name: string, rounds: number, log: string[], clock: FakeClock, costMs = 0): InputSource {
  return {
    processInput: () => {
      log.push(name);
      clock.advance(costMs);
      return --rounds > 0;
    },
    onInputFailure: (error) => log.push(`${name} failed: ${String(error)}`),
  };
}

function setUp(work: (budgetMs: number) => boolean = () => true) {
  const clock = new FakeClock();
  const log: string[] = [];
  const scheduler = new TurnScheduler({ clock, logger, work, onIdle: () => log.push('idle') });
  return { clock, log, scheduler };
}

describe('turn scheduler', () => {
  test('nothing is handled before the turn', async () => {
    const { clock, log, scheduler } = setUp();
    scheduler.addInput(source('a', 1, log, clock));
    expect(log).toEqual([]);
    await nextTurn();
    expect(log).toEqual(['a', 'idle']);
  });

  test('sources with much input take turns with the others', async () => {
    const { clock, log, scheduler } = setUp();
    scheduler.addInput(source('a', 3, log, clock));
    scheduler.addInput(source('b', 1, log, clock));
    scheduler.addInput(source('c', 2, log, clock));
    await nextTurn();
    expect(log).toEqual(['a', 'b', 'c', 'a', 'c', 'a', 'idle']);
  });

  test('when the budget is used up the RIB works, and the event loop runs, before the next turn', async () => {
    const { clock, log, scheduler } = setUp(() => {
      log.push('work');
      return true;
    });
    scheduler.addInput(source('a', 3, log, clock, 3));
    await nextTurn();
    expect(log).toEqual(['a', 'a', 'work']);
    await nextTurn();
    expect(log).toEqual(['a', 'a', 'work', 'a', 'work', 'idle']);
  });

  test('the RIB goes on in further turns until nothing is left', async () => {
    let rounds = 3;
    const { log, scheduler } = setUp(() => --rounds === 0);
    scheduler.requestTurn();
    await nextTurn();
    await nextTurn();
    expect(log).toEqual([]);
    await nextTurn();
    expect(log).toEqual(['idle']);
  });

  test('while connections come in, the RIB waits, but not for long', async () => {
    const { clock, log, scheduler } = setUp(() => {
      log.push('work');
      return true;
    });
    scheduler.requestTurn();
    await nextTurn();
    expect(log.splice(0)).toEqual(['work', 'idle']);
    for (let accepted = 0; accepted < 5; accepted++) {
      scheduler.onAccepted();
      scheduler.addInput(source(String(accepted), 1, log, clock));
      clock.advance(6);
      await nextTurn();
    }
    expect(log.splice(0)).toEqual(['0', '1', '2', '3', '4', 'work', 'idle']);
    scheduler.onAccepted();
    await nextTurn();
    expect(log.splice(0)).toEqual([]);
    await nextTurn();
    expect(log).toEqual(['work', 'idle']);
  });

  test('a source that throws is told, and harms nobody else', async () => {
    const { clock, log, scheduler } = setUp();
    scheduler.addInput({
      processInput: () => {
        throw new Error('bug');
      },
      onInputFailure: (error) => log.push(String(error)),
    });
    scheduler.addInput(source('b', 1, log, clock));
    await nextTurn();
    expect(log).toEqual(['Error: bug', 'b', 'idle']);
  });

  test('a RIB that throws is logged, and input goes on', async () => {
    const { clock, log, scheduler } = setUp(() => {
      throw new Error('bug');
    });
    scheduler.addInput(source('a', 1, log, clock));
    await nextTurn();
    expect(log).toEqual(['a', 'idle']);
    expect(logger.error).toHaveBeenCalled();
  });

  test('a closed scheduler does nothing any more', async () => {
    const { clock, log, scheduler } = setUp();
    scheduler.addInput(source('a', 1, log, clock));
    scheduler.close();
    scheduler.requestTurn();
    await nextTurn();
    expect(log).toEqual([]);
  });

  test('a removed source is not handled', async () => {
    const { clock, log, scheduler } = setUp();
    const gone = source('a', 1, log, clock);
    scheduler.addInput(gone);
    expect(scheduler.hasInput(gone)).toBe(true);
    scheduler.removeInput(gone);
    expect(scheduler.hasInput(gone)).toBe(false);
    await nextTurn();
    expect(log).toEqual(['idle']);
  });
});
