/**
 * Log lines of the daemon: JSON on standard error, one object a line, so that standard output stays free for
 * results; readable text instead when standard error is a terminal.
 */
import type { Logger } from '@manul/bgp';
import pino from 'pino';
import { escapeBeyondJson, escapeControl } from '../output/escape.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogSink {
  readonly logger: Logger;
  /** Resolves when what is buffered has been written, or cannot be; to be awaited before the process exits. */
  flush(): Promise<void>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * JSON is written without blocking the event loop on a slow reader.
 * @param target file descriptor, or path of a file
 */
export async function openLog(
  level: LogLevel,
  isTerminal: boolean,
  target: number | string = 2,
): Promise<LogSink> {
  if (isTerminal) return readableLog(level, target);
  const destination = pino.destination({ dest: target, sync: false, minLength: BATCH_OCTETS });
  const sink = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, ...LEVEL_NAMES },
    destination,
  );
  const flushSoon = flusher(destination);
  const escapeFields = escaped(escapeBeyondJson);
  const prepare = (fields: Fields): Fields => {
    flushSoon();
    return escapeFields(fields);
  };
  return { logger: loggerOf(sink, prepare), flush: () => flushed(destination) };
}

/** A thousand sessions that come at once are a thousand lines: they go out in few writes, a moment later. */
const BATCH_OCTETS = 8192;
const FLUSH_AFTER_MS = 20;

/** Asks for a flush soon, once for all lines until then; with a callback it would wait for the disk as well (fsync). */
function flusher(destination: { flush(): void }): () => void {
  let isPending = false;
  return () => {
    if (isPending) return;
    isPending = true;
    setTimeout(() => {
      isPending = false;
      destination.flush();
    }, FLUSH_AFTER_MS).unref();
  };
}

/** `{"level":"info"}` instead of a number: what log collectors expect. */
const LEVEL_NAMES = { formatters: { level: (label: string) => ({ level: label }) } };

async function readableLog(level: LogLevel, target: number | string): Promise<LogSink> {
  const { default: pretty } = await import('pino-pretty');
  const stream = pretty({
    destination: target,
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  const sink = pino({ level, base: null }, stream);
  return { logger: loggerOf(sink, escaped(escapeControl)), flush: async () => {} };
}

function loggerOf(sink: pino.Logger, prepare: (fields: Fields) => Fields): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields: Fields = {}): void => {
      if (sink.isLevelEnabled(level)) sink[level](prepare(fields), escapeControl(message));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** What peers sent must not act on the terminal, neither now nor when somebody prints the file. */
function escaped(toSafe: (text: string) => string): (fields: Fields) => Fields {
  return (fields) => {
    let safe: Record<string, unknown> | null = null; // nearly always there is nothing to escape
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value !== 'string') continue;
      const text = toSafe(value);
      if (text === value) continue;
      safe ??= { ...fields };
      safe[name] = text;
    }
    return safe ?? fields;
  };
}

/** A reader of standard error that hangs must not keep the process alive. */
const FLUSH_WITHIN_MS = 300;

function flushed(destination: { flush(done: () => void): void }): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, FLUSH_WITHIN_MS).unref();
    // Called with an error, too: standard error is gone, and nobody is left to tell.
    destination.flush(() => resolve());
  });
}
