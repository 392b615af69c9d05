import { ErrorLog } from '../../../felix-like/dataplane/error-log.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

describe('error log', () => {
  const clock = new FakeClock();
  let logger: RecordingLogger;
  let errors: ErrorLog;

  beforeEach(() => {
    logger = new RecordingLogger();
    errors = new ErrorLog(clock, logger);
  });

  test('an error is kept with its object and time, and logged', () => {
    errors.add({ object: 'route 10.1.0.0/26', text: 'no such interface (ENODEV)' });
    expect(errors.list()).toEqual([
      { at: '2030-01-01T00:00:00.000Z', object: 'route 10.1.0.0/26', text: 'no such interface (ENODEV)' },
    ]);
    expect(logger.lines).toEqual(['warn no such interface (ENODEV) [route 10.1.0.0/26]']);
  });

  test('the same again is not logged again, but moves to the end of the list', () => {
    errors.add({ object: 'a', text: 'x' });
    errors.add({ object: 'b', text: 'y' });
    errors.add({ object: 'a', text: 'x' });
    expect(logger.lines).toHaveLength(2);
    expect(errors.list().map(({ object }) => object)).toEqual(['b', 'a']);
  });

  test('many failures for one reason are one line', () => {
    errors.addAll(Array.from({ length: 500 }, (_, i) => ({ object: `route ${i}`, text: 'full' })));
    expect(logger.lines).toEqual(['warn full [route 0]']);
    expect(errors.list()).toHaveLength(20);
  });

  test('only the last twenty are kept', () => {
    for (let i = 0; i < 30; i++) errors.add({ object: `route ${i}`, text: 'no' });
    expect(errors.list().map(({ object }) => object)).toEqual(
      Array.from({ length: 20 }, (_, i) => `route ${i + 10}`),
    );
  });
});
