import type { Logger } from '../../../felix-like/dataplane/logger.ts';

/** Keeps what is logged, `level message` with the object where there is one. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#keep('debug', message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#keep('info', message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#keep('warn', message, fields);
  }

  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#keep('error', message, fields);
  }

  #keep(level: string, message: string, fields?: Readonly<Record<string, unknown>>): void {
    const object = fields?.['object'] === undefined ? '' : ` [${String(fields['object'])}]`;
    this.lines.push(`${level} ${message}${object}`);
  }
}
